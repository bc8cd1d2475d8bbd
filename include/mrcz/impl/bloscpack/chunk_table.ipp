/// Finding the chunks of a file.
#pragma once

#include "mrcz/bloscpack/chunk_table.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/chunk_walker.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/stop.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE chunk_table::chunk_table(const byte_source& source, const beginning& b, bool believe,
                                     const std::stop_token* stop)
    : checksum_{b.header.checksum}, end_{source.size()} {
  require_room(b, end_);
  if (b.header.offsets && b.header.chunk_size && believe) {
    begins_ = read_offsets(source, b);
    from_offsets_ = are_plausible(begins_, b, end_);
  }
  if (from_offsets_) find_sizes(source, b.header);
  else walk(source, b, stop);
  require_countable();
}

MRCZ_INLINE chunk_place chunk_table::operator[](std::uint64_t chunk) const noexcept {
  const auto i = static_cast<std::size_t>(chunk);
  const bool last = i + 1 == begins_.size();
  const std::uint64_t begin = plain_begin(chunk);
  const auto size = last ? last_chunk_ : static_cast<std::uint32_t>(plain_begin(chunk + 1) - begin);
  return {begins_[i], last ? end_ : begins_[i + 1], size, begin};
}

MRCZ_INLINE std::uint64_t chunk_table::chunk_with(std::uint64_t byte) const noexcept {
  if (is_uniform()) return byte / chunk_size_;
  const auto after = std::upper_bound(plain_begins_.begin(), plain_begins_.end(), byte);
  return static_cast<std::uint64_t>(after - plain_begins_.begin()) - 1;
}

MRCZ_INLINE void chunk_table::find_sizes(const byte_source& source, const header& h) {
  chunk_size_ = *h.chunk_size;
  if (h.last_chunk) {
    last_chunk_ = *h.last_chunk;
    return;
  }
  last_chunk_ = detail::with_chunk(count() - 1, begins_.back(), [&] {
    std::array<std::byte, chunk_header::size> bytes;
    source.read_at(begins_.back(), bytes);
    return decode_chunk_header(bytes, std::nullopt, chunk_size_).bytes;
  });
}

MRCZ_INLINE void chunk_table::walk(const byte_source& source, const beginning& b, const std::stop_token* stop) {
  begins_.clear();
  const auto read = [&](std::uint64_t at, std::span<std::byte> into) {
    const auto found = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), end_ - at)));
    source.read_at(at, found);
    return found.size();
  };
  chunk_walker walker{b, end_};
  bool uniform = true;
  std::uint64_t plain = 0;
  std::optional<std::uint32_t> first;
  while (const auto found = walker.next(read)) {
    throw_if_stopped(stop);
    uniform = uniform && plain == begins_.size() * std::uint64_t{first.value_or(0)};
    if (!first) first = found->header.bytes;
    begins_.push_back(found->begin);
    plain_begins_.push_back(plain);
    if (plain > std::numeric_limits<std::uint64_t>::max() - found->header.bytes)
      fail(errc::too_large, "the uncompressed size overflows");
    plain += found->header.bytes;
    chunk_size_ = std::max(chunk_size_, found->header.bytes);
  }
  last_chunk_ = walker.last_chunk();
  certainly_whole_ = walker.is_certainly_whole();
  end_ = walker.end_of_chunks();
  if (!uniform || last_chunk_ > *first) return;
  plain_begins_ = {};
  chunk_size_ = b.header.chunk_size.value_or(*first);
}

MRCZ_INLINE void chunk_table::require_countable() const {
  if (!is_uniform()) return;  // then each chunk was counted
  if (last_chunk_ > chunk_size_)
    fail_expected(errc::bad_chunk, text("last chunk holds {} bytes", last_chunk_), text("at most {}", chunk_size_));
  if (chunk_size_ != 0 && count() > std::numeric_limits<std::uint64_t>::max() / chunk_size_)
    fail(errc::too_large, "the uncompressed size overflows: {} times {}", count(), chunk_size_);
}

MRCZ_INLINE std::uint64_t chunk_table::plain_begin(std::uint64_t chunk) const noexcept {
  return is_uniform() ? chunk * chunk_size_ : plain_begins_[static_cast<std::size_t>(chunk)];
}

}  // namespace mrcz::bloscpack::detail
