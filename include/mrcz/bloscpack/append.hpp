/// Appending data to a bloscpack file and changing its metadata (bloscpack format 3, "max_app_chunks" and
/// "preallocation").
#pragma once

#include <cstdint>
#include <filesystem>

#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz::bloscpack {

/// Writes the chunks of `old`, followed by `data`, to a sink. Replaces the metadata unless `values` is null. Codec,
/// typesize and shuffle that are not stated are those of `old`. Chunks that do not change are copied without unpacking.
/// The last chunk is verified; if it is not full, it is packed again together with the new data. If there is no room
/// for more offsets or for the metadata, the file gets a new layout, with new room. Throws before anything is written
/// if the last chunk is damaged, if the metadata are damaged and not replaced, or if new metadata do not change
/// anything or were never there. Returns the new header.
MRCZ_INLINE header append(const reader& old, const byte_source& data, byte_sink& to, const options& wanted = {},
                          const metadata& values = nullptr);

/// Appends to a file, as above. An interruption at any time leaves the old content or the new one. Does nothing without
/// new data and metadata.
///
/// Files of less than 64 MiB, and files on file systems that share blocks between files, are replaced: a second file is
/// written and renamed, and other programs see the old content until then. The same is done where the file gets a new
/// layout or cannot be locked.
///
/// Larger files are changed in place. The new chunks are written after the old ones, then the offsets, the header last.
/// An undo record (`io/undo_record.hpp`) keeps the bytes that are overwritten: those of the last chunk if it was not
/// full, and those in front of the chunks. The next opening undoes an interrupted change. `reader` sees the old content
/// until the change ends. Other programs, and readers that were opened before, may find a damaged last chunk meanwhile.
///
/// The file is locked meanwhile (`flock`). If two calls append at the same time, the later one fails at once, with
/// EWOULDBLOCK. A file that another program replaced or changed in the meantime is left as it is (ESTALE).
MRCZ_INLINE header append(const std::filesystem::path& path, const byte_source& data, const options& wanted = {},
                          const metadata& values = nullptr);

/// Appends all bytes of another file.
MRCZ_INLINE header append_file(const std::filesystem::path& path, const std::filesystem::path& added,
                               const options& wanted = {}, const metadata& values = nullptr);

/// Replaces the metadata.
MRCZ_INLINE header update_metadata(const std::filesystem::path& path, const metadata& values,
                                   const options& wanted = {});

namespace detail {

inline constexpr std::uint64_t least_bytes_in_place = std::uint64_t{64} << 20U;

/// How the chunks of a file are compressed. The level is not stored and is the default one.
MRCZ_INLINE chunk_options chunk_options_of_file(const reader& file);

/// Appends in place if the file has at least `in_place_from` bytes.
MRCZ_INLINE header append(const std::filesystem::path& path, const byte_source& data, const options& wanted,
                          const metadata& values, std::uint64_t in_place_from);

}  // namespace detail

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/append.ipp"
#endif
