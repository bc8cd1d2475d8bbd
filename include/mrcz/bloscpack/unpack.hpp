/// Unpacking files and streams (bloscpack format 3). The name of a call says what it writes: `unpack_file` a file,
/// `unpack_stream` to a sink that cannot go back. `reader` gives any part of a file.
#pragma once

#include <filesystem>

#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

/// What a file says besides its content.
struct unpacked {
  bloscpack::header header;      ///< the first 32 bytes
  bloscpack::metadata metadata;  ///< null if there are none
  bool certainly_whole = true;  ///< false for a stream that may have been cut off between two chunks: the format allows
                                ///< streams that end with a whole chunk
};

/// Unpacks a file. `out` is complete or absent. It gets the permissions of `in`; if it replaces a file, only those that
/// this file had too. Throws as `reader` does, and `errc::bad_option` if both are the same file.
MRCZ_INLINE unpacked unpack_file(const std::filesystem::path& in, const std::filesystem::path& out,
                                 const options& wanted = {});

/// Unpacks a bloscpack file that can be read only once. `out` is complete or absent. Verifies and throws as
/// `unpack_stream`.
MRCZ_INLINE unpacked unpack_file(sequential_source& from, const std::filesystem::path& out, const options& wanted = {});

/// Unpacks a bloscpack file that can be read only once. Verifies the metadata and every chunk, but not the offsets.
/// Throws as `reader` does; the bytes before the first damage have then been written. Does not read the bytes after the
/// last chunk, except 16 of them if the file has no offsets.
MRCZ_INLINE unpacked unpack_stream(sequential_source& from, sequential_sink& to, const options& wanted = {});

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/unpack.ipp"
#endif
