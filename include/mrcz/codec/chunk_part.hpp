/// Decompresses a part of a chunk: only the blocks that hold this part are read and decompressed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
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

/// Makes a chunk of some blocks of another chunk: its header with other sizes, the list of their begins, and their
/// packed bytes.
template <class ReadAt>
std::span<const std::byte> assemble_blocks(const ReadAt& read_at, std::span<const std::byte, chunk_header::size> header,
                                           std::span<const block_place> places, std::size_t plain_bytes,
                                           buffer& memory) {
  std::size_t packed_bytes = chunk_header::size + 4 * places.size();
  for (const auto& place : places) packed_bytes += place.end - place.begin;
  const auto chunk = memory.acquire(packed_bytes);
  std::copy(header.begin(), header.end(), chunk.begin());
  store(chunk.data() + 4, static_cast<std::uint32_t>(plain_bytes), std::endian::little);
  store(chunk.data() + 12, static_cast<std::uint32_t>(packed_bytes), std::endian::little);
  std::size_t at = chunk_header::size + 4 * places.size();
  for (std::size_t i = 0; i < places.size();) {
    std::size_t end = i;
    const std::size_t run_begin = at;
    do {  // adjacent blocks are read in one call
      store(chunk.data() + chunk_header::size + 4 * end, static_cast<std::uint32_t>(at), std::endian::little);
      at += places[end].end - places[end].begin;
      ++end;
    } while (end < places.size() && places[end].begin == places[end - 1].end);
    read_at(places[i].begin, chunk.subspan(run_begin, at - run_begin));
    i = end;
  }
  return chunk;
}

/// A chunk that is read and decompressed block by block, through `read_at(offset in the chunk, span)`. A stored chunk
/// has no blocks: pieces of 64 bytes take their place.
template <class ReadAt>
class chunk_blocks {
 public:
  /// Reads the header and the list of blocks. Throws `errc::bad_chunk` unless they belong to a chunk of `packed_bytes`
  /// bytes that holds `expected` bytes.
  chunk_blocks(ReadAt read_at, std::uint64_t packed_bytes, std::size_t expected)
      : read_at_{std::move(read_at)}, bytes_{expected} {
    if (packed_bytes < first_bytes_.size())
      fail_expected(errc::bad_chunk, text("chunk has {} bytes", packed_bytes),
                    text("at least {}", first_bytes_.size()));
    read_at_(std::uint64_t{0}, std::span<std::byte>{first_bytes_});
    const auto header = chunk_header::decode(first_bytes_);
    check(header, packed_bytes, expected);
    stored_ = header.stored();
    block_size_ = stored_ ? stored_piece : header.block_size;
    if (stored_ || expected == 0) return;
    std::vector<std::byte> begins(static_cast<std::size_t>(4 * header.blocks()));
    read_at_(std::uint64_t{chunk_header::size}, std::span<std::byte>{begins});
    places_ = block_places(begins, header.packed_bytes);
  }

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
  group group_at(std::size_t first, std::uint64_t bytes) const noexcept {
    const std::size_t blocks = bytes_ / block_size_ + (bytes_ % block_size_ == 0 ? 0 : 1);
    std::size_t begin = first / block_size_;
    const std::uint64_t wanted = std::max<std::uint64_t>(bytes / block_size_, 1);
    std::size_t end = begin + static_cast<std::size_t>(std::min<std::uint64_t>(wanted, blocks - begin));
    if (end + 1 == blocks) end = blocks;
    if (begin > 0 && begin + 1 == blocks) --begin;
    return {begin * block_size_, end == blocks ? bytes_ : end * block_size_};
  }

  /// Reads and decompresses a group into `into`, which has the size of the group.
  void decompress(const group& wanted, std::span<std::byte> into, buffer& memory) const {
    if (stored_) return read_at_(chunk_header::size + std::uint64_t{wanted.begin}, into);
    const std::size_t first = wanted.begin / block_size_;
    const std::size_t end = wanted.end / block_size_ + (wanted.end % block_size_ == 0 ? 0 : 1);
    const auto places = std::span{places_}.subspan(first, end - first);
    detail::decompress(assemble_blocks(read_at_, std::span{first_bytes_}, places, into.size(), memory), into);
  }

 private:
  static constexpr std::size_t stored_piece = 64;  // bytes; a multiple of every voxel's size

  ReadAt read_at_;
  std::array<std::byte, chunk_header::size> first_bytes_{};
  std::vector<block_place> places_;
  std::size_t bytes_;
  std::size_t block_size_ = 1;
  bool stored_ = false;
};

/// Returns the plain bytes [first, first + count) of a chunk, which lie in `memory`. Reads only the blocks that hold
/// them.
template <class ReadAt>
std::span<const std::byte> decompress_part(const chunk_blocks<ReadAt>& chunk, std::size_t first, std::size_t count,
                                           unpack_memory& memory) {
  if (count == 0) return {};
  const auto group = chunk.group_at(first, std::uint64_t{first % chunk.block_size()} + count + chunk.block_size() - 1);
  const auto plain = memory.plain.acquire(group.end - group.begin);
  chunk.decompress(group, plain, memory.packed);
  return plain.subspan(first - group.begin, count);
}

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/chunk_part.ipp"
#endif
