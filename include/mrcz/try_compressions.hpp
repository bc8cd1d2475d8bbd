/// Finds the codec and the level that suit some voxels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mrcz/array/evaluation.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/codec/codec.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz {

/// What a codec at a level has made of some voxels.
struct compression_trial {
  mrcz::compression compression;   ///< the codec and the level
  std::uint64_t bytes = 0;         ///< of the voxels, as they would be stored without a codec
  std::uint64_t packed_bytes = 0;  ///< of their chunks
  double seconds = 0;              ///< of processor time to convert and compress them

  /// Bytes per second of one thread.
  double rate() const noexcept { return static_cast<double>(bytes) / seconds; }
};

namespace detail {

MRCZ_INLINE std::vector<compression_trial> try_compressions(const slices& sample, const write_options& options);

}  // namespace detail

/// Compresses the slices of a sample with each codec that c-blosc has, at levels 1, 5 and 9, as a writer with these
/// options would. Leaves out snappy, which many builds of c-blosc lack. Takes a few seconds for a sample of some MiB.
/// The processor time of other threads of the program counts too. Errors as for `writer::pack`.
template <writable Array>
std::vector<compression_trial> try_compressions(const Array& sample, const write_options& options = {}) {
  return detail::try_compressions(slices_of(sample), options);
}

/// So many bytes per second and thread are fast enough: few disks take more from several threads.
inline constexpr double fast_enough = 100e6;

/// The smallest of the trials that are fast enough, or the fastest if none is. There must be one.
MRCZ_INLINE const compression_trial& best_of(std::span<const compression_trial> trials);

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/try_compressions.ipp"
#endif
