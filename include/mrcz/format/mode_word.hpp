/// The MODE word at byte 12: in MRCZ the voxel type plus 1000 times the codec (MRCZ specification, deviation 1).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "mrcz/codec/codec.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/mode.hpp"

namespace mrcz {

namespace detail {

/// What the MODE word says. Readers use the codec in each chunk instead of this one, because python-mrcz writes lz4hc
/// as lz4.
struct mode_word {
  mrcz::mode mode = mrcz::mode::float32;
  mrcz::codec codec = mrcz::codec::none;

  friend constexpr bool operator==(const mode_word&, const mode_word&) = default;
};

}  // namespace detail

/// The MODE word for a mode and a codec.
constexpr std::int32_t encode(detail::mode_word w) noexcept {
  return static_cast<std::int32_t>(w.mode) + 1000 * static_cast<std::int32_t>(w.codec);
}

namespace detail {

/// No value if the word means no mode that can be read. Also decodes MODE + 10000 * codec with another numbering of the
/// codecs, as python-mrcz 0.1 wrote it.
constexpr std::optional<mode_word> decode_mode_word(std::int32_t word) noexcept {
  if (word < 0) return std::nullopt;
  if (word < 10000) {
    const mode_word found{static_cast<mode>(word % 1000), static_cast<codec>(word / 1000)};
    if (!is_known(found.mode) || name_of(found.codec).empty()) return std::nullopt;
    return found;
  }
  constexpr std::array first_numbering{codec::none, codec::zlib, codec::lz4, codec::lz4hc, codec::blosclz, codec::zstd};
  const auto number = static_cast<std::size_t>(word / 10000);
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): the next line checks that it is a mode
  const auto base = static_cast<mode>(word % 10000);
  if (number >= first_numbering.size() || !is_known(base)) return std::nullopt;
  return mode_word{base, first_numbering[number]};
}

/// The MODE of IMOD's images in colour: three bytes per pixel. They are refused by name.
inline constexpr std::int32_t imods_rgb = 16;

/// Throws `errc::bad_mode` for a word that means nothing.
MRCZ_INLINE mode_word require_mode_word(std::int32_t word);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/mode_word.ipp"
#endif
