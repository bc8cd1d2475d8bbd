#include "mrcz/format/float16.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

namespace {

mrcz::half half_of(std::uint16_t bits) { return std::bit_cast<mrcz::half>(bits); }
std::uint16_t bits_of(mrcz::half value) { return std::bit_cast<std::uint16_t>(value); }

/// The value of the bits by the definition of IEEE 754, for all but infinity and NaN.
double by_definition(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

}  // namespace

TEST_CASE("all 65536 halves become the float that xtl makes of them") {
  int wrong = 0;
  for (unsigned i = 0; i < 65536; ++i) {
    const mrcz::half value = half_of(static_cast<std::uint16_t>(i));
    const float expected = static_cast<float>(value);
    const float found = mrcz::to_float(value);
    const bool same = std::isnan(expected)
                          ? std::isnan(found) && std::signbit(found) == std::signbit(expected)
                          : std::bit_cast<std::uint32_t>(found) == std::bit_cast<std::uint32_t>(expected);
    wrong += !same;
  }
  CHECK(wrong == 0);
}

TEST_CASE("finite halves have the value that the standard defines") {
  int wrong = 0;
  for (unsigned i = 0; i < 65536; ++i) {
    const auto bits = static_cast<std::uint16_t>(i);
    if ((bits & 0x7c00U) == 0x7c00U) continue;
    wrong += static_cast<double>(mrcz::to_float(half_of(bits))) != by_definition(bits);
  }
  CHECK(wrong == 0);
}

TEST_CASE("a half that went through float is the same half") {
  int wrong = 0;
  for (unsigned i = 0; i < 65536; ++i) {
    const auto bits = static_cast<std::uint16_t>(i);
    const float value = mrcz::to_float(half_of(bits));
    wrong +=
        std::isnan(value) ? !std::isnan(mrcz::to_float(mrcz::to_half(value))) : bits_of(mrcz::to_half(value)) != bits;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a float between two halves goes to the nearer, in the middle to the even one") {
  for (std::uint16_t bits = 0; bits < 0x7bff; bits = static_cast<std::uint16_t>(bits + 7)) {
    const auto next = static_cast<std::uint16_t>(bits + 1);
    const float low = mrcz::to_float(half_of(bits));
    const float high = mrcz::to_float(half_of(next));
    const float middle = low + (high - low) / 2;  // exact: a float has 13 bits more
    CAPTURE(bits);
    CHECK(bits_of(mrcz::to_half(middle)) == (bits % 2 == 0 ? bits : next));
    CHECK(bits_of(mrcz::to_half(std::nextafter(middle, 0.0F))) == bits);
    CHECK(bits_of(mrcz::to_half(std::nextafter(middle, 1e9F))) == next);
    CHECK(bits_of(mrcz::to_half(-middle)) == (0x8000U | (bits % 2 == 0 ? bits : next)));
  }
}

TEST_CASE("what is too large for a half becomes infinite and what is too small zero") {
  CHECK(bits_of(mrcz::to_half(65504.0F)) == 0x7bff);
  CHECK(bits_of(mrcz::to_half(std::nextafter(65520.0F, 0.0F))) == 0x7bff);
  CHECK(bits_of(mrcz::to_half(65520.0F)) == 0x7c00);
  CHECK(bits_of(mrcz::to_half(-std::numeric_limits<float>::max())) == 0xfc00);
  CHECK(bits_of(mrcz::to_half(std::numeric_limits<float>::infinity())) == 0x7c00);
  CHECK(bits_of(mrcz::to_half(0x1p-25F)) == 0);
  CHECK(bits_of(mrcz::to_half(std::nextafter(0x1p-25F, 1.0F))) == 1);
  CHECK(bits_of(mrcz::to_half(-0.0F)) == 0x8000);
}

TEST_CASE("a double is rounded once, as a float of the same value would be") {
  for (std::uint16_t bits = 0; bits < 0x7bff; ++bits) {
    const auto next = static_cast<std::uint16_t>(bits + 1);
    const double middle = (by_definition(bits) + by_definition(next)) / 2;
    CAPTURE(bits);
    REQUIRE(bits_of(mrcz::to_half(by_definition(bits))) == bits);
    REQUIRE(bits_of(mrcz::to_half(middle)) == (bits % 2 == 0 ? bits : next));
    REQUIRE(bits_of(mrcz::to_half(std::nextafter(middle, 0.0))) == bits);
    REQUIRE(bits_of(mrcz::to_half(-std::nextafter(middle, 1e9))) == (0x8000U | next));
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(bits_of(mrcz::to_half(std::nextafter(65520.0, 0.0))) == 0x7bff);
  CHECK(bits_of(mrcz::to_half(65520.0)) == 0x7c00);
  CHECK(bits_of(mrcz::to_half(-1e300)) == 0xfc00);
  CHECK(bits_of(mrcz::to_half(infinity)) == 0x7c00);
  CHECK(bits_of(mrcz::to_half(-0.0)) == 0x8000);
  CHECK(bits_of(mrcz::to_half(-1e-300)) == 0x8000);
  CHECK(bits_of(mrcz::to_half(std::numeric_limits<double>::quiet_NaN())) == 0x7e00);
  CHECK(bits_of(mrcz::to_half(-std::numeric_limits<double>::quiet_NaN())) == 0xfe00);
}
