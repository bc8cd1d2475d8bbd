/// Walking from chunk to chunk.
#pragma once

#include "mrcz/bloscpack/chunk_walker.hpp"

#include <string>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE chunk_walker::chunk_walker(const beginning& b, std::uint64_t end)
    : beginning_{b}, end_{end}, at_{b.data_begin()} {}

MRCZ_INLINE std::optional<found_chunk> chunk_walker::next(read_function read) {
  if (beginning_.header.nchunks == count_) {
    refuse_another(read);
    return std::nullopt;
  }
  if (count_ == 0) skip_gap(read);
  std::array<std::byte, chunk_header::size> bytes;
  const std::size_t got = read(at_, bytes);
  if (got == 0 && !beginning_.header.nchunks) {
    require_all();
    return std::nullopt;
  }
  return with_chunk(count_, at_, [&] {
    if (got < bytes.size()) fail(errc::truncated, "file ends at byte {}, before the end of a chunk", at_ + got);
    const auto header = check_next(bytes);
    const std::uint64_t end = at_ + header.packed_bytes + digest_bytes();
    if (end > end_) fail(errc::truncated, "file ends at byte {}, but the chunk ends at byte {}", end_, end);
    const found_chunk found{.number = count_, .begin = at_, .header = header};
    at_ = end;
    ++count_;
    last_ = header.bytes;
    return std::optional{found};
  });
}

MRCZ_INLINE bool chunk_walker::is_certainly_whole() const noexcept {
  const header& h = beginning_.header;
  return h.nchunks || h.last_chunk || last_ == 0 || (h.chunk_size && last_ < *h.chunk_size);
}

/// Moves to the place of the first offset if no chunk begins behind the offsets.
MRCZ_INLINE void chunk_walker::skip_gap(read_function read) {
  const auto first = beginning_.first_offset;
  if (!first || *first <= at_ || *first >= end_) return;
  std::array<std::byte, chunk_header::size> bytes;
  if (read(at_, bytes) == bytes.size()) {
    try {
      if (at_ + check_next(bytes).packed_bytes + digest_bytes() <= end_) return;
    } catch (const error&) {  // NOLINT(bugprone-empty-catch): so there is a gap
    }
  }
  at_ = *first;
  has_gap_ = true;
}

MRCZ_INLINE chunk_header chunk_walker::check_next(std::span<const std::byte, chunk_header::size> from) const {
  const header& h = beginning_.header;
  if (count_ > 0 && !h.nchunks && h.chunk_size && last_ < *h.chunk_size)
    fail_expected(errc::bad_chunk, text("a chunk follows one of {} bytes", last_), "only the last to be that short");
  std::optional<std::uint32_t> expected;
  if (h.nchunks) expected = is_last() ? h.last_chunk : h.chunk_size;
  return decode_chunk_header(from, expected, h.chunk_size.value_or(static_cast<std::uint32_t>(max_chunk_size)));
}

MRCZ_INLINE void chunk_walker::require_all() const {
  const header& h = beginning_.header;
  if (count_ == 0) fail_expected(errc::truncated, "file ends after 0 chunks", "at least one");
  if (h.last_chunk && *h.last_chunk != last_)
    fail_expected(errc::truncated, text("file ends with a chunk of {} bytes", last_), std::to_string(*h.last_chunk));
}

/// The header has no checksum. Without offsets, or where there is a gap, only this shows that it counts too few chunks.
MRCZ_INLINE void chunk_walker::refuse_another(read_function read) const {
  const header& h = beginning_.header;
  std::array<std::byte, chunk_header::size> bytes;
  if ((h.offsets && !has_gap_) || read(at_, bytes) < bytes.size()) return;
  const auto largest = h.chunk_size.value_or(static_cast<std::uint32_t>(max_chunk_size));
  if (resembles_chunk(bytes, h.checksum, largest, end_ - at_))
    fail(errc::bad_header, "nchunks is {}, but another chunk follows at byte {}", count_, at_);
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
