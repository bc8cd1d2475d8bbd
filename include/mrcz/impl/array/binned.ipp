/// Definitions of `array/binned.hpp`.
#pragma once

#include "mrcz/array/binned.hpp"

#include <vector>

#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/format/mode.hpp"

namespace mrcz::detail {

MRCZ_INLINE shape binned_extents(const slices& from, const per_axis<std::size_t>& n) {
  require_array(from);
  if (from.type->default_mode && is_complex_mode(*from.type->default_mode))
    fail(errc::bad_option, "voxels are complex, and the mean of several frequencies is none of their transform");
  const auto [nz, ny, nx] = from.extents;
  return {blocks_along(nz, n.z, 'z'), blocks_along(ny, n.y, 'y'), blocks_along(nx, n.x, 'x')};
}

/// Slice z in row-major order: in the array itself, or evaluated into `memory`.
MRCZ_INLINE const std::byte* row_major_slice(const slices& from, std::size_t z, buffer& memory) {
  if (from.in_place != nullptr) return from.in_place + z * from.slice_bytes();
  std::byte* const to = memory.acquire(from.slice_bytes()).data();
  from.evaluate(from.array, z, to);
  return to;
}

MRCZ_INLINE void bin_slice(const slices& from, std::size_t z, const per_axis<std::size_t>& n, float* to) {
  const std::size_t rows = from.extents[1] / n.y;
  const std::size_t columns = from.extents[2] / n.x;
  const std::size_t row_bytes = from.extents[2] * from.type->bytes;
  std::vector<double> sums(rows * columns);
  std::vector<double> row(columns * n.x);
  std::vector<double> imaginary(columns * n.x);  // 0, as the voxels are not complex
  buffer memory;
  for (std::size_t k = 0; k < n.z; ++k) {
    const std::byte* const slice = row_major_slice(from, z * n.z + k, memory);
    for (std::size_t y = 0; y < rows * n.y; ++y) {
      from.type->to_numbers(slice + y * row_bytes, row.data(), imaginary.data(), row.size());
      double* const sum = sums.data() + y / n.y * columns;
      const double* voxel = row.data();
      for (std::size_t x = 0; x < columns; ++x)
        for (std::size_t i = 0; i < n.x; ++i) sum[x] += *voxel++;
    }
  }
  const auto count = static_cast<double>(n.x * n.y * n.z);
  for (std::size_t i = 0; i < sums.size(); ++i) to[i] = static_cast<float>(sums[i] / count);
}

}  // namespace mrcz::detail
