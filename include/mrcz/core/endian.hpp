/// Byte order: loading and storing numbers at any address.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace mrcz {

static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big,
              "mixed-endian machines are not supported");

/// "little" or "big".
constexpr std::string_view name_of(std::endian order) noexcept {
  return order == std::endian::little ? "little" : "big";
}

namespace detail {

constexpr std::endian opposite(std::endian order) noexcept {
  return order == std::endian::little ? std::endian::big : std::endian::little;
}

/// Compilers make one instruction of it.
template <std::unsigned_integral U>
constexpr U byteswap(U value) noexcept {
  static_assert(sizeof(U) <= 8);
  if constexpr (sizeof(U) == 1) {
    return value;
  } else if constexpr (sizeof(U) == 2) {
    return static_cast<U>((value >> 8) | (value << 8));
  } else if constexpr (sizeof(U) == 4) {
    return (value >> 24) | ((value >> 8) & 0xff00U) | ((value << 8) & 0xff0000U) | (value << 24);
  } else {
    const U low = byteswap(static_cast<std::uint32_t>(value));
    const U high = byteswap(static_cast<std::uint32_t>(value >> 32));
    return (low << 32) | high;
  }
}

template <std::size_t Bytes>
using word = std::conditional_t<
    Bytes == 1, std::uint8_t,
    std::conditional_t<Bytes == 2, std::uint16_t, std::conditional_t<Bytes == 4, std::uint32_t, std::uint64_t>>>;

/// A number stored at `from` in the given byte order; `from` need not be aligned.
template <class T>
  requires std::is_arithmetic_v<T>
T load(const std::byte* from, std::endian order) noexcept {
  word<sizeof(T)> bits;
  std::memcpy(&bits, from, sizeof bits);
  return std::bit_cast<T>(order == std::endian::native ? bits : byteswap(bits));
}

/// Stores `value` at `to` in the given byte order; `to` need not be aligned.
template <class T>
  requires std::is_arithmetic_v<T>
void store(std::byte* to, T value, std::endian order) noexcept {
  auto bits = std::bit_cast<word<sizeof(T)>>(value);
  if (order != std::endian::native) bits = byteswap(bits);
  std::memcpy(to, &bits, sizeof bits);
}

}  // namespace detail

}  // namespace mrcz
