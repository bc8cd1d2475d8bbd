/// Compares the library's decoder of chunks with c-blosc, the oracle.
///
/// The library refuses some chunks that c-blosc decompresses. Each of them is damaged, because blocks share bytes:
///   - two blocks begin at the same byte, or one begins inside the list of begins: c-blosc is not asked about these;
///   - a stream reaches over the begin of another block.
/// There is no other difference. Chunks that the library leaves to c-blosc are decompressed by c-blosc both times.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_reader.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"

namespace test {

/// Whether `action` succeeds. A chunk may be refused for one reason only.
template <class Action>
bool succeeds(Action&& action) {
  try {
    action();
    return true;
  } catch (const mrcz::error& e) {
    if (e.code() != mrcz::errc::bad_chunk) throw std::logic_error{e.what()};
    return false;
  }
}

/// The places of the blocks of a chunk; nothing if its header or the list of its blocks is refused. A stored chunk has
/// none.
inline std::optional<std::vector<mrcz::detail::block_place>> places_of(std::span<const std::byte> chunk,
                                                                       std::size_t expected) {
  using mrcz::detail::chunk_header;
  std::vector<mrcz::detail::block_place> places;
  if (chunk.size() < chunk_header::size) return std::nullopt;
  const auto header = chunk_header::decode(chunk.first<chunk_header::size>());
  const bool good = succeeds([&] {
    mrcz::detail::check(header, chunk.size(), expected);
    if (header.stored() || expected == 0) return;
    const auto begins = chunk.subspan(chunk_header::size, static_cast<std::size_t>(4 * header.blocks()));
    places = mrcz::detail::block_places(begins, header.packed_bytes);
  });
  return good ? std::optional{places} : std::nullopt;
}

/// Whether a stream reaches over the begin of another block. The chunk is one that c-blosc decompresses.
inline bool blocks_share_bytes(std::span<const std::byte> chunk, std::span<const mrcz::detail::block_place> places) {
  const auto header = mrcz::detail::chunk_header::decode(chunk.first<16>());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool shorter = i + 1 == places.size() && header.bytes % header.block_size != 0;
    const bool split =
        !header.has_one_stream() && !shorter && header.typesize <= 16 && header.block_size / header.typesize >= 128;
    std::size_t at = places[i].begin;
    for (std::size_t stream = 0; stream < (split ? header.typesize : 1U); ++stream)
      at += 4 + std::size_t{mrcz::detail::load<std::uint32_t>(chunk.data() + at, std::endian::little)};
    if (at > places[i].end) return true;
  }
  return false;
}

enum class verdict {
  same_bytes,
  both_refuse,
  only_we_refuse,  ///< one of the differences above
  wrong,           ///< any other difference
};

/// Gives a chunk to both decoders. Afterwards `ours` and `theirs` hold what they found.
inline verdict compare_with_blosc(std::span<const std::byte> chunk, std::span<std::byte> ours,
                                  std::span<std::byte> theirs, mrcz::detail::unpack_memory& memory) {
  std::ranges::fill(ours, std::byte{0x5a});
  std::ranges::fill(theirs, std::byte{0xa5});
  const bool we_accept = succeeds([&] { mrcz::detail::decompress(chunk, ours, memory); });
  const auto places = places_of(chunk, theirs.size());
  const bool own =
      chunk.size() >= 16 && mrcz::detail::has_own_decoder(mrcz::detail::chunk_header::decode(chunk.first<16>()));
  const bool blosc_accepts = (places || !own) && succeeds([&] { mrcz::detail::decompress_with_blosc(chunk, theirs); });
  if (we_accept != blosc_accepts)
    return blosc_accepts && blocks_share_bytes(chunk, *places) ? verdict::only_we_refuse : verdict::wrong;
  if (!we_accept) return verdict::both_refuse;
  return std::ranges::equal(ours, theirs) ? verdict::same_bytes : verdict::wrong;
}

}  // namespace test
