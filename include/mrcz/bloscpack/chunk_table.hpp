/// Where the chunks of a file are and what they hold: from its offsets, or by walking from chunk to chunk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/offsets.hpp"
#include "mrcz/core/linkage.hpp"
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
  chunk_header next(std::span<const std::byte, chunk_header::size> from);

  /// Throws `errc::truncated` unless the chunks so far are all. In a stream, which does not say how many there are, the
  /// last one is known by its size.
  void finish() const;

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
MRCZ_INLINE bool resembles_chunk(std::span<const std::byte, chunk_header::size> from, checksum c,
                                 std::uint32_t chunk_size, std::uint64_t rest);

class chunk_table {
 public:
  /// Believes offsets that can be true, unless `believe` is false, which costs 8 bytes of memory per chunk and reading
  /// them at once; else reads the 16 bytes in front of each chunk. Throws `errc::bad_chunk` and `errc::truncated`.
  chunk_table(const byte_source& source, const beginning& b, bool believe = true);

  std::uint64_t count() const noexcept { return begins_.size(); }
  std::uint32_t chunk_size() const noexcept { return chunk_size_; }
  std::uint32_t last_chunk() const noexcept { return last_chunk_; }
  /// Whether the offsets in the file were believed, so that only decompressing a chunk shows that it is where they say.
  bool from_offsets() const noexcept { return from_offsets_; }
  std::span<const std::uint64_t> begins() const noexcept { return begins_; }

  /// Uncompressed bytes of all chunks.
  std::uint64_t plain_size() const noexcept { return (count() - 1) * chunk_size_ + last_chunk_; }

  chunk_place operator[](std::uint64_t chunk) const noexcept;

 private:
  static std::array<std::byte, chunk_header::size> header_at(const byte_source& source, std::uint64_t begin);

  /// What the header does not say, the first and the last chunk do.
  void find_sizes(const byte_source& source, const header& h);
  void walk(const byte_source& source, const beginning& b);
  void finish_sizes() const;

  checksum checksum_;
  std::vector<std::uint64_t> begins_;
  std::uint64_t end_;
  std::uint32_t chunk_size_ = 0;
  std::uint32_t last_chunk_ = 0;
  bool from_offsets_ = false;
};

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/chunk_table.ipp"
#endif
