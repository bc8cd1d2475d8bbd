/// The 16 bytes at the beginning of every blosc chunk (c-blosc README_CHUNK_FORMAT), and the checks before a chunk is
/// decompressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mrcz/codec/codec.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// Always little-endian, also in a big-endian MRC file.
struct chunk_header {
  static constexpr std::size_t size = 16;
  /// The largest slice that a chunk can hold: c-blosc counts in 32-bit signed integers.
  static constexpr std::uint64_t max_bytes = 0x7fffffff - size;
  /// The largest block that c-blosc reads and writes (BLOSC_MAX_BLOCKSIZE in its header).
  static constexpr std::uint32_t max_block_size = (0x7fffffff - 255 * 4) / 3;

  std::uint8_t version;        // offset 0: format version, 2
  std::uint8_t codec_version;  // offset 1: version of the codec's own format, 1
  std::uint8_t flags;          // offset 2
  std::uint8_t typesize;       // offset 3: bytes per element for the shuffle
  std::uint32_t bytes;         // offset 4: uncompressed
  std::uint32_t block_size;    // offset 8: uncompressed bytes per block
  std::uint32_t packed_bytes;  // offset 12: compressed, this header included

  static chunk_header decode(std::span<const std::byte, size> from) noexcept;

  constexpr bool stored() const noexcept { return (flags & 0x02U) != 0; }          ///< the bytes follow uncompressed
  constexpr bool has_one_stream() const noexcept { return (flags & 0x10U) != 0; }  ///< blocks are not split
  constexpr unsigned format() const noexcept {
    return flags >> 5U;
  }  ///< 0 blosclz, 1 lz4 and lz4hc, 2 snappy, 3 zlib, 4 zstd

  /// c-blosc ignores the flag of byte shuffle where elements have one byte, even if the flag of bit shuffle is there
  /// too.
  constexpr mrcz::shuffle shuffle() const noexcept {
    if ((flags & 0x01U) != 0 && typesize > 1) return mrcz::shuffle::byte;
    return (flags & 0x04U) != 0 ? mrcz::shuffle::bit : mrcz::shuffle::none;
  }

  /// The codec of the chunk; nothing if the format is unknown. lz4 and lz4hc write the same format, so lz4 stands for
  /// both.
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

/// A valid chunk of the format holds at most this many times its packed size. A header that claims more is damaged. The
/// value is the longest run that one byte of the format can announce, rounded up.
constexpr std::uint64_t max_expansion(unsigned format) noexcept {
  switch (format) {
    case 0:                 // blosclz: 255 per length byte
    case 1: return 300;     // lz4: 255 per length byte
    case 2: return 64;      // snappy: 64 per 3 bytes
    case 3: return 1100;    // deflate: 258 per 2 bits
    default: return 33000;  // zstd: 128 KiB per 4 bytes
  }
}

/// c-blosc 1.x overflows its heap when the length of a blosclz match wraps (c-blosc issue 405). The length is 6 + 255
/// for each byte of 0xff + the byte that follows them + 3. It wraps only after this many consecutive bytes of 0xff,
/// which no valid compressed chunk has.
inline constexpr std::size_t blosclz_wrap = 8'421'504;
static_assert(6 + 255 * (blosclz_wrap - 1) + 254 + 3 <= 0x7fffffff);

/// Throws `errc::too_large` unless a chunk can hold a slice of so many bytes.
MRCZ_INLINE void require_fits_chunk(std::uint64_t bytes);

MRCZ_INLINE bool may_wrap_blosclz(std::span<const std::byte> chunk) noexcept;

/// Throws `errc::bad_chunk` unless the header is that of a chunk of `packed` bytes that holds exactly `expected`
/// bytes. After this no number in the header can make c-blosc read or write outside its buffers.
MRCZ_INLINE void check(const chunk_header& h, std::uint64_t packed, std::uint64_t expected);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/chunk_header.ipp"
#endif
