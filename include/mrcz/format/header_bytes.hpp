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

using header_bytes = std::array<std::byte, header_size>;

namespace detail {

/// Calls `field(offset, value)` for every number of the header that is stored in the byte order of the file. Reading
/// and writing both use this function, so the layout is written down only once.
template <class Header, class Field>
void for_each_number(Header& h, Field&& field) {
  field(0, h.nx), field(4, h.ny), field(8, h.nz), field(12, h.mode);
  field(16, h.nxstart), field(20, h.nystart), field(24, h.nzstart);
  field(28, h.mx), field(32, h.my), field(36, h.mz);
  field(40, h.cella.x), field(44, h.cella.y), field(48, h.cella.z);
  field(52, h.cellb.x), field(56, h.cellb.y), field(60, h.cellb.z);
  field(64, h.mapc), field(68, h.mapr), field(72, h.maps);
  field(76, h.dmin), field(80, h.dmax), field(84, h.dmean);
  field(88, h.ispg), field(92, h.nsymbt), field(108, h.nversion);
  field(128, h.nint), field(130, h.nreal);
  field(132, h.voltage), field(136, h.c3), field(140, h.gain), field(144, h.packed_bytes);
  field(152, h.imod_stamp), field(156, h.imod_flags);
  field(196, h.origin.x), field(200, h.origin.y), field(204, h.origin.z);
  field(216, h.rms), field(220, h.nlabl);
}

/// Calls `field(offset, array)` for every field of bytes or characters, which do not depend on the byte order.
template <class Header, class Field>
void for_each_text(Header& h, Field&& field) {
  field(96, h.extra1), field(104, h.exttyp), field(112, h.extra2), field(160, h.extra3);
  field(208, h.map), field(212, h.machst);
}

constexpr std::size_t labels_offset = 224;

MRCZ_INLINE bool has_map(const header& h) noexcept;

/// Whether extents and MODE are enough to read voxels, even if MAP is missing.
MRCZ_INLINE bool makes_sense(const header& h) noexcept;

}  // namespace detail

/// Reads a header without checking it; `check` does that. `file_size` helps to find the byte order, unless the caller
/// states it as `order`.
MRCZ_INLINE header decode(const header_bytes& bytes, std::uint64_t file_size,
                          std::optional<std::endian> order = std::nullopt);

/// Writes the header in its own byte order; NLABL is the number of labels.
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
