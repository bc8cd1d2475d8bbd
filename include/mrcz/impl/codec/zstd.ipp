/// Decompressing with zstd: the only file that includes <zstd.h>.
#pragma once

#include "mrcz/codec/zstd.hpp"

#include <new>

#ifndef MRCZ_ONLY_BLOSC
#include <zstd.h>
#endif

namespace mrcz::detail {

inline namespace MRCZ_CODECS {

#ifdef MRCZ_ONLY_BLOSC
MRCZ_INLINE bool has_zstd() noexcept { return false; }
MRCZ_INLINE bool zstd_decoder::decompress(std::span<const std::byte>, std::span<std::byte>) { return false; }
MRCZ_INLINE void zstd_decoder::release::operator()(ZSTD_DCtx_s*) const noexcept {}
#else
MRCZ_INLINE bool has_zstd() noexcept { return true; }

MRCZ_INLINE bool zstd_decoder::decompress(std::span<const std::byte> from, std::span<std::byte> into) {
  if (!context_) context_.reset(ZSTD_createDCtx());
  if (!context_) throw std::bad_alloc{};
  const std::size_t size = ZSTD_decompressDCtx(context_.get(), into.data(), into.size(), from.data(), from.size());
  return ZSTD_isError(size) == 0 && size == into.size();
}

MRCZ_INLINE void zstd_decoder::release::operator()(ZSTD_DCtx_s* context) const noexcept { ZSTD_freeDCtx(context); }
#endif

}  // namespace MRCZ_CODECS

}  // namespace mrcz::detail
