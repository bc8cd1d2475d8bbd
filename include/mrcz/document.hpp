/// A file as one value: read it, change its voxels, and write it with all the rest that still fits them.
#pragma once

#include <filesystem>

#include "mrcz/array/array.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write_options.hpp"
#include "mrcz/writer.hpp"

namespace mrcz {

/// All that a file says.
template <voxel T>
struct document {
  volume<T> voxels;                       ///< [z][y][x]
  mrcz::header header;                    ///< with the extents as they were read
  mrcz::extended_header extended_header;  ///< kind and bytes
};

/// Reads a whole file. Its header is that of the voxels as they are read (`reader::header_as_read`). Errors as for
/// `reader`.
template <voxel T>
document<T> read_document(const std::filesystem::path& path, read_options options = {}) {
  const reader in{path, options};
  return {in.read<T>(), in.header_as_read(), in.extended_header()};
}

/// Writes a document. Its header is copied, so what fits the voxels stays: labels, cell, origin, extended header, and
/// the kind of file. Sizes, statistics and the fields of an extended header that is not there are made anew. The voxels
/// have the mode of `T`, unless the options state another one. Errors as for `writer`.
template <stored_voxel T>
void write(const std::filesystem::path& path, const document<T>& all, write_options options = {}) {
  if (!options.like) options.like = all.header;
  writer out{path, options};
  if (!all.extended_header.bytes.empty()) out.set_extended_header(all.extended_header);
  out.append(all.voxels);
  out.close();
}

}  // namespace mrcz
