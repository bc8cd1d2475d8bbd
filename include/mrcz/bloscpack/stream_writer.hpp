/// Packing data that are read once and in order, for instance from a pipe (bloscpack format 3, where nchunks may be
/// -1). Takes the memory of a few chunks per thread.
#pragma once

#include <filesystem>

#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

/// Packs until the source ends. Writes no offsets. Data that are shorter than a chunk are packed like data of known
/// size. For longer data the header says -1 for the number of chunks and the size of the last chunk. The last chunk is
/// then shorter than the others, and empty if need be: this tells the reader that nothing is missing. Returns the
/// header that was written.
MRCZ_INLINE header pack(sequential_source& from, sequential_sink& to, pack_options options = {},
                        const metadata& values = nullptr);

/// Packs until the source ends. The file has the same bytes as for data of known size. Until the source ends, the
/// chunks are kept in a file without a name on the file system of `out`. `out` is complete or absent.
MRCZ_INLINE header pack_file(sequential_source& from, const std::filesystem::path& out, pack_options options = {},
                             const metadata& values = nullptr);

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/stream_writer.ipp"
#endif
