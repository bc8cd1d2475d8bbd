/// MACHST, the machine stamp at byte 212 (MRC2014 note 11), as it is written and as it is found.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace mrcz {

/// The four bytes as they stand in the file.
using machine_stamp = std::array<std::byte, 4>;

/// 44 44 00 00 or 11 11 00 00, as the standard recommends.
constexpr machine_stamp stamp_of(std::endian order) noexcept {
  const std::byte b{order == std::endian::little ? std::uint8_t{0x44} : std::uint8_t{0x11}};
  return {b, b, std::byte{0}, std::byte{0}};
}

/// The byte order that a stamp means. Only the first byte counts (the order of floating-point numbers), because 44 44,
/// 44 41, 44 00 and 44 20 all occur. No value for other stamps: zeros, VAX (22 41), garbage.
constexpr std::optional<std::endian> byte_order_of(const machine_stamp& stamp) noexcept {
  if (stamp[0] == std::byte{0x44}) return std::endian::little;
  if (stamp[0] == std::byte{0x11}) return std::endian::big;
  return std::nullopt;
}

/// Whether a strict reader accepts the stamp: 44 44, 44 41 or 11 11, followed by any two bytes.
constexpr bool is_standard(const machine_stamp& stamp) noexcept {
  constexpr std::byte x44{0x44};
  constexpr std::byte x41{0x41};
  constexpr std::byte x11{0x11};
  return (stamp[0] == x44 && (stamp[1] == x44 || stamp[1] == x41)) || (stamp[0] == x11 && stamp[1] == x11);
}

}  // namespace mrcz
