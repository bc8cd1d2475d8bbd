/// Reading, writing and checking offsets.
#pragma once

#include "mrcz/bloscpack/offsets.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE void require_room(const beginning& b, std::uint64_t size) {
  const std::uint64_t begin = b.data_begin();
  if (begin > size) fail(errc::truncated, "file ends at byte {}, before its chunks begin at byte {}", size, begin);
  const std::uint64_t most = (size - begin) / smallest_chunk(b.header.checksum);
  if (b.header.nchunks.value_or(0) > most)
    fail_expected(errc::truncated, text("file of {} bytes has room for {} chunks", size, most),
                  std::to_string(*b.header.nchunks));
}

MRCZ_INLINE std::vector<std::uint64_t> read_offsets(const byte_source& source, const beginning& b) {
  const std::uint64_t count = *b.header.nchunks;  // at most 1/16 of the file's bytes
  std::vector<std::uint64_t> begins(size_in_memory(8 * count, "the list of offsets") / 8);
  source.read_at(b.offsets_begin(), std::as_writable_bytes(std::span{begins}));
  if constexpr (std::endian::native != std::endian::little)
    for (auto& begin : begins) begin = byteswap(begin);
  return begins;
}

MRCZ_INLINE bool are_plausible(std::span<const std::uint64_t> begins, const beginning& b, std::uint64_t size) {
  const std::size_t smallest = smallest_chunk(b.header.checksum);
  if (begins.empty() || begins.front() != b.data_begin()) return false;
  if (begins.back() > size || size - begins.back() < smallest) return false;
  return std::adjacent_find(begins.begin(), begins.end(), [&](std::uint64_t one, std::uint64_t next) {
           return next <= one || next - one < smallest;
         }) == begins.end();
}

MRCZ_INLINE void compare_offsets(
    const byte_source& source, const beginning& b, std::span<const std::uint64_t> begins,
    function_ref<void(std::uint64_t entry, std::int64_t value, std::int64_t expected)> note) {
  const std::uint64_t entries = b.offsets_size() / 8;
  std::vector<std::uint64_t> piece;
  for (std::uint64_t first = 0; first < entries; first += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(entries - first, 8192)));
    source.read_at(b.offsets_begin() + 8 * first, std::as_writable_bytes(std::span{piece}));
    for (std::size_t i = 0; i < piece.size(); ++i) {
      const auto value = load<std::int64_t>(reinterpret_cast<const std::byte*>(&piece[i]), std::endian::little);
      const std::uint64_t entry = first + i;
      const auto expected =
          entry < begins.size() ? static_cast<std::int64_t>(begins[static_cast<std::size_t>(entry)]) : -1;
      if (value != expected) note(entry, value, expected);
    }
  }
}

MRCZ_INLINE std::vector<std::byte> encode_offsets(std::span<const std::uint64_t> begins, std::uint64_t first,
                                                  std::size_t count) {
  std::vector<std::byte> to(8 * count, std::byte{0xff});
  for (std::size_t i = 0; i < count && first + i < begins.size(); ++i)
    store(to.data() + 8 * i, begins[static_cast<std::size_t>(first + i)], std::endian::little);
  return to;
}

MRCZ_INLINE void write_offsets(std::span<const std::uint64_t> begins, std::uint64_t size,
                               function_ref<void(std::uint64_t at, std::span<const std::byte> entries)> write) {
  constexpr std::uint64_t piece = 8192;  // entries
  for (std::uint64_t first = 0; first < size / 8; first += piece)
    write(8 * first, encode_offsets(begins, first, static_cast<std::size_t>(std::min(piece, size / 8 - first))));
}

}  // namespace mrcz::bloscpack::detail
