/// Definitions of `array/voxels.hpp`.
#pragma once

#include "mrcz/array/voxels.hpp"

#include <algorithm>
#include <cstring>

#include "mrcz/core/error.hpp"

namespace mrcz {

MRCZ_INLINE bool voxels::is_dense() const noexcept { return detail::is_dense(extents, strides, type->bytes); }

namespace detail {

MRCZ_INLINE void require_rank(std::size_t rank) {
  if (rank != 2 && rank != 3)
    fail_expected(errc::shape_mismatch, text("array has rank {}", rank), "2 (an image) or 3 (a volume)");
}

MRCZ_INLINE void require_volume(const slices& all) {
  if (all.rank != 3) fail_expected(errc::shape_mismatch, text("array has rank {}", all.rank), "3 (a volume)");
}

MRCZ_INLINE void require_array(const slices& from) {
  require_rank(from.rank);
  require_addressable(from.extents, from.type->bytes);
  const bool empty = from.extents[0] * from.extents[1] * from.extents[2] == 0;  // other checks refuse empty arrays
  if (!empty && from.in_place == nullptr && from.evaluate == nullptr)
    fail(errc::bad_option, "array to write has no memory: its pointer is null");
}

/// Whether several voxels may share bytes. They do not if each axis, from the shortest stride to the longest, steps
/// over all that the axes before it span.
MRCZ_INLINE bool overlaps(const voxels& all) noexcept {
  std::array<std::size_t, 3> axes{0, 1, 2};
  const auto step = [&](std::size_t axis) {
    const auto stride = all.strides[axis];
    return stride < 0 ? std::size_t{0} - static_cast<std::size_t>(stride) : static_cast<std::size_t>(stride);
  };
  std::sort(axes.begin(), axes.end(), [&](std::size_t a, std::size_t b) { return step(a) < step(b); });
  std::size_t span = all.type->bytes;
  for (const std::size_t axis : axes) {
    if (all.extents[axis] == 1) continue;
    if (step(axis) < span) return true;
    span += (all.extents[axis] - 1) * step(axis);
  }
  return false;
}

MRCZ_INLINE void require_array(const voxels& to) {
  require_rank(to.rank);
  require_addressable(to.extents, to.type->bytes);
  if (to.bytes() == 0) return;
  if (to.first == nullptr) fail(errc::bad_option, "array to read into has no memory: its pointer is null");
  if (overlaps(to))
    fail(errc::bad_option, "array to read into has strides by which several voxels would be at one place");
}

MRCZ_INLINE void require_addressable(const shape& extents, std::size_t voxel_bytes) {
  constexpr const char* what = "the size of an array";
  const auto slice = checked_multiply(extents[1], extents[2], what);
  const auto voxels = checked_multiply(extents[0], slice, what);
  static_cast<void>(size_in_memory(checked_multiply(voxels, voxel_bytes, what), what));
}

MRCZ_INLINE byte_strides in_bytes(const std::array<std::ptrdiff_t, 3>& strides, std::size_t voxel_bytes) noexcept {
  const auto bytes = [&](std::ptrdiff_t stride) {  // wraps for arrays that `require_addressable` refuses
    return static_cast<std::ptrdiff_t>(static_cast<std::size_t>(stride) * voxel_bytes);
  };
  return {bytes(strides[0]), bytes(strides[1]), bytes(strides[2])};
}

MRCZ_INLINE bool is_dense(const shape& extents, const byte_strides& strides, std::size_t voxel_bytes) noexcept {
  std::size_t expected = voxel_bytes;
  for (std::size_t axis = 3; axis-- > 0;) {
    if (extents[axis] != 1 && static_cast<std::size_t>(strides[axis]) != expected) return false;
    expected *= extents[axis];
  }
  return true;
}

template <std::size_t Bytes>
void copy_strided(const std::byte* from, std::ptrdiff_t from_stride, std::byte* to, std::ptrdiff_t to_stride,
                  std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i, from += from_stride, to += to_stride) std::memcpy(to, from, Bytes);
}

MRCZ_INLINE void copy_row(const std::byte* from, std::ptrdiff_t from_stride, std::byte* to, std::ptrdiff_t to_stride,
                          std::size_t count, std::size_t voxel_bytes) noexcept {
  const auto dense = static_cast<std::ptrdiff_t>(voxel_bytes);
  if (from_stride == dense && to_stride == dense) {
    std::memcpy(to, from, count * voxel_bytes);
    return;
  }
  switch (voxel_bytes) {
    case 1: return copy_strided<1>(from, from_stride, to, to_stride, count);
    case 2: return copy_strided<2>(from, from_stride, to, to_stride, count);
    case 4: return copy_strided<4>(from, from_stride, to, to_stride, count);
    case 8: return copy_strided<8>(from, from_stride, to, to_stride, count);
    default: return copy_strided<16>(from, from_stride, to, to_stride, count);
  }
}

MRCZ_INLINE void gather(const std::byte* from, std::ptrdiff_t row_stride, std::ptrdiff_t stride, std::byte* to,
                        std::size_t rows, std::size_t columns, std::size_t voxel_bytes) noexcept {
  for (std::size_t y = 0; y < rows; ++y)
    copy_row(from + static_cast<std::ptrdiff_t>(y) * row_stride, stride, to + y * columns * voxel_bytes,
             static_cast<std::ptrdiff_t>(voxel_bytes), columns, voxel_bytes);
}

MRCZ_INLINE void scatter(const std::byte* from, std::byte* to, std::ptrdiff_t row_stride, std::ptrdiff_t stride,
                         std::size_t rows, std::size_t columns, std::size_t voxel_bytes) noexcept {
  for (std::size_t y = 0; y < rows; ++y)
    copy_row(from + y * columns * voxel_bytes, static_cast<std::ptrdiff_t>(voxel_bytes),
             to + static_cast<std::ptrdiff_t>(y) * row_stride, stride, columns, voxel_bytes);
}

}  // namespace detail

}  // namespace mrcz
