/// Decompresses what zstd compressed, without c-blosc.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "mrcz/core/linkage.hpp"

extern "C" {
struct ZSTD_DCtx_s;  // its name in <zstd.h>
}

namespace mrcz::detail {

inline namespace MRCZ_CODECS {

/// Whether the program is compiled with zstd.
MRCZ_INLINE bool has_zstd() noexcept;

/// Decompresses frames of zstd. It keeps the memory of zstd, which c-blosc allocates anew for each block. For one
/// thread.
class zstd_decoder {
 public:
  /// Decompresses frames. Returns false unless they have exactly `into.size()` bytes; the content of `into` is then
  /// undefined.
  MRCZ_INLINE bool decompress(std::span<const std::byte> from, std::span<std::byte> into);

 private:
  struct release {
    MRCZ_INLINE void operator()(ZSTD_DCtx_s* context) const noexcept;
  };
  std::unique_ptr<ZSTD_DCtx_s, release> context_;  // null before the first call
};

}  // namespace MRCZ_CODECS

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/zstd.ipp"
#endif
