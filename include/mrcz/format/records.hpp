/// All records that extended headers may hold, and what they have in common.
#pragma once

#include <bit>
#include <cstddef>
#include <optional>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/agar_records.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/fei_records.hpp"
#include "mrcz/format/seri_records.hpp"
#include "mrcz/format/symmetry_operators.hpp"

namespace mrcz::detail {

/// Calls `visit(records)` with the records of sections that the extended header says it holds: a vector of `fei1`, also
/// for FEI2, `seri` or `agar`. Does nothing for other extended headers. Throws `errc::bad_header` if it cannot hold
/// what it says.
template <class Visit>
void visit_records(const extended_header& extended, Visit&& visit) {
  if (has_fei_records(extended)) return visit(extended.records<fei1>());
  if (has_seri_records(extended)) return visit(extended.records<seri>());
  if (has_agar_records(extended)) return visit(extended.records<agar>());
  if (extended.empty()) return;
  if (extended.exttyp == seri::exttyp) visit(extended.records<seri>());
  if (extended.exttyp == agar::exttyp) visit(extended.records<agar>());
}

/// Whether the numbers in the bytes, if there are any, can be put in another byte order.
MRCZ_INLINE bool has_known_numbers(const extended_header& extended) noexcept;

/// The extended header of sections [first, first + count): their records, or all of an extended header without records
/// of these sections.
MRCZ_INLINE extended_header of_sections(extended_header all, std::size_t first, std::size_t count);

/// Puts the numbers of known records in this byte order. Leaves other extended headers unchanged.
MRCZ_INLINE void set_byte_order(extended_header& extended, std::endian order);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/records.ipp"
#endif
