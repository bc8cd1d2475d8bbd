/// The programs that pack whole files: gzip, zstd, bzip2 and xz. Recognises and decompresses what they make.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "mrcz/codec/stream_decoder.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz {

/// How a whole file is packed, around MRC or MRCZ.
enum class packing : std::uint8_t { none, gzip, zstd, bzip2, xz };

/// The name of the program that packs; empty for a value that is no packing.
constexpr std::string_view name_of(packing p) noexcept {
  constexpr std::array<std::string_view, 5> names{"none", "gzip", "zstd", "bzip2", "xz"};
  const auto index = static_cast<std::size_t>(p);
  return index < names.size() ? names[index] : std::string_view{};
}

namespace detail {

/// How a file with these first bytes is packed. It needs 6 bytes to recognise all programs.
MRCZ_INLINE packing packing_of(std::span<const std::byte> beginning) noexcept;

inline namespace MRCZ_CODECS {

/// A decoder for files that are packed in this way. Throws `errc::codec_unavailable` if the program was compiled
/// without the library that it needs.
MRCZ_INLINE std::unique_ptr<stream_decoder> decoder_for(packing how);

}  // namespace MRCZ_CODECS

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/packing.ipp"
#endif
