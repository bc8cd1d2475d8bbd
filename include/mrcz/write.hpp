/// Writes a whole file, or appends to one, with one call.
#pragma once

#include <filesystem>

#include "mrcz/array/array.hpp"
#include "mrcz/format/metadata_fwd.hpp"
#include "mrcz/write_options.hpp"
#include "mrcz/writer.hpp"

namespace mrcz {

/// Writes an image or a volume, or any xtensor expression of rank 2 or 3 ([y][x] or [z][y][x]). Expressions are
/// evaluated slice by slice: by several threads at once if `evaluates_in_parallel` says that their type keeps no state,
/// otherwise in order by the calling thread. Compresses with zstd if `path` ends in .mrcz, and packs the file if it
/// ends in .gz or .zst, unless the options say otherwise. Errors as for `writer`. After an error nothing has changed on
/// disk (but see `write_options::keep_partial`).
template <writable Array>
void write(const std::filesystem::path& path, const Array& voxels, write_options options = {}) {
  writer out{path, options};
  out.append(voxels);
  out.close();
}

/// With metadata: a JSON object, or null for none.
template <writable Array>
void write(const std::filesystem::path& path, const Array& voxels, write_options options, const metadata& values) {
  writer out{path, options, values};
  out.append(voxels);
  out.close();
}

/// Writes images that are no volume: movie frames, tilts, particles. They make a stack (ISPG 0), whatever the array's
/// rank and the extension of the path say. Otherwise as `write`.
template <writable Array>
void write_stack(const std::filesystem::path& path, const Array& images, write_options options = {}) {
  write(path, images, detail::of_stack(options));
}

/// With metadata: a JSON object, or null for none.
template <writable Array>
void write_stack(const std::filesystem::path& path, const Array& images, write_options options,
                 const metadata& values) {
  write(path, images, detail::of_stack(options), values);
}

/// Appends an image, or the slices of a volume, to an existing file, compressed or not. Mode, codec and byte order are
/// those of the file. The slices are written after the old ones first, and the header last, so an interruption leaves
/// the old file readable. Errors as for `writer::append_to`. After an error the file reads as before; with
/// `write_options::keep_partial` it keeps the slices that were put.
template <writable Array>
void append_to(const std::filesystem::path& path, const Array& voxels, write_options options = {}) {
  auto out = writer::append_to(path, options);
  out.append(voxels);
  out.close();
}

}  // namespace mrcz
