/// What the fields of a header mean together.
#pragma once

#include "mrcz/format/header.hpp"

#include <limits>

#include "mrcz/core/linkage.hpp"

namespace mrcz {

MRCZ_INLINE mrcz::kind header::kind() const noexcept {
  if (ispg >= 401 && ispg <= 630) return kind::volume_stack;
  if (ispg == 0) return nz == 1 ? kind::image : kind::image_stack;
  return kind::volume;
}

MRCZ_INLINE std::int32_t header::slices_per_frame() const noexcept {
  if (kind() == kind::volume) return nz;
  const bool of_mrcz = mode >= 1000 || has_mrcz_label();
  if (kind() != kind::volume_stack && mz == nz && !of_mrcz) return 1;
  return !is_early_mrcz() && mz > 0 && mz <= nz && nz % mz == 0 ? mz : 1;
}

MRCZ_INLINE mrcz::voxel_size header::voxel_size() const noexcept {
  return {spacing(cella.x, mx, 1), spacing(cella.y, my, 2), spacing(cella.z, mx <= 0 && my <= 0 ? 0 : mz, 3)};
}

MRCZ_INLINE std::int32_t header::n_along(std::int32_t axis) const noexcept {
  if (!has_axes()) return axis == 1 ? nx : axis == 2 ? ny : nz;
  return axis == mapc ? nx : axis == mapr ? ny : nz;
}

MRCZ_INLINE bool header::has_axes() const noexcept {
  const auto valid = [](std::int32_t axis) { return axis >= 1 && axis <= 3; };
  return valid(mapc) && valid(mapr) && valid(maps) && mapc != mapr && mapr != maps && mapc != maps;
}

MRCZ_INLINE bool header::has_mrcz_label() const noexcept { return !labels.empty() && labels[0].starts_with("MRCZ"); }

MRCZ_INLINE bool header::is_early_mrcz() const noexcept {
  return has_mrcz_label() && labels[0].starts_with("MRCZ0.") && labels[0] < "MRCZ0.5";
}

MRCZ_INLINE float header::spacing(float cell, std::int32_t m, std::int32_t axis) const noexcept {
  const std::int32_t intervals = m > 0 ? m : n_along(axis);
  const float size = intervals > 0 ? cell / static_cast<float>(intervals) : 0.0F;
  return size > 0 && size <= std::numeric_limits<float>::max() ? size : 0.0F;  // neither NaN nor infinite
}

}  // namespace mrcz
