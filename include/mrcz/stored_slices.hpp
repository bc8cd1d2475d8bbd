/// Slices in the type in which a file stores its voxels. The code that uses them is compiled once for all types.
#pragma once

#include <cstddef>

#include "mrcz/array/voxels.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/reader.hpp"

namespace mrcz::detail {

/// Reads slices of a file without naming their type. Const and thread-safe. Refers to the reader. Open the reader with
/// `.threads = 1` if several threads read slices at the same time.
class stored_slices {
 public:
  MRCZ_INLINE explicit stored_slices(const reader& in);

  const voxel_encoder& type() const noexcept { return *encode_; }

  /// Bytes of one slice in memory.
  std::size_t slice_bytes() const { return in_.shape()[1] * in_.shape()[2] * encode_->bytes; }

  /// Slices [z.first, z.end()). The result refers to `memory`. Errors as for `reader`.
  MRCZ_INLINE slices read(resolved_range z, buffer& memory) const;

  /// A box of voxels. Errors as above.
  MRCZ_INLINE slices read_region(const resolved_region& box, buffer& memory) const;

  /// The statistics of slice z, as a writer computes them.
  MRCZ_INLINE running_statistics summarise(std::size_t z, buffer& memory) const;

 private:
  const reader& in_;
  const voxel_decoder* decode_ = nullptr;
  const voxel_encoder* encode_ = nullptr;
};

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/stored_slices.ipp"
#endif
