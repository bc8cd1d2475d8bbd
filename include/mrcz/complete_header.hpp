/// Fills in the fields of a header that data and options determine, when a file is finished.
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

namespace mrcz::detail {

/// What a writer knows about its file when it writes the header.
struct file_content {
  mrcz::shape shape{};
  mode_word mode{};
  std::uint64_t packed_bytes = 0;
  std::optional<mrcz::statistics> statistics = std::nullopt;  ///< none: the header keeps its own
  std::array<char, 4> exttyp{};
  std::uint64_t extended_bytes = 0;
  bool volumes = false;  ///< the slices came as volumes, not as images
  header found{};        ///< header of the file before slices were appended
};

/// The header of a file that holds `content`. Each field has the value that the data determine; otherwise the value
/// that the caller states in the options or in `before`; otherwise the value that it had already. Throws
/// `errc::too_large` if an extent does not fit its field.
MRCZ_INLINE header complete(const header& before, const file_content& content, const write_options& options);

/// Throws unless the finished header `h` has every value that the options and the caller state: `errc::shape_mismatch`
/// for several slices in one image, or for a part of a volume or frame; `errc::bad_option` for a field to which
/// options, data or format give another value.
MRCZ_INLINE void require_as_stated(const header& h, const header& before, const file_content& content,
                                   const write_options& options);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/complete_header.ipp"
#endif
