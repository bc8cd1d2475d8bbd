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

/// MAPC, MAPR and MAPS of an order; those of the header for `axis_order::file`.
MRCZ_INLINE std::array<std::int32_t, 3> axes_named(const header& h, axis_order order) noexcept {
  switch (order) {
    case axis_order::file: break;
    case axis_order::xyz: return {1, 2, 3};
    case axis_order::xzy: return {1, 3, 2};
    case axis_order::yxz: return {2, 1, 3};
    case axis_order::yzx: return {2, 3, 1};
    case axis_order::zxy: return {3, 1, 2};
    case axis_order::zyx: return {3, 2, 1};
  }
  return {h.mapc, h.mapr, h.maps};
}

MRCZ_INLINE axis_permutation axes_to_exchange(const header& h, axis_order order) {
  if (order == axis_order::file) return same_axes;
  const auto of_specimen = axes_of(h);  // for z, y and x
  const auto [columns, rows, sections] = axes_named(h, order);
  const auto place_of = [&](std::int32_t axis) { return of_specimen[static_cast<std::size_t>(3 - axis)]; };
  const axis_permutation axes{place_of(sections), place_of(rows), place_of(columns)};
  if (axes != same_axes && h.kind() != kind::volume)
    fail(errc::bad_option,
         "MAPC, MAPR, MAPS are {}, {}, {} and cannot become {}, {}, {}: the file is of the kind '{}', whose sections "
         "follow no axis of the specimen; ISPG 1 would make it a volume",
         h.mapc, h.mapr, h.maps, columns, rows, sections, name_of(h.kind()));
  return axes;
}

}  // namespace detail

MRCZ_INLINE header in_axis_order(const header& h, axis_order order) {
  if (order == axis_order::file) return h;
  const auto axes = detail::axes_to_exchange(h, order);
  header ordered = h;
  const auto [mapc, mapr, maps] = detail::axes_named(h, order);
  ordered.mapc = mapc, ordered.mapr = mapr, ordered.maps = maps;
  const auto [sections, rows, columns] = detail::in_xyz<std::int32_t>({h.nz, h.ny, h.nx}, axes);
  const auto [first_section, first_row, first_column] =
      detail::in_xyz<std::int32_t>({h.nzstart, h.nystart, h.nxstart}, axes);
  ordered.nx = columns, ordered.ny = rows, ordered.nz = sections;
  ordered.nxstart = first_column, ordered.nystart = first_row, ordered.nzstart = first_section;
  return ordered;
}

}  // namespace mrcz
