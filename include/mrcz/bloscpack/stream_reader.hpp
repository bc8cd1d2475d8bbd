/// Unpacking data that are read once and in order, for instance from a pipe (bloscpack format 3, where nchunks may be
/// -1). Takes the memory of a few chunks per thread.
#pragma once

#include <filesystem>

#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

/// What `unpack` found before the chunks.
struct unpacked_stream {
  bloscpack::header header;
  bloscpack::metadata metadata;
};

/// Unpacks a bloscpack file that can be read only once. Verifies the metadata and every chunk, but not the offsets.
/// Throws as `reader` does; the bytes before the first damage have then been written. Does not read the bytes after the
/// last chunk, except 16 of them if the file has no offsets.
MRCZ_INLINE unpacked_stream unpack(sequential_source& from, sequential_sink& to, unpack_options options = {});

/// Unpacks into a file. `out` is complete or absent.
MRCZ_INLINE unpacked_stream unpack_file(sequential_source& from, const std::filesystem::path& out,
                                        unpack_options options = {});

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/stream_reader.ipp"
#endif
