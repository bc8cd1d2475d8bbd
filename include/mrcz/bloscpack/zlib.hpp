/// What the bloscpack format takes from zlib: two checksums, and the compression of metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE std::uint32_t adler32_of(std::span<const std::byte> bytes) noexcept;

MRCZ_INLINE std::uint32_t crc32_of(std::span<const std::byte> bytes) noexcept;

/// A zlib stream (RFC 1950). `level` is 1 to 9.
MRCZ_INLINE std::vector<std::byte> deflated(std::span<const std::byte> plain, int level);

/// Decompresses a zlib stream. Throws `errc::bad_metadata` unless `packed` is one whole stream of exactly `size`
/// uncompressed bytes. Allocates no memory if so short a stream cannot hold `size` bytes.
MRCZ_INLINE std::vector<std::byte> inflated(std::span<const std::byte> packed, std::size_t size);

}  // namespace mrcz::bloscpack::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/zlib.ipp"
#endif
