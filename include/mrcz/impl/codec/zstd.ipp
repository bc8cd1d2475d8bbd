/// Compressing and decompressing with zstd: the only file that includes <zstd.h>.
#pragma once

#include "mrcz/codec/zstd.hpp"

#include <new>

#ifndef MRCZ_ONLY_BLOSC
#include <zstd.h>

#include "mrcz/core/error.hpp"
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
MRCZ_INLINE std::unique_ptr<stream_decoder> make_zstd_decoder() { return nullptr; }
MRCZ_INLINE std::unique_ptr<stream_encoder> make_zstd_encoder(int, std::uint64_t, std::size_t) { return nullptr; }
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

class zstd_frame_decoder final : public stream_decoder {
 public:
  zstd_frame_decoder() : context_{ZSTD_createDCtx(), [](ZSTD_DCtx* used) { ZSTD_freeDCtx(used); }} {
    if (!context_) throw std::bad_alloc{};
  }

  decoded_piece decode(std::span<const std::byte> from, std::span<std::byte> into) override {
    ZSTD_inBuffer in{from.data(), from.size(), 0};
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (in.pos < in.size || !between_) {
      const auto before = in.pos + out.pos;
      const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(result) != 0) return {in.pos, out.pos, ZSTD_getErrorName(result)};
      between_ = result == 0;
      if (between_) one_ended_ = true;
      if (out.pos == out.size || in.pos + out.pos == before) break;
    }
    return {in.pos, out.pos, nullptr};
  }

  bool may_end() const noexcept override { return between_ && one_ended_; }

 private:
  std::unique_ptr<ZSTD_DCtx, void (*)(ZSTD_DCtx*)> context_;
  bool between_ = true;
  bool one_ended_ = false;
};

MRCZ_INLINE std::unique_ptr<stream_decoder> make_zstd_decoder() { return std::make_unique<zstd_frame_decoder>(); }

class zstd_frame_encoder final : public stream_encoder {
 public:
  zstd_frame_encoder(int level, std::uint64_t size, std::size_t threads)
      : context_{ZSTD_createCCtx(), [](ZSTD_CCtx* used) { ZSTD_freeCCtx(used); }} {
    if (!context_) throw std::bad_alloc{};
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
    if (threads > 1) ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_nbWorkers, static_cast<int>(threads));
    ZSTD_CCtx_setPledgedSrcSize(context_.get(), size);
  }

  encoded_piece encode(std::span<const std::byte> from, bool last, std::span<std::byte> into) override {
    ZSTD_inBuffer in{from.data(), from.size(), 0};
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left) != 0) fail(errc::too_large, "zstd could not compress: {}", ZSTD_getErrorName(left));
    return {in.pos, out.pos, last && left == 0};
  }

 private:
  std::unique_ptr<ZSTD_CCtx, void (*)(ZSTD_CCtx*)> context_;
};

MRCZ_INLINE std::unique_ptr<stream_encoder> make_zstd_encoder(int level, std::uint64_t size, std::size_t threads) {
  return std::make_unique<zstd_frame_encoder>(level, size, threads);
}
#endif

}  // namespace mrcz::detail::inline MRCZ_CODECS
