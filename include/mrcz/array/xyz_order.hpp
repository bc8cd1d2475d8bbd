/// Volumes whose axes are exchanged after they were read.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include "mrcz/array/array.hpp"
#include "mrcz/array/evaluation.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/format/axes.hpp"

namespace mrcz {

/// A volume that was read in the order of its file, as [z][y][x] of the specimen: a copy. `h` is the header of the
/// file. Throws `errc::bad_option` for a stack with other axes, and `errc::shape_mismatch` unless the array has rank 3.
/// `read_options::axes` reads in this order at once.
template <container E>
auto in_xyz_order(const E& of_file, const header& h) {
  using T = std::remove_cv_t<typename E::value_type>;
  const auto axes = detail::axes_to_exchange(h, axis_order::xyz);
  const auto all = slices_of(of_file);
  detail::require_array(all);
  detail::require_volume(all);
  const auto view = detail::as_view(of_file);
  const auto extents = detail::in_xyz(view.extents, axes);
  const auto strides = detail::in_bytes(detail::in_xyz(view.strides, axes), sizeof(T));
  auto ordered = detail::make_volume<T>(extents);
  auto* const to = reinterpret_cast<std::byte*>(ordered.data());
  const auto* const from = reinterpret_cast<const std::byte*>(view.first);
  const std::size_t slice = extents[1] * extents[2] * sizeof(T);
  for (std::size_t z = 0; z < extents[0]; ++z)
    detail::gather(from + static_cast<std::ptrdiff_t>(z) * strides[0], strides[1], strides[2], to + z * slice,
                   extents[1], extents[2], sizeof(T));
  return ordered;
}

}  // namespace mrcz
