/// Definitions of `format/record_layout.hpp`.
#pragma once

#include "mrcz/format/record_layout.hpp"

#include "mrcz/core/error.hpp"

namespace mrcz::detail {

MRCZ_INLINE record_layout layout_of(const extended_header& from, std::size_t record_bytes, std::endian order) noexcept {
  const std::size_t most = from.bytes.size() / record_bytes;
  return {order, record_bytes, from.sections == 0 ? most : std::min(most, from.sections)};
}

MRCZ_INLINE void swap_words(std::span<std::byte> bytes, std::size_t word_bytes) noexcept {
  for (; bytes.size() >= word_bytes; bytes = bytes.subspan(word_bytes))
    std::reverse(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(word_bytes));
}

[[noreturn]] MRCZ_INLINE void fail_no_records(const extended_header& from, std::string_view wanted) {
  fail(errc::bad_header, "the extended header has the type '{}', NINT {} and NREAL {}, so it holds no records of {}",
       from.type(), from.nint, from.nreal, wanted);
}

}  // namespace mrcz::detail
