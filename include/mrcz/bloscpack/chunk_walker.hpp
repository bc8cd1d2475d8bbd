/// Finds the chunks of a file, one after the other, by their headers: in a file with positions or in a stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack::detail {

/// A chunk that was found by its header.
struct found_chunk {
  std::uint64_t number = 0;
  std::uint64_t begin = 0;  ///< its first byte in the file
  chunk_header header{};
};

/// Walks from chunk to chunk and checks the size of each against what the header of the file states. Sizes that it does
/// not state are those of the chunks. If it does not state the size of the chunks, they may differ from each other.
///
/// The first chunk is behind the offsets. If there is none, but the first offset leads to one that is further behind,
/// the walk begins there: the format allows a gap.
class chunk_walker {
 public:
  /// Reads bytes at a position and returns how many there were: fewer only at the end of the file. The positions rise,
  /// except that the last 16 bytes may be read again.
  using read_function = function_ref<std::size_t(std::uint64_t at, std::span<std::byte> into)>;

  static constexpr std::uint64_t unknown_end = std::numeric_limits<std::uint64_t>::max();

  /// `end` is the size of the file.
  explicit chunk_walker(const beginning& b, std::uint64_t end = unknown_end);

  /// The next chunk, or nothing after the last one. Throws `errc::bad_chunk` for a chunk that cannot be in this place,
  /// `errc::truncated` if chunks are missing, and `errc::bad_header` if another chunk follows the last one.
  std::optional<found_chunk> next(read_function read);

  std::uint64_t count() const noexcept { return count_; }
  /// Where the chunks that were found end.
  std::uint64_t end_of_chunks() const noexcept { return at_; }
  /// Uncompressed bytes of the last chunk that was found.
  std::uint32_t last_chunk() const noexcept { return last_; }

  /// Whether the header or the last chunk show that nothing is missing. Otherwise the file may have been cut off
  /// between two chunks. Requires that `next` has returned nothing.
  bool is_certainly_whole() const noexcept;

 private:
  std::size_t digest_bytes() const noexcept { return digest_size(beginning_.header.checksum); }
  bool is_last() const noexcept { return beginning_.header.nchunks == count_ + 1; }
  void skip_gap(read_function read);
  chunk_header check_next(std::span<const std::byte, chunk_header::size> from) const;
  void require_all() const;
  void refuse_another(read_function read) const;

  beginning beginning_;
  std::uint64_t end_;
  std::uint64_t at_;
  std::uint64_t count_ = 0;
  std::uint32_t last_ = 0;
  bool has_gap_ = false;
};

/// Whether `from` can be the header of another chunk of this file, of which `rest` bytes are left.
MRCZ_INLINE bool resembles_chunk(std::span<const std::byte, chunk_header::size> from, checksum c,
                                 std::uint32_t chunk_size, std::uint64_t rest);

}  // namespace mrcz::bloscpack::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/chunk_walker.ipp"
#endif
