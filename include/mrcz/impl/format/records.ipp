/// Definitions of `format/records.hpp`.
#pragma once

#include "mrcz/format/records.hpp"

namespace mrcz::detail {

MRCZ_INLINE bool has_known_numbers(const extended_header& extended) noexcept {
  const bool is_text = extended.is_json() || extended.is_symmetry_text();
  return extended.empty() || is_text || has_fei_records(extended) || has_seri_records(extended) ||
         has_agar_records(extended);
}

MRCZ_INLINE record_layout layout_of_records(const extended_header& extended) noexcept {
  for (const auto layout : {layout_of_fei(extended), layout_of_seri(extended), layout_of_agar(extended)})
    if (layout.record_bytes > 0) return layout;
  return {};
}

MRCZ_INLINE extended_header of_sections(extended_header all, std::size_t first, std::size_t count) {
  const auto layout = layout_of_records(all);
  if (layout.record_bytes == 0 || first + count > layout.count) return all;
  const std::size_t size = all.bytes.size();
  const auto begin = all.bytes.begin() + static_cast<std::ptrdiff_t>(first * layout.record_bytes);
  all.bytes = {begin, begin + static_cast<std::ptrdiff_t>(count * layout.record_bytes)};
  all.sections = count;
  if (layout_of_records(all).count != count) all.bytes.resize(size);  // such records are recognised by their size
  return all;
}

MRCZ_INLINE void set_byte_order(extended_header& extended, std::endian order) {
  if (has_fei_records(extended)) set_fei_byte_order(extended, order);
  else if (has_seri_records(extended)) set_seri_byte_order(extended, order);
  else if (has_agar_records(extended)) set_agar_byte_order(extended, order);
}

}  // namespace mrcz::detail
