/// Printing of headers.
#pragma once

#include "mrcz/format/header.hpp"

#include <string>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/mode_word.hpp"

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
  for (const std::string& label : h.labels) lines += "\nlabel: " + label;
  return lines;
}

}  // namespace mrcz::detail

MRCZ_INLINE fmt::format_context::iterator fmt::formatter<mrcz::header>::format(const mrcz::header& h,
                                                                               fmt::format_context& context) const {
  return print(mrcz::detail::text_of(h), context);
}
