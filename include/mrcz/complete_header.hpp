/// What the data and the options determine in a header, filled in when a file is finished.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz {

/// What is known of a file once all its slices have been put.
struct file_content {
  mrcz::shape shape{};
  mode_word mode{};
  std::uint64_t packed_bytes = 0;
  std::optional<mrcz::statistics> statistics = std::nullopt;  ///< none: those of the header stay
  std::array<char, 4> exttyp{};
  std::uint64_t extended_bytes = 0;
  bool volumes = false;  ///< the slices came as volumes, not as images
  header found{};        ///< of the file before slices were appended to it
};

/// The header of a file that holds `content`: what the data determine, else what the caller states in the options or in
/// `before`, else what was in it already. Throws `errc::too_large` if an extent does not fit its field.
MRCZ_INLINE header complete(const header& before, const file_content& content, const write_options& options);

/// Throws unless the finished header `h` says all that options and caller have stated: `errc::shape_mismatch` for
/// several slices in one image, or a part of a volume or frame; `errc::bad_option` for a field that options, data or
/// format determine otherwise.
MRCZ_INLINE void require_as_stated(const header& h, const header& before, const file_content& content,
                                   const write_options& options);

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/complete_header.ipp"
#endif
