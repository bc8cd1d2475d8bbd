/// What the library takes from zlib: two checksums, streams of zlib in memory, and the files of gzip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "mrcz/codec/stream_decoder.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE std::uint32_t adler32_of(std::span<const std::byte> bytes) noexcept;

MRCZ_INLINE std::uint32_t crc32_of(std::span<const std::byte> bytes) noexcept;

/// The checksum of two pieces, of which the second has `second_bytes` bytes.
MRCZ_INLINE std::uint32_t crc32_of_both(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes) noexcept;

/// A zlib stream (RFC 1950). `level` is 1 to 9.
MRCZ_INLINE std::vector<std::byte> deflated(std::span<const std::byte> plain, int level);

/// Decompresses a zlib stream. Throws `errc::bad_metadata` unless `packed` is one whole stream of exactly `size`
/// uncompressed bytes. Allocates no memory if so short a stream cannot hold `size` bytes.
MRCZ_INLINE std::vector<std::byte> inflated(std::span<const std::byte> packed, std::size_t size);

/// A decoder of gzip's members (RFC 1952). As gzip does, it ignores what follows the last member and begins none:
/// zeros, for instance.
MRCZ_INLINE std::unique_ptr<stream_decoder> make_gzip_decoder();

/// A part of a member of gzip (RFC 1951): the parts of consecutive pieces, one after the other, are one deflate stream.
/// It depends on nothing before it, so parts can be made in parallel. `last` ends the stream. `level` is 1 to 9.
MRCZ_INLINE std::vector<std::byte> deflated_part(std::span<const std::byte> plain, int level, bool last);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/zlib.ipp"
#endif
