/// Compressing and decompressing one chunk with c-blosc. Only its context functions are called: no global state, any
/// number of threads.
#pragma once

#include <cstddef>
#include <span>

#include "mrcz/codec/codec.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz {

/// Whether the c-blosc in use was built with this codec (snappy often is not).
MRCZ_INLINE bool available(codec c) noexcept;

/// Throws `errc::codec_unavailable` if `available(c)` is false.
MRCZ_INLINE void require_available(codec c);

/// The block size used where the caller states none, in bytes. Chosen from the table that `./run bench block_sizes`
/// prints: for each codec and size of elements the fastest of 64 KiB to 1 MiB that is never larger, on any of the
/// benchmark's movies, than what 64 KiB gives, which is python-mrcz's choice. Small elements compress better in larger
/// blocks. zstd alone keeps gaining (up to 6 % with 512 KiB), as c-blosc never splits its blocks; zlib loses up to 20 %
/// beyond 128 KiB, where c-blosc begins to split. 512 KiB and their shuffled copy still fit a core's cache.
constexpr std::size_t default_block_size(codec c, std::size_t typesize) noexcept {
  constexpr std::size_t kib = 1024;
  switch (c) {
    case codec::zstd: return 512 * kib;
    case codec::lz4hc: return 256 * kib;
    case codec::lz4: return typesize <= 2 ? 256 * kib : 64 * kib;
    case codec::blosclz:
    case codec::snappy:
    case codec::zlib: return typesize == 1 ? 256 * kib : 64 * kib;
    case codec::none: break;
  }
  return 0;
}

/// Compresses `from` into `into` (grown as needed) and returns the chunk. `typesize` is 1 to 255 bytes.
/// Incompressible data are stored, at 16 bytes more than they had. Throws `errc::too_large` beyond 2 GiB.
/// `threads` splits this one chunk over threads that c-blosc starts for it, which then place its blocks in the order in
/// which they are done; several chunks at once, one thread each, are faster.
MRCZ_INLINE std::span<const std::byte> compress(std::span<const std::byte> from, std::size_t typesize,
                                                const compression& wanted, buffer& into, std::size_t threads = 1);

/// Decompresses a whole chunk into `into`, which has exactly the chunk's uncompressed size. Throws
/// `errc::bad_chunk` for damage and `errc::codec_unavailable`; `into` is then undefined.
MRCZ_INLINE void decompress(std::span<const std::byte> chunk, std::span<std::byte> into);

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/blosc.ipp"
#endif
