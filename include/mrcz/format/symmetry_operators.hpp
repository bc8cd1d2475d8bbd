/// Symmetry operators as text in extended headers: lines of 80 characters.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"

namespace mrcz {

/// One line, such as "X,Y,Z" or "-X,Y+1/2,-Z". `in.extended_header().records<mrcz::ccp4>()` reads all lines.
struct ccp4 {
  static constexpr std::array<char, 4> exttyp = exttyp_symmetry;  ///< EXTTYP

  /// The lines of an extended header of CCP4, or of one without EXTTYP that looks like it, without the blanks and NULs
  /// that fill them. Empty lines are left out. Throws `errc::bad_header` for an extended header of another type.
  MRCZ_INLINE static std::vector<ccp4> all_in(const extended_header& from);

  /// Replaces all lines of the extended header, which becomes CCP4. Throws `errc::bad_option` for a line of more than
  /// 80 characters, or with others than printable ASCII.
  MRCZ_INLINE static void replace_in(extended_header& to, std::span<const ccp4> all);

  std::string line;  ///< without the blanks that fill 80 characters

  friend bool operator==(const ccp4&, const ccp4&) = default;
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/symmetry_operators.ipp"
#endif
