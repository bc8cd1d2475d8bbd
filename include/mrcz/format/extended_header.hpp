/// The extended header between the main header and the voxels (MRC2014 notes 7 and 8): a kind and its bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "mrcz/format/labels.hpp"

namespace mrcz {

/// The EXTTYP of MRCZ's JSON metadata, as python-mrcz writes it.
inline constexpr std::array<char, 4> exttyp_json{'j', 's', 'o', 'n'};

/// The EXTTYP of symmetry operators as text, in lines of 80 characters.
inline constexpr std::array<char, 4> exttyp_symmetry{'C', 'C', 'P', '4'};

/// `bytes` are as they stand in the file: FEI1 and FEI2 records, SERI and AGAR items, CCP4 symmetry lines, JSON or
/// anything else. Its numbers are in the byte order of its writer, which need not be that of the header.
struct extended_header {
  std::array<char, 4> exttyp{};
  std::vector<std::byte> bytes;

  bool empty() const noexcept { return bytes.empty(); }
  bool is_json() const noexcept { return !bytes.empty() && exttyp == exttyp_json; }

  /// EXTTYP without trailing blanks and NULs: "FEI1", "SERI", or "" where it is not set.
  std::string_view type() const noexcept { return labels::trimmed({exttyp.data(), exttyp.size()}); }

  /// Whether the bytes are symmetry operators, as many files hold them without saying so in EXTTYP.
  bool is_symmetry_text() const noexcept {
    const auto printable = [](std::byte b) { return b >= std::byte{' '} && b <= std::byte{'~'}; };
    return !bytes.empty() && bytes.size() % 80 == 0 && std::all_of(bytes.begin(), bytes.end(), printable);
  }

  friend bool operator==(const extended_header&, const extended_header&) = default;
};

}  // namespace mrcz
