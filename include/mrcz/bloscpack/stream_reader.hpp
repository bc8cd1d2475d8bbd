/// Packing and unpacking what comes one byte after the other, from and to pipes (bloscpack format 3, where nchunks may
/// be -1). Memory is bounded by some chunks per thread.
#pragma once

#include <filesystem>

#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

/// What `unpack` found in front of the chunks.
struct unpacked_stream {
  bloscpack::header header;
  bloscpack::metadata metadata;
};

/// Unpacks a bloscpack file that cannot be read twice, verifying everything. Throws as `reader` does; what comes before
/// the first damage has then been written. Bytes behind the last chunk are left unread, but for 16 where there are no
/// offsets.
MRCZ_INLINE unpacked_stream unpack(sequential_source& from, sequential_sink& to, unpack_options options = {});

/// The same into a file, which is complete or absent.
MRCZ_INLINE unpacked_stream unpack_file(sequential_source& from, const std::filesystem::path& out,
                                        unpack_options options = {});

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/stream_reader.ipp"
#endif
