/// Copies slices from one file to another in the memory of a few slices.
#pragma once

#include <cstddef>

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/writer.hpp"

namespace mrcz {

/// Appends slices of one file to another, in the type in which the first file stores them. Both use the threads of
/// their options. Holds 64 MiB of slices, or one slice per thread if that is more, but at most 1 GiB or one slice.
/// Errors as for `reader` and `writer::append`.
MRCZ_INLINE void copy_slices(const reader& in, range z, writer& out);

/// As `copy_slices`, but of these slices only a box of voxels: `{.like = cropped(in.header_as_read(), box)}`. With
/// other axes than those of the file, a compressed file is decompressed once per 64 MiB of the box.
MRCZ_INLINE void copy_region(const reader& in, const region& box, writer& out);

/// Appends the means of blocks of voxels of a box as float numbers, as `binned` computes them:
/// `{.like = binned(cropped(in.header_as_read(), box), n)}`. Errors as for `binned` too.
MRCZ_INLINE void copy_binned(const reader& in, const region& box, const per_axis<std::size_t>& n, writer& out);

/// As `copy_slices`, but keeps the packed bytes of each slice, so that nothing is compressed again. Each slice is
/// decompressed once: this determines the statistics and refuses a damaged chunk. Uses the threads of the writer; open
/// the reader with `.threads = 1`. Throws `errc::mode_mismatch` unless `can_copy_packed`.
MRCZ_INLINE void copy_packed_slices(const reader& in, range z, writer& out);

/// Whether the writer would store the slices of the file with the same codec, mode, byte order and sign of bytes.
MRCZ_INLINE bool can_copy_packed(const reader& in, const writer& out);

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/copy_slices.ipp"
#endif
