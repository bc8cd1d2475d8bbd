/// Larger voxels: the means of blocks of voxels.
#pragma once

#include <cstddef>

#include "mrcz/array/array.hpp"
#include "mrcz/array/evaluation.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/geometry.hpp"
#include "mrcz/format/header.hpp"

namespace mrcz {

namespace detail {

/// The extents after blocks of voxels became one voxel each. Throws as `binned` below.
MRCZ_INLINE shape binned_extents(const slices& from, const per_axis<std::size_t>& n);

/// Slice z of the means of blocks, in row-major order. Thread-safe if `from` may be evaluated in parallel.
MRCZ_INLINE void bin_slice(const slices& from, std::size_t z, const per_axis<std::size_t>& n, float* to);

}  // namespace detail

/// The means of blocks of n.x columns, n.y rows and n.z slices. An image has one slice. `binned(header, n)` is the
/// header that belongs to them:
///
///     mrcz::write("half.mrc", mrcz::binned(in.read<float>(), {2, 2, 2}), {.like = mrcz::binned(in.header(), 2)});
///
/// Columns, rows and slices at the end that do not fill a block are dropped, as in the plain binning of IMOD's
/// `binvol`. Sums have double precision. The mean of a block with NaN is NaN. Lazy expressions are evaluated slice by
/// slice. Throws `errc::bad_option` if n is 0 along an axis, and for complex voxels, whose places are frequencies;
/// `errc::out_of_range` if n is more than the extent.
template <writable Array>
volume<float> binned(const Array& voxels, const per_axis<std::size_t>& n) {
  const auto from = slices_of(voxels);
  const auto extents = detail::binned_extents(from, n);
  auto means = detail::make_volume<float>(extents);
  for (std::size_t z = 0; z < extents[0]; ++z)
    detail::bin_slice(from, z, n, means.data() + z * extents[1] * extents[2]);
  return means;
}

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/array/binned.ipp"
#endif
