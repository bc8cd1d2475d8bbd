/// The header of a finished file: what the data determine, what the caller states, what was copied.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/header_fields.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz::detail {

/// The facts about a file after all its slices have been put.
struct file_content {
  mrcz::shape shape{};
  mode_word mode{};
  bool unsigned_bytes = false;  ///< the voxels of mode 0
  std::uint64_t packed_bytes = 0;
  std::optional<mrcz::statistics> statistics = std::nullopt;  ///< nothing if no slice was put: the header's stay
  std::array<char, 4> exttyp{};
  std::uint64_t extended_bytes = 0;
  std::int16_t nint = 0;  ///< what is in the records of the extended header; both 0 or less: as stated or copied
  std::int16_t nreal = 0;
  bool volumes = false;   ///< the slices came as volumes, not as images
  bool grows = false;     ///< slices are appended to an existing file
  bool in_place = false;  ///< only the header of an existing file changes: what nobody states stays if it is legal
};

/// Composes the header of a file that holds `content`. For each field it takes what the data determine; if they do not,
/// what the caller states in the options or in `fields`; else what was copied; else the value of a new header. M and
/// CELLA that were copied stay with the extent or the crystal that they describe. Copied numbers that the standard does
/// not allow are repaired, since a copy of an odd file succeeds: an M that is not positive becomes the extent, and MZ
/// of images 1; a CELLA that is negative or no number becomes 0; axes that are no permutation become 1, 2, 3; an ISPG
/// that is unknown becomes 1, as readers take it for a volume; NVERSION becomes 20141, MAP "MAP ", and MACHST the stamp
/// of the byte order. Throws `errc::too_large` if a number does not fit its field.
MRCZ_INLINE header compose_header(const header_fields& fields, const file_content& content,
                                  const write_options& options);

/// Throws unless `composed` says all that options and caller have stated: `errc::bad_option` for a field that the data,
/// an option or the standard determine otherwise; `errc::shape_mismatch` for several slices in one image, and for a
/// part of a volume or of a frame.
MRCZ_INLINE void require_as_stated(const header& composed, const header_fields& fields, const file_content& content,
                                   const write_options& options);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/compose_header.ipp"
#endif
