/// Decompresses a part of a chunk: only the blocks that hold this part are read and decompressed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// Buffers of one thread that decompresses.
struct unpack_memory {
  buffer packed;
  buffer plain;
};

/// Where the packed bytes of one block lie in its chunk.
struct block_place {
  std::uint32_t begin;
  std::uint32_t end;
};

/// The places of all blocks, from the list of their begins, which follows the chunk header. A block ends where the next
/// block in the chunk begins. That block need not have the next number, because the threads of c-blosc write blocks in
/// the order in which they finish them.
MRCZ_INLINE std::vector<block_place> block_places(std::span<const std::byte> begins, std::uint32_t packed_bytes);

/// Reads bytes of a chunk: `into.size()` of them, from byte `offset` of the chunk on.
using chunk_bytes = function_ref<void(std::uint64_t offset, std::span<std::byte> into)>;

/// A chunk that is read and decompressed block by block. A stored chunk has no blocks: pieces of 64 bytes take their
/// place. Refers to the function that reads its bytes.
class chunk_blocks {
 public:
  /// Reads the header and the list of blocks. Throws `errc::bad_chunk` unless they belong to a chunk of `packed_bytes`
  /// bytes that holds `expected` bytes.
  MRCZ_INLINE chunk_blocks(chunk_bytes read_at, std::uint64_t packed_bytes, std::size_t expected);

  /// Plain bytes of each block. The last block may be shorter.
  std::size_t block_size() const noexcept { return block_size_; }

  /// Blocks that can be decompressed together, as plain bytes [begin, end) of the chunk.
  struct group {
    std::size_t begin;
    std::size_t end;
  };

  /// The group of about `bytes` bytes that begins with the block at plain byte `first`. A last block after other blocks
  /// is never alone in a group, so the group may begin or end one block further out: c-blosc packs a shorter last block
  /// differently, and recognises it only after a whole block.
  MRCZ_INLINE group group_at(std::size_t first, std::uint64_t bytes) const noexcept;

  /// Reads and decompresses a group into `into`, which has the size of the group.
  MRCZ_INLINE void decompress(const group& wanted, std::span<std::byte> into, buffer& memory) const;

 private:
  MRCZ_INLINE std::span<const std::byte> assemble(std::span<const block_place> places, std::size_t plain_bytes,
                                                  buffer& memory) const;

  static constexpr std::size_t stored_piece = 64;  // bytes; a multiple of every voxel's size

  chunk_bytes read_at_;
  std::array<std::byte, chunk_header::size> first_bytes_{};
  std::vector<block_place> places_;
  std::size_t bytes_;
  std::size_t block_size_ = 1;
  bool stored_ = false;
};

/// Returns the plain bytes [first, first + count) of a chunk, which lie in `memory`. Reads only the blocks that hold
/// them.
MRCZ_INLINE std::span<const std::byte> decompress_part(const chunk_blocks& chunk, std::size_t first, std::size_t count,
                                                       unpack_memory& memory);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/chunk_part.ipp"
#endif
