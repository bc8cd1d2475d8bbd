/// Compresses slices into blosc chunks of zstd whose planes of bits are compressed one by one.
///
/// After the bit shuffle a block is a row of planes of bits, each with statistics of its own: noise, many zeros,
/// nothing. c-blosc gives the whole block to zstd, which has one set of codes for 128 KiB of it. Here a frame of zstd
/// ends where the statistics change. So each kind of plane has its own codes, and zstd never sees noise and empty
/// planes. A stream of a chunk may have any number of frames: all blosc libraries decompress them with
/// `ZSTD_decompress`, which takes them all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "mrcz/codec/codec.hpp"
#include "mrcz/codec/divided_chunk.hpp"
#include "mrcz/codec/zstd.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/hardware.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// What a plane of bits is, judged by a sample of its bytes.
struct bit_plane {
  enum class content : std::uint8_t {
    constant,    ///< all bytes are equal
    noise,       ///< nothing would shrink it
    skewed,      ///< some bytes are more frequent than others, but they do not follow each other more often
    repetitive,  ///< all others: there is something to be found
  };
  std::span<const std::byte> bytes;
  content kind = content::noise;
  bool like_previous = false;               ///< changes where the plane before it does, as planes of a sign do
  std::array<std::uint16_t, 256> counts{};  ///< of the bytes of the sample
};

/// Finds the kind of a plane for this level of compression. Looks at 16 pieces of it. `previous` is null for the first
/// plane of a block.
///
/// The equal pairs among all bytes tell noise from what codes can shrink: two bytes of noise are equal with a
/// probability of 1/256. From 5/4 of that on, codes shrink a plane by more than the 1.6 % that zstd demands; a thorough
/// search finds something below. Where the probability is less than 4/5, codes alone make smaller planes, and are
/// faster, than what quick levels find. All this supposes that neighbours are equal no more often than other bytes.
/// Where they are, there is something to be found.
MRCZ_INLINE void judge(bit_plane& plane, const bit_plane* previous, int level) noexcept;

/// The end of the run of planes that begins at `first` and makes one frame. Planes that are like the one before them
/// are in one frame, because zstd finds that they repeat it. Other planes share a frame if they are of one kind.
MRCZ_INLINE std::size_t end_of_run(std::span<const bit_plane> planes, std::size_t first) noexcept;

/// Memory of one thread that compresses one chunk after the other.
struct pack_memory {
  buffer shuffled;  // a block, or a part of one
  buffer other;     // the same block, compressed in the other way
  std::vector<bit_plane> planes;
  zstd_memory by_level;
  zstd_memory quick;
  zstd_memory codes;

  bool empty() const noexcept { return shuffled.empty(); }
};

inline namespace MRCZ_CODECS {

/// Compresses `from` into `into`, which grows if necessary, and returns the chunk. `typesize` is 1 to 16 bytes;
/// `wanted` passes `check` and has planes. A chunk takes at most 16 bytes more than its slice. The chunk does not
/// depend on the processor. Throws `errc::too_large` beyond 2 GiB.
MRCZ_INLINE std::span<const std::byte> compress_planes(std::span<const std::byte> from, std::size_t typesize,
                                                       const compression& wanted, buffer& into,
                                                       pool<pack_memory>& memory);

/// As above, with the instructions that shuffle the bits.
MRCZ_INLINE std::span<const std::byte> compress_planes_with(instructions with, std::span<const std::byte> from,
                                                            std::size_t typesize, const compression& wanted,
                                                            buffer& into, pool<pack_memory>& memory);

/// As `compress_planes`, in parts. A part takes its memory from the pool.
MRCZ_INLINE std::unique_ptr<divided_chunk> divide_for_planes(std::span<const std::byte> from, std::size_t typesize,
                                                             const compression& wanted, buffer& into,
                                                             pool<pack_memory>& memory);

}  // namespace MRCZ_CODECS

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/plane_encoder.ipp"
#endif
