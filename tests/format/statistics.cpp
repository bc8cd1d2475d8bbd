#include "mrcz/format/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/core/hardware.hpp"
#include "mrcz/format/mode.hpp"

namespace {

using sizes = std::initializer_list<std::size_t>;

using mrcz::running_statistics;
using mrcz::statistics;
using wide = std::complex<long double>;
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

template <class T>
wide widened(T v) {
  if constexpr (std::is_same_v<T, mrcz::complex_int16>) return wide(v.re, v.im);
  else if constexpr (mrcz::is_complex<T>) return wide(v.real(), v.imag());
  else if constexpr (std::is_same_v<T, mrcz::half>) return static_cast<float>(v);
  else return static_cast<long double>(v);
}

/// Mean and deviation in two passes with 64 bits of significand.
template <class T>
struct naive {
  wide mean = 0;
  long double rms = 0;
  long double min = std::numeric_limits<long double>::infinity();
  long double max = -std::numeric_limits<long double>::infinity();

  explicit naive(const std::vector<T>& voxels) {
    const auto count = static_cast<long double>(voxels.size());
    for (const T v : voxels) {
      mean += widened(v);
      min = std::min(min, widened(v).real());
      max = std::max(max, widened(v).real());
    }
    mean /= count;
    long double squares = 0;
    for (const T v : voxels) squares += std::norm(widened(v) - mean);
    rms = std::sqrt(squares / count);
  }
};

template <class T>
statistics statistics_of_voxels(const std::vector<T>& voxels) {
  return running_statistics::of(std::span<const T>{voxels}).statistics();
}

template <class T>
void check_against_naive(const std::vector<T>& voxels, double tolerance = 1e-12) {
  const naive<T> expected{voxels};
  const statistics found = statistics_of_voxels(voxels);
  CAPTURE(voxels.size());
  REQUIRE(found.rms);
  CHECK(std::fabs(*found.rms - expected.rms) <= tolerance * (expected.rms + 1e-300L));
  if constexpr (mrcz::is_complex<T>) {
    CHECK_FALSE(found.min);
    CHECK_FALSE(found.max);
    CHECK_FALSE(found.mean);
  } else {
    REQUIRE((found.min && found.max && found.mean));
    CHECK(*found.min == expected.min);
    CHECK(*found.max == expected.max);
    const long double scale = std::max({std::fabs(expected.min), std::fabs(expected.max), 1e-300L});
    CHECK(std::fabs(*found.mean - expected.mean.real()) <= 1e-14L * scale);
  }
}

/// Voxels over the whole range of the type.
template <class T>
std::vector<T> noise(std::size_t count, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<T> voxels(count);
  for (T& v : voxels) {
    const auto bits = static_cast<std::uint32_t>(random());
    if constexpr (std::is_same_v<T, mrcz::complex_int16>)
      v = {static_cast<std::int16_t>(bits), static_cast<std::int16_t>(bits >> 16U)};
    else if constexpr (mrcz::is_complex<T>) {
      using part = typename T::value_type;
      v = T(static_cast<part>(bits % 1000) / 7, -static_cast<part>(bits >> 20U) / 3);
    } else if constexpr (std::is_same_v<T, mrcz::half>) v = mrcz::half(static_cast<float>(bits % 4096) / 16 - 100);
    else if constexpr (std::is_floating_point_v<T>) v = static_cast<T>(bits) / T{1 << 20} - T{1000};
    else v = static_cast<T>(bits);
  }
  return voxels;
}

/// With and without AVX2, where the processor has it.
std::vector<bool> instruction_sets() {
  return mrcz::detail::has(mrcz::detail::instructions::avx2) ? std::vector<bool>{false, true}
                                                             : std::vector<bool>{false};
}

/// Sums of integers are exact, so what is computed from them is the same to the last bit.
template <class T>
void check_against_one_by_one(std::span<const T> voxels) {
  const std::int64_t shift = std::is_same_v<T, std::uint16_t> ? 32768 : 0;
  std::int64_t sum = 0;
  std::int64_t squares = 0;
  for (const std::int64_t v : voxels) {
    sum += v - shift;
    squares += (v - shift) * (v - shift);
  }
  const auto count = static_cast<double>(voxels.size());
  const auto [min, max] = std::minmax_element(voxels.begin(), voxels.end());
  for (const bool with_avx2 : instruction_sets()) {
    CAPTURE(with_avx2);
    const auto found = mrcz::detail::summary_of(voxels, with_avx2);
    CHECK(found.count == count);
    CHECK(found.min == *min);
    CHECK(found.max == *max);
    CHECK(found.mean == static_cast<double>(shift) + static_cast<double>(sum) / count);
    CHECK(found.squares ==
          std::max(0.0, static_cast<double>(squares) - static_cast<double>(sum) * (static_cast<double>(sum) / count)));
    CHECK(found.is_finite);
    CHECK_FALSE(found.is_complex);
  }
}

template <class T>
void check_type() {
  for (const std::size_t count : sizes{1, 2, 15, 16, 17, 4095, 4096, 4097, 8193, 20000})
    check_against_naive(noise<T>(count, 5));
}

mrcz::header with_fields(float dmin, float dmax, float dmean, float rms) {
  mrcz::header h;
  h.mx = h.my = h.mz = 8;
  h.dmin = dmin;
  h.dmax = dmax;
  h.dmean = dmean;
  h.rms = rms;
  return h;
}

statistics read_back(const statistics& s) {
  mrcz::header h;
  set_statistics(h, s);
  for (const float field : {h.dmin, h.dmax, h.dmean, h.rms}) CHECK(!std::isnan(field));
  return statistics_of(h);
}

}  // namespace

TEST_CASE("statistics are those of a naive computation in long double, for every type") {
  check_type<std::int8_t>();
  check_type<std::uint8_t>();
  check_type<std::int16_t>();
  check_type<std::uint16_t>();
  check_type<std::int32_t>();
  check_type<std::uint32_t>();
  check_type<mrcz::half>();
  check_type<float>();
  check_type<double>();
  check_type<mrcz::complex_int16>();
  check_type<std::complex<float>>();
  check_type<std::complex<double>>();
}

TEST_CASE_TEMPLATE("small integers are summed exactly, for every length and address", T, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t) {
  for (std::size_t size = 1; size < 120; ++size) {
    const auto voxels = noise<T>(size, static_cast<unsigned>(size));
    for (std::size_t first = 0; first < std::min<std::size_t>(size, 5); ++first)
      check_against_one_by_one(std::span<const T>{voxels}.subspan(first));
  }
  for (const std::size_t size : sizes{255, 256, 257, 513, 4096, 32768})
    check_against_one_by_one(std::span<const T>{noise<T>(size, 11)});
}

TEST_CASE_TEMPLATE("the largest block of the most extreme values does not overflow", T, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t) {
  for (const T value : {std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max(), T{0}, T{1}})
    check_against_one_by_one(std::span<const T>{std::vector<T>(std::size_t{1} << 15U, value)});
}

TEST_CASE_TEMPLATE("the instructions that the processor has do not change a bit of the summary", T, std::int8_t,
                   std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, mrcz::half, float, double,
                   mrcz::complex_int16, std::complex<float>, std::complex<double>) {
  if (!mrcz::detail::has(mrcz::detail::instructions::avx2)) {
    MESSAGE("skipped: this processor has no AVX2");
    return;
  }
  for (std::size_t size = 1; size <= 32768; size = size < 100 ? size + 1 : size * 2) {
    const auto voxels = noise<T>(size, 12);
    CHECK(mrcz::detail::summary_of(std::span<const T>{voxels}, true) ==
          mrcz::detail::summary_of(std::span<const T>{voxels}, false));
  }
}

TEST_CASE("noise of 1 percent on an offset of a million keeps its deviation") {
  std::mt19937 random{3};
  std::vector<float> floats(100000);
  std::vector<std::int32_t> integers(100000);
  std::vector<double> doubles(100000);
  std::vector<std::complex<float>> pairs(100000);
  for (std::size_t i = 0; i < floats.size(); ++i) {
    const auto deviation = static_cast<int>(random() % 17) - 8;
    floats[i] = 1e6F + static_cast<float>(deviation) / 16;
    integers[i] = 2'000'000'000 + deviation;
    doubles[i] = 1e9 + deviation / 1024.0;
    pairs[i] = {1e6F + static_cast<float>(deviation), -1e6F};
  }
  check_against_naive(floats, 1e-9);
  check_against_naive(integers, 1e-9);
  check_against_naive(doubles, 1e-6);
  check_against_naive(pairs, 1e-9);
}

TEST_CASE("one hot pixel at the front does not drown the others") {
  std::vector<float> voxels = noise<float>(8192, 9);
  voxels.front() = 1e7F;
  check_against_naive(voxels, 1e-10);
}

TEST_CASE("the extremes of integers do not overflow") {
  const auto check_extremes = [](auto type) {
    using T = decltype(type);
    using limits = std::numeric_limits<T>;
    for (const auto& [a, b] : {std::pair{limits::min(), limits::max()}, std::pair{limits::max(), limits::min()},
                               std::pair{limits::min(), limits::min()}, std::pair{limits::max(), limits::max()}}) {
      std::vector<T> voxels(30000, a);
      for (std::size_t i = 0; i < voxels.size(); i += 2) voxels[i] = b;
      check_against_naive(voxels);
    }
  };
  check_extremes(std::int8_t{});
  check_extremes(std::uint8_t{});
  check_extremes(std::int16_t{});
  check_extremes(std::uint16_t{});
  check_extremes(std::int32_t{});
  check_extremes(std::uint32_t{});
}

TEST_CASE("the extremes of float do not overflow") {
  constexpr float most = std::numeric_limits<float>::max();
  check_against_naive(std::vector<float>{most, -most, most, -most});
  check_against_naive(std::vector<float>(20000, -most));
  check_against_naive(std::vector<std::complex<float>>{{most, -most}, {-most, most}});
}

TEST_CASE("constant voxels deviate by exactly nothing") {
  const auto check_constant = [](auto value) {
    for (const std::size_t count : sizes{1, 7, 4096, 8200, 50000}) {
      const auto s = statistics_of_voxels(std::vector<decltype(value)>(count, value));
      CHECK(s.min == static_cast<double>(value));
      CHECK(s.max == static_cast<double>(value));
      CHECK(s.mean == static_cast<double>(value));
      CHECK(s.rms == 0.0);
    }
  };
  check_constant(0.1F);
  check_constant(-1e30F);
  check_constant(std::int8_t{-128});
  check_constant(std::uint16_t{65535});
  check_constant(std::int32_t{-2147483647});
  check_constant(1.0 / 3);
}

TEST_CASE("NaN or an infinity anywhere leaves everything undetermined") {
  for (const float bad : {not_a_number, infinity, -infinity})
    for (const std::size_t at : sizes{0, 1, 16, 4095, 4096, 19999}) {
      CAPTURE(bad);
      CAPTURE(at);
      auto floats = noise<float>(20000, 2);
      floats[at] = bad;
      CHECK(statistics_of_voxels(floats) == statistics{});
      auto halves = noise<mrcz::half>(20000, 2);
      halves[at] = mrcz::half(bad);
      CHECK(statistics_of_voxels(halves) == statistics{});
      auto pairs = noise<std::complex<float>>(20000, 2);
      pairs[at].imag(bad);
      CHECK(statistics_of_voxels(pairs) == statistics{});
    }
}

TEST_CASE("of no voxels nothing is known") {
  CHECK(running_statistics{}.statistics() == statistics{});
  CHECK(statistics_of_voxels(std::vector<float>{}) == statistics{});
  CHECK(statistics_of_voxels(std::vector<std::complex<float>>{}) == statistics{});
  running_statistics sum;
  sum += running_statistics{};
  CHECK(sum.statistics() == statistics{});
}

TEST_CASE("blocks that are added are the whole, wherever they are cut") {
  const auto voxels = noise<float>(50000, 17);
  const std::span<const float> all{voxels};
  const naive<float> expected{voxels};
  for (const std::size_t cut : sizes{0, 1, 17, 4096, 25000, 49999, 50000}) {
    CAPTURE(cut);
    running_statistics sum = running_statistics::of(all.first(cut));
    sum += running_statistics::of(all.subspan(cut));
    const auto s = sum.statistics();
    REQUIRE(s.rms);
    CHECK(*s.min == expected.min);
    CHECK(*s.max == expected.max);
    CHECK(std::fabs(*s.mean - expected.mean.real()) < 1e-12L * std::fabs(expected.max));
    CHECK(std::fabs(*s.rms - expected.rms) < 1e-12L * expected.rms);
  }
}

TEST_CASE("slices of very different means add up") {
  std::vector<std::int16_t> all;
  running_statistics sum;
  for (int slice = 0; slice < 20; ++slice) {
    std::vector<std::int16_t> voxels(3000);
    for (std::size_t i = 0; i < voxels.size(); ++i)
      voxels[i] = static_cast<std::int16_t>(-30000 + 3000 * slice + static_cast<int>(i % 5));
    sum += running_statistics::of(std::span<const std::int16_t>{voxels});
    all.insert(all.end(), voxels.begin(), voxels.end());
  }
  const naive<std::int16_t> expected{all};
  CHECK(*sum.statistics().mean == doctest::Approx(static_cast<double>(expected.mean.real())).epsilon(1e-13));
  CHECK(*sum.statistics().rms == doctest::Approx(static_cast<double>(expected.rms)).epsilon(1e-13));
}

TEST_CASE("one slice without statistics leaves the sum without them") {
  const auto voxels = noise<float>(100, 1);
  for (const bool first : {true, false}) {
    running_statistics sum =
        first ? running_statistics::of(statistics{}, 100) : running_statistics::of(std::span<const float>{voxels});
    sum += first ? running_statistics::of(std::span<const float>{voxels}) : running_statistics::of(statistics{}, 100);
    CHECK(sum.statistics() == statistics{});
  }
}

TEST_CASE("statistics that are known go on being summed") {
  const auto voxels = noise<float>(40000, 23);
  const std::span<const float> all{voxels};
  running_statistics resumed = running_statistics::of(running_statistics::of(all.first(30000)).statistics(), 30000);
  resumed += running_statistics::of(all.subspan(30000));
  const naive<float> expected{voxels};
  CHECK(*resumed.statistics().mean == doctest::Approx(static_cast<double>(expected.mean.real())).epsilon(1e-12));
  CHECK(*resumed.statistics().rms == doctest::Approx(static_cast<double>(expected.rms)).epsilon(1e-12));
  CHECK(*resumed.statistics().min == expected.min);

  const statistics whole{.min = 1, .max = 5, .mean = 2, .rms = 1};
  CHECK(running_statistics::of(whole, 7).statistics() == whole);
  auto without = whole;
  without.mean.reset();
  CHECK(running_statistics::of(without, 7).statistics() == statistics{.min = 1, .max = 5});  // no RMS without the mean
  CHECK(running_statistics::of(whole, 0).statistics() == statistics{});
}

TEST_CASE("what is known goes on being summed without what is not") {
  const auto voxels = noise<float>(1000, 29);
  const std::span<const float> all{voxels};
  auto known = running_statistics::of(all.first(700)).statistics();
  known.rms.reset();  // python-mrcz computes none
  running_statistics resumed = running_statistics::of(known, 700);
  resumed += running_statistics::of(all.subspan(700));
  const auto whole = running_statistics::of(all).statistics();
  CHECK(resumed.statistics().min == whole.min);
  CHECK(resumed.statistics().max == whole.max);
  CHECK(*resumed.statistics().mean == doctest::Approx(*whole.mean).epsilon(1e-12));
  CHECK(resumed.statistics().rms == std::nullopt);
}

TEST_CASE("four zeros are no ground to go on from") {
  const std::array<float, 3> voxels{5, 6, 7};
  running_statistics sum = running_statistics::of(statistics{.min = 0, .max = 0, .mean = 0, .rms = 0}, 100);
  CHECK(sum.statistics() == statistics{});
  sum += running_statistics::of(std::span<const float>{voxels});
  CHECK(sum.statistics() == statistics{});
  CHECK(running_statistics::of(statistics{.min = 0, .max = 0, .mean = 0}, 100).statistics() ==
        statistics{});  // python-mrcz
}

TEST_CASE("the markers of the standard mean that a value is not determined") {
  CHECK(statistics_of(with_fields(-1, 3, 0.5F, 2)) == statistics{.min = -1, .max = 3, .mean = 0.5, .rms = 2});
  CHECK(statistics_of(with_fields(0, -1, -2, -1)) == statistics{});  // mrcfile
  CHECK(statistics_of(with_fields(1, 2, 0.5F, 1)).mean == std::nullopt);
  CHECK(statistics_of(with_fields(1, 2, 1, -0.5F)).rms == std::nullopt);
  CHECK(statistics_of(with_fields(0, 0, 0, 0)) == statistics{.min = 0, .max = 0, .mean = 0, .rms = 0});
  CHECK(statistics_of(mrcz::header{}) == statistics{});
}

TEST_CASE("a header that IMOD has just made says nothing, not even of the mean") {
  constexpr float most = std::numeric_limits<float>::max();
  CHECK(statistics_of(with_fields(most, -most, 0, -1)) == statistics{});
  CHECK(statistics_of(with_fields(-most, most, 0, 1)) == statistics{.min = -most, .max = most, .mean = 0, .rms = 1});
}

TEST_CASE("python-mrcz leaves an RMS of 0 that it never computed") {
  const auto labelled = [](const char* label, float rms, std::int32_t m) {
    auto h = with_fields(0, 4, 2, rms);
    h.mx = h.my = m;
    h.labels.add(label);
    return statistics_of(h).rms;
  };
  CHECK(labelled("MRCZ0.5.7", 0, 0) == std::nullopt);
  CHECK(labelled("MRCZ0.4.1", 0, 64) == std::nullopt);
  CHECK(labelled("MRCZ0.5.7", 1.5F, 0) == 1.5);
  CHECK(labelled("MRCZ1.0.0", 0, 64) == 0.0);  // constant voxels, and a header that says so
  CHECK(labelled("MRCZ0.5.7", 0, 64) == 0.0);  // copied and completed by a program that fills in M
  CHECK(labelled("another", 0, 0) == 0.0);
}

TEST_CASE("NaN and infinities in a header determine nothing") {
  for (const float bad : {not_a_number, infinity, -infinity}) {
    CAPTURE(bad);
    CHECK(statistics_of(with_fields(bad, 3, 1, 1)).min == std::nullopt);
    CHECK(statistics_of(with_fields(bad, 3, 1, 1)).max == std::nullopt);
    CHECK(statistics_of(with_fields(0, bad, 1, 1)).min == std::nullopt);
    CHECK(statistics_of(with_fields(0, 3, bad, 1)).mean == std::nullopt);
    CHECK(statistics_of(with_fields(0, 3, 1, bad)).rms == std::nullopt);
    CHECK(statistics_of(with_fields(bad, bad, bad, bad)) == statistics{});
  }
}

TEST_CASE("statistics survive a header") {
  const statistics all{.min = -1, .max = 3, .mean = 0.5, .rms = 2};
  CHECK(read_back(all) == all);
  CHECK(read_back({}) == statistics{});
  CHECK(read_back({.rms = 2}) == statistics{.rms = 2});  // complex voxels
  CHECK(read_back({.min = 0, .max = 0, .mean = 0, .rms = 0}) == statistics{.min = 0, .max = 0, .mean = 0, .rms = 0});
  CHECK(read_back({.mean = 4}) == statistics{.mean = 4});
  CHECK(read_back({.min = 1}) == statistics{});  // half a range is none
  CHECK(read_back({.max = 1}) == statistics{});
}

TEST_CASE("undetermined statistics are written as the marker 0, -1, -2, -1") {
  mrcz::header h = with_fields(5, 6, 7, 8);
  set_statistics(h, {});
  CHECK(h.dmin == 0);
  CHECK(h.dmax == -1);
  CHECK(h.dmean == -2);
  CHECK(h.rms == -1);
}

TEST_CASE("a mean that is not determined stays below the minimum, however large that is") {
  for (const double low : {0.0, -5.0, 7.0, 1e8, -1e8, 1e30, -1e30, 3e38, -3e38, 1e-30}) {
    CAPTURE(low);
    const auto s = read_back({.min = low, .max = low, .rms = 1});
    CHECK(s.min == static_cast<double>(static_cast<float>(low)));
    CHECK(s.mean == std::nullopt);
  }
}

TEST_CASE("rounding to float does not make a mean look undetermined") {
  const double low = 1.0 + 1e-9;  // rounds to 1
  const double tenth = 0.1;       // rounds up, so that a mean just above it may round below
  CHECK(read_back({.min = low, .max = low, .mean = low, .rms = 0}).mean == 1.0);
  for (double mean = tenth; mean < tenth * (1 + 1e-7); mean = std::nextafter(mean, 1) * (1 + 1e-9)) {
    const auto s = read_back({.min = tenth, .max = 1, .mean = mean, .rms = 0});
    REQUIRE(s.mean);
    CHECK(*s.mean >= *s.min);
  }
  const auto odd = read_back({.min = 2, .max = 3, .mean = 1.5, .rms = 0});  // impossible, but no marker either
  CHECK(odd.mean == 2.0);
}

TEST_CASE("what is no finite float is not written") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double huge = 1e300;
  for (const double bad : {nan, huge, -huge, std::numeric_limits<double>::infinity()}) {
    CAPTURE(bad);
    CHECK(read_back({.min = bad, .max = bad, .mean = bad, .rms = bad}) == statistics{});
    CHECK(read_back({.min = bad, .max = 3, .mean = 1, .rms = 2}) == statistics{.mean = 1, .rms = 2});
    CHECK(read_back({.min = 0, .max = 3, .mean = bad, .rms = bad}) == statistics{.min = 0, .max = 3});
  }
}

TEST_CASE("fmt prints statistics on one line, and which are not determined") {
  CHECK(fmt::format("{}", statistics{.min = -1, .max = 3, .mean = 0.5, .rms = 2}) == "min -1, max 3, mean 0.5, rms 2");
  CHECK(fmt::format("{}", statistics{.rms = 2}) ==
        "min not determined, max not determined, mean not determined, rms 2");
}
