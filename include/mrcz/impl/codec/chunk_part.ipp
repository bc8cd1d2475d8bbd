/// Definitions of `codec/chunk_part.hpp`.
#pragma once

#include "mrcz/codec/chunk_part.hpp"

#include <algorithm>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE std::vector<block_place> block_places(std::span<const std::byte> begins, std::uint32_t packed_bytes) {
  const std::size_t blocks = begins.size() / 4;
  const auto first_byte = static_cast<std::uint32_t>(chunk_header::size + begins.size());
  std::vector<block_place> places(blocks);
  std::vector<std::uint32_t> sorted(blocks);
  for (std::size_t i = 0; i < blocks; ++i) {
    sorted[i] = places[i].begin = load<std::uint32_t>(begins.data() + 4 * i, std::endian::little);
    if (places[i].begin < first_byte || places[i].begin >= packed_bytes)
      fail_expected(errc::bad_chunk, text("block {} of the chunk begins at byte {}", i, places[i].begin),
                    text("{} to {}", first_byte, packed_bytes - 1));
  }
  if (!std::is_sorted(sorted.begin(), sorted.end())) std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    fail(errc::bad_chunk, "two blocks of the chunk begin at the same byte");
  for (auto& place : places) {
    const auto next = std::upper_bound(sorted.begin(), sorted.end(), place.begin);
    place.end = next == sorted.end() ? packed_bytes : *next;
  }
  return places;
}

MRCZ_INLINE chunk_blocks::chunk_blocks(chunk_bytes read_at, std::uint64_t packed_bytes, std::size_t expected)
    : read_at_{read_at}, bytes_{expected} {
  if (packed_bytes < first_bytes_.size())
    fail_expected(errc::bad_chunk, text("chunk has {} bytes", packed_bytes), text("at least {}", first_bytes_.size()));
  read_at_(0, first_bytes_);
  const auto header = chunk_header::decode(first_bytes_);
  check(header, packed_bytes, expected);
  stored_ = header.stored();
  block_size_ = stored_ ? stored_piece : header.block_size;
  if (stored_ || expected == 0) return;
  std::vector<std::byte> begins(static_cast<std::size_t>(4 * header.blocks()));
  read_at_(chunk_header::size, begins);
  places_ = block_places(begins, header.packed_bytes);
}

MRCZ_INLINE chunk_blocks::group chunk_blocks::group_at(std::size_t first, std::uint64_t bytes) const noexcept {
  const std::size_t blocks = bytes_ / block_size_ + (bytes_ % block_size_ == 0 ? 0 : 1);
  std::size_t begin = first / block_size_;
  const std::uint64_t wanted = std::max<std::uint64_t>(bytes / block_size_, 1);
  std::size_t end = begin + static_cast<std::size_t>(std::min<std::uint64_t>(wanted, blocks - begin));
  if (end + 1 == blocks) end = blocks;
  if (begin > 0 && begin + 1 == blocks) --begin;
  return {begin * block_size_, end == blocks ? bytes_ : end * block_size_};
}

MRCZ_INLINE void chunk_blocks::decompress(const group& wanted, std::span<std::byte> into, buffer& memory) const {
  if (stored_) return read_at_(chunk_header::size + std::uint64_t{wanted.begin}, into);
  const std::size_t first = wanted.begin / block_size_;
  const std::size_t end = wanted.end / block_size_ + (wanted.end % block_size_ == 0 ? 0 : 1);
  detail::decompress(assemble(std::span{places_}.subspan(first, end - first), into.size(), memory), into);
}

/// Makes a chunk of some blocks: the header with other sizes, the list of their begins, and their packed bytes.
MRCZ_INLINE std::span<const std::byte> chunk_blocks::assemble(std::span<const block_place> places,
                                                              std::size_t plain_bytes, buffer& memory) const {
  std::size_t packed_bytes = chunk_header::size + 4 * places.size();
  for (const auto& place : places) packed_bytes += place.end - place.begin;
  const auto chunk = memory.acquire(packed_bytes);
  std::copy(first_bytes_.begin(), first_bytes_.end(), chunk.begin());
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
    read_at_(places[i].begin, chunk.subspan(run_begin, at - run_begin));
    i = end;
  }
  return chunk;
}

MRCZ_INLINE std::span<const std::byte> decompress_part(const chunk_blocks& chunk, std::size_t first, std::size_t count,
                                                       unpack_memory& memory) {
  if (count == 0) return {};
  const auto group = chunk.group_at(first, std::uint64_t{first % chunk.block_size()} + count + chunk.block_size() - 1);
  const auto plain = memory.plain.acquire(group.end - group.begin);
  chunk.decompress(group, plain, memory.packed);
  return plain.subspan(first - group.begin, count);
}

}  // namespace mrcz::detail
