/// Compresses and decompresses one chunk with c-blosc. Only the context functions of c-blosc are called: they have no
/// global state, and any number of threads can call them.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "mrcz/codec/codec.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz {

/// Whether the c-blosc in use was built with this codec (snappy often is not).
MRCZ_INLINE bool available(codec c) noexcept;

/// The version of the c-blosc in use, such as 1.21.3.
MRCZ_INLINE std::string_view blosc_version() noexcept;

namespace detail {

/// Throws `errc::codec_unavailable` if `available(c)` is false.
MRCZ_INLINE void require_available(codec c);

/// The block size, in bytes, if the caller states none. The values come from the table that `./run bench block_sizes`
/// prints. For each codec and element size they are the fastest block size from 64 KiB to 1 MiB with which no movie of
/// the benchmark becomes larger than with 64 KiB, the choice of python-mrcz. Small elements compress better in larger
/// blocks. Only zstd gains more and more (up to 6 % with 512 KiB), because c-blosc never splits its blocks. zlib loses
/// up to 20 % beyond 128 KiB, where c-blosc begins to split blocks. A block of 512 KiB and its shuffled copy still fit
/// the cache of a core.
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

/// Compresses `from` into `into`, which grows if necessary, and returns the chunk. `typesize` is 1 to 255 bytes.
/// Incompressible data are stored and take 16 bytes more than before. Throws `errc::too_large` beyond 2 GiB. The chunk
/// is that of one thread of c-blosc: with several, it would store blocks in the order in which they are finished.
MRCZ_INLINE std::span<const std::byte> compress(std::span<const std::byte> from, std::size_t typesize,
                                                const compression& wanted, buffer& into);

/// The most bytes that `compress_blocks` makes of so many bytes. Each block has a begin, and each of its streams has a
/// length; together these are less than an eighth, because a stream has at least 128 bytes.
constexpr std::size_t most_bytes_of_blocks(std::size_t bytes) noexcept { return bytes + bytes / 8 + 4096; }

/// As `compress`, but blocks that cannot be made smaller are stored one by one, never the whole chunk. So the chunk may
/// be longer than `from` and can be taken apart into its blocks. `compress` takes these arguments, the level is at
/// least 1, and `into` has `most_bytes_of_blocks`.
MRCZ_INLINE std::span<const std::byte> compress_blocks(std::span<const std::byte> from, std::size_t typesize,
                                                       const compression& wanted, std::span<std::byte> into);

/// Decompresses a whole chunk into `into`, which has exactly the chunk's uncompressed size. Throws `errc::bad_chunk`
/// for a damaged chunk, or `errc::codec_unavailable`; the content of `into` is then undefined.
MRCZ_INLINE void decompress_with_blosc(std::span<const std::byte> chunk, std::span<std::byte> into);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/blosc.ipp"
#endif
