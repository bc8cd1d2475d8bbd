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

/// Writes `old` with `data` behind it, and with other metadata unless `values` is null, to a sink. Chunks that stay are
/// copied as they are; the last one, unless it is full, is verified and packed again together with the new data. Throws
/// before anything is written if there is no room for more chunks (`errc::too_large`), if the metadata do not fit, do
/// not change anything or were never there, and if the last chunk is damaged. Returns the new header.
MRCZ_INLINE header append(const reader& old, const byte_source& data, byte_sink& to, append_options options = {},
                          const metadata& values = nullptr);

/// The same in place of the file: the new one grows under another name and replaces the old one when it is complete, so
/// an interruption at any time leaves the old one. The system shares the unchanged beginning between the two where the
/// file system can. Without new data and metadata nothing happens. The old file is locked (`flock`) until it is
/// replaced: of two that append at the same time the later one fails at once, with EWOULDBLOCK. A file that something
/// else replaced or changed meanwhile is not replaced (ESTALE).
MRCZ_INLINE header append(const std::filesystem::path& path, const byte_source& data, append_options options = {},
                          const metadata& values = nullptr);

/// Appends what another file holds.
MRCZ_INLINE header append_file(const std::filesystem::path& path, const std::filesystem::path& added,
                               append_options options = {}, const metadata& values = nullptr);

/// Replaces the metadata, which must fit the space that was reserved for them.
MRCZ_INLINE header update_metadata(const std::filesystem::path& path, const metadata& values,
                                   append_options options = {});

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/append.ipp"
#endif
