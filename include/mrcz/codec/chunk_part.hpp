/// Decompressing a part of a chunk: only the blocks that hold it are read and decompressed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"

namespace mrcz {

/// Buffers of one thread that decompresses.
struct unpack_memory {
  buffer packed;
  buffer plain;
};

namespace detail {

/// Where the packed bytes of one block lie in its chunk.
struct block_place {
  std::uint32_t begin;
  std::uint32_t end;
};

/// The places of all blocks, from the list of their begins behind the chunk header. A block ends where the next one in
/// the chunk begins, which need not be the next one in number: c-blosc's threads write blocks as they get done.
inline std::vector<block_place> block_places(std::span<const std::byte> begins, std::uint32_t packed_bytes) {
  const std::size_t blocks = begins.size() / 4;
  const auto first_byte = static_cast<std::uint32_t>(chunk_header::size + begins.size());
  std::vector<block_place> places(blocks);
  std::vector<std::uint32_t> sorted(blocks);
  for (std::size_t i = 0; i < blocks; ++i) {
    sorted[i] = places[i].begin = load<std::uint32_t>(begins.data() + 4 * i, std::endian::little);
    if (places[i].begin < first_byte || places[i].begin >= packed_bytes)
      fail(errc::bad_chunk, "block {} of the chunk begins at byte {}, expected {} to {}", i, places[i].begin,
           first_byte, packed_bytes - 1);
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

/// Makes a chunk of some of the blocks of another: its header with other sizes, a new list of begins, the packed bytes.
template <class ReadAt>
std::span<const std::byte> assemble_blocks(ReadAt&& read_at, std::span<const std::byte, chunk_header::size> header,
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
    do {  // blocks that lie side by side are read at once
      store(chunk.data() + chunk_header::size + 4 * end, static_cast<std::uint32_t>(at), std::endian::little);
      at += places[end].end - places[end].begin;
      ++end;
    } while (end < places.size() && places[end].begin == places[end - 1].end);
    read_at(places[i].begin, chunk.subspan(run_begin, at - run_begin));
    i = end;
  }
  return chunk;
}

}  // namespace detail

/// The plain bytes [first, first + count) of a chunk of `packed_bytes` that holds `expected` bytes, in `memory`. Reads
/// the list of blocks and those that hold the part, through `read_at(offset in the chunk, span)`. Throws as
/// `decompress` does.
template <class ReadAt>
std::span<const std::byte> decompress_part(ReadAt&& read_at, std::uint64_t packed_bytes, std::size_t expected,
                                           std::size_t first, std::size_t count, unpack_memory& memory) {
  std::array<std::byte, chunk_header::size> first_bytes;
  if (packed_bytes < first_bytes.size())
    fail(errc::bad_chunk, "chunk has {} bytes, expected at least {}", packed_bytes, first_bytes.size());
  read_at(std::uint64_t{0}, std::span<std::byte>{first_bytes});
  const auto header = chunk_header::decode(first_bytes);
  check(header, packed_bytes, expected);
  if (count == 0) return {};
  if (header.stored()) {
    const auto part = memory.plain.acquire(count);
    read_at(chunk_header::size + std::uint64_t{first}, part);
    return part;
  }
  const auto begins = memory.plain.acquire(static_cast<std::size_t>(4 * header.blocks()));
  read_at(std::uint64_t{chunk_header::size}, begins);
  const auto places = detail::block_places(begins, header.packed_bytes);
  std::size_t first_block = first / header.block_size;
  const std::size_t end_block = (first + count - 1) / header.block_size + 1;
  if (end_block == header.blocks() && first_block > 0 && first_block + 1 == end_block)
    --first_block;  // c-blosc packs a shorter last block differently, and takes it for the last only behind a whole one
  const std::size_t offset = first_block * header.block_size;
  const std::size_t plain_bytes = std::min<std::size_t>(end_block * std::size_t{header.block_size}, expected) - offset;
  const auto chunk = detail::assemble_blocks(read_at, std::span{first_bytes},
                                             std::span{places}.subspan(first_block, end_block - first_block),
                                             plain_bytes, memory.packed);
  const auto plain = memory.plain.acquire(plain_bytes);
  decompress(chunk, plain);
  return plain.subspan(first - offset, count);
}

}  // namespace mrcz
