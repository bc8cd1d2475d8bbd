/// One slice between an array and its plain bytes in a file: rows, columns and the padding of 4-bit rows.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "mrcz/array/convert.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/hardware.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/format/mode.hpp"

namespace mrcz {

/// Everything that is needed to pack or unpack a slice of a file.
struct slice_format {
  voxel_format voxels;
  std::size_t ny = 0;
  std::size_t nx = 0;

  std::size_t row_bytes() const noexcept { return static_cast<std::size_t>(mrcz::row_bytes(voxels.mode, nx)); }
  std::size_t bytes() const { return slice_bytes(voxels.mode, ny, nx); }
};

/// As `decode_voxels`, for a destination of more bytes than the caches hold: voxels are converted in registers or in
/// the nearest cache, and written past the others.
template <voxel T>
void decode_voxels_past_caches(const voxel_format& format, const std::byte* from, T* to, std::size_t count) {
  bool done = false;  // NOLINT(misc-const-correctness): it is changed where T is float
  if constexpr (std::is_same_v<T, float>) {
    with_row(format, [&]<class Row>(Row) {
      if constexpr (std::integral<typename Row::type> && Row::word_bytes <= 2 && Row::mode != mode::uint4) {
        if (Row::word_bytes == 2 && format.byte_order != std::endian::native) return;
        detail::floats_past_caches<typename Row::type>(from, to, count);
        done = true;
      }
    });
  }
  std::array<T, 4096 / sizeof(T)> converted;
  for (std::size_t i = 0; i < count && !done; i += converted.size()) {
    const std::size_t part = std::min(converted.size(), count - i);
    decode_voxels(format, from + row_bytes(format.mode, i), converted.data(), part);
    detail::copy_past_caches(reinterpret_cast<std::byte*>(to + i), reinterpret_cast<const std::byte*>(converted.data()),
                             part * sizeof(T));
  }
  detail::finish_past_caches();
}

/// Turns the plain bytes of rows [y.first, y.end()) into voxels of columns x. `rows` begins with row y.first; `to` has
/// y.count * x.count voxels.
template <voxel T>
void decode_rows(const slice_format& format, std::span<const std::byte> rows, resolved_range y, resolved_range x,
                 T* to) {
  const bool whole_rows = x.count == format.nx;
  if (whole_rows && format.voxels.mode != mode::uint4) {
    decode_voxels(format.voxels, rows.data(), to, y.count * x.count);
    return;
  }
  const std::size_t row_bytes = format.row_bytes();
  for (std::size_t row = 0; row < y.count; ++row, to += x.count) {
    const std::byte* from = rows.data() + row * row_bytes;
    if (format.voxels.mode != mode::uint4) {
      decode_voxels(format.voxels, from + x.first * item_bytes(format.voxels.mode), to, x.count);
    } else if (x.first % 2 == 0) {
      decode_voxels(format.voxels, from + x.first / 2, to, x.count);
    } else if (x.count > 0) {  // the region begins with the high half of a byte
      const auto high = std::to_integer<std::uint8_t>(from[x.first / 2] >> 4U);
      with_row(format.voxels, [&]<class Row>(Row) {
        if constexpr (widens_exactly<Row, T>() && std::is_same_v<typename Row::type, std::uint8_t>)
          *to = convert<T>(high);
      });
      decode_voxels(format.voxels, from + x.first / 2 + 1, to + 1, x.count - 1);
    }
  }
}

/// The plain bytes of a slice: the array's own where the file stores `T`, in `scratch` otherwise.
template <stored_voxel T>
std::span<const std::byte> encode_slice(const slice_format& format, std::span<const T> from, buffer& scratch) {
  if (detail::is_stored_as<T>(format.voxels)) return std::as_bytes(from);
  const auto plain = scratch.acquire(format.bytes());
  if (format.voxels.mode != mode::uint4) {
    encode_voxels(format.voxels, from.data(), plain.data(), from.size());
    return plain;
  }
  for (std::size_t row = 0; row < format.ny; ++row)
    encode_voxels(format.voxels, from.data() + row * format.nx, plain.data() + row * format.row_bytes(), format.nx,
                  row * format.nx);
  return plain;
}

}  // namespace mrcz
