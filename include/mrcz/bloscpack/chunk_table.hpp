/// Where the chunks of a file begin and how many bytes they hold. The table comes from the offsets of the file, or from
/// the headers of the chunks, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/offsets.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz::bloscpack::detail {

/// Where a chunk and its digest lie, and which bytes the chunk holds.
struct chunk_place {
  std::uint64_t begin;
  std::uint64_t end;  ///< of the digest; for the last chunk of a table from offsets the end of the file
  std::uint32_t plain_size;
  std::uint64_t plain_begin;
};

class chunk_table {
 public:
  /// Reads the offsets, 8 bytes per chunk, and uses them if they are plausible. Otherwise, or without offsets, or if
  /// the header does not state the size of the chunks, or if `believe` is false, reads the header of each chunk, 16
  /// bytes. The table takes 8 bytes of memory per chunk, or 16 if the chunks have different sizes. Throws
  /// `errc::bad_chunk`, `errc::truncated`, and `errc::stopped`.
  chunk_table(const byte_source& source, const beginning& b, bool believe = true,
              const std::stop_token* stop = nullptr);

  std::uint64_t count() const noexcept { return begins_.size(); }
  /// Uncompressed bytes of the largest chunk.
  std::uint32_t chunk_size() const noexcept { return chunk_size_; }
  std::uint32_t last_chunk() const noexcept { return last_chunk_; }
  /// Whether all chunks but the last have the same size.
  bool is_uniform() const noexcept { return plain_begins_.empty(); }
  /// Whether the table uses the offsets of the file. Then only decompressing a chunk shows that the chunk is where its
  /// offset says.
  bool from_offsets() const noexcept { return from_offsets_; }
  /// Whether the file shows that nothing is missing. Otherwise it may have been cut off between two chunks.
  bool is_certainly_whole() const noexcept { return certainly_whole_; }
  std::span<const std::uint64_t> begins() const noexcept { return begins_; }

  /// Uncompressed bytes of all chunks.
  std::uint64_t plain_size() const noexcept { return plain_begin(count() - 1) + last_chunk_; }

  chunk_place operator[](std::uint64_t chunk) const noexcept;

  /// The chunk that holds this uncompressed byte, which is less than `plain_size()`.
  std::uint64_t chunk_with(std::uint64_t byte) const noexcept;

 private:
  /// Takes the size of the last chunk from its header if the file does not state it.
  void find_sizes(const byte_source& source, const header& h);
  void walk(const byte_source& source, const beginning& b, const std::stop_token* stop);
  void require_countable() const;
  std::uint64_t plain_begin(std::uint64_t chunk) const noexcept;

  checksum checksum_;
  std::vector<std::uint64_t> begins_;
  std::vector<std::uint64_t> plain_begins_;  // only if the chunks have different sizes
  std::uint64_t end_;
  std::uint32_t chunk_size_ = 0;
  std::uint32_t last_chunk_ = 0;
  bool from_offsets_ = false;
  bool certainly_whole_ = true;
};

}  // namespace mrcz::bloscpack::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/chunk_table.ipp"
#endif
