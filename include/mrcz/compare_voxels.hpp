/// Compares the voxels of two files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mrcz/core/linkage.hpp"
#include "mrcz/reader.hpp"

namespace mrcz {

/// How the voxels of two files differ. The difference of two complex voxels is the modulus of their difference. A
/// difference from or to NaN counts as infinite, but two NaN are equal.
struct voxel_differences {
  std::uint64_t count = 0;             ///< voxels that differ
  double largest = 0;                  ///< the largest difference
  double rms = 0;                      ///< root of the mean squared difference of all voxels
  std::array<std::size_t, 3> where{};  ///< [z, y, x] of the first voxel with the largest difference
  friend bool operator==(const voxel_differences&, const voxel_differences&) = default;
};

/// Compares values, so that files of different modes, codecs and byte orders may be equal. Holds two slices per thread
/// in memory; uses one thread per processor unless `threads` says otherwise. Open the readers with `.threads = 1`.
/// Throws `errc::shape_mismatch` for files of different extents, and what reading throws.
MRCZ_INLINE voxel_differences compare_voxels(const reader& one, const reader& other,
                                             std::optional<std::size_t> threads = std::nullopt);

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/compare_voxels.ipp"
#endif
