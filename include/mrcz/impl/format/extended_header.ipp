/// Definitions of `format/extended_header.hpp`.
#pragma once

#include "mrcz/format/extended_header.hpp"

#include <algorithm>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"

namespace mrcz {

MRCZ_INLINE bool extended_header::is_symmetry_text() const noexcept {
  const auto printable = [](std::byte b) { return b >= std::byte{' '} && b <= std::byte{'~'}; };
  return !bytes.empty() && bytes.size() % 80 == 0 && std::all_of(bytes.begin(), bytes.end(), printable);
}

namespace detail {

MRCZ_INLINE bool is_known_exttyp(const std::array<char, 4>& exttyp) noexcept {
  constexpr std::array<std::string_view, 8> known{"CCP4", "MRCO", "SERI", "AGAR", "FEI1", "FEI2", "HDF5", "json"};
  return std::find(known.begin(), known.end(), std::string_view{exttyp.data(), exttyp.size()}) != known.end();
}

MRCZ_INLINE extended_header padded(extended_header extended) {
  constexpr std::size_t step = 16;
  static_assert(header_size % step == 0);
  if (extended.is_json()) extended.bytes.resize((extended.bytes.size() + step - 1) / step * step, std::byte{' '});
  return extended;
}

}  // namespace detail

}  // namespace mrcz
