/// Decompressing with lz4: the only file that includes <lz4.h>.
#pragma once

#include "mrcz/codec/lz4.hpp"

#ifndef MRCZ_ONLY_BLOSC
#include <lz4.h>
#endif

namespace mrcz::detail::inline MRCZ_CODECS {

#ifdef MRCZ_ONLY_BLOSC
MRCZ_INLINE bool has_lz4() noexcept { return false; }
MRCZ_INLINE std::string_view lz4_version() noexcept { return {}; }
MRCZ_INLINE bool decompress_lz4(std::span<const std::byte>, std::span<std::byte>) noexcept { return false; }
#else
MRCZ_INLINE bool has_lz4() noexcept { return true; }

MRCZ_INLINE std::string_view lz4_version() noexcept { return LZ4_versionString(); }

MRCZ_INLINE bool decompress_lz4(std::span<const std::byte> from, std::span<std::byte> into) noexcept {
  const auto size = static_cast<int>(into.size());
  return LZ4_decompress_safe(reinterpret_cast<const char*>(from.data()), reinterpret_cast<char*>(into.data()),
                             static_cast<int>(from.size()), size) == size;
}
#endif

}  // namespace mrcz::detail::inline MRCZ_CODECS
