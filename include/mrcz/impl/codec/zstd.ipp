/// Compressing and decompressing with zstd: the only file that includes <zstd.h>.
#pragma once

#include "mrcz/codec/zstd.hpp"

#include <new>

#ifndef MRCZ_ONLY_BLOSC
#include <zstd.h>
#endif

namespace mrcz::detail::inline MRCZ_CODECS {

#ifdef MRCZ_ONLY_BLOSC
MRCZ_INLINE bool has_zstd() noexcept { return false; }
MRCZ_INLINE std::string_view zstd_version() noexcept { return {}; }
MRCZ_INLINE bool zstd_decoder::decompress(std::span<const std::byte>, std::span<std::byte>) { return false; }
MRCZ_INLINE void zstd_decoder::release::operator()(ZSTD_DCtx_s*) const noexcept {}
MRCZ_INLINE zstd_search search_of_level(int level) noexcept { return {level}; }
MRCZ_INLINE std::size_t compress_zstd(std::span<const std::byte>, std::span<std::byte>, const zstd_search&,
                                      zstd_memory&) {
  return 0;
}
#else
MRCZ_INLINE bool has_zstd() noexcept { return true; }

MRCZ_INLINE std::string_view zstd_version() noexcept { return ZSTD_versionString(); }

MRCZ_INLINE bool zstd_decoder::decompress(std::span<const std::byte> from, std::span<std::byte> into) {
  if (!context_) context_.reset(ZSTD_createDCtx());
  if (!context_) throw std::bad_alloc{};
  const std::size_t size = ZSTD_decompressDCtx(context_.get(), into.data(), into.size(), from.data(), from.size());
  return ZSTD_isError(size) == 0 && size == into.size();
}

MRCZ_INLINE void zstd_decoder::release::operator()(ZSTD_DCtx_s* context) const noexcept { ZSTD_freeDCtx(context); }

MRCZ_INLINE zstd_search search_of_level(int level) noexcept {
  return {.level = level < 9 ? 2 * level - 1 : ZSTD_maxCLevel()};  // c-blosc 1.21, zstd_wrap_compress
}

/// Tells a context how to search. ZSTD_c_literalCompressionMode is experimental, so it is named by its number. Without
/// it the fastest search would leave the bytes that it does not find as they are. A zstd that does not know it searches
/// as the level says.
MRCZ_INLINE void configure(ZSTD_CCtx* context, const zstd_search& search) {
  constexpr auto literal_compression_mode = static_cast<ZSTD_cParameter>(1002);
  constexpr int compressed = 1;
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, search.level);
  if (search.acceleration == 0) return;
  if (ZSTD_isError(ZSTD_CCtx_setParameter(context, literal_compression_mode, compressed)) != 0) return;
  ZSTD_CCtx_setParameter(context, ZSTD_c_strategy, ZSTD_fast);
  ZSTD_CCtx_setParameter(context, ZSTD_c_targetLength, search.acceleration);
}

MRCZ_INLINE std::size_t compress_zstd(std::span<const std::byte> from, std::span<std::byte> into,
                                      const zstd_search& search, zstd_memory& memory) {
  auto& context = memory.context;
  if (!context || search != memory.search) {
    if (!context) context = {ZSTD_createCCtx(), [](ZSTD_CCtx_s* used) { ZSTD_freeCCtx(used); }};
    if (!context) throw std::bad_alloc{};
    configure(context.get(), search);
    memory.search = search;
  }
  const std::size_t size = ZSTD_compress2(context.get(), into.data(), into.size(), from.data(), from.size());
  return ZSTD_isError(size) != 0 ? 0 : size;
}
#endif

}  // namespace mrcz::detail::inline MRCZ_CODECS
