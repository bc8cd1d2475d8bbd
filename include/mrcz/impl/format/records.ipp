/// Definitions of `format/records.hpp`.
#pragma once

#include "mrcz/format/records.hpp"

namespace mrcz::detail {

MRCZ_INLINE bool has_known_numbers(const extended_header& extended) noexcept {
  const bool is_text = extended.is_json() || extended.is_symmetry_text();
  return extended.empty() || is_text || has_fei_records(extended) || has_seri_records(extended) ||
         has_agar_records(extended);
}

MRCZ_INLINE void set_byte_order(extended_header& extended, std::endian order) {
  if (has_fei_records(extended)) set_fei_byte_order(extended, order);
  else if (has_seri_records(extended)) set_seri_byte_order(extended, order);
  else if (has_agar_records(extended)) set_agar_byte_order(extended, order);
}

}  // namespace mrcz::detail
