/// Compresses and decompresses with zstd, without c-blosc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "mrcz/codec/stream_decoder.hpp"
#include "mrcz/codec/stream_encoder.hpp"
#include "mrcz/core/linkage.hpp"

extern "C" {
struct ZSTD_CCtx_s;  // the names in <zstd.h>
struct ZSTD_DCtx_s;
}

namespace mrcz::detail {

/// How zstd looks for bytes that it has seen before.
struct zstd_search {
  int level = 1;         ///< of zstd: 1 to 22
  int acceleration = 0;  ///< 0: as the level says. Otherwise the fastest search, which tests one in so many places; the
                         ///< bytes that it does not find get codes of different lengths, as with acceleration 0.

  bool operator==(const zstd_search&) const = default;
};

/// Tests so few places that only the lengths of the codes count.
inline constexpr int no_search = 131'072;

/// Memory of zstd that compresses one frame after the other, in one thread.
struct zstd_memory {
  std::unique_ptr<ZSTD_CCtx_s, void (*)(ZSTD_CCtx_s*)> context{nullptr, nullptr};  // null before the first frame
  zstd_search search;                                                              // what the context was told last
};

inline namespace MRCZ_CODECS {

/// Whether the program is compiled with zstd.
MRCZ_INLINE bool has_zstd() noexcept;

/// The version of the zstd in use, such as 1.5.4; empty in a program that is compiled without zstd.
MRCZ_INLINE std::string_view zstd_version() noexcept;

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

/// What c-blosc asks of zstd for its levels 1 to 9.
MRCZ_INLINE zstd_search search_of_level(int level) noexcept;

/// Makes one frame of zstd. Returns its size; 0 if it does not fit into `into`. The frame depends on the bytes, the
/// search and the version of zstd alone.
MRCZ_INLINE std::size_t compress_zstd(std::span<const std::byte> from, std::span<std::byte> into,
                                      const zstd_search& search, zstd_memory& memory);

/// A decoder of whole files of zstd: frames, and frames that are to be skipped. Null without zstd. A frame with a
/// window of more than 128 MiB counts as damaged.
MRCZ_INLINE std::unique_ptr<stream_decoder> make_zstd_decoder();

/// An encoder that makes one frame of zstd with a checksum, as the program zstd does. `size` is the number of bytes to
/// be compressed. With more than one thread, zstd compresses in so many threads of its own, if it was built for that.
/// `level` is 1 to 19. Null without zstd.
MRCZ_INLINE std::unique_ptr<stream_encoder> make_zstd_encoder(int level, std::uint64_t size, std::size_t threads);

}  // namespace MRCZ_CODECS

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/zstd.ipp"
#endif
