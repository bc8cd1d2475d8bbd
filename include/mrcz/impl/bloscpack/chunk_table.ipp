/// Finding the chunks of a file.
#pragma once

#include "mrcz/bloscpack/chunk_table.hpp"

#include <algorithm>
#include <limits>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE chunk_header chunk_sizes::next(std::span<const std::byte, chunk_header::size> from) {
  if (short_)
    fail_expected(errc::bad_chunk, text("a chunk follows one of {} bytes", last_), "only the last to be that short");
  const bool last = header_.nchunks == ++count_;
  const auto largest = chunk_size_.value_or(static_cast<std::uint32_t>(max_chunk_size));
  std::optional<std::uint32_t> expected;
  if (header_.nchunks) expected = last ? header_.last_chunk : chunk_size_;
  const auto found = decode_chunk_header(from, expected, largest);
  last_ = found.bytes;
  if (!chunk_size_) chunk_size_ = last_;
  short_ = !header_.nchunks && last_ < *chunk_size_;
  return found;
}

MRCZ_INLINE void chunk_sizes::finish() const {
  if (header_.nchunks ? count_ == *header_.nchunks : short_ || (header_.last_chunk == last_ && count_ > 0)) return;
  if (header_.nchunks)
    fail_expected(errc::truncated, text("file ends after {} chunks", count_), std::to_string(*header_.nchunks));
  fail_expected(errc::truncated, text("file ends after {} whole chunks", count_),
                "a shorter one at the end of a stream");
}

MRCZ_INLINE chunk_table::chunk_table(const byte_source& source, const beginning& b, bool believe)
    : checksum_{b.header.checksum}, end_{source.size()} {
  require_room(b, end_);
  if (b.header.offsets && believe) {
    begins_ = read_offsets(source, b);
    from_offsets_ = are_plausible(begins_, b, end_);
  }
  if (from_offsets_) find_sizes(source, b.header);
  else walk(source, b);
}

MRCZ_INLINE chunk_place chunk_table::operator[](std::uint64_t chunk) const noexcept {
  const auto i = static_cast<std::size_t>(chunk);
  const bool last = i + 1 == begins_.size();
  return {begins_[i], last ? end_ : begins_[i + 1], last ? last_chunk_ : chunk_size_};
}

MRCZ_INLINE std::array<std::byte, chunk_header::size> chunk_table::header_at(const byte_source& source,
                                                                             std::uint64_t begin) {
  std::array<std::byte, chunk_header::size> bytes;
  source.read_at(begin, bytes);
  return bytes;
}

MRCZ_INLINE void chunk_table::find_sizes(const byte_source& source, const header& h) {
  const auto size_at = [&](std::uint64_t chunk) {
    const std::uint64_t begin = begins_[static_cast<std::size_t>(chunk)];
    return detail::with_chunk(chunk, begin, [&] {
      return decode_chunk_header(header_at(source, begin), std::nullopt, max_chunk_size).bytes;
    });
  };
  chunk_size_ = h.chunk_size ? *h.chunk_size : size_at(0);
  last_chunk_ = h.last_chunk ? *h.last_chunk : size_at(count() - 1);
  finish_sizes();
}

MRCZ_INLINE void chunk_table::walk(const byte_source& source, const beginning& b) {
  begins_.clear();
  chunk_sizes sizes{b.header};
  std::uint64_t at = b.data_begin();
  while (!sizes.complete() && (b.header.nchunks || at < end_)) {
    detail::with_chunk(sizes.count(), at, [&] {
      if (end_ - at < chunk_header::size)
        fail(errc::truncated, "file ends at byte {}, before the end of a chunk", end_);
      const std::uint64_t size = sizes.next(header_at(source, at)).packed_bytes + digest_size(checksum_);
      if (end_ - at < size)
        fail(errc::truncated, "file ends at byte {}, but the chunk ends at byte {}", end_, at + size);
      begins_.push_back(at);
      at += size;
    });
  }
  sizes.finish();
  chunk_size_ = sizes.chunk_size();
  last_chunk_ = sizes.last_chunk();
  finish_sizes();
  if (!b.header.offsets && end_ - at >= chunk_header::size &&
      resembles_chunk(header_at(source, at), checksum_, chunk_size_, end_ - at))
    fail(errc::bad_header, "nchunks is {}, but another chunk follows at byte {}", count(), at);
  end_ = at;
}

MRCZ_INLINE void chunk_table::finish_sizes() const {
  if (last_chunk_ > chunk_size_)
    fail_expected(errc::bad_chunk, text("last chunk holds {} bytes", last_chunk_), text("at most {}", chunk_size_));
  if (chunk_size_ != 0 && count() > std::numeric_limits<std::uint64_t>::max() / chunk_size_)
    fail(errc::too_large, "the uncompressed size overflows: {} times {}", count(), chunk_size_);
}

MRCZ_INLINE bool resembles_chunk(std::span<const std::byte, chunk_header::size> from, checksum c,
                                 std::uint32_t chunk_size, std::uint64_t rest) {
  try {
    return decode_chunk_header(from, std::nullopt, chunk_size).packed_bytes + digest_size(c) <= rest;
  } catch (const error&) {
    return false;
  }
}

}  // namespace mrcz::bloscpack::detail
