#include "mrcz/array/convert.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "tests/array/voxel_codec.hpp"
#include "tests/format/exactness.hpp"
#include "tests/support.hpp"

namespace {

using mrcz::mode;
using mrcz::detail::voxel_format;
using test::sample;
using bytes = std::vector<std::byte>;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr std::array both_orders{std::endian::little, std::endian::big};

template <class... T>
struct types {};
using stored_types = types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t,
                           mrcz::half, float, mrcz::complex_int16, std::complex<float>>;

template <class Function, class... T>
void for_each_type(types<T...>, Function&& f) {
  (f(std::type_identity<T>{}), ...);
}
/// Also the two types to compute with.
template <class Function>
void for_each_voxel(Function&& f) {
  for_each_type(stored_types{}, f);
  for_each_type(types<double, std::complex<double>>{}, f);
}

template <class T>
sample sample_of(T v) {
  if constexpr (std::is_same_v<T, mrcz::complex_int16>)
    return {static_cast<long double>(v.re), static_cast<long double>(v.im)};
  else if constexpr (mrcz::is_complex<T>) return {v.real(), v.imag()};
  else if constexpr (std::is_same_v<T, mrcz::half>) return {static_cast<float>(v)};
  else return {static_cast<long double>(v)};
}

/// A voxel as the words of a file and as what they mean by the definition of the mode.
struct known_voxel {
  std::vector<std::uint32_t> words;
  sample value;
};

sample float_bits(std::uint32_t re, std::uint32_t im = 0) {
  return {std::bit_cast<float>(re), std::bit_cast<float>(im)};
}

std::vector<known_voxel> known_voxels(const voxel_format& format) {
  if (format.mode == mode::int8 && format.unsigned_bytes)
    return {{{0x80}, {128}}, {{0xff}, {255}}, {{0}, {0}}, {{7}, {7}}};
  switch (format.mode) {
    case mode::int8: return {{{0x80}, {-128}}, {{0xff}, {-1}}, {{0}, {0}}, {{0x7f}, {127}}, {{3}, {3}}};
    case mode::int16: return {{{0x8000}, {-32768}}, {{0x1234}, {4660}}, {{0xffff}, {-1}}, {{0x7fff}, {32767}}};
    case mode::uint16: return {{{0x8000}, {32768}}, {{0x1234}, {4660}}, {{0xffff}, {65535}}, {{1}, {1}}};
    case mode::int32:
      return {{{0x80000000}, {-2147483648.0L}}, {{0x12345678}, {305419896}}, {{0xffffffff}, {-1}}, {{1}, {1}}};
    case mode::uint32:
      return {{{0x80000000}, {2147483648.0L}}, {{0x12345678}, {305419896}}, {{0xffffffff}, {4294967295.0L}}};
    case mode::float16:
      return {
          {{0x3c00}, {1}}, {{0xc100}, {-2.5L}}, {{0x7bff}, {65504}}, {{0x0001}, {0x1p-24L}}, {{0x83ff}, {-0x3ffp-24L}}};
    case mode::float32:
      return {{{0x3fc00000}, {1.5L}},
              {{0xc2f6e979}, float_bits(0xc2f6e979)},
              {{1}, {0x1p-149L}},
              {{0x7f7fffff}, {std::numeric_limits<float>::max()}}};
    case mode::complex_int16:
      return {{{0x8000, 0x1234}, {-32768, 4660}}, {{0x1234, 0xffff}, {4660, -1}}, {{0, 1}, {0, 1}}};
    case mode::complex64:
      return {{{0x3fc00000, 0xc2f6e979}, float_bits(0x3fc00000, 0xc2f6e979)}, {{0, 0x40400000}, {0, 3}}};
    case mode::uint4: return {};
  }
  return {};
}

/// `count` voxels, known ones in turn, as bytes made without the library.
bytes file_bytes(const voxel_format& format, std::size_t count) {
  const auto known = known_voxels(format);
  const std::size_t size = mrcz::word_bytes(format.mode);
  bytes all;
  for (std::size_t i = 0; i < count; ++i)
    for (const std::uint32_t word : known[i % known.size()].words)
      for (std::size_t b = 0; b < size; ++b) {
        const std::size_t shift = 8 * (format.byte_order == std::endian::little ? b : size - 1 - b);
        all.push_back(static_cast<std::byte>(word >> shift));
      }
  return all;
}

std::vector<voxel_format> all_formats() {
  std::vector<voxel_format> formats;
  for (const std::endian order : both_orders) {
    for (const mode m : mrcz::all_modes) formats.push_back({m, false, order});
    formats.push_back({mode::int8, true, order});
  }
  return formats;
}

template <class T>
bool widens(const voxel_format& format) {
  bool answer = false;
  mrcz::detail::with_row(format, [&]<class Row>(Row) { answer = mrcz::widens_exactly<Row, T>(); });
  return answer;
}

template <class T>
bytes encoded(const voxel_format& format, const std::vector<T>& voxels) {
  bytes to(static_cast<std::size_t>(mrcz::row_bytes(format.mode, voxels.size())));
  test::encode_voxels(format, voxels.data(), to.data(), voxels.size());
  return to;
}

/// The voxels that `encoded` made, in the type of the file.
template <class Stored>
std::vector<Stored> decoded(const voxel_format& format, const bytes& from, std::size_t count) {
  std::vector<Stored> to(count);
  test::decode_voxels(format, from.data(), to.data(), count);
  return to;
}

template <class T>
test::failure refusal(const voxel_format& format, const std::vector<T>& voxels) {
  const auto failure = test::failure_of([&] { encoded(format, voxels); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::mode_mismatch);
  return *failure;
}

template <class T>
bool accepts(mode m, T value) {
  return !test::failure_of([&] { encoded<T>({m}, {value}); });
}

/// By the definition of the mode, not by the library's table of widenings.
bool mode_holds(const voxel_format& format, sample v) {
  switch (format.mode) {
    case mode::int8: return format.unsigned_bytes ? test::fits<std::uint8_t>(v) : test::fits<std::int8_t>(v);
    case mode::int16: return test::fits<std::int16_t>(v);
    case mode::uint16: return test::fits<std::uint16_t>(v);
    case mode::int32: return test::fits<std::int32_t>(v);
    case mode::uint32: return test::fits<std::uint32_t>(v);
    case mode::float16: return test::fits<mrcz::half>(v);
    case mode::float32: return test::fits<float>(v);
    case mode::complex_int16: return test::fits<mrcz::complex_int16>(v);
    case mode::complex64: return test::fits<std::complex<float>>(v);
    case mode::uint4: return v.im == 0 && test::fits_integer(v.re, 0, 15);
  }
  return false;
}

/// Finite values of a type, often near the borders of other types.
template <class T>
T interesting(std::mt19937& random) {
  static constexpr std::array<double, 20> borders{0,     1,        -1,           7,     15,    16,     127,
                                                  128,   255,      256,          32767, 32768, 65504,  65535,
                                                  65536, 16777216, 2147483648.0, 2048,  0.5,   0x1p-24};
  const double border = borders[random() % borders.size()];
  const double number = (border + static_cast<double>(random() % 3) - 1) * (random() % 2 == 0 ? 1 : -1);
  if constexpr (std::is_same_v<T, mrcz::complex_int16>)
    return {interesting<std::int16_t>(random), random() % 2 == 0 ? std::int16_t{0} : std::int16_t{9}};
  else if constexpr (mrcz::is_complex<T>)
    return {static_cast<float>(number), random() % 2 == 0 ? 0.0F : interesting<float>(random)};
  else if constexpr (std::is_same_v<T, mrcz::half>)
    return std::fabs(number) > 65504 ? mrcz::half(0.25F) : mrcz::half(static_cast<float>(number));
  else if constexpr (std::is_same_v<T, float>) return static_cast<float>(number);
  else
    return static_cast<T>(std::clamp(number, static_cast<double>(std::numeric_limits<T>::min()),
                                     static_cast<double>(std::numeric_limits<T>::max())));
}

}  // namespace

TEST_CASE("every mode is read in both byte orders, from any address, as every type that holds it") {
  constexpr std::size_t count = 37;
  int combinations = 0;
  for (const voxel_format& format : all_formats()) {
    if (format.mode == mode::uint4) continue;
    const auto known = known_voxels(format);
    const bytes plain = file_bytes(format, count);
    for_each_voxel([&]<class T>(std::type_identity<T>) {
      if (!widens<T>(format)) return;
      CAPTURE(mrcz::name_of(format.mode));
      CAPTURE(std::string{mrcz::decoder_of<T>().name});
      ++combinations;
      for (const std::size_t offset : {0U, 1U}) {
        bytes shifted(offset);
        shifted.insert(shifted.end(), plain.begin(), plain.end());
        std::vector<T> to(count);
        test::require_widening<T>(format);
        test::decode_voxels(format, shifted.data() + offset, to.data(), count);
        for (std::size_t i = 0; i < count; ++i) {
          const sample found = sample_of(to[i]);
          const sample expected = known[i % known.size()].value;
          REQUIRE(found.re == expected.re);
          REQUIRE(found.im == expected.im);
        }
      }
    });
  }
  CHECK(combinations > 2 * 50);
}

TEST_CASE("what is read is written back to the byte, in both byte orders, to any address") {
  constexpr std::size_t count = 37;
  for (const voxel_format& format : all_formats()) {
    if (format.mode == mode::uint4) continue;
    const bytes plain = file_bytes(format, count);
    for_each_type(stored_types{}, [&]<class T>(std::type_identity<T>) {
      if (!widens<T>(format)) return;
      CAPTURE(mrcz::name_of(format.mode));
      CAPTURE(std::string{mrcz::decoder_of<T>().name});
      const auto voxels = decoded<T>(format, plain, count);
      bytes shifted(plain.size() + 1);
      test::encode_voxels(format, voxels.data(), shifted.data() + 1, count);
      CHECK(bytes(shifted.begin() + 1, shifted.end()) == plain);
    });
  }
}

TEST_CASE("a type that cannot hold the mode is refused by name, and so is told which can") {
  for (const voxel_format& format : all_formats())
    for_each_voxel([&]<class T>(std::type_identity<T>) {
      const auto failure = test::failure_of([&] { test::require_widening<T>(format); });
      CHECK(failure.has_value() == !widens<T>(format));
      if (!failure) return;
      CHECK(failure->code == mrcz::errc::mode_mismatch);
      CHECK(failure->mentions("voxels are "));
      CHECK(failure->mentions(std::string{mrcz::name_of(format.mode)} + ", which " + mrcz::decoder_of<T>().name +
                              " cannot"));
      CHECK(failure->mentions("unsigned int8") == (format.unsigned_bytes && format.mode == mode::int8));
    });
  const auto failure = test::failure_of([] { test::require_widening<std::int16_t>({mode::float32}); });
  REQUIRE(failure);
  CHECK(failure->message == "voxels are float32, which std::int16_t cannot represent exactly; read<float> can");
  CHECK(test::failure_of([] {
          test::require_widening<std::int8_t>({mode::int8, true});
        })->mentions("unsigned int8, which std::int8_t cannot represent exactly; read<std::uint8_t> can"));
}

TEST_CASE("types are named as they are written") {
  CHECK(std::string{mrcz::decoder_of<std::int8_t>().name} == "std::int8_t");
  CHECK(std::string{mrcz::decoder_of<std::uint8_t>().name} == "std::uint8_t");
  CHECK(std::string{mrcz::decoder_of<std::int16_t>().name} == "std::int16_t");
  CHECK(std::string{mrcz::decoder_of<std::uint16_t>().name} == "std::uint16_t");
  CHECK(std::string{mrcz::decoder_of<std::int32_t>().name} == "std::int32_t");
  CHECK(std::string{mrcz::decoder_of<std::uint32_t>().name} == "std::uint32_t");
  CHECK(std::string{mrcz::decoder_of<mrcz::half>().name} == "mrcz::half");
  CHECK(std::string{mrcz::decoder_of<float>().name} == "float");
  CHECK(std::string{mrcz::decoder_of<double>().name} == "double");
  CHECK(std::string{mrcz::decoder_of<mrcz::complex_int16>().name} == "mrcz::complex_int16");
  CHECK(std::string{mrcz::decoder_of<std::complex<float>>().name} == "std::complex<float>");
  CHECK(std::string{mrcz::decoder_of<std::complex<double>>().name} == "std::complex<double>");
}

TEST_CASE("a byte of 4-bit voxels holds the left one in its low half") {
  const bytes from{std::byte{0x21}, std::byte{0x43}, std::byte{0xf0}, std::byte{0x8f}};
  const std::vector<int> expected{1, 2, 3, 4, 0, 15, 15, 8};
  for (const std::endian order : both_orders)
    for (std::size_t count = 0; count <= expected.size(); ++count)
      for_each_voxel([&]<class T>(std::type_identity<T>) {
        const voxel_format format{mode::uint4, false, order};
        REQUIRE(widens<T>(format));
        std::vector<T> to(count + 1, test::small_number<T>(99));
        test::decode_voxels(format, from.data(), to.data(), count);
        for (std::size_t i = 0; i < count; ++i) REQUIRE(sample_of(to[i]).re == expected[i]);
        CHECK(sample_of(to[count]).re == 99);  // the spare half byte of an odd row is no voxel
      });
}

TEST_CASE("the spare half byte of an odd row is written as zero and ignored when read") {
  for (std::size_t count = 1; count < 10; ++count) {
    std::vector<std::uint8_t> voxels;
    for (std::size_t i = 0; i < count; ++i) voxels.push_back(static_cast<std::uint8_t>(15 - i));
    bytes row = encoded<std::uint8_t>({mode::uint4}, voxels);
    CHECK(row.size() == (count + 1) / 2);
    if (count % 2 != 0) CHECK(std::to_integer<int>(row.back()) == 15 - static_cast<int>(count - 1));
    if (count % 2 != 0) row.back() |= std::byte{0xf0};
    CHECK(decoded<std::uint8_t>({mode::uint4}, row, count) == voxels);
  }
}

TEST_CASE("nothing happens to no voxels") {
  for (const voxel_format& format : all_formats()) {
    CHECK_NOTHROW(test::decode_voxels<double>(format, nullptr, nullptr, 0));
    CHECK_NOTHROW(test::encode_voxels<float>(format, nullptr, nullptr, 0));
  }
}

TEST_CASE("bytes go up to their borders and no further") {
  CHECK(encoded<std::int16_t>({mode::int8}, {-128, 127, -1}) ==
        bytes{std::byte{0x80}, std::byte{0x7f}, std::byte{0xff}});
  CHECK(refusal<std::int16_t>({mode::int8}, {0, 128}).message ==
        "voxel 1 has the value 128, which mode int8 cannot represent; ask for saturation, or scale it first");
  CHECK(refusal<std::int16_t>({mode::int8}, {0, 1, -129}).mentions("voxel 2 has the value -129"));
  CHECK(refusal<std::uint8_t>({mode::int8}, {127, 128}).mentions("voxel 1 has the value 128, which mode int8"));
  CHECK(encoded<std::int16_t>({mode::int8, true}, {0, 255}) == bytes{std::byte{0}, std::byte{0xff}});
  CHECK(refusal<std::int16_t>({mode::int8, true}, {0, 256}).mentions("256, which mode unsigned int8"));
  CHECK(refusal<std::int8_t>({mode::int8, true}, {-1}).mentions("voxel 0 has the value -1, which mode unsigned int8"));
  CHECK(refusal<std::int32_t>({mode::uint4}, {15, 16}).mentions("voxel 1 has the value 16, which mode uint4"));
  CHECK(refusal<float>({mode::uint4}, {15, 0, -1}).mentions("voxel 2 has the value -1, which mode uint4"));
}

TEST_CASE("half precision has 11 bits and ends at 65504") {
  for (const float good :
       {65504.0F, -65504.0F, 2048.0F, 2050.0F, 0x1p-24F, 0x1.ffcp-14F, 0x1.ff8p-15F, 0.25F, infinity, -infinity})
    CHECK(accepts(mode::float16, good));
  for (const float bad : {65505.0F, 65520.0F, 2049.0F, -2049.0F, 0x1p-25F, 0x1.8p-24F, 0x1.ffcp-15F, 0.1F, 1e30F}) {
    CAPTURE(bad);
    CHECK_FALSE(accepts(mode::float16, bad));
  }
  CHECK(accepts(mode::float16, std::uint16_t{65504}));
  CHECK_FALSE(accepts(mode::float16, std::uint16_t{65505}));
  CHECK_FALSE(accepts(mode::float16, std::int32_t{2049}));
  CHECK(accepts(mode::float16, std::int32_t{2050}));
  CHECK_FALSE(accepts(mode::float16, std::int32_t{100000}));
  CHECK(refusal<float>({mode::float16}, {65505}).mentions("value 65505, which mode float16"));
}

TEST_CASE("float holds integers of 24 bits") {
  constexpr std::int32_t odd = (1 << 24) + 1;
  CHECK(accepts(mode::float32, odd - 1));
  CHECK(accepts(mode::float32, odd + 1));
  CHECK(accepts(mode::float32, std::numeric_limits<std::int32_t>::min()));
  CHECK_FALSE(accepts(mode::float32, std::numeric_limits<std::int32_t>::max()));
  CHECK_FALSE(accepts(mode::float32, std::numeric_limits<std::uint32_t>::max()));
  CHECK(accepts(mode::float32, std::uint32_t{0x80000000}));
  CHECK(
      refusal<std::int32_t>({mode::float32}, {0, odd}).mentions("voxel 1 has the value 16777217, which mode float32"));
  CHECK(refusal<std::int32_t>({mode::complex64}, {-odd}).mentions("voxel 0 has the value -16777217"));
}

TEST_CASE("integers change sign and width only where they keep their value") {
  CHECK_FALSE(accepts(mode::uint32, std::int32_t{-1}));
  CHECK(accepts(mode::uint32, std::numeric_limits<std::int32_t>::max()));
  CHECK_FALSE(accepts(mode::int32, std::uint32_t{0x80000000}));
  CHECK(accepts(mode::int32, std::uint32_t{0x7fffffff}));
  CHECK_FALSE(accepts(mode::int16, std::uint16_t{32768}));
  CHECK(accepts(mode::int16, std::uint16_t{32767}));
  CHECK_FALSE(accepts(mode::uint16, std::int16_t{-1}));
  CHECK(accepts(mode::uint16, std::uint8_t{255}));
  CHECK_FALSE(accepts(mode::uint16, std::int32_t{65536}));
  CHECK(accepts(mode::int32, 2147483520.0F));
  CHECK_FALSE(accepts(mode::int32, 2147483648.0F));
  CHECK(accepts(mode::int32, -2147483648.0F));
  CHECK_FALSE(accepts(mode::uint32, 4294967296.0F));
  CHECK_FALSE(accepts(mode::int32, 0.5F));
}

TEST_CASE("NaN and infinities stay in floating point and have no integer") {
  for (const float bad : {not_a_number, infinity, -infinity}) {
    CAPTURE(bad);
    for (const mode m :
         {mode::int8, mode::int16, mode::uint16, mode::int32, mode::uint32, mode::uint4, mode::complex_int16})
      CHECK_FALSE(accepts(m, bad));
    for (const mode m : {mode::float32, mode::float16, mode::complex64}) CHECK(accepts(m, bad));
    CHECK_FALSE(accepts(mode::int16, mrcz::half(bad)));
    CHECK_FALSE(accepts(mode::complex_int16, std::complex<float>(0, bad)));
    CHECK(accepts(mode::complex64, std::complex<float>(0, bad)));
  }
  CHECK(refusal<float>({mode::int16}, {1, not_a_number}).mentions("voxel 1 has the value nan"));
  CHECK(refusal<float>({mode::int16}, {infinity}).mentions("value inf"));
  const auto halves =
      decoded<mrcz::half>({mode::float16}, encoded<float>({mode::float16}, {not_a_number, -infinity}), 2);
  CHECK(std::isnan(mrcz::to_float(halves[0])));
  CHECK(mrcz::to_float(halves[1]) == -infinity);
  const auto floats =
      decoded<float>({mode::float32}, encoded<mrcz::half>({mode::float32}, {mrcz::half(not_a_number)}), 1);
  CHECK(std::isnan(floats[0]));
}

TEST_CASE("negative zero keeps its sign where there is one") {
  CHECK(std::signbit(
      mrcz::to_float(decoded<mrcz::half>({mode::float16}, encoded<float>({mode::float16}, {-0.0F}), 1)[0])));
  CHECK(std::signbit(decoded<float>({mode::float32}, encoded<mrcz::half>({mode::float32}, {mrcz::half(-0.0F)}), 1)[0]));
  CHECK(std::signbit(
      decoded<std::complex<float>>({mode::complex64}, encoded<float>({mode::complex64}, {-0.0F}), 1)[0].real()));
  for (const mode m : {mode::int8, mode::int16, mode::uint16, mode::uint32, mode::uint4})
    CHECK(encoded<float>({m}, {-0.0F}) == bytes(mrcz::item_bytes(m)));
}

TEST_CASE("a complex voxel is real when its imaginary part is zero") {
  using pair = std::complex<float>;
  CHECK(accepts(mode::int16, pair{3, 0}));
  CHECK(accepts(mode::float32, pair{3.25F, -0.0F}));
  CHECK(accepts(mode::uint4, pair{15, 0}));
  CHECK_FALSE(accepts(mode::int16, pair{3.5F, 0}));
  CHECK_FALSE(accepts(mode::float32, pair{3, not_a_number}));
  CHECK(
      refusal<pair>({mode::int16}, {pair{1, 0}, pair{3, 1}}).mentions("voxel 1 has the value 3+1i, which mode int16"));
  CHECK(refusal<pair>({mode::float32}, {pair{0, -0.5F}}).mentions("value 0-0.5i, which mode float32"));
  CHECK(accepts(mode::int8, mrcz::complex_int16{-128, 0}));
  CHECK_FALSE(accepts(mode::float32, mrcz::complex_int16{0, 1}));
  CHECK(decoded<std::int16_t>({mode::int16}, encoded<pair>({mode::int16}, {pair{-7, 0}}), 1)[0] == -7);
}

TEST_CASE("complex voxels become complex integers where both parts are integers that fit") {
  using pair = std::complex<float>;
  CHECK(accepts(mode::complex_int16, pair{32767, -32768}));
  CHECK_FALSE(accepts(mode::complex_int16, pair{32768, 0}));
  CHECK_FALSE(accepts(mode::complex_int16, pair{0, 32768}));
  CHECK_FALSE(accepts(mode::complex_int16, pair{0.5F, 0}));
  CHECK(refusal<pair>({mode::complex_int16}, {pair{1, 0.5F}}).mentions("value 1+0.5i, which mode complex_int16"));
  CHECK(accepts(mode::complex_int16, std::int32_t{-32768}));
  CHECK_FALSE(accepts(mode::complex_int16, std::uint16_t{40000}));
  const auto widened = decoded<pair>({mode::complex64}, encoded<mrcz::complex_int16>({mode::complex64}, {{-5, 6}}), 1);
  CHECK(widened[0] == pair{-5, 6});
}

TEST_CASE("for every type and mode a value is stored exactly or refused, as the definitions say") {
  std::mt19937 random{1970};
  for (const voxel_format& format : all_formats())
    for_each_type(stored_types{}, [&]<class T>(std::type_identity<T>) {
      for (int i = 0; i < 150; ++i) {
        const T value = interesting<T>(random);
        const sample number = sample_of(value);
        const bool expected = mode_holds(format, number);
        const bool accepted = !test::failure_of([&] { encoded<T>(format, {value}); });
        if (accepted != expected) {
          CAPTURE(mrcz::name_of(format.mode));
          CAPTURE(std::string{mrcz::decoder_of<T>().name});
          CAPTURE(static_cast<double>(number.re));
          CAPTURE(static_cast<double>(number.im));
          FAIL_CHECK("a value was accepted or refused wrongly");
        }
        if (!accepted) continue;
        mrcz::detail::with_row(format, [&]<class Row>(Row) {
          using stored = typename Row::type;
          const sample found = sample_of(decoded<stored>(format, encoded<T>(format, {value}), 1)[0]);
          REQUIRE(found.re == number.re);
          REQUIRE(found.im == number.im);
        });
      }
    });
}

TEST_CASE("every half is a float and comes back") {
  std::vector<mrcz::half> halves(65536);
  for (unsigned i = 0; i < halves.size(); ++i) {
    const bool finite = (i & 0x7c00U) != 0x7c00U;
    halves[i] = std::bit_cast<mrcz::half>(static_cast<std::uint16_t>(finite ? i : 0));
  }
  for (const std::endian order : both_orders) {
    const voxel_format format{mode::float16, false, order};
    const bytes file = encoded(format, halves);
    const auto floats = decoded<float>(format, file, halves.size());
    CHECK(encoded(format, floats) == file);
  }
}

TEST_CASE("the first of several voxels at fault is named, counted from where the caller says") {
  std::vector<float> voxels(1000, 1.0F);
  voxels[500] = 0.5F;
  voxels[700] = 0.25F;
  CHECK(refusal<float>({mode::int16}, voxels).mentions("voxel 500 has the value 0.5"));
  bytes to(2000);
  const auto failure =
      test::failure_of([&] { test::encode_voxels<float>({mode::int16}, voxels.data(), to.data(), 1000, 3000); });
  REQUIRE(failure);
  CHECK(failure->mentions("voxel 3500 has the value 0.5"));
}

namespace {

constexpr mrcz::detail::narrowing nearest{mrcz::rounding::nearest, false};
constexpr mrcz::detail::narrowing saturated{mrcz::rounding::exact, true};
constexpr mrcz::detail::narrowing nearest_saturated{mrcz::rounding::nearest, true};

/// The numbers that are stored for these voxels, and the statistics that come with them.
template <class T>
std::vector<double> narrowed(const voxel_format& format, const std::vector<T>& voxels,
                             const mrcz::detail::narrowing& how) {
  bytes to(mrcz::row_bytes(format.mode, voxels.size()));
  const auto stored =
      mrcz::detail::encode_numbers(mrcz::encoder_of<mrcz::detail::written_as<T>>(), format, how,
                                   reinterpret_cast<const std::byte*>(voxels.data()), to.data(), voxels.size());
  const auto numbers = decoded<double>(format, to, voxels.size());
  const auto expected = mrcz::running_statistics::of(std::span<const double>{numbers}).statistics();
  CHECK(stored.statistics().min == expected.min);
  CHECK(stored.statistics().max == expected.max);
  CHECK(*stored.statistics().mean == doctest::Approx(*expected.mean));
  CHECK(*stored.statistics().rms == doctest::Approx(*expected.rms));
  return numbers;
}

template <class T>
std::string narrowing_refusal(const voxel_format& format, const std::vector<T>& voxels,
                              const mrcz::detail::narrowing& how) {
  bytes to(mrcz::row_bytes(format.mode, voxels.size()));
  const auto failure =
      test::failure_of([&] { test::encode_voxels(format, voxels.data(), to.data(), voxels.size(), 0, how); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::mode_mismatch);
  return failure->message;
}

}  // namespace

TEST_CASE("voxels that become other numbers are counted") {
  mrcz::narrowed_voxels count;
  const auto counted = [&](mrcz::rounding rounding, bool saturate) {
    count.rounded = count.saturated = 0;
    return mrcz::detail::narrowing{rounding, saturate, &count};
  };
  const auto found = [&] { return std::pair{count.rounded.load(), count.saturated.load()}; };
  using counts = std::pair<std::uint64_t, std::uint64_t>;
  narrowed<float>({mode::int8}, {0.5F, 1, 2.25F, 126.6F, -3}, counted(mrcz::rounding::nearest, false));
  CHECK(found() == counts{3, 0});
  narrowed<float>({mode::int8}, {200, 127, 0, -128, -129}, counted(mrcz::rounding::exact, true));
  CHECK(found() == counts{0, 2});
  narrowed<float>({mode::int8}, {200, 1.5F, 127.25F}, counted(mrcz::rounding::nearest, true));
  CHECK(found() == counts{1, 2});
  narrowed<float>({mode::float16}, {1e6F, 0.1F, 0.5F}, counted(mrcz::rounding::nearest, true));
  CHECK(found() == counts{1, 1});
  narrowed<std::int16_t>({mode::int8}, {1, 2, 3}, counted(mrcz::rounding::nearest, true));
  CHECK(found() == counts{0, 0});
  std::vector<float> many(2000, 0.25F);
  many[1999] = 1000;
  narrowed<float>({mode::uint4}, many, counted(mrcz::rounding::nearest, true));
  CHECK(found() == counts{1999, 1});
}

TEST_CASE("rounding goes to the nearest number of the mode, in the middle to the even one") {
  const std::vector<float> voxels{0.5F, 1.5F, 2.5F, -0.5F, -1.5F, -2.5F, 0.49F, 126.6F, -128.5F, 3.0F, 0x1p-30F};
  const std::vector<double> expected{0, 2, 2, 0, -2, -2, 0, 127, -128, 3, 0};
  CHECK(narrowed<float>({mode::int8}, voxels, nearest) == expected);
  for (const auto order : both_orders) {
    CHECK(narrowed<float>({mode::int16, false, order}, voxels, nearest) == expected);
    CHECK(narrowed<float>({mode::int32, false, order}, voxels, nearest) == expected);
  }
  CHECK(narrowed<double>({mode::int8, true}, {254.5, 255.4, -0.4}, nearest) == std::vector<double>{254, 255, 0});
  CHECK(narrowed<double>({mode::uint4}, {14.5, 15.4, 0.5}, nearest) == std::vector<double>{14, 15, 0});
  CHECK(narrowed<double>({mode::uint32}, {4294967295.4, 0.5}, nearest) == std::vector<double>{4294967295.0, 0});
  CHECK(narrowed<float>({mode::float16}, {2049, 2051, 0.1F, 65519.9F}, nearest) ==
        std::vector<double>{2048, 2052, 0.0999755859375, 65504});
  CHECK(narrowed<double>({mode::float16}, {1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11}, nearest) ==
        std::vector<double>{1 + 0x1p-10, 1});  // a float in between would lose the 2^-40
  CHECK(narrowed<std::int32_t>({mode::float32}, {16777217, 16777219}, nearest) ==
        std::vector<double>{16777216, 16777220});
}

TEST_CASE("each part of a complex number is rounded") {
  const std::vector<std::complex<float>> voxels{{0.5F, 1.5F}, {-2.6F, 0}};
  bytes to(8);
  test::encode_voxels(voxel_format{mode::complex_int16}, voxels.data(), to.data(), 2, 0, nearest);
  CHECK(decoded<std::complex<float>>({mode::complex_int16}, to, 2) ==
        std::vector<std::complex<float>>{{0, 2}, {-3, 0}});
  CHECK(narrowing_refusal<std::complex<float>>({mode::float32}, {{1, 0}, {0, 1}}, nearest_saturated) ==
        "voxel 1 has the value 0+1i, which mode float32 cannot represent");
}

TEST_CASE("a number beyond those of the mode is refused, unless it may saturate") {
  CHECK(narrowing_refusal<float>({mode::int8}, {1, 127.5F}, nearest) ==
        "voxel 1 has the value 127.5, which mode int8 cannot represent; ask for saturation, or scale it first");
  CHECK(narrowing_refusal<float>({mode::float16}, {65519, -65520}, nearest) ==
        "voxel 1 has the value -65520, which mode float16 cannot represent; ask for saturation, or scale it first");
  CHECK(narrowing_refusal<float>({mode::int16}, {1, 0.5F}, saturated) ==
        "voxel 1 has the value 0.5, which mode int16 cannot represent exactly; ask for rounding");
  CHECK(narrowed<std::int32_t>({mode::int8}, {128, -129, 5}, saturated) == std::vector<double>{127, -128, 5});
  CHECK(narrowed<float>({mode::int8}, {1e30F, -infinity, 127.5F, -128.6F}, nearest_saturated) ==
        std::vector<double>{127, -128, 127, -128});
  CHECK(narrowed<float>({mode::uint16}, {infinity, -1}, nearest_saturated) == std::vector<double>{65535, 0});
  CHECK(narrowed<double>({mode::float16}, {1e300, -65520}, nearest_saturated) == std::vector<double>{65504, -65504});
  CHECK(narrowed<double>({mode::float32}, {1e39, -1e300}, saturated) ==
        std::vector<double>{std::numeric_limits<float>::max(), -std::numeric_limits<float>::max()});
}

TEST_CASE("infinities and NaN stay what they are in floating modes, and NaN is never an integer") {
  const std::vector<float> voxels{infinity, -infinity, not_a_number, 0.1F};
  for (const auto& how : {nearest, nearest_saturated}) {
    bytes to(8);
    test::encode_voxels(voxel_format{mode::float16}, voxels.data(), to.data(), 4, 0, how);
    const auto back = decoded<float>({mode::float16}, to, 4);
    CHECK(back[0] == infinity);
    CHECK(back[1] == -infinity);
    CHECK(std::isnan(back[2]));
    CHECK(narrowing_refusal<float>({mode::int16}, {0.5F, not_a_number}, how) ==
          "voxel 1 has the value nan, which mode int16 cannot represent");
  }
}

TEST_CASE("double precision is rounded to single precision without being asked, but not to anything else") {
  constexpr double third = 1.0 / 3;
  CHECK(narrowed<double>({mode::float32}, {third, 1e-300, -0.0}, {}) ==
        std::vector<double>{static_cast<double>(static_cast<float>(third)), 0, 0});
  CHECK(narrowing_refusal<double>({mode::float32}, {0, 1e39}, {}) ==
        "voxel 1 has the value 1e+39, which mode float32 cannot represent; ask for saturation, or scale it first");
  CHECK(narrowing_refusal<double>({mode::float16}, {third}, {}).find("exactly; ask for rounding") != std::string::npos);
  CHECK(narrowing_refusal<double>({mode::int16}, {0.5}, {}).find("exactly; ask for rounding") != std::string::npos);
  CHECK(narrowed<double>({mode::int16}, {-32768, 32767}, {}) == std::vector<double>{-32768, 32767});
  CHECK(*mrcz::encoder_of<double>().default_mode == mode::float32);
  CHECK(*mrcz::encoder_of<std::complex<double>>().default_mode == mode::complex64);
}

TEST_CASE("64-bit integers are written where they fit, to the last bit") {
  constexpr std::int64_t large = std::int64_t{1} << 62;
  CHECK(narrowed<std::int64_t>({mode::int32}, {-2147483648LL, 2147483647LL}, {}) ==
        std::vector<double>{-2147483648.0, 2147483647.0});
  CHECK(narrowing_refusal<std::int64_t>({mode::int32}, {0, 2147483648LL}, {}).find("2147483648, which mode int32") !=
        std::string::npos);
  CHECK(narrowed<std::int64_t>({mode::float32}, {large, -large, 3}, {}) == std::vector<double>{0x1p62, -0x1p62, 3});
  CHECK(narrowing_refusal<std::int64_t>({mode::float32}, {large + 1}, {}) ==
        "voxel 0 has the value 4611686018427387905, which mode float32 cannot represent exactly; ask for rounding");
  // 2^62 and half a step of a float; a double in between would lose the 1 and round to the even number
  CHECK(narrowed<std::int64_t>({mode::float32},
                               {large + (std::int64_t{1} << 38) + 1, -large - (std::int64_t{1} << 38) - 1},
                               nearest) == std::vector<double>{0x1p62 + 0x1p39, -0x1p62 - 0x1p39});
  CHECK(narrowed<std::int64_t>({mode::float32}, {large + (std::int64_t{1} << 38), -large - (std::int64_t{1} << 38) + 1},
                               nearest) == std::vector<double>{0x1p62, -0x1p62});
  CHECK(narrowed<std::uint64_t>({mode::float32}, {std::numeric_limits<std::uint64_t>::max()}, nearest) ==
        std::vector<double>{0x1p64});
  CHECK(narrowed<std::uint64_t>({mode::uint16}, {70000, 5}, saturated) == std::vector<double>{65535, 5});
  CHECK_FALSE(mrcz::encoder_of<std::int64_t>().default_mode);
  CHECK_FALSE(mrcz::encoder_of<std::uint64_t>().default_mode);
}

TEST_CASE("a number that is rounded does not depend on those around it") {
  std::mt19937 random{16};
  std::uniform_real_distribution<double> any{-3e4, 3e4};
  std::vector<double> voxels(2000);
  for (double& v : voxels) v = any(random);
  std::vector<double> expected;
  for (const double v : voxels) expected.push_back(std::nearbyint(v));
  CHECK(narrowed<double>({mode::int16}, voxels, nearest) == expected);
  voxels[1500] = 1e6;
  CHECK(narrowing_refusal<double>({mode::int16}, voxels, nearest).find("voxel 1500 has") == 0);
}
