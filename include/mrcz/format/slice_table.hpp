/// Where each slice of a file lies: computed for uncompressed files, found by walking from chunk to chunk in compressed
/// ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mrcz/format/header.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz::detail {

/// Where the packed bytes of one slice lie in the file.
struct slice_place {
  std::uint64_t offset;
  std::uint64_t packed_bytes;
};

/// Where the first slice begins: at byte 1024 + NSYMBT, or at 1024 if the size of an uncompressed file fits only that,
/// because some programs drop the extended header but keep NSYMBT. No such program knows JSON; a file with JSON
/// metadata that has such a size was cut off. Throws `errc::bad_header` for an NSYMBT that is negative or beyond the
/// end of the file.
MRCZ_INLINE std::uint64_t data_offset(std::uint64_t file_size, const header& h);

/// Built from a checked header. Reads 16 bytes per slice of a compressed file and nothing of an uncompressed one;
/// memory grows with the number of chunks found, not with NZ.
class slice_table {
 public:
  slice_table(const byte_source& source, const header& h);

  /// Slices whose bytes are all there. `require` says why there are not more.
  std::size_t complete() const noexcept { return complete_; }
  /// Whether slices are missing because the file ends too early, as opposed to damage in it.
  bool is_cut_off() const noexcept { return complete_ < claimed_ && (ended_ || !compressed()); }
  /// Slices that the header claims: NZ.
  std::size_t claimed() const noexcept { return claimed_; }

  /// Bytes of one slice once it is decompressed.
  std::size_t slice_bytes() const noexcept { return slice_bytes_; }
  bool compressed() const noexcept { return word_.codec != codec::none; }

  std::uint64_t begin() const noexcept { return begin_; }                  ///< first byte of the first slice
  std::uint64_t end() const noexcept { return offset(complete_); }         ///< first byte after the last complete slice
  std::uint64_t packed_bytes() const noexcept { return end() - begin(); }  ///< of all complete slices

  slice_place operator[](std::size_t z) const noexcept;

  /// Throws unless slices 0 to `end` - 1 are there. The error names the first missing slice.
  void require(std::size_t end) const;

  /// Throws `errc::bad_chunk` if the chunk of one of the slices [first, end) cannot hold a slice, and names the first
  /// such slice. Readers call this before they allocate memory.
  void require_plausible(std::size_t first, std::size_t end) const;

  /// What is there instead of slice `complete()`; empty if all slices are there.
  const std::string& found() const noexcept { return found_; }
  /// What should be there; empty if `found()` says this too.
  const std::string& expected() const noexcept { return expected_; }

 private:
  void walk(const byte_source& source);
  std::uint64_t offset(std::size_t z) const noexcept;

  struct claim {
    std::uint32_t z;
    std::uint32_t bytes;
  };

  mode_word word_;
  std::size_t claimed_;
  std::size_t slice_bytes_;
  std::uint64_t begin_;
  std::size_t complete_ = 0;
  bool ended_ = false;  // the file ends too early, as opposed to a damaged chunk
  std::string found_;
  std::string expected_;
  std::vector<claim> implausible_;      // of a compressed file: chunks that cannot hold a slice, by rising z
  std::vector<std::uint64_t> offsets_;  // of a compressed file: begin of each slice and end of the last
};

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/slice_table.ipp"
#endif
