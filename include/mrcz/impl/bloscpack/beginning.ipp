/// Reading the headers and the metadata.
#pragma once

#include "mrcz/bloscpack/beginning.hpp"

#include <array>
#include <limits>
#include <vector>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

MRCZ_INLINE std::uint64_t beginning::offsets_size() const {
  if (!header.offsets) return 0;
  const std::uint64_t count = *header.nchunks + header.max_app_chunks;
  if (count > std::numeric_limits<std::int64_t>::max() / 16)
    detail::fail(errc::bad_header, "offsets of {} chunks do not fit a file", count);
  return 8 * count;
}

MRCZ_INLINE beginning read_beginning(detail::function_ref<std::size_t(std::span<std::byte>)> fill) {
  std::array<std::byte, header_size> first;
  beginning found;
  found.header = decode_header(std::span{first}.first(fill(std::span<std::byte>{first})));
  if (found.header.nchunks == 0U) detail::fail_expected(errc::bad_header, "nchunks is 0", "at least 1");
  if (found.header.offsets && !found.header.nchunks)
    detail::fail(errc::bad_header, "nchunks is -1 although there are offsets, whose number it tells");
  if (found.header.metadata) {
    std::array<std::byte, metadata_header_size> second;
    if (const std::size_t got = fill(std::span<std::byte>{second}); got != second.size())
      detail::fail(errc::truncated, "file ends in the header of the metadata, {} bytes too early", second.size() - got);
    found.metadata = decode_metadata_header(second);
  }
  return found;
}

MRCZ_INLINE beginning beginning_of(const byte_source& source) {
  detail::source_in_order in{source};
  auto found = read_beginning([&](std::span<std::byte> into) { return in.read(into); });
  if (found.offsets_begin() > source.size())
    detail::fail(errc::truncated, "file ends at byte {}, but its metadata end at byte {}", source.size(),
                 found.offsets_begin());
  if (found.header.offsets && source.size() - found.offsets_begin() >= 8) {
    std::array<std::byte, 8> first;
    source.read_at(found.offsets_begin(), first);
    found.first_offset = detail::load<std::uint64_t>(first.data(), std::endian::little);
  }
  return found;
}

MRCZ_INLINE metadata read_metadata(const byte_source& source, const beginning& b) {
  const metadata_header& h = *b.metadata;
  detail::require_bounded(h);
  std::vector<std::byte> stored(h.meta_comp_size);
  std::array<std::byte, digest::max_size> bytes;
  const auto last = std::span{bytes}.first(digest_size(h.meta_checksum));
  source.read_at(header_size + metadata_header_size, stored);
  source.read_at(b.offsets_begin() - last.size(), last);
  return decode_metadata(h, stored, digest{last});
}

}  // namespace mrcz::bloscpack
