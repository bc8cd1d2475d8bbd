/// The 16 bytes in front of every blosc chunk (c-blosc README_CHUNK_FORMAT), and what must hold before one is
/// decompressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "mrcz/codec/codec.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"

namespace mrcz {

/// Always little-endian, also in a big-endian MRC file.
struct chunk_header {
  static constexpr std::size_t size = 16;
  /// The largest slice that a chunk can hold: c-blosc counts in 32-bit signed integers.
  static constexpr std::uint64_t max_bytes = 0x7fffffff - size;

  std::uint8_t version;        // offset 0: format version, 2
  std::uint8_t codec_version;  // offset 1: version of the codec's own format, 1
  std::uint8_t flags;          // offset 2
  std::uint8_t typesize;       // offset 3: bytes per element for the shuffle
  std::uint32_t bytes;         // offset 4: uncompressed
  std::uint32_t block_size;    // offset 8: uncompressed bytes per block
  std::uint32_t packed_bytes;  // offset 12: compressed, this header included

  static chunk_header decode(std::span<const std::byte, size> from) noexcept {
    const auto u8 = [&](std::size_t at) { return std::to_integer<std::uint8_t>(from[at]); };
    const auto u32 = [&](std::size_t at) { return load<std::uint32_t>(from.data() + at, std::endian::little); };
    return {u8(0), u8(1), u8(2), u8(3), u32(4), u32(8), u32(12)};
  }

  constexpr bool stored() const noexcept { return (flags & 0x02U) != 0; }  ///< the bytes follow as they are
  constexpr unsigned format() const noexcept {
    return flags >> 5U;
  }  ///< 0 blosclz, 1 lz4 and lz4hc, 2 snappy, 3 zlib, 4 zstd

  constexpr mrcz::shuffle shuffle() const noexcept {
    return (flags & 0x01U) != 0 ? mrcz::shuffle::byte : (flags & 0x04U) != 0 ? mrcz::shuffle::bit : mrcz::shuffle::none;
  }

  /// The codec that made the chunk; lz4hc writes what lz4 reads, so the two cannot be told apart.
  constexpr std::optional<mrcz::codec> codec() const noexcept {
    switch (format()) {
      case 0: return mrcz::codec::blosclz;
      case 1: return mrcz::codec::lz4;
      case 2: return mrcz::codec::snappy;
      case 3: return mrcz::codec::zlib;
      case 4: return mrcz::codec::zstd;
      default: return std::nullopt;
    }
  }

  constexpr std::uint64_t blocks() const noexcept {
    return block_size == 0 ? 0 : (std::uint64_t{bytes} + block_size - 1) / block_size;
  }
};

namespace detail {

/// More than this times its packed size no valid chunk of the format can hold, so a larger claim is a lie: the
/// longest run that one byte of each format can announce, rounded up.
constexpr std::uint64_t max_expansion(unsigned format) noexcept {
  switch (format) {
    case 0:                 // blosclz: 255 per length byte
    case 1: return 300;     // lz4: 255 per length byte
    case 2: return 64;      // snappy: 64 per 3 bytes
    case 3: return 1100;    // deflate: 258 per 2 bits
    default: return 33000;  // zstd: 128 KiB per 4 bytes
  }
}

/// c-blosc 1.x overflows its heap when the length of a blosclz match, 6 + 255 per byte of 0xff + the byte behind
/// them + 3, wraps (c-blosc issue 405). That takes this many consecutive bytes of 0xff, which no compressed chunk has.
inline constexpr std::size_t blosclz_wrap = 8'421'504;
static_assert(6 + 255 * (blosclz_wrap - 1) + 254 + 3 <= 0x7fffffff);

inline bool may_wrap_blosclz(std::span<const std::byte> chunk) noexcept {
  std::size_t run = 0;
  for (const std::byte b : chunk) {
    run = b == std::byte{0xff} ? run + 1 : 0;
    if (run >= blosclz_wrap) return true;
  }
  return false;
}

}  // namespace detail

/// Throws `errc::bad_chunk` unless the header is that of a chunk of `packed` bytes that holds exactly `expected`
/// bytes. After this no number in the header can make c-blosc read or write outside its buffers.
inline void check(const chunk_header& h, std::uint64_t packed, std::uint64_t expected) {
  if (h.version != 2 || h.codec_version != 1)
    fail_expected(errc::bad_chunk, text("chunk has format version {}.{}", h.version, h.codec_version), "2.1");
  if ((h.flags & 0x08U) != 0 || !h.codec())
    fail(errc::bad_chunk, "chunk has flags {:#04x}, which mean no codec", h.flags);
  if (h.packed_bytes != packed)
    fail_expected(errc::bad_chunk, text("chunk says that it has {} packed bytes", h.packed_bytes), text("{}", packed));
  if (h.bytes != expected) fail_expected(errc::bad_chunk, text("chunk holds {} bytes", h.bytes), text("{}", expected));
  if (h.bytes > chunk_header::max_bytes) fail(errc::bad_chunk, "chunk holds {} bytes, more than a chunk can", h.bytes);
  if (h.typesize == 0) fail(errc::bad_chunk, "chunk has elements of 0 bytes");
  if (h.bytes == 0) return;
  if (h.block_size == 0 || h.block_size > h.bytes)
    fail_expected(errc::bad_chunk, text("chunk has blocks of {} bytes", h.block_size), text("1 to {}", h.bytes));
  if (h.stored()) {
    if (packed != expected + chunk_header::size)
      fail_expected(errc::bad_chunk, text("stored chunk has {} bytes", packed),
                    text("{}", expected + chunk_header::size));
    return;
  }
  if (chunk_header::size + 4 * h.blocks() > packed)
    fail(errc::bad_chunk, "chunk of {} bytes has no room for {} blocks", packed, h.blocks());
  if (expected > packed * detail::max_expansion(h.format()))
    fail(errc::bad_chunk, "chunk of {} bytes cannot hold {} bytes", packed, expected);
}

}  // namespace mrcz
