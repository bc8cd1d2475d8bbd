/// Byte order: loading and storing numbers at any address, and swapping whole buffers.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace mrcz {

static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big,
              "mixed-endian machines are not supported");

constexpr std::string_view name_of(std::endian order) noexcept {
  return order == std::endian::little ? "little" : "big";
}

constexpr std::endian opposite(std::endian order) noexcept {
  return order == std::endian::little ? std::endian::big : std::endian::little;
}

template <std::unsigned_integral U>
constexpr U byteswap(U value) noexcept {
  if constexpr (sizeof(U) == 1) {
    return value;
  } else if constexpr (sizeof(U) == 2) {
    return static_cast<U>((value >> 8) | (value << 8));
  } else if constexpr (sizeof(U) == 4) {
    return __builtin_bswap32(value);
  } else {
    static_assert(sizeof(U) == 8);
    return __builtin_bswap64(value);
  }
}

namespace detail {
template <std::size_t Bytes>
using word = std::conditional_t<
    Bytes == 1, std::uint8_t,
    std::conditional_t<Bytes == 2, std::uint16_t, std::conditional_t<Bytes == 4, std::uint32_t, std::uint64_t>>>;
}  // namespace detail

/// A number stored at `from` in the given byte order; `from` need not be aligned.
template <class T>
  requires std::is_arithmetic_v<T>
T load(const std::byte* from, std::endian order) noexcept {
  detail::word<sizeof(T)> bits;
  std::memcpy(&bits, from, sizeof bits);
  return std::bit_cast<T>(order == std::endian::native ? bits : byteswap(bits));
}

/// Stores `value` at `to` in the given byte order; `to` need not be aligned.
template <class T>
  requires std::is_arithmetic_v<T>
void store(std::byte* to, T value, std::endian order) noexcept {
  auto bits = std::bit_cast<detail::word<sizeof(T)>>(value);
  if (order != std::endian::native) bits = byteswap(bits);
  std::memcpy(to, &bits, sizeof bits);
}

namespace detail {
template <class Word>
void swap_copy(const std::byte* from, std::byte* to, std::size_t words) noexcept {
  for (std::size_t i = 0; i < words; ++i) {
    Word bits;
    std::memcpy(&bits, from + i * sizeof(Word), sizeof bits);
    bits = byteswap(bits);
    std::memcpy(to + i * sizeof(Word), &bits, sizeof bits);
  }
}
}  // namespace detail

/// Copies words of 1, 2, 4 or 8 bytes and reverses the bytes of each. `to` may equal `from`; otherwise the two
/// must not overlap. `from.size()` is a multiple of `word_bytes`.
inline void swap_bytes(std::span<const std::byte> from, std::byte* to, std::size_t word_bytes) noexcept {
  switch (word_bytes) {
    case 2: detail::swap_copy<std::uint16_t>(from.data(), to, from.size() / 2); break;
    case 4: detail::swap_copy<std::uint32_t>(from.data(), to, from.size() / 4); break;
    case 8: detail::swap_copy<std::uint64_t>(from.data(), to, from.size() / 8); break;
    default:
      if (to != from.data() && !from.empty()) std::memcpy(to, from.data(), from.size());
  }
}

}  // namespace mrcz
