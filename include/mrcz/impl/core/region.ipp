/// Whether ranges and regions lie within a volume.
#pragma once

#include "mrcz/core/region.hpp"

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE resolved_range resolve(const range& wanted, std::size_t extent, char axis) {
  if (wanted.first > extent)
    fail(errc::out_of_range, "range along {} begins at {}, but the extent is {}", axis, wanted.first, extent);
  const std::size_t rest = extent - wanted.first;
  const std::size_t count = wanted.count.value_or(rest);
  if (count > rest)
    fail(errc::out_of_range, "range along {} spans {} from {}, but the extent is {}", axis, count, wanted.first,
         extent);
  return {wanted.first, count};
}

MRCZ_INLINE resolved_region resolve(const region& wanted, const shape& extents) {
  return {resolve(wanted.z, extents[0], 'z'), resolve(wanted.y, extents[1], 'y'), resolve(wanted.x, extents[2], 'x')};
}

}  // namespace mrcz::detail
