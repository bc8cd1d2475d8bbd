/// A half-open box of voxels: where it begins and how many voxels it spans along each axis.
#pragma once

#include <cstddef>
#include <optional>

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"

namespace mrcz {

/// `first` and the `count - 1` places behind it. A `count` left out means "to the end".
struct range {
  std::size_t first = 0;
  std::optional<std::size_t> count = std::nullopt;
};

/// Axes left out span the whole volume.
///
///            x.first   x.first + x.count
///               |       |
///     +---------|-------|------+
///     |         v       v      |
///     |  y.first>.......       |     one slice; z chooses the slices.
///     |         :voxels:       |     Voxel (y.first + y.count, ...) is no longer in the region.
///     |         ........       |
///     |  y.first + y.count     |
///     +------------------------+
struct region {
  range z = {};
  range y = {};
  range x = {};
};

/// A range whose count is known and which lies within its axis.
struct resolved_range {
  std::size_t first;
  std::size_t count;

  constexpr std::size_t end() const noexcept { return first + count; }
};

struct resolved_region {
  resolved_range z, y, x;

  constexpr mrcz::shape shape() const noexcept { return {z.count, y.count, x.count}; }
};

/// Throws `errc::out_of_range` unless the range lies within [0, extent]. `axis` is 'z', 'y' or 'x'.
MRCZ_INLINE resolved_range resolve(const range& wanted, std::size_t extent, char axis);

MRCZ_INLINE resolved_region resolve(const region& wanted, const shape& extents);

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/region.ipp"
#endif
