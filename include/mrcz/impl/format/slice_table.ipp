/// Finds where slices lie.
#pragma once

#include "mrcz/format/slice_table.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/extended_header.hpp"

namespace mrcz::detail {

MRCZ_INLINE slice_table::slice_table(const byte_source& source, const header& h)
    : word_{require_mode_word(h.mode)},
      claimed_{static_cast<std::size_t>(h.nz)},
      slice_bytes_{mrcz::slice_bytes(word_.mode, static_cast<std::size_t>(h.ny), static_cast<std::size_t>(h.nx))},
      begin_{data_offset(source.size(), h)} {
  if (word_.codec == codec::none) {
    const std::uint64_t rest = source.size() - begin_;
    complete_ = static_cast<std::size_t>(std::min<std::uint64_t>(claimed_, rest / slice_bytes_));
    if (complete_ < claimed_) {
      found_ = text("file ends at byte {}", source.size());
      expected_ = text("{} slices of {} bytes from byte {}", claimed_, slice_bytes_, begin_);
    }
  } else {
    walk(source);
  }
}

MRCZ_INLINE slice_place slice_table::operator[](std::size_t z) const noexcept {
  return {offset(z), offset(z + 1) - offset(z)};
}

MRCZ_INLINE void slice_table::require(std::size_t end) const {
  if (end <= complete_) return;
  fail(compressed() && !ended_ ? errc::bad_chunk : errc::truncated,
       {.slice = complete_, .byte = this->end(), .found = found_, .expected = expected_});
}

MRCZ_INLINE void slice_table::require_plausible(std::size_t first, std::size_t end) const {
  const auto found = std::lower_bound(implausible_.begin(), implausible_.end(), first,
                                      [](const claim& c, std::size_t z) { return c.z < z; });
  if (found == implausible_.end() || found->z >= end) return;
  const auto [at, packed] = (*this)[found->z];
  fail(errc::bad_chunk, {.slice = found->z,
                         .byte = at,
                         .found = text("chunk of {} bytes says that it holds {} bytes", packed, found->bytes),
                         .expected = std::to_string(slice_bytes_)});
}

MRCZ_INLINE std::uint64_t data_offset(std::uint64_t file_size, const header& h) {
  const mode_word word = require_mode_word(h.mode);
  const auto slice = mrcz::slice_bytes(word.mode, static_cast<std::size_t>(h.ny), static_cast<std::size_t>(h.nx));
  const auto slices = static_cast<std::uint64_t>(h.nz);
  const bool fits_without = word.codec == codec::none && h.exttyp != exttyp_json && slice <= file_size / slices &&
                            header_size + slice * slices == file_size;
  if (fits_without) return header_size;
  if (h.nsymbt < 0)
    fail(errc::bad_header,
         {.byte = 92, .found = text("NSYMBT is {}", h.nsymbt), .expected = "the size of the extended header"});
  const std::uint64_t offset = header_size + static_cast<std::uint64_t>(h.nsymbt);
  if (offset > file_size)
    fail(errc::bad_header,
         {.byte = 92,
          .found = text("NSYMBT is {}, but only {} bytes follow the header", h.nsymbt, file_size - header_size)});
  return offset;
}

MRCZ_INLINE void slice_table::walk(const byte_source& source) {
  offsets_.push_back(begin_);
  while (complete_ < claimed_) {
    const std::uint64_t at = offsets_.back();
    const std::uint64_t rest = source.size() - at;
    if (rest < chunk_header::size) {
      ended_ = true;
      found_ = text("file has {} chunks", complete_);
      expected_ = std::to_string(claimed_);
      return;
    }
    std::array<std::byte, chunk_header::size> bytes;
    source.read_at(at, bytes);
    const auto h = chunk_header::decode(bytes);
    if (h.version != 2 || h.packed_bytes < chunk_header::size) {
      found_ =
          text("no chunk found where one was expected: format version {}, {} packed bytes", h.version, h.packed_bytes);
      return;
    }
    if (h.packed_bytes > rest) {
      ended_ = true;
      found_ = text("chunk has {} packed bytes, but only {} are left in the file", h.packed_bytes, rest);
      return;
    }
    if (h.bytes != slice_bytes_ || h.bytes > h.packed_bytes * max_expansion(h.format()))
      implausible_.push_back({static_cast<std::uint32_t>(complete_), h.bytes});
    offsets_.push_back(at + h.packed_bytes);
    ++complete_;
  }
}

MRCZ_INLINE std::uint64_t slice_table::offset(std::size_t z) const noexcept {
  return compressed() ? offsets_[z] : begin_ + std::uint64_t{z} * slice_bytes_;
}

}  // namespace mrcz::detail
