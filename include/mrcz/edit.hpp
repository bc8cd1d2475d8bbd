/// Changes files in place: headers, metadata and single slices, without copying the rest.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <filesystem>

#include "mrcz/array/evaluation.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/codec/codec.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/header_fields.hpp"
#include "mrcz/metadata.hpp"
#include "mrcz/reader.hpp"

namespace mrcz {

/// Changes header and labels of a file, also of a compressed one:
///
///     mrcz::edit("tomogram.mrc", [](mrcz::header_fields& fields) { fields.set_voxel_size({1.35F, 1.35F, 1.35F}); });
///
/// `change` gets the header of the file and assigns what is to change. As in `writer::header()`, an assigned field is
/// written as it stands, or refused with `errc::bad_option`: extents, MODE, NSYMBT, EXTTYP, NLABL, MAP, packed size,
/// byte order and whether bytes are signed follow from the rest of the file. Statistics may be assigned. The result
/// follows the standard: numbers that break it are repaired as in a copied header. All other bytes of the file stay.
///
/// The file is locked meanwhile. If `change` changes nothing or throws, nothing is written. Otherwise the header is
/// written and synced by a single write within one page: if the program is killed, the file has the old header or the
/// new one. A power failure may cut the write where a sector ends. All fields and the first three labels are in the
/// first sector of 512 bytes, so only later labels may then be old or new independently of the rest.
MRCZ_INLINE void edit(const std::filesystem::path& path, detail::function_ref<void(header_fields&)> change);

namespace detail {

MRCZ_INLINE void overwrite_slice(const std::filesystem::path& path, std::size_t z, const slices& image,
                                 const compression& wanted);
MRCZ_INLINE void edit_metadata(const std::filesystem::path& path, const extended_header& wanted);

/// A header that was written anew, in the byte order of its file.
struct rewritten_header {
  header_bytes before;
  header_bytes after;
  std::endian byte_order;
};

/// Writes the header anew, with the statistics of the voxels and the EXTTYP that `exttyp_of` returns. Nothing is
/// written if that throws. The options say how the file is read.
MRCZ_INLINE rewritten_header rewrite_header(const std::filesystem::path& path, const read_options& options,
                                            function_ref<std::array<char, 4>(const reader&)> exttyp_of);

}  // namespace detail

/// Replaces slice z by an image, or by any expression of rank 2, that has the extents of the slice and whose voxels fit
/// the mode of the file exactly, as for `writer`. The statistics in the header become "not determined":
/// `update_statistics` determines them again.
///
/// A compressed slice keeps its place in the file. Its chunk says that it is as long as the old one and ends with
/// zeros, which all readers skip. Throws `errc::too_large` if the new chunk is longer than the old one, or if it is
/// shorter but stored uncompressed, as what follows its voxels would then not be skipped: compress it with a higher
/// level, or write a new file. `wanted` may name the codec of the file but no other.
///
/// An undo record (`io/undo_record.hpp`), which takes as much space as the slice, lies beside the file meanwhile: if
/// the program is killed or the power fails, the next opening for writing puts the old slice back. The file is locked
/// meanwhile; where the file system has no locks, this throws ENOLCK and changes nothing. The same holds for
/// `edit_metadata`.
template <writable Array>
void overwrite_slice(const std::filesystem::path& path, std::size_t z, const Array& image,
                     const compression& wanted = {}) {
  detail::overwrite_slice(path, z, slices_of(image), wanted);
}

/// Replaces the JSON metadata of a file by others that take no more space. The rest of the space is filled with blanks.
/// Throws `errc::too_large` if they take more; `errc::bad_option` if the extended header is not JSON, and for null,
/// since an extended header cannot be removed in place; `errc::bad_metadata` as `writer` does.
inline void edit_metadata(const std::filesystem::path& path, const metadata& values) {
  detail::edit_metadata(path, to_extended_header(values));
}

/// Determines minimum, maximum, mean and RMS from the voxels, as if the file were written anew, and writes them into
/// the header like `edit`. Reads and decompresses all slices, one per processor at a time.
MRCZ_INLINE void update_statistics(const std::filesystem::path& path);

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/edit.ipp"
#endif
