/// Definitions of `array/slice_codec.hpp`.
#pragma once

#include "mrcz/array/slice_codec.hpp"

namespace mrcz::detail {

MRCZ_INLINE void decode_rows(const voxel_decoder& type, const slice_format& format, std::span<const std::byte> rows,
                             resolved_range y, resolved_range x, std::byte* to) {
  const bool packed = format.voxels.mode == mode::uint4;  // each row begins at a whole byte
  if (x.count == format.nx && !packed) return decode_voxels(type, format.voxels, rows.data(), to, y.count * x.count);
  const std::size_t first_byte = packed ? x.first / 2 : x.first * item_bytes(format.voxels.mode);
  for (std::size_t row = 0; row < y.count; ++row)
    decode_voxels(type, format.voxels, rows.data() + row * format.row_bytes() + first_byte,
                  to + row * x.count * type.bytes, x.count, nearness::in_caches, packed && x.first % 2 == 1);
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
