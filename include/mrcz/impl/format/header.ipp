/// What the fields of a header mean together, and printing of headers.
#pragma once

#include "mrcz/format/header.hpp"

#include <cstddef>
#include <cstring>
#include <limits>
#include <string>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/mode_word.hpp"

namespace mrcz {

MRCZ_INLINE mrcz::kind header::kind() const noexcept {
  if (ispg >= 401 && ispg <= 630) return kind::volume_stack;
  if (ispg == 0) return nz == 1 ? kind::image : kind::image_stack;
  return kind::volume;
}

MRCZ_INLINE std::int32_t header::slices_per_frame() const noexcept {
  if (kind() == kind::volume) return nz;
  const bool of_mrcz = mode >= 1000 || has_mrcz_label();
  if (kind() != kind::volume_stack && mz == nz && !of_mrcz) return 1;
  return !is_early_mrcz() && mz > 0 && mz <= nz && nz % mz == 0 ? mz : 1;
}

MRCZ_INLINE std::optional<mrcz::voxel_size> header::voxel_size() const noexcept {
  const mrcz::voxel_size said{spacing(cella.x, mx, 1), spacing(cella.y, my, 2),
                              spacing(cella.z, mx <= 0 && my <= 0 ? 0 : mz, 3)};
  return said == mrcz::voxel_size{} ? std::nullopt : std::optional{said};
}

MRCZ_INLINE std::int32_t header::n_along(std::int32_t axis) const noexcept {
  if (!has_axes()) return axis == 1 ? nx : axis == 2 ? ny : nz;
  return axis == mapc ? nx : axis == mapr ? ny : nz;
}

MRCZ_INLINE bool header::has_axes() const noexcept {
  const auto valid = [](std::int32_t axis) { return axis >= 1 && axis <= 3; };
  return valid(mapc) && valid(mapr) && valid(maps) && mapc != mapr && mapr != maps && mapc != maps;
}

MRCZ_INLINE bool header::has_mrcz_label() const noexcept { return !labels.empty() && labels[0].starts_with("MRCZ"); }

MRCZ_INLINE bool header::from_deltavision() const noexcept {
  return detail::load<std::int16_t>(extra1.data(), byte_order) == deltavision_number;
}

MRCZ_INLINE bool header::is_early_mrcz() const noexcept {
  return has_mrcz_label() && labels[0].starts_with("MRCZ0.") && labels[0] < "MRCZ0.5";
}

MRCZ_INLINE float header::spacing(float cell, std::int32_t m, std::int32_t axis) const noexcept {
  const std::int32_t intervals = m > 0 ? m : n_along(axis);
  const float size = intervals > 0 ? cell / static_cast<float>(intervals) : 0.0F;
  return size > 0 && size <= std::numeric_limits<float>::max() ? size : 0.0F;  // neither NaN nor infinite
}

/// The fields lie in memory as in a file, without gaps.
MRCZ_INLINE bool operator==(const header& a, const header& b) noexcept {
  static_assert(offsetof(header, labels) + sizeof(labels) == header_size &&
                offsetof(header, byte_order) == header_size);
  return a.byte_order == b.byte_order && std::memcmp(&a, &b, header_size) == 0;
}

}  // namespace mrcz

namespace mrcz::detail {

/// What the MODE word means: "float32", "float32, zstd".
MRCZ_INLINE std::string meaning_of_mode(std::int32_t word) {
  const auto found = decode_mode_word(word);
  if (!found) return "unknown";
  if (found->codec == codec::none) return std::string{name_of(found->mode)};
  return text("{}, {}", name_of(found->mode), name_of(found->codec));
}

MRCZ_INLINE std::string text_of(const header& h) {
  std::string lines = text(
      "nx, ny, nz: {}, {}, {}\n"
      "mode: {} ({})\n"
      "nxstart, nystart, nzstart: {}, {}, {}\n"
      "mx, my, mz: {}, {}, {}\n"
      "cella: {}, {}, {}\n"
      "cellb: {}, {}, {}\n"
      "mapc, mapr, maps: {}, {}, {}\n"
      "dmin, dmax, dmean, rms: {}, {}, {}, {}\n"
      "ispg: {} ({})\n"
      "nsymbt: {}\n"
      "exttyp: {}\n"
      "nversion: {}\n"
      "nint, nreal: {}, {}\n"
      "voltage, c3, gain: {}, {}, {}\n"
      "packed_bytes: {}\n"
      "imod_stamp, imod_flags: {}, {}\n"
      "origin: {}, {}, {}\n"
      "map: {}\n"
      "byte_order: {}",
      h.nx, h.ny, h.nz, h.mode, meaning_of_mode(h.mode), h.nxstart, h.nystart, h.nzstart, h.mx, h.my, h.mz, h.cella.x,
      h.cella.y, h.cella.z, h.cellb.x, h.cellb.y, h.cellb.z, h.mapc, h.mapr, h.maps, h.dmin, h.dmax, h.dmean, h.rms,
      h.ispg, name_of(h.kind()), h.nsymbt, labels::trimmed({h.exttyp.data(), h.exttyp.size()}), h.nversion, h.nint,
      h.nreal, h.voltage, h.c3, h.gain, h.packed_bytes, h.imod_stamp, h.imod_flags, h.origin.x, h.origin.y, h.origin.z,
      labels::trimmed({h.map.data(), h.map.size()}), name_of(h.byte_order));
  for (const std::string_view label : h.labels) lines.append("\nlabel: ").append(label);
  return lines;
}

}  // namespace mrcz::detail

MRCZ_INLINE fmt::format_context::iterator fmt::formatter<mrcz::header>::format(const mrcz::header& h,
                                                                               fmt::format_context& context) const {
  return print(mrcz::detail::text_of(h), context);
}
