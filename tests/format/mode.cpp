#include "mrcz/format/mode.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/format/exactness.hpp"
#include "tests/support.hpp"

namespace {

using mrcz::mode;
using test::sample;

static_assert(mrcz::stored_voxel<std::int8_t> && mrcz::stored_voxel<std::uint8_t>);
static_assert(mrcz::stored_voxel<std::int16_t> && mrcz::stored_voxel<std::uint16_t>);
static_assert(mrcz::stored_voxel<std::int32_t> && mrcz::stored_voxel<std::uint32_t>);
static_assert(mrcz::stored_voxel<float> && mrcz::stored_voxel<mrcz::half>);
static_assert(mrcz::stored_voxel<std::complex<float>> && mrcz::stored_voxel<mrcz::complex_int16>);
static_assert(!mrcz::stored_voxel<double> && !mrcz::stored_voxel<std::complex<double>>);
static_assert(!mrcz::stored_voxel<std::int64_t> && !mrcz::stored_voxel<bool> && !mrcz::stored_voxel<char>);
static_assert(!mrcz::stored_voxel<long double> && !mrcz::stored_voxel<const float> && !mrcz::stored_voxel<float&>);

static_assert(mrcz::voxel<float> && mrcz::voxel<double> && mrcz::voxel<std::complex<double>>);
static_assert(!mrcz::voxel<std::int64_t> && !mrcz::voxel<std::uint64_t> && !mrcz::voxel<long double>);
static_assert(!mrcz::voxel<bool> && !mrcz::voxel<std::string> && !mrcz::voxel<std::complex<long double>>);
static_assert(!mrcz::voxel<const float> && !mrcz::voxel<void>);

static_assert(mrcz::mode_of<std::int8_t> == mode::int8);
static_assert(mrcz::mode_of<std::uint8_t> == mode::uint4);
static_assert(mrcz::mode_of<std::complex<float>> == mode::complex64);
static_assert(mrcz::default_mode<std::uint8_t> == mode::uint16);
static_assert(mrcz::default_mode<std::int8_t> == mode::int8 && mrcz::default_mode<mrcz::half> == mode::float16);

template <std::size_t... I>
constexpr bool table_is_inverse(std::index_sequence<I...>) {
  return ((mrcz::mode_of<typename std::tuple_element_t<I, mrcz::mode_table>::type> ==
           std::tuple_element_t<I, mrcz::mode_table>::mode) &&
          ...);
}
static_assert(table_is_inverse(std::make_index_sequence<std::tuple_size_v<mrcz::mode_table>>{}));
static_assert(mrcz::all_modes.size() == std::tuple_size_v<mrcz::mode_table>);

constexpr bool names_are_inverse() {
  for (const mode m : mrcz::all_modes)
    if (!mrcz::is_known(m) || mrcz::mode_named(mrcz::name_of(m)) != m) return false;
  return true;
}
static_assert(names_are_inverse());

static_assert(mrcz::is_complex<std::complex<double>> && mrcz::is_complex<mrcz::complex_int16>);
static_assert(!mrcz::is_complex<float> && !mrcz::is_complex<mrcz::half>);
static_assert(mrcz::is_floating<mrcz::half> && mrcz::is_floating<double>);
static_assert(!mrcz::is_floating<std::int32_t> && !mrcz::is_floating<std::complex<float>>);

/// Voxels of a mode that are hard to represent elsewhere: its extremes, its finest step, its longest significand.
std::vector<sample> hard_samples(mode m) {
  const long double float_max = std::numeric_limits<float>::max();
  const long double float_step = std::numeric_limits<float>::denorm_min();
  switch (m) {
    case mode::int8: return {{-128}, {-127}, {-1}, {0}, {127}};
    case mode::int16: return {{-32768}, {-32767}, {-1}, {32767}};
    case mode::uint16: return {{0}, {65535}, {65533}, {32769}};
    case mode::int32: return {{-2147483648.0L}, {-1}, {2147483647.0L}};
    case mode::uint32: return {{0}, {4294967295.0L}};
    case mode::float16: return {{65504}, {-65504}, {2047}, {0.5L}, {0x1p-24L}, {0x1.ffcp-1L}};
    case mode::float32: return {{float_max}, {-float_max}, {float_step}, {0x1.fffffep-1L}};
    case mode::complex_int16: return {{-32768, 32767}, {32767, -32768}, {0, 1}};
    case mode::complex64: return {{float_max, -float_max}, {float_step, 0x1.fffffep-1L}};
    case mode::uint4: return {{0}, {1}, {15}};
  }
  return {};
}

template <class T>
bool library_says_widens(mode m) {
  bool widens = false;
  mrcz::with_mode(m, [&]<class Row>(Row) { widens = mrcz::widens_exactly<Row, T>(); });
  return widens;
}

}  // namespace

TEST_CASE("a mode is read only as types that hold its hardest values") {
  const auto compare = [](auto type) {
    using T = typename decltype(type)::type;
    for (const mode m : mrcz::all_modes) {
      const auto samples = hard_samples(m);
      REQUIRE(!samples.empty());
      const bool expected = std::all_of(samples.begin(), samples.end(), test::fits<T>);
      CAPTURE(mrcz::name_of(m));
      CAPTURE(mrcz::decoder_of<T>().name);
      CHECK(library_says_widens<T>(m) == expected);
    }
  };
  compare(std::type_identity<std::int8_t>{});
  compare(std::type_identity<std::uint8_t>{});
  compare(std::type_identity<std::int16_t>{});
  compare(std::type_identity<std::uint16_t>{});
  compare(std::type_identity<std::int32_t>{});
  compare(std::type_identity<std::uint32_t>{});
  compare(std::type_identity<mrcz::half>{});
  compare(std::type_identity<float>{});
  compare(std::type_identity<double>{});
  compare(std::type_identity<mrcz::complex_int16>{});
  compare(std::type_identity<std::complex<float>>{});
  compare(std::type_identity<std::complex<double>>{});
}

TEST_CASE("a few conversions that users rely on") {
  CHECK(library_says_widens<float>(mode::int16));
  CHECK(library_says_widens<double>(mode::uint32));
  CHECK(library_says_widens<mrcz::half>(mode::int8));
  CHECK(library_says_widens<std::complex<float>>(mode::complex_int16));
  CHECK_FALSE(library_says_widens<float>(mode::int32));
  CHECK_FALSE(library_says_widens<std::uint8_t>(mode::int8));
  CHECK_FALSE(library_says_widens<std::int16_t>(mode::uint16));
  CHECK_FALSE(library_says_widens<float>(mode::complex64));
}

TEST_CASE("modes have the numbers of the standard") {
  const std::vector<std::pair<mode, int>> numbers{
      {mode::int8, 0},   {mode::int16, 1}, {mode::float32, 2}, {mode::complex_int16, 3}, {mode::complex64, 4},
      {mode::uint16, 6}, {mode::int32, 7}, {mode::uint32, 8},  {mode::float16, 12},      {mode::uint4, 101}};
  REQUIRE(numbers.size() == mrcz::all_modes.size());
  for (const auto& [m, number] : numbers) CHECK(static_cast<int>(m) == number);
}

TEST_CASE("exactly the modes of the table are known") {
  int known = 0;
  for (int number = -200; number < 2000; ++number) known += mrcz::is_known(static_cast<mode>(number));
  CHECK(known == static_cast<int>(mrcz::all_modes.size()));
  for (const int number : {5, 9, 16, 17, 100, 102, -1, 1000}) {
    CAPTURE(number);
    CHECK_FALSE(mrcz::is_known(static_cast<mode>(number)));
    CHECK(mrcz::name_of(static_cast<mode>(number)).empty());
    CHECK(mrcz::word_bytes(static_cast<mode>(number)) == 0);
    CHECK(mrcz::item_bytes(static_cast<mode>(number)) == 0);
    CHECK_FALSE(mrcz::with_mode(static_cast<mode>(number), [](auto) { FAIL("called for an unknown mode"); }));
  }
}

TEST_CASE("names lead back to modes") {
  for (const mode m : mrcz::all_modes) CHECK(mrcz::mode_named(mrcz::name_of(m)) == m);
  CHECK_FALSE(mrcz::mode_named(""));
  CHECK_FALSE(mrcz::mode_named("float64"));
  CHECK_FALSE(mrcz::mode_named("INT8"));
}

TEST_CASE("types lead back to modes") {
  for (const mode m : mrcz::all_modes) {
    const bool called = mrcz::with_mode(m, [&]<class Row>(Row) {
      CHECK(Row::mode == m);
      CHECK(mrcz::mode_of<typename Row::type> == m);
    });
    CHECK(called);
  }
}

TEST_CASE("voxels take the bytes that the standard says") {
  struct row {
    mode m;
    std::size_t item, word;
  };
  for (const row& expected :
       {row{mode::int8, 1, 1}, row{mode::int16, 2, 2}, row{mode::float32, 4, 4}, row{mode::complex_int16, 4, 2},
        row{mode::complex64, 8, 4}, row{mode::uint16, 2, 2}, row{mode::int32, 4, 4}, row{mode::uint32, 4, 4},
        row{mode::float16, 2, 2}, row{mode::uint4, 1, 1}}) {
    CAPTURE(mrcz::name_of(expected.m));
    CHECK(mrcz::item_bytes(expected.m) == expected.item);
    CHECK(mrcz::word_bytes(expected.m) == expected.word);
    if (expected.m == mode::uint4) continue;
    CHECK(mrcz::row_bytes(expected.m, 7) == 7 * expected.item);
    CHECK(mrcz::slice_bytes(expected.m, 3, 7) == 21 * expected.item);
  }
}

TEST_CASE("a row of 4-bit voxels ends with a whole byte") {
  CHECK(mrcz::row_bytes(mode::uint4, 0) == 0);
  CHECK(mrcz::row_bytes(mode::uint4, 1) == 1);
  CHECK(mrcz::row_bytes(mode::uint4, 2) == 1);
  CHECK(mrcz::row_bytes(mode::uint4, 3) == 2);
  CHECK(mrcz::row_bytes(mode::uint4, 7676) == 3838);
  CHECK(mrcz::slice_bytes(mode::uint4, 4, 5) == 12);  // not 4 * 5 / 2
  CHECK(mrcz::slice_bytes(mode::uint4, 1, 1) == 1);
}

TEST_CASE("a slice that cannot be addressed is refused") {
  if (sizeof(std::size_t) < 8) {
    MESSAGE("skipped: these sizes need 64 bits");
    return;
  }
  constexpr std::size_t largest = std::numeric_limits<std::int32_t>::max();
  CHECK(mrcz::row_bytes(mode::complex64, largest) == std::uint64_t{8} * largest);
  CHECK(mrcz::slice_bytes(mode::int8, largest, largest) == largest * largest);
  const auto failure = test::failure_of([] { mrcz::slice_bytes(mode::complex64, largest, largest); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::too_large);
  CHECK(failure->mentions("the size of a slice"));
  CHECK(failure->mentions("2147483647"));
}

TEST_CASE("a row of more bytes than memory has addresses is refused, not cut off") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const auto m : {mode::float32, mode::complex64}) {
    const auto failure = test::failure_of([&] { mrcz::slice_bytes(m, 1, most / 8); });
    CHECK(failure.has_value() == (mrcz::row_bytes(m, most / 8) > most / 2));
  }
}

TEST_CASE("fmt prints the name of a mode, and the number of what is none") {
  for (const mrcz::mode m : mrcz::all_modes) CHECK(fmt::format("{}", m) == mrcz::name_of(m));
  CHECK(fmt::format("{:>10}", mrcz::mode::float32) == "   float32");
  CHECK(fmt::format("{}", static_cast<mrcz::mode>(55)) == "55");
}

namespace {

template <class T>
using written_as = mrcz::detail::written_as<T>;

static_assert(std::is_same_v<written_as<bool>, std::int8_t> && std::is_same_v<written_as<float>, float>);
static_assert(std::is_same_v<written_as<long long>, std::int64_t> && sizeof(written_as<long>) == sizeof(long));
static_assert(std::is_same_v<written_as<unsigned long long>, std::uint64_t>);
static_assert(std::is_unsigned_v<written_as<unsigned long>> && std::is_signed_v<written_as<long>>);
static_assert(mrcz::written_voxel<bool> && mrcz::written_voxel<double> && mrcz::written_voxel<std::complex<double>>);
static_assert(mrcz::written_voxel<long> && mrcz::written_voxel<long long> && mrcz::written_voxel<std::size_t>);
static_assert(!mrcz::written_voxel<char> && !mrcz::written_voxel<long double> && !mrcz::written_voxel<wchar_t>);

}  // namespace
