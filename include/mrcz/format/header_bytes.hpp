/// Converts the 1024 bytes of the main header to `header` and back, in both byte orders, and repairs what other
/// programs write wrongly.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"

namespace mrcz {

/// The main header as it stands in the file.
using header_bytes = std::array<std::byte, header_size>;

namespace detail {

/// Where a field of the header lies, and its name in the standard.
struct field_place {
  std::size_t offset;
  const char* name;
};

/// Calls `visit(place, field...)` for every number of the header, which is stored in the byte order of the file.
/// `headers` are one or several structs with the members of `header`; each call gets the same field of all of them. The
/// layout is written down only here.
template <class Visit, class... Header>
void for_each_number(Visit&& visit, Header&... headers) {
  visit(field_place{0, "NX"}, headers.nx...);
  visit(field_place{4, "NY"}, headers.ny...);
  visit(field_place{8, "NZ"}, headers.nz...);
  visit(field_place{12, "MODE"}, headers.mode...);
  visit(field_place{16, "NXSTART"}, headers.nxstart...);
  visit(field_place{20, "NYSTART"}, headers.nystart...);
  visit(field_place{24, "NZSTART"}, headers.nzstart...);
  visit(field_place{28, "MX"}, headers.mx...);
  visit(field_place{32, "MY"}, headers.my...);
  visit(field_place{36, "MZ"}, headers.mz...);
  visit(field_place{40, "CELLA.x"}, headers.cella.x...);
  visit(field_place{44, "CELLA.y"}, headers.cella.y...);
  visit(field_place{48, "CELLA.z"}, headers.cella.z...);
  visit(field_place{52, "CELLB.alpha"}, headers.cellb.x...);
  visit(field_place{56, "CELLB.beta"}, headers.cellb.y...);
  visit(field_place{60, "CELLB.gamma"}, headers.cellb.z...);
  visit(field_place{64, "MAPC"}, headers.mapc...);
  visit(field_place{68, "MAPR"}, headers.mapr...);
  visit(field_place{72, "MAPS"}, headers.maps...);
  visit(field_place{76, "DMIN"}, headers.dmin...);
  visit(field_place{80, "DMAX"}, headers.dmax...);
  visit(field_place{84, "DMEAN"}, headers.dmean...);
  visit(field_place{88, "ISPG"}, headers.ispg...);
  visit(field_place{92, "NSYMBT"}, headers.nsymbt...);
  visit(field_place{108, "NVERSION"}, headers.nversion...);
  visit(field_place{128, "NINT"}, headers.nint...);
  visit(field_place{130, "NREAL"}, headers.nreal...);
  visit(field_place{132, "voltage"}, headers.voltage...);
  visit(field_place{136, "C3"}, headers.c3...);
  visit(field_place{140, "gain"}, headers.gain...);
  visit(field_place{144, "packed size"}, headers.packed_bytes...);
  visit(field_place{152, "IMOD's stamp"}, headers.imod_stamp...);
  visit(field_place{156, "IMOD's flags"}, headers.imod_flags...);
  visit(field_place{196, "ORIGIN.x"}, headers.origin.x...);
  visit(field_place{200, "ORIGIN.y"}, headers.origin.y...);
  visit(field_place{204, "ORIGIN.z"}, headers.origin.z...);
  visit(field_place{216, "RMS"}, headers.rms...);
  visit(field_place{220, "NLABL"}, headers.nlabl...);
}

/// The same for every field of bytes or characters, which do not depend on the byte order. The labels follow them.
template <class Visit, class... Header>
void for_each_text(Visit&& visit, Header&... headers) {
  visit(field_place{96, "EXTRA 1"}, headers.extra1...);
  visit(field_place{104, "EXTTYP"}, headers.exttyp...);
  visit(field_place{112, "EXTRA 2"}, headers.extra2...);
  visit(field_place{160, "EXTRA 3"}, headers.extra3...);
  visit(field_place{208, "MAP"}, headers.map...);
  visit(field_place{212, "MACHST"}, headers.machst...);
}

constexpr std::size_t labels_offset = 224;

MRCZ_INLINE bool has_map(const header& h) noexcept;

/// Whether the header is of the format before 2000, which had no MAP and no stamp, and had the origin in words 53 to 55
/// in the order z, x, y (IMOD's rule). DeltaVision still has it. c-mrcz leaves MAP out as well, but writes a stamp and
/// compresses the file.
MRCZ_INLINE bool is_old_style(const header& h) noexcept;

/// Whether extents and MODE are enough to read voxels, even if MAP is missing.
MRCZ_INLINE bool makes_sense(const header& h) noexcept;

}  // namespace detail

/// Reads a header without checking it; `check` does that. `file_size` helps to find the byte order, unless the caller
/// states it as `order`.
MRCZ_INLINE header decode(const header_bytes& bytes, std::uint64_t file_size,
                          std::optional<std::endian> order = std::nullopt);

/// Writes the header in its own byte order.
MRCZ_INLINE header_bytes encode(const header& h) noexcept;

namespace detail {

/// Throws `errc::not_mrc`, `bad_header` or `bad_mode` unless the header describes voxels. MAP may be missing if extents
/// and MODE make sense.
MRCZ_INLINE void check(const header& h);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/header_bytes.ipp"
#endif
