/// Where the blocks of a chunk lie.
#pragma once

#include "mrcz/codec/chunk_part.hpp"

#include <algorithm>

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

}  // namespace mrcz::detail
