/// Where the records of an extended header lie: one for each section, without gaps.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"

namespace mrcz::detail {

/// What follows the last record is padding, or records of sections that the file does not have.
struct record_layout {
  std::endian order = std::endian::little;
  std::size_t record_bytes = 0;
  std::size_t count = 0;
};

/// As many whole records of this size as the file has sections, or as many as there is room for if that is less.
MRCZ_INLINE record_layout layout_of(const extended_header& from, std::size_t record_bytes, std::endian order) noexcept;

/// Reads all records of a layout. `decode(bytes, record)` reads one.
template <class Record, class Decode>
std::vector<Record> decode_records(const extended_header& from, const record_layout& layout, Decode&& decode) {
  std::vector<Record> all(layout.count);
  for (std::size_t i = 0; i < all.size(); ++i)
    decode(std::span{from.bytes}.subspan(i * layout.record_bytes, layout.record_bytes), all[i]);
  return all;
}

/// Writes records over those of a layout, and makes room for more if necessary. `encode(bytes, record)` writes one.
template <class Record, class Encode>
void encode_records(extended_header& to, const record_layout& layout, std::span<const Record> all, Encode&& encode) {
  to.sections = all.size();
  to.bytes.resize(std::max(to.bytes.size(), all.size() * layout.record_bytes));
  for (std::size_t i = 0; i < all.size(); ++i)
    encode(std::span{to.bytes}.subspan(i * layout.record_bytes, layout.record_bytes), all[i]);
}

/// Reverses the bytes of each word. What does not fill a word at the end stays.
MRCZ_INLINE void swap_words(std::span<std::byte> bytes, std::size_t word_bytes) noexcept;

/// Throws `errc::bad_header`, because there are no records of the wanted type.
[[noreturn]] MRCZ_INLINE void fail_no_records(const extended_header& from, std::string_view wanted);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/record_layout.ipp"
#endif
