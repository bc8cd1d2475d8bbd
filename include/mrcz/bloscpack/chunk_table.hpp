/// Where the chunks of a file begin and how many bytes they hold. The table comes from the offsets of the file, or from
/// the headers of the chunks, one after the other.
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

namespace mrcz::bloscpack::detail {

/// Where the chunk and its digest lie, and how many bytes the chunk holds.
struct chunk_place {
  std::uint64_t begin;
  std::uint64_t end;  ///< of the digest; for the last chunk of a table from offsets the end of the file
  std::uint32_t plain_size;
};

/// Checks the sizes of chunks, one after the other, against those that the header states. Finds the sizes that the
/// header does not state.
class chunk_sizes {
 public:
  explicit chunk_sizes(const header& h) : header_{h}, chunk_size_{h.chunk_size} {}

  /// Decodes the header of the next chunk. Throws `errc::bad_chunk` if a chunk at this place must have another size.
  chunk_header next(std::span<const std::byte, chunk_header::size> from);

  /// Throws `errc::truncated` if chunks are missing. A stream does not state the number of its chunks; its last chunk
  /// is recognised by its size.
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

/// Whether `from` can be the header of another chunk of this file, of which `rest` bytes are left.
MRCZ_INLINE bool resembles_chunk(std::span<const std::byte, chunk_header::size> from, checksum c,
                                 std::uint32_t chunk_size, std::uint64_t rest);

class chunk_table {
 public:
  /// Reads the offsets, 8 bytes per chunk, and uses them if they are plausible. Otherwise, or without offsets, or if
  /// `believe` is false, reads the header of each chunk, 16 bytes. The table takes 8 bytes of memory per chunk. Throws
  /// `errc::bad_chunk` and `errc::truncated`.
  chunk_table(const byte_source& source, const beginning& b, bool believe = true);

  std::uint64_t count() const noexcept { return begins_.size(); }
  std::uint32_t chunk_size() const noexcept { return chunk_size_; }
  std::uint32_t last_chunk() const noexcept { return last_chunk_; }
  /// Whether the table uses the offsets of the file. Then only decompressing a chunk shows that the chunk is where its
  /// offset says.
  bool from_offsets() const noexcept { return from_offsets_; }
  std::span<const std::uint64_t> begins() const noexcept { return begins_; }

  /// Uncompressed bytes of all chunks.
  std::uint64_t plain_size() const noexcept { return (count() - 1) * chunk_size_ + last_chunk_; }

  chunk_place operator[](std::uint64_t chunk) const noexcept;

 private:
  static std::array<std::byte, chunk_header::size> header_at(const byte_source& source, std::uint64_t begin);

  /// Takes the sizes that the header does not state from the first and the last chunk.
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

}  // namespace mrcz::bloscpack::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/chunk_table.ipp"
#endif
