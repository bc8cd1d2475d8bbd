#include "mrcz/core/endian.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

namespace {

template <class T>
concept loadable = requires(const std::byte* from) { mrcz::detail::load<T>(from, std::endian::little); };
template <class T>
concept storable = requires(std::byte* to, T value) { mrcz::detail::store(to, value, std::endian::little); };
template <class T>
concept swappable = requires(T value) { mrcz::detail::byteswap(value); };

enum class colour : std::uint8_t { red };

static_assert(loadable<std::uint8_t> && loadable<std::int16_t> && loadable<std::int64_t> && loadable<float> &&
              loadable<double>);
static_assert(storable<std::uint8_t> && storable<std::int64_t> && storable<float> && storable<double>);
static_assert(!loadable<colour> && !storable<colour>, "an enumeration is decoded by whoever knows its values");
static_assert(!loadable<std::byte*> && !storable<std::array<float, 2>>);
static_assert(swappable<std::uint8_t> && swappable<std::uint64_t>);
static_assert(!swappable<std::int32_t> && !swappable<float>, "only words without a meaning are swapped");

static_assert(mrcz::detail::byteswap(std::uint8_t{0x12}) == 0x12);
static_assert(mrcz::detail::byteswap(std::uint16_t{0x1234}) == 0x3412);
static_assert(mrcz::detail::byteswap(std::uint32_t{0x12345678}) == 0x78563412);
static_assert(mrcz::detail::byteswap(std::uint64_t{0x0102030405060708}) == 0x0807060504030201);

static_assert(mrcz::detail::opposite(std::endian::little) == std::endian::big);
static_assert(mrcz::detail::opposite(std::endian::big) == std::endian::little);
static_assert(mrcz::name_of(std::endian::little) == "little" && mrcz::name_of(std::endian::big) == "big");

template <class... Values>
std::vector<std::byte> bytes(Values... values) {
  return {static_cast<std::byte>(values)...};
}

template <class T>
void check_round_trip(T value) {
  for (const std::endian order : {std::endian::little, std::endian::big})
    for (std::size_t misalignment = 0; misalignment < 8; ++misalignment) {
      std::array<std::byte, 8 + sizeof(T) + 1> memory;
      memory.fill(std::byte{0xa5});
      mrcz::detail::store(memory.data() + misalignment, value, order);
      CHECK(mrcz::detail::load<T>(memory.data() + misalignment, order) == value);
      CHECK(std::count(memory.begin(), memory.end(), std::byte{0xa5}) >= static_cast<std::ptrdiff_t>(9));
    }
}

}  // namespace

TEST_CASE("numbers are stored as the byte order says, whatever the machine's") {
  std::array<std::byte, 8> memory{};
  mrcz::detail::store(memory.data(), std::int16_t{-2}, std::endian::little);
  CHECK(std::ranges::equal(std::span{memory}.first(2), bytes(0xfe, 0xff)));
  mrcz::detail::store(memory.data(), std::int16_t{-2}, std::endian::big);
  CHECK(std::ranges::equal(std::span{memory}.first(2), bytes(0xff, 0xfe)));
  mrcz::detail::store(memory.data(), 1.0F, std::endian::little);
  CHECK(std::ranges::equal(std::span{memory}.first(4), bytes(0, 0, 0x80, 0x3f)));
  mrcz::detail::store(memory.data(), 1.0F, std::endian::big);
  CHECK(std::ranges::equal(std::span{memory}.first(4), bytes(0x3f, 0x80, 0, 0)));
  mrcz::detail::store(memory.data(), std::uint64_t{0x0102030405060708}, std::endian::big);
  CHECK(std::ranges::equal(memory, bytes(1, 2, 3, 4, 5, 6, 7, 8)));
  CHECK(mrcz::detail::load<std::uint32_t>(memory.data() + 1, std::endian::little) == 0x05040302U);
  CHECK(mrcz::detail::load<std::uint32_t>(memory.data() + 1, std::endian::big) == 0x02030405U);
}

TEST_CASE("numbers at odd addresses come back, and their neighbours stay as they were") {
  check_round_trip<std::uint8_t>(0x12);
  check_round_trip<std::int16_t>(std::numeric_limits<std::int16_t>::min());
  check_round_trip<std::uint32_t>(0x12345678);
  check_round_trip<std::int64_t>(-3);
  check_round_trip<float>(std::numeric_limits<float>::denorm_min());
  check_round_trip<double>(-std::numeric_limits<double>::infinity());
}

TEST_CASE("a NaN keeps its payload and a zero its sign") {
  std::array<std::byte, 4> memory{};
  for (const std::uint32_t pattern : {0x7fc01234U, 0xffc0abcdU, 0x80000000U})
    for (const std::endian order : {std::endian::little, std::endian::big}) {
      mrcz::detail::store(memory.data(), std::bit_cast<float>(pattern), order);
      CHECK(mrcz::detail::load<std::uint32_t>(memory.data(), order) == pattern);
    }
}
