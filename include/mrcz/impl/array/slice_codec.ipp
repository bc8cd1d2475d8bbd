/// Definitions of `array/slice_codec.hpp`.
#pragma once

#include "mrcz/array/slice_codec.hpp"

namespace mrcz::detail {

MRCZ_INLINE resolved_range slice_format::columns(resolved_range x) const noexcept {
  if (voxels.mode == mode::uint4) return {x.first / 2, (x.end() + 1) / 2 - x.first / 2};
  const std::size_t item = item_bytes(voxels.mode);
  return {x.first * item, x.count * item};
}

MRCZ_INLINE void decode_row(const voxel_decoder& type, const slice_format& format, std::span<const std::byte> columns,
                            resolved_range x, std::byte* to) {
  const bool begins_high = format.voxels.mode == mode::uint4 && x.first % 2 == 1;
  decode_voxels(type, format.voxels, columns.data(), to, x.count, nearness::in_caches, begins_high);
}

MRCZ_INLINE void decode_rows(const voxel_decoder& type, const slice_format& format, std::span<const std::byte> rows,
                             resolved_range y, resolved_range x, std::byte* to) {
  const bool rows_are_padded = format.voxels.mode == mode::uint4;  // each row begins at a whole byte
  if (x.count == format.nx && !rows_are_padded)
    return decode_voxels(type, format.voxels, rows.data(), to, y.count * x.count);
  const auto columns = format.columns(x);
  for (std::size_t row = 0; row < y.count; ++row)
    decode_row(type, format, rows.subspan(row * format.row_bytes() + columns.first, columns.count), x,
               to + row * x.count * type.bytes);
}

MRCZ_INLINE std::span<const std::byte> encode_slice(const voxel_encoder& type, const slice_format& format,
                                                    std::span<const std::byte> from, buffer& scratch) {
  if (is_stored_as(type, format.voxels)) return from;
  const auto plain = scratch.acquire(format.bytes());
  if (format.voxels.mode != mode::uint4) {
    encode_voxels(type, format.voxels, from.data(), plain.data(), format.ny * format.nx);
    return plain;
  }
  for (std::size_t row = 0; row < format.ny; ++row)
    encode_voxels(type, format.voxels, from.data() + row * format.nx * type.bytes,
                  plain.data() + row * format.row_bytes(), format.nx, row * format.nx);
  return plain;
}

}  // namespace mrcz::detail
