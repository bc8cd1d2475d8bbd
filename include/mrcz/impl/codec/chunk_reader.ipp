/// Definitions of `codec/chunk_reader.hpp`.
#pragma once

#include "mrcz/codec/chunk_reader.hpp"

#include <algorithm>
#include <cstring>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/lz4.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail::inline MRCZ_CODECS {

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

MRCZ_INLINE void chunk_source::read(std::uint64_t offset, std::span<std::byte> into) const {
  if (read_) (*read_)(offset, into);
  else if (!into.empty()) std::memcpy(into.data(), in_memory_.data() + offset, into.size());
}

MRCZ_INLINE std::span<const std::byte> chunk_source::bytes(std::uint64_t offset, std::size_t count,
                                                           buffer& space) const {
  if (!read_) return in_memory_.subspan(static_cast<std::size_t>(offset), count);
  const auto into = space.acquire(count);
  (*read_)(offset, into);
  return into;
}

MRCZ_INLINE bool has_own_decoder(const chunk_header& header) noexcept {
  const bool has_codec = header.codec() == codec::zstd ? has_zstd() : header.codec() == codec::lz4 && has_lz4();
  const bool has_fast_loops = header.typesize <= 4 || header.typesize == 8;
  return has_codec && has_fast_loops && !header.stored() && fastest_for_unshuffle() != instructions::any;
}

MRCZ_INLINE chunk_reader::chunk_reader(chunk_source packed, std::uint64_t packed_bytes, std::size_t expected,
                                       interval wanted, unpack_memory& memory)
    : packed_{packed}, wanted_{wanted}, memory_{memory} {
  if (packed_bytes < first_bytes_.size())
    fail_expected(errc::bad_chunk, text("chunk has {} bytes", packed_bytes), text("at least {}", first_bytes_.size()));
  packed_.read(0, first_bytes_);
  header_ = chunk_header::decode(first_bytes_);
  check(header_, packed_bytes, expected);
  if (header_.stored() || expected == 0) return;
  own_decoder_ = has_own_decoder(header_);
  std::vector<std::byte> begins(static_cast<std::size_t>(4 * header_.blocks()));
  packed_.read(chunk_header::size, begins);
  places_ = block_places(begins, header_.packed_bytes);
}

MRCZ_INLINE void chunk_reader::read(std::size_t first, std::span<std::byte> into) {
  while (!into.empty()) {
    std::size_t done = is_open(first) ? 0 : read_directly(first, into);
    if (done == 0) {
      if (!is_open(first)) open(first);
      done = std::min(into.size(), open_.end - first);
      block_.unshuffle(first - open_.begin, done, into.data(), memory_.unshuffle_with);
    }
    first += done;
    into = into.subspan(done);
  }
}

MRCZ_INLINE std::span<const std::byte> chunk_reader::bytes(std::size_t first, std::size_t count) {
  if (count == 0) return {};
  if (!is_open(first)) open(first);
  if (block_.is_plain() && first + count <= open_.end) return block_.bytes().subspan(first - open_.begin, count);
  const auto part = memory_.part.acquire(count);
  read(first, part);
  return part;
}

/// Decompresses what holds the byte `first`, into memory_.plain.
MRCZ_INLINE void chunk_reader::open(std::size_t first) {
  open_ = {0, 0};  // nothing, if this fails
  const auto next = next_at(first);
  if (header_.stored()) {
    block_ = {packed_.bytes(chunk_header::size + next.begin, next.end - next.begin, memory_.plain), shuffle::none, 1};
  } else {
    const auto plain = memory_.plain.acquire(next.end - next.begin);
    if (own_decoder_) decompress_block(next.begin / header_.block_size, plain);
    else decompress_group(next, plain);
    block_ = {plain, own_decoder_ ? header_.shuffle() : shuffle::none, header_.typesize};
  }
  open_ = next;
}

/// Decompresses into `into` directly what begins at the byte `first` and fits. Returns the number of bytes, which is 0
/// if nothing does.
MRCZ_INLINE std::size_t chunk_reader::read_directly(std::size_t first, std::span<std::byte> into) {
  if (header_.stored()) {
    packed_.read(chunk_header::size + first, into);
    return into.size();
  }
  const auto next = next_at(first);
  if (next.begin != first || next.end - first > into.size()) return 0;
  into = into.first(next.end - first);
  if (!own_decoder_) {
    decompress_group(next, into);
  } else if (const shuffled_block as_if{into, header_.shuffle(), header_.typesize}; as_if.is_plain()) {
    decompress_block(first / header_.block_size, into);
  } else {
    return 0;
  }
  return into.size();
}

/// What is decompressed together because the byte `first` is wanted.
MRCZ_INLINE interval chunk_reader::next_at(std::size_t first) const noexcept {
  if (header_.stored()) return {first, end_of_reading(first)};
  return own_decoder_ ? block_at(first) : group_at(first);
}

/// The end of the plain bytes that are read at once from the byte `first` on.
MRCZ_INLINE std::size_t chunk_reader::end_of_reading(std::size_t first) const noexcept {
  return std::min(std::max(wanted_.end, first + 1), first + group_bytes);
}

// Blocks that c-blosc decompresses

/// Whole blocks, of which the first holds the byte `first`. A last block after other blocks is never alone in a group,
/// so the group may begin or end one block further out: c-blosc packs a shorter last block differently, and recognises
/// it only after a whole block.
MRCZ_INLINE interval chunk_reader::group_at(std::size_t first) const noexcept {
  const std::size_t size = header_.block_size;
  const std::size_t blocks = places_.size();
  std::size_t begin = first / size;
  std::size_t end = std::max(begin + 1, std::min((end_of_reading(begin * size) + size - 1) / size, blocks));
  if (end + 1 == blocks) end = blocks;
  if (begin > 0 && begin + 1 == blocks) --begin;
  return {begin * size, end == blocks ? header_.bytes : end * size};
}

MRCZ_INLINE void chunk_reader::decompress_group(const interval& group, std::span<std::byte> into) {
  const std::size_t first = group.begin / header_.block_size;
  const std::size_t end = (group.end + header_.block_size - 1) / header_.block_size;
  decompress_with_blosc(assemble(std::span{places_}.subspan(first, end - first), into.size()), into);
}

/// Makes a chunk of some blocks: the header with other sizes, the list of their begins, and their packed bytes.
MRCZ_INLINE std::span<const std::byte> chunk_reader::assemble(std::span<const block_place> places,
                                                              std::size_t plain_bytes) {
  std::size_t packed_bytes = chunk_header::size + 4 * places.size();
  for (const auto& place : places) packed_bytes += place.end - place.begin;
  const auto chunk = memory_.packed.acquire(packed_bytes);
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
    packed_.read(places[i].begin, chunk.subspan(run_begin, at - run_begin));
    i = end;
  }
  return chunk;
}

// Blocks that this library decompresses

MRCZ_INLINE interval chunk_reader::block_at(std::size_t first) const noexcept {
  const std::size_t size = header_.block_size;
  const std::size_t begin = first / size * size;
  return {begin, std::min<std::size_t>(begin + size, header_.bytes)};
}

/// The packed bytes of a block. The wanted blocks behind it that follow each other in the chunk are read in one call.
MRCZ_INLINE std::span<const std::byte> chunk_reader::packed_block(std::size_t number) {
  if (number < loaded_.begin || number >= loaded_.end) {
    loaded_ = {number, number};
    const std::size_t wanted_end = end_of_reading(number * header_.block_size);
    std::size_t end = number + 1;
    while (end * header_.block_size < wanted_end && places_[end].begin == places_[end - 1].end) ++end;
    const std::size_t begin = places_[number].begin;
    loaded_bytes_ = packed_.bytes(begin, places_[end - 1].end - begin, memory_.packed);
    loaded_.end = end;
  }
  const auto place = places_[number];
  return loaded_bytes_.subspan(place.begin - places_[loaded_.begin].begin, place.end - place.begin);
}

/// Decompresses the streams of a block, and leaves its bytes shuffled. Whole blocks of at least 128 elements have one
/// stream for each byte of an element, unless the header says that blocks are not split (c-blosc 1.21, blosc_d). In
/// front of each stream is its length. Bytes behind the last stream do not matter.
MRCZ_INLINE void chunk_reader::decompress_block(std::size_t number, std::span<std::byte> into) {
  constexpr std::size_t least_elements = 128;
  auto packed = packed_block(number);
  const bool split = !header_.has_one_stream() && into.size() == header_.block_size &&
                     into.size() / header_.typesize >= least_elements;
  const std::size_t streams = split ? header_.typesize : 1;
  const std::size_t plain_bytes = into.size() / streams;
  if (plain_bytes * streams != into.size())
    fail(errc::bad_chunk, "block {} of the chunk has {} bytes, which {} streams cannot hold", number, into.size(),
         streams);
  for (std::size_t i = 0; i < streams; ++i, into = into.subspan(plain_bytes)) {
    const std::size_t room = packed.size();
    const auto length = room < 4 ? 0 : load<std::uint32_t>(packed.data(), std::endian::little);
    if (room < 4 || length > room - 4)
      fail_expected(errc::bad_chunk, text("stream {} of block {} of the chunk has {} bytes", i, number, length),
                    text("at most {}", std::max<std::size_t>(room, 4) - 4));
    const auto stream = packed.subspan(4, length);
    const auto to = into.first(plain_bytes);
    if (length == plain_bytes) std::memcpy(to.data(), stream.data(), length);
    else if (!(header_.codec() == codec::zstd ? memory_.zstd.decompress(stream, to) : decompress_lz4(stream, to)))
      fail(errc::bad_chunk, "stream {} of block {} of the chunk does not decompress to {} bytes", i, number,
           plain_bytes);
    packed = packed.subspan(4 + length);
  }
}

MRCZ_INLINE void decompress(std::span<const std::byte> chunk, std::span<std::byte> into, unpack_memory& memory) {
  const bool has_header = chunk.size() >= chunk_header::size;
  if (has_header && !has_own_decoder(chunk_header::decode(chunk.first<chunk_header::size>())))
    return decompress_with_blosc(chunk, into);
  chunk_reader{chunk, chunk.size(), into.size(), {0, into.size()}, memory}.read(0, into);
}

}  // namespace mrcz::detail::inline MRCZ_CODECS
