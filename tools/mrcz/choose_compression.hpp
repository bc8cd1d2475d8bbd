/// Chooses a codec and a level for `--codec auto`.
#pragma once

#include <cstddef>
#include <cstdio>

#include "mrcz/core/region.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write_options.hpp"

/// The voxels of a file that are written: those of a box, a block of them as one.
struct selection {
  mrcz::region box;
  mrcz::per_axis<std::size_t> block;
};

/// Tries codecs and levels on some slices from the middle of the file. Prints what they made of them, and why one was
/// chosen, unless `to` is null. `written` is the header of the voxels that are written.
mrcz::compression choose_compression(const mrcz::reader& in, const selection& wanted, const mrcz::header& written,
                                     mrcz::write_options options, std::FILE* to);
