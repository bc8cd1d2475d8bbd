/// Changes files in place: the header of a file of any size is changed by writing 1024 bytes.
#pragma once

#include <filesystem>

#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header_fields.hpp"

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

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/edit.ipp"
#endif
