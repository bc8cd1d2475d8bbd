/// Writing and extending a whole file with one call.
#pragma once

#include <filesystem>

#include "mrcz/array/array.hpp"
#include "mrcz/format/metadata.hpp"
#include "mrcz/write_options.hpp"
#include "mrcz/writer.hpp"

namespace mrcz {

/// Writes an image or a volume, or any xtensor expression of rank 2 or 3 ([y][x] or [z][y][x]), which is evaluated
/// slice by slice: by several threads at once where `evaluates_in_parallel` says that it keeps no state, in order by
/// the calling thread otherwise. Compressed with zstd if `path` ends in .mrcz, unless the options say otherwise. Errors
/// as for `writer`; after an error nothing has changed on disk.
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

/// Puts an image or the slices of a volume behind those of an existing file, compressed or not. Mode, codec and byte
/// order are the file's. New data are written behind the old ones first and the header last, so an interruption leaves
/// the old file readable. Errors as for `writer::append_to`; after an error the file reads as before.
template <writable Array>
void append_to(const std::filesystem::path& path, const Array& voxels, write_options options = {}) {
  auto out = writer::append_to(path, options);
  out.append(voxels);
  out.close();
}

}  // namespace mrcz
