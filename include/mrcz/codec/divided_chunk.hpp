/// Compresses one chunk in parts, so that several threads can share the work.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/codec/codec.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// One chunk, which is compressed in stages. The parts of a stage may be done in any order, at the same time, by any
/// threads. The chunk does not depend on that: it is the one that one thread makes.
class divided_chunk {
 public:
  divided_chunk() = default;
  divided_chunk(const divided_chunk&) = delete;
  divided_chunk& operator=(const divided_chunk&) = delete;
  virtual ~divided_chunk() = default;

  /// Begins the next stage and returns the number of its parts; 0 if there is no stage left. Requires that all parts of
  /// the stage before are done.
  virtual std::size_t next_stage() = 0;

  virtual void do_part(std::size_t part) = 0;

  /// Puts the parts together and returns the chunk. Requires that no stage is left.
  virtual std::span<const std::byte> finish() = 0;
};

/// Does all stages on up to `threads` threads.
MRCZ_INLINE void do_all_parts(divided_chunk& work, std::size_t threads);

/// The size of the blocks that c-blosc makes of `bytes` bytes. c-blosc does not look at the bytes when it chooses, so
/// this compresses zeros.
MRCZ_INLINE std::size_t blosc_block_size(std::size_t bytes, std::size_t typesize, const compression& wanted);

/// The bytes of one piece of a chunk, unless a block is larger.
inline constexpr std::size_t chunk_piece_bytes = std::size_t{1} << 20U;

/// Makes one chunk of c-blosc from pieces. A piece is some whole blocks, which c-blosc packs into a small chunk with
/// one thread. Each block is then as c-blosc packs it in a whole chunk.
class chunk_of_pieces {
 public:
  /// `block_size` is that of `blosc_block_size`. The level is at least 1.
  MRCZ_INLINE chunk_of_pieces(std::span<const std::byte> plain, std::size_t typesize, const compression& wanted,
                              std::size_t block_size);

  /// The number of pieces. The last one is longer than the others.
  std::size_t size() const noexcept { return count_; }

  /// The most bytes that a piece takes.
  MRCZ_INLINE std::size_t room_of(std::size_t piece) const noexcept;

  /// Compresses a piece into `into`, which has that room. Any number of threads may do so.
  MRCZ_INLINE std::span<const std::byte> compress(std::size_t piece, std::span<std::byte> into) const;

  /// The most bytes that the chunk takes, and how many of them come before its blocks.
  std::size_t most_bytes() const noexcept { return chunk_header::size + plain_.size(); }
  std::size_t front_bytes() const noexcept { return chunk_header::size + 4 * blocks_; }

  /// Puts the next piece, in order, into the memory of the chunk. The piece may lie in that memory too, if the chunk
  /// has not come so far. Returns false if no more pieces are needed.
  MRCZ_INLINE bool put(std::span<const std::byte> piece, std::span<std::byte> chunk);

  /// Completes the chunk. Returns nothing if c-blosc packs pieces in another way than the whole.
  MRCZ_INLINE std::span<const std::byte> finish(std::span<std::byte> chunk) const;

 private:
  std::span<const std::byte> plain_;
  std::size_t typesize_;
  compression wanted_;
  std::size_t block_size_;
  std::size_t piece_;
  std::size_t count_;
  std::size_t blocks_;
  std::size_t at_;  // where the next piece is put
  std::size_t blocks_put_ = 0;
  std::array<std::byte, chunk_header::size> header_{};  // of the first piece
  bool stored_ = false;                                 // the chunk would not shrink
  bool differs_ = false;
};

/// A chunk of pieces, as above, that is compressed into `into`.
MRCZ_INLINE std::unique_ptr<divided_chunk> divide_for_blosc(std::span<const std::byte> from, std::size_t typesize,
                                                            const compression& wanted, std::size_t block_size,
                                                            buffer& into);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/divided_chunk.ipp"
#endif
