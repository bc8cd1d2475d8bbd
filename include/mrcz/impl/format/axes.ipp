/// Definitions of `format/axes.hpp`.
#pragma once

#include "mrcz/format/axes.hpp"

#include "mrcz/core/error.hpp"

namespace mrcz {

namespace detail {

MRCZ_INLINE axis_permutation axes_of(const header& h) noexcept {
  if (!h.has_axes()) return same_axes;
  const auto place_of = [&](std::int32_t axis) { return h.maps == axis ? std::size_t{0} : h.mapr == axis ? 1U : 2U; };
  return {place_of(3), place_of(2), place_of(1)};
}

MRCZ_INLINE axis_permutation axes_to_exchange(const header& h) {
  const auto axes = axes_of(h);
  if (axes != same_axes && h.kind() != kind::volume)
    fail(errc::bad_option, "MAPC, MAPR, MAPS are {}, {}, {}, but the sections of a {} follow no axis of the specimen",
         h.mapc, h.mapr, h.maps, name_of(h.kind()));
  return axes;
}

}  // namespace detail

MRCZ_INLINE header in_xyz_order(const header& h) {
  const auto axes = detail::axes_to_exchange(h);
  header ordered = h;
  const auto [nz, ny, nx] = detail::in_xyz<std::int32_t>({h.nz, h.ny, h.nx}, axes);
  const auto [nzstart, nystart, nxstart] = detail::in_xyz<std::int32_t>({h.nzstart, h.nystart, h.nxstart}, axes);
  ordered.nx = nx, ordered.ny = ny, ordered.nz = nz;
  ordered.nxstart = nxstart, ordered.nystart = nystart, ordered.nzstart = nzstart;
  ordered.mapc = 1, ordered.mapr = 2, ordered.maps = 3;
  return ordered;
}

}  // namespace mrcz
