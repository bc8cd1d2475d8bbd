/// The extended header between the main header and the voxels (MRC2014 notes 7 and 8): a kind and its bytes.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/labels.hpp"

namespace mrcz {

/// The EXTTYP of MRCZ's JSON metadata, as python-mrcz writes it.
inline constexpr std::array<char, 4> exttyp_json{'j', 's', 'o', 'n'};

/// The EXTTYP of symmetry operators as text, in lines of 80 characters.
inline constexpr std::array<char, 4> exttyp_symmetry{'C', 'C', 'P', '4'};

/// `bytes` are the unchanged bytes of the file: records of FEI, SerialEM or Agard, CCP4 symmetry lines, JSON or
/// anything else.
struct extended_header {
  std::array<char, 4> exttyp{};  ///< EXTTYP
  std::vector<std::byte> bytes;  ///< as they stand in the file
  std::size_t sections = 0;      ///< NZ of the file from which this was read; 0: not known

  /// NINT and NREAL of the header, which say what is in a record of SerialEM or Agard. A writer takes them from here,
  /// unless both are 0: then from its header. Negative where a light microscope of DeltaVision wrote the file, whose
  /// extended header looks like that of Agard and has another meaning.
  std::int16_t nint = 0;
  std::int16_t nreal = 0;  ///< as `nint`

  /// Of the numbers in `bytes`, as far as known: that of the header with which they were read. FEI's records are often
  /// little-endian in big-endian files, and say so. A writer puts the numbers of known records in the order of its
  /// file.
  std::endian byte_order = std::endian::native;

  /// The bytes as records, one for each section: `records<mrcz::fei1>()`, `fei2`, `seri` or `agar`; or one for each
  /// line of symmetry operators, `ccp4`. Throws `errc::bad_header` if they have another type.
  template <class Record>
  std::vector<Record> records() const {
    return Record::all_in(*this);
  }

  /// Writes records over those in `bytes`. What belongs to no field of theirs stays: reserved fields, padding, and
  /// records of more sections.
  template <class Record>
  void set_records(std::span<const Record> all) {
    Record::replace_in(*this, all);
  }

  /// Whether there are no bytes.
  bool empty() const noexcept { return bytes.empty(); }
  /// Whether the bytes are MRCZ's metadata.
  bool is_json() const noexcept { return !bytes.empty() && exttyp == exttyp_json; }

  /// EXTTYP without trailing blanks and NULs: "FEI1", "SERI", or "" where it is not set.
  std::string_view type() const noexcept { return labels::trimmed({exttyp.data(), exttyp.size()}); }

  /// Whether the bytes look like symmetry operators: printable text in lines of 80 characters. Many files hold these
  /// without an EXTTYP.
  bool is_symmetry_text() const noexcept;

  /// Whether kind and bytes are the same.
  friend bool operator==(const extended_header& a, const extended_header& b) noexcept {
    return a.exttyp == b.exttyp && a.bytes == b.bytes;
  }
};

namespace detail {

/// Every EXTTYP that the standard and MRCZ know, for messages.
inline constexpr const char* known_exttyps = "CCP4, MRCO, SERI, AGAR, FEI1, FEI2, HDF5 or json";

/// Whether the standard or MRCZ knows this EXTTYP.
MRCZ_INLINE bool is_known_exttyp(const std::array<char, 4>& exttyp) noexcept;

/// Fills JSON with blanks up to a multiple of 16 bytes, so that voxels of every type are aligned in a mapped file.
/// Leaves other extended headers unchanged.
MRCZ_INLINE extended_header padded(extended_header extended);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/extended_header.ipp"
#endif
