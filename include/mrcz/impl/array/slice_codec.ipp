/// Definitions of `array/slice_codec.hpp`.
#pragma once

#include "mrcz/array/slice_codec.hpp"

#include <algorithm>

#include "mrcz/core/function_ref.hpp"

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

/// So many voxels show whether those of a slice must be rounded.
inline constexpr std::size_t first_voxels = 1024;

MRCZ_INLINE encoded_slice encode_slice(const voxel_encoder& type, const slice_format& format, const narrowing& how,
                                       std::span<const std::byte> from, buffer& scratch) {
  if (is_stored_as(type, format.voxels)) return {from, std::nullopt};
  const auto plain = scratch.acquire(format.bytes());
  const bool by_rows = format.voxels.mode == mode::uint4;  // each row begins at a whole byte
  const std::size_t parts = by_rows ? format.ny : 1;
  const std::size_t voxels = format.ny / parts * format.nx;
  const auto all_parts = [&](function_ref<bool(const std::byte*, std::byte*, std::size_t)> encode) {
    bool good = true;
    for (std::size_t i = 0; i < parts && good; ++i)
      good = encode(from.data() + i * voxels * type.bytes, plain.data() + i * format.row_bytes(), i * voxels);
    return good;
  };
  // Where numbers are rounded, the first voxels tell so: then no time is lost with an attempt that fails at the end.
  const bool rounds = how.rounding != rounding::exact || how.saturate;
  const auto exactly = [&](const std::byte* voxel, std::byte* to, std::size_t) {
    return encode_exactly(type, format.voxels, voxel, to, voxels);
  };
  if (!rounds || encode_exactly(type, format.voxels, from.data(), plain.data(), std::min(voxels, first_voxels)))
    if (all_parts(exactly)) return {plain, std::nullopt};
  running_statistics stored;
  all_parts([&](const std::byte* voxel, std::byte* to, std::size_t first) {
    stored += encode_numbers(type, format.voxels, how, voxel, to, voxels, first);
    return true;
  });
  return {plain, stored};
}

}  // namespace mrcz::detail
