/// The checks before a chunk is decompressed.
#pragma once

#include "mrcz/codec/chunk_header.hpp"

#include <algorithm>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE chunk_header chunk_header::decode(std::span<const std::byte, size> from) noexcept {
  const auto u8 = [&](std::size_t at) { return std::to_integer<std::uint8_t>(from[at]); };
  const auto u32 = [&](std::size_t at) { return load<std::uint32_t>(from.data() + at, std::endian::little); };
  return {u8(0), u8(1), u8(2), u8(3), u32(4), u32(8), u32(12)};
}

MRCZ_INLINE void require_fits_chunk(std::uint64_t bytes) {
  if (bytes > chunk_header::max_bytes)
    fail(errc::too_large,
         "a slice of {} bytes does not fit a blosc chunk, which holds at most {}; write it with codec none", bytes,
         chunk_header::max_bytes);
}

MRCZ_INLINE bool may_wrap_blosclz(std::span<const std::byte> chunk) noexcept {
  std::size_t run = 0;
  for (const std::byte b : chunk) {
    run = b == std::byte{0xff} ? run + 1 : 0;
    if (run >= blosclz_wrap) return true;
  }
  return false;
}

MRCZ_INLINE void check(const chunk_header& h, std::uint64_t packed, std::uint64_t expected) {
  if (h.version != 2 || h.codec_version != 1)
    fail_expected(errc::bad_chunk, text("chunk has format version {}.{}", h.version, h.codec_version), "2.1");
  if ((h.flags & 0x08U) != 0 || !h.codec())
    fail(errc::bad_chunk, "chunk has flags {:#04x}, which mean no codec", h.flags);
  if (h.packed_bytes != packed)
    fail_expected(errc::bad_chunk, text("chunk says that it has {} packed bytes", h.packed_bytes),
                  std::to_string(packed));
  if (h.packed_bytes > 0x7fffffffU)
    fail(errc::bad_chunk, "chunk has {} packed bytes, more than a chunk can", h.packed_bytes);
  if (h.bytes != expected)
    fail_expected(errc::bad_chunk, text("chunk holds {} bytes", h.bytes), std::to_string(expected));
  if (h.bytes > chunk_header::max_bytes) fail(errc::bad_chunk, "chunk holds {} bytes, more than a chunk can", h.bytes);
  if (h.typesize == 0) fail(errc::bad_chunk, "chunk has elements of 0 bytes");
  if (h.bytes == 0) return;
  if (const auto most = std::min(h.bytes, chunk_header::max_block_size); h.block_size == 0 || h.block_size > most)
    fail_expected(errc::bad_chunk, text("chunk has blocks of {} bytes", h.block_size), text("1 to {}", most));
  if (h.stored()) {
    if (packed != expected + chunk_header::size)
      fail_expected(errc::bad_chunk, text("stored chunk has {} bytes", packed),
                    std::to_string(expected + chunk_header::size));
    return;
  }
  if (chunk_header::size + 4 * h.blocks() > packed)
    fail(errc::bad_chunk, "chunk of {} bytes has no room for {} blocks", packed, h.blocks());
  if (expected > packed * max_expansion(h.format()))
    fail(errc::bad_chunk, "chunk of {} bytes cannot hold {} bytes", packed, expected);
}

}  // namespace mrcz::detail
