/// Reading what a file says of itself, and none of its voxels.
#pragma once

#include <bit>
#include <filesystem>
#include <optional>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz {

/// What stands in front of the voxels of a file.
struct file_header {
  mrcz::header header;
  mrcz::extended_header extended;  ///< `parse_metadata` reads JSON in it
};

/// `const auto [header, extended] = mrcz::read_header("tomogram.mrc");` Reads 1024 + NSYMBT bytes and nothing else, so
/// it takes as long for a movie of a terabyte as for one frame. Throws `errc::not_mrc` and `errc::bad_header` as
/// `reader` does; whether the slices are there it does not look at.
MRCZ_INLINE file_header read_header(const std::filesystem::path& path);

namespace detail {

/// The checked header of a file; `order` overrides the byte order that it seems to have.
MRCZ_INLINE header load_header(const byte_source& source, std::optional<std::endian> order = std::nullopt);

/// The bytes between the header and the first slice.
MRCZ_INLINE extended_header load_extended_header(const byte_source& source, const header& h);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/read_header.ipp"
#endif
