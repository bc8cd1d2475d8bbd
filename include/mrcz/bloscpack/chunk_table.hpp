/// Where the chunks of a file are and what they hold: from its offsets, or by walking from chunk to chunk.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/offsets.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz::bloscpack {

/// Where the chunk and its digest lie, and how many bytes the chunk holds.
struct chunk_place {
  std::uint64_t begin;
  std::uint64_t end;  ///< of the digest; for the last chunk the end of the file
  std::uint32_t plain_size;
};

/// What must hold for the sizes of chunks one after the other, whichever of them the header knows. Also finds out what
/// the header does not say.
class chunk_sizes {
 public:
  explicit chunk_sizes(const header& h) : header_{h}, chunk_size_{h.chunk_size} {}

  /// Reads the header of the next chunk. Throws `errc::bad_chunk` for a chunk of another size than expected here.
  chunk_header next(std::span<const std::byte, chunk_header::size> from) {
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

  /// Throws `errc::truncated` unless the chunks so far are all. In a stream, which does not say how many there are, the
  /// last one is known by its size.
  void finish() const {
    if (header_.nchunks ? count_ == *header_.nchunks : short_ || (header_.last_chunk == last_ && count_ > 0)) return;
    if (header_.nchunks)
      fail_expected(errc::truncated, text("file ends after {} chunks", count_), std::to_string(*header_.nchunks));
    fail_expected(errc::truncated, text("file ends after {} whole chunks", count_),
                  "a shorter one at the end of a stream");
  }

  bool complete() const noexcept { return header_.nchunks == count_; }
  std::uint64_t count() const noexcept { return count_; }
  std::uint32_t chunk_size() const noexcept { return chunk_size_.value_or(0); }
  std::uint32_t last_chunk() const noexcept { return last_; }

 private:
  header header_;
  std::optional<std::uint32_t> chunk_size_;
  std::uint32_t last_ = 0;
  std::uint64_t count_ = 0;
  bool short_ = false;
};

/// Whether these are the first bytes of a chunk that could follow in this file, of which `rest` bytes are left.
inline bool resembles_chunk(std::span<const std::byte, chunk_header::size> from, checksum c, std::uint32_t chunk_size,
                            std::uint64_t rest) {
  try {
    return decode_chunk_header(from, std::nullopt, chunk_size).packed_bytes + digest_size(c) <= rest;
  } catch (const error&) {
    return false;
  }
}

class chunk_table {
 public:
  /// Believes offsets that can be true, unless `believe` is false, which costs 8 bytes of memory per chunk and reading
  /// them at once; else reads the 16 bytes in front of each chunk. Throws `errc::bad_chunk` and `errc::truncated`.
  chunk_table(const byte_source& source, const beginning& b, bool believe = true)
      : checksum_{b.header.checksum}, end_{source.size()} {
    require_room(b, end_);
    if (b.header.offsets && believe) {
      begins_ = read_offsets(source, b);
      from_offsets_ = are_plausible(begins_, b, end_);
    }
    if (from_offsets_) find_sizes(source, b.header);
    else walk(source, b);
  }

  std::uint64_t count() const noexcept { return begins_.size(); }
  std::uint32_t chunk_size() const noexcept { return chunk_size_; }
  std::uint32_t last_chunk() const noexcept { return last_chunk_; }
  /// Whether the offsets in the file were believed, so that only decompressing a chunk shows that it is where they say.
  bool from_offsets() const noexcept { return from_offsets_; }
  std::span<const std::uint64_t> begins() const noexcept { return begins_; }

  /// Uncompressed bytes of all chunks.
  std::uint64_t plain_size() const noexcept { return (count() - 1) * chunk_size_ + last_chunk_; }

  chunk_place operator[](std::uint64_t chunk) const noexcept {
    const auto i = static_cast<std::size_t>(chunk);
    const bool last = i + 1 == begins_.size();
    return {begins_[i], last ? end_ : begins_[i + 1], last ? last_chunk_ : chunk_size_};
  }

 private:
  static std::array<std::byte, chunk_header::size> header_at(const byte_source& source, std::uint64_t begin) {
    std::array<std::byte, chunk_header::size> bytes;
    source.read_at(begin, bytes);
    return bytes;
  }

  /// What the header does not say, the first and the last chunk do.
  void find_sizes(const byte_source& source, const header& h) {
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

  void walk(const byte_source& source, const beginning& b) {
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

  void finish_sizes() const {
    if (last_chunk_ > chunk_size_)
      fail_expected(errc::bad_chunk, text("last chunk holds {} bytes", last_chunk_), text("at most {}", chunk_size_));
    if (chunk_size_ != 0 && count() > std::numeric_limits<std::uint64_t>::max() / chunk_size_)
      fail(errc::too_large, "the uncompressed size overflows: {} times {}", count(), chunk_size_);
  }

  checksum checksum_;
  std::vector<std::uint64_t> begins_;
  std::uint64_t end_;
  std::uint32_t chunk_size_ = 0;
  std::uint32_t last_chunk_ = 0;
  bool from_offsets_ = false;
};

}  // namespace mrcz::bloscpack
