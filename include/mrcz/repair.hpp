/// Mends files: headers that break the rules of MRC2014 and MRCZ, and files that end too early.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "mrcz/core/linkage.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/writer.hpp"

namespace mrcz {

/// One thing that a repair has changed.
struct change {
  std::string what;      ///< the header field by its standard name, or "LABEL 3", "slices 5 to 7", "file size"
  std::uint64_t offset;  ///< byte in the file that was repaired
  std::string before;    ///< what was there
  std::string after;     ///< what is there now
};

/// One line: what and where, before and after.
MRCZ_INLINE std::string to_string(const change& c);

/// Writes what is whole in a file, under a header that follows the rules, and closes the writer:
///
///     const mrcz::reader in{"broken.mrcz", {.threads = 1, .incomplete = true}};
///     mrcz::writer out{"mended.mrcz", {.mode = in.mode(), .byte_order = in.header().byte_order}};
///     for (const auto& change : mrcz::repair(in, out)) fmt::print("{}\n", to_string(change));
///
/// The header is repaired as in every copy (`detail::compose_header`): MAP, MACHST, NVERSION, M, CELLA, axes, ISPG,
/// labels and their number, packed size; NSYMBT where there is no extended header; statistics are those of the voxels.
/// An EXTTYP that is not known is set if the bytes are symmetry operators, or records of SerialEM or Agard. If the file
/// ends too early, also that of an interrupted acquisition, its whole slices are kept, of a stack of volumes its whole
/// volumes. Bytes after the last slice are left out, and a change in place that was interrupted is undone.
///
/// Slices that both files store in the same way keep their packed bytes. Open the reader with `.threads = 1`, the
/// writer with the mode and the byte order of the file. Throws for what cannot be mended, and the file of the writer
/// does then not appear: `errc::bad_chunk` for a damaged slice, `errc::truncated` if no slice is whole,
/// `errc::bad_metadata`, `errc::bad_header` for an EXTTYP that stays unknown, `errc::shape_mismatch` for a part of a
/// volume or of a frame.
MRCZ_INLINE std::vector<change> repair(const reader& in, writer& out);

/// Mends the header of a file in place, as `repair` does, and writes it like `edit`. A change in place that was
/// interrupted is undone first. Reads all slices for the statistics. Throws what `repair` throws; `errc::truncated` for
/// a file that ends too early, and `errc::bad_header` for bytes after the last slice of an uncompressed file. The file
/// then stays as it is.
MRCZ_INLINE std::vector<change> repair_in_place(const std::filesystem::path& path, const read_options& options = {});

namespace detail {

/// The fields that differ in two headers of this byte order.
MRCZ_INLINE std::vector<change> changes_between(const header_bytes& before, const header_bytes& after,
                                                std::endian order);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/repair.ipp"
#endif
