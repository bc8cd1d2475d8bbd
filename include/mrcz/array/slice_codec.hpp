/// Converts one slice between an array and its plain bytes in a file: rows, columns and the padding of 4-bit rows.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "mrcz/array/convert.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/format/mode.hpp"
#include "mrcz/format/statistics.hpp"

namespace mrcz::detail {

/// Everything that is needed to pack or unpack a slice of a file.
struct slice_format {
  voxel_format voxels;
  std::size_t ny = 0;
  std::size_t nx = 0;

  std::size_t row_bytes() const noexcept { return static_cast<std::size_t>(mrcz::row_bytes(voxels.mode, nx)); }
  std::size_t bytes() const { return slice_bytes(voxels.mode, ny, nx); }

  /// The bytes of a row that hold columns x.
  MRCZ_INLINE resolved_range columns(resolved_range x) const noexcept;
};

/// Turns the plain bytes of columns x of one row into voxels.
MRCZ_INLINE void decode_row(const voxel_decoder& type, const slice_format& format, std::span<const std::byte> columns,
                            resolved_range x, std::byte* to);

/// Turns the plain bytes of rows [y.first, y.end()) into voxels of columns x. `rows` begins with row y.first; `to` has
/// room for y.count * x.count voxels in row-major order.
MRCZ_INLINE void decode_rows(const voxel_decoder& type, const slice_format& format, std::span<const std::byte> rows,
                             resolved_range y, resolved_range x, std::byte* to);

/// The plain bytes of a slice.
struct encoded_slice {
  std::span<const std::byte> bytes;
  std::optional<running_statistics> stored;  ///< of these bytes; nothing: they have the values of the array
};

/// Encodes a slice whose voxels are in row-major order. The bytes are `from` itself if the file stores this type,
/// otherwise they are in `scratch`. Throws `errc::mode_mismatch` for a voxel that the mode cannot represent as `how`
/// says.
MRCZ_INLINE encoded_slice encode_slice(const voxel_encoder& type, const slice_format& format, const narrowing& how,
                                       std::span<const std::byte> from, buffer& scratch);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/array/slice_codec.ipp"
#endif
