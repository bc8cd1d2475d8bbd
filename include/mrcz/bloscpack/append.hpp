/// Appending data to a bloscpack file and changing its metadata (bloscpack format 3, "max_app_chunks" and
/// "preallocation").
#pragma once

#include <cstdint>
#include <filesystem>

#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz::bloscpack {

/// Writes the chunks of `old`, followed by `data`, to a sink. Replaces the metadata unless `values` is null. Chunks
/// that do not change are copied without unpacking. The last chunk is verified; if it is not full, it is packed again
/// together with the new data. Throws before anything is written if there is no room for more chunks
/// (`errc::too_large`), if the last chunk is damaged, or if the metadata do not fit, do not change anything or were
/// never there. Returns the new header.
MRCZ_INLINE header append(const reader& old, const byte_source& data, byte_sink& to, append_options options = {},
                          const metadata& values = nullptr);

/// Appends to a file. Writes a second file and replaces the old one when the second is complete, so an interruption at
/// any time leaves the old file. The two files share the unchanged beginning on disk where the file system can do that.
/// Does nothing without new data and metadata. The old file is locked (`flock`) until it is replaced. If two calls
/// append at the same time, the later one fails at once, with EWOULDBLOCK. A file that another program replaced or
/// changed in the meantime is not replaced (ESTALE).
MRCZ_INLINE header append(const std::filesystem::path& path, const byte_source& data, append_options options = {},
                          const metadata& values = nullptr);

/// Appends all bytes of another file.
MRCZ_INLINE header append_file(const std::filesystem::path& path, const std::filesystem::path& added,
                               append_options options = {}, const metadata& values = nullptr);

/// Replaces the metadata. The new ones must fit the space that is reserved in the file.
MRCZ_INLINE header update_metadata(const std::filesystem::path& path, const metadata& values,
                                   append_options options = {});

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/append.ipp"
#endif
