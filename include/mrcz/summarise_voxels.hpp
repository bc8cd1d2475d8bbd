/// What the voxels of a file are like: statistics of each slice, percentiles and a histogram, in the memory of a few
/// slices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/reader.hpp"

namespace mrcz {

/// What `summarise_voxels` determines besides the statistics.
struct summary_options {
  std::vector<double> percentiles = {};               ///< wanted ones, each 0 to 100
  std::size_t bins = 0;                               ///< of the histogram; 0: none
  std::optional<std::size_t> threads = std::nullopt;  ///< not stated: one per processor
};

/// The statistics of some voxels. NaN and infinities do not count in them.
struct voxel_statistics {
  mrcz::statistics of_finite;  ///< of the voxels that are finite numbers
  std::uint64_t nan = 0;       ///< voxels that are no number
  std::uint64_t infinite = 0;  ///< voxels that are infinite
};

/// What `summarise_voxels` finds. Complex voxels have neither percentiles nor a histogram.
struct voxel_summary {
  voxel_statistics all;                  ///< of the whole file
  std::vector<voxel_statistics> slices;  ///< of each slice
  std::vector<double> percentiles;       ///< in the order of the options; empty if no voxel is finite
  std::vector<std::uint64_t> histogram;  ///< voxels in bins of the same width from the minimum to the maximum
};

/// Reads a file once, and a second time for percentiles or a histogram. Percentiles are exact: those of numpy, which
/// lie between two voxels where no voxel has the rank. Open the reader with `.threads = 1`. Each thread holds a slice
/// and, for percentiles, 1 MiB and 1 MiB more per percentile. Throws `errc::bad_option` for a percentile that is not 0
/// to 100, and what reading throws.
MRCZ_INLINE voxel_summary summarise_voxels(const reader& in, const summary_options& wanted = {});

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/summarise_voxels.ipp"
#endif
