/// Reads the headers of a file and none of its voxels.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz {

/// Everything before the voxels of a file.
struct file_header {
  mrcz::header header;             ///< the first 1024 bytes
  mrcz::extended_header extended;  ///< `parse_metadata` reads the JSON in it
};

/// `const auto [header, extended] = mrcz::read_header("tomogram.mrc");` Reads 1024 + NSYMBT bytes, but at least 4096 at
/// once, and nothing else. So it takes as long for a movie of a terabyte as for one frame. Of a file that gzip, zstd,
/// bzip2 or xz packed, it unpacks as many bytes. Only compressed slices inside such a file are unpacked too. Throws
/// `errc::not_mrc`, `bad_header` and `bad_mode` as `reader` does. It does not check whether the slices are there.
MRCZ_INLINE file_header read_header(const std::filesystem::path& path);

namespace detail {

/// The header of a file of `file_size` bytes, checked. `beginning` is its first 1024 bytes, or all of a shorter file.
/// `order` overrides the byte order that the header seems to have.
MRCZ_INLINE header header_of(std::span<const std::byte> beginning, std::uint64_t file_size,
                             std::optional<std::endian> order = std::nullopt);

/// As above. Reads the first 1024 bytes.
MRCZ_INLINE header load_header(const byte_source& source, std::optional<std::endian> order = std::nullopt);

/// The bytes between the header and the first slice.
MRCZ_INLINE extended_header load_extended_header(const byte_source& source, const header& h);

/// As `read_header`.
MRCZ_INLINE file_header load_headers(std::unique_ptr<const byte_source> source);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/read_header.ipp"
#endif
