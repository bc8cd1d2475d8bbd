/// The rules for headers.
#pragma once

#include "mrcz/format/validate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/machine_stamp.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/format/other_format.hpp"
#include "mrcz/io/undo_record.hpp"

namespace mrcz::detail {

MRCZ_INLINE std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text)
    shown += c >= ' ' && c <= '~' ? std::string{c} : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return fmt::format("'{}'", shown);
}

MRCZ_INLINE void validate_identity(const header& h, findings& list) {
  list.error_if(std::string_view{h.map.data(), 4} != "MAP ", "MAP", 208, printable({h.map.data(), 4}), "'MAP '");
  const auto stamp = fmt::format("{:02x} {:02x} {:02x} {:02x}", std::to_integer<unsigned>(h.machst[0]),
                                 std::to_integer<unsigned>(h.machst[1]), std::to_integer<unsigned>(h.machst[2]),
                                 std::to_integer<unsigned>(h.machst[3]));
  list.error_if(!is_standard(h.machst), "MACHST", 212, stamp, "44 44, 44 41 or 11 11");
  const auto stamped = byte_order_of(h.machst);
  list.error_if(stamped && *stamped != h.byte_order, "MACHST", 212, stamp,
                fmt::format("the stamp of {}-endian data, which these are", name_of(h.byte_order)));
  list.error_if(h.nversion != 20140 && h.nversion != 20141, "NVERSION", 108, std::to_string(h.nversion),
                "20140 or 20141");
}

/// Whether the header is that of a relative of MRC, and what that means.
MRCZ_INLINE void validate_relatives(const header_bytes& bytes, const header& h, findings& list) {
  const auto stored = [&](std::size_t at) { return load<std::int32_t>(bytes.data() + at, h.byte_order); };
  list.warn_if(h.from_deltavision(), "EXTRA", 96, fmt::format("{}, the number of DeltaVision", deltavision_number),
               "a file of an electron microscope; lengths are in micrometres, bytes unsigned, and sections may be of "
               "several wavelengths and times");
  list.warn_if(is_old_style(h) && h.origin != per_axis<float>{}, "ORIGIN", 208,
               fmt::format("{}, {}, {} where it stood before 2000", h.origin.x, h.origin.y, h.origin.z),
               "ORIGIN in bytes 196 to 207");
  list.warn_if(stored(12) == 0 && h.mode == static_cast<std::int32_t>(mode::uint4), "MODE", 12,
               fmt::format("0 with IMOD's flag of two voxels per byte, and NX {}", stored(0)),
               fmt::format("{} and NX {}, as the file is read", h.mode, h.nx));
}

MRCZ_INLINE void validate_extents(const header& h, findings& list) {
  const auto positive = [&](const char* field, std::uint64_t offset, std::int32_t value) {
    list.error_if(value <= 0, field, offset, std::to_string(value), "a positive number");
  };
  const auto not_negative = [&](const char* field, std::uint64_t offset, std::int32_t value) {
    list.error_if(value < 0, field, offset, std::to_string(value), "0 or a positive number");
  };
  positive("NX", 0, h.nx);
  positive("NY", 4, h.ny);
  positive("NZ", 8, h.nz);
  not_negative("MX", 28, h.mx);
  not_negative("MY", 32, h.my);
  not_negative("MZ", 36, h.mz);
  list.warn_if(h.mx == 0 || h.my == 0 || h.mz == 0, "MX, MY, MZ", 28, fmt::format("{}, {}, {}", h.mx, h.my, h.mz),
               "the intervals of the cell; without them other programs find no voxel size");
  const auto edge = [&](const char* field, std::uint64_t offset, float value) {
    list.error_if(!(value >= 0) || std::isinf(value), field, offset, fmt::format("{}", value),
                  "a finite number of angstroms, 0 if unknown");
  };
  edge("CELLA.x", 40, h.cella.x);
  edge("CELLA.y", 44, h.cella.y);
  edge("CELLA.z", 48, h.cella.z);
  const auto angle = [&](const char* field, std::uint64_t offset, float value) {
    list.warn_if(!(value > 0 && value < 180), field, offset, fmt::format("{}", value),
                 "an angle between 0 and 180 degrees");
  };
  angle("CELLB.alpha", 52, h.cellb.x);
  angle("CELLB.beta", 56, h.cellb.y);
  angle("CELLB.gamma", 60, h.cellb.z);
  list.error_if(!h.has_axes(), "MAPC, MAPR, MAPS", 64, fmt::format("{}, {}, {}", h.mapc, h.mapr, h.maps),
                h.mapr == -2 ? "2; IMOD's -2 says that the first row is at the top, and arrays have the rows as stored"
                             : "1, 2, 3 in any order");
}

MRCZ_INLINE void validate_kind(const header& h, findings& list) {
  list.error_if(h.ispg < 0, "ISPG", 88, std::to_string(h.ispg), "0, 1 to 230 or 401 to 630");
  list.warn_if((h.ispg > 230 && h.ispg < 401) || h.ispg > 630, "ISPG", 88, std::to_string(h.ispg),
               "0, 1 to 230 or 401 to 630");
  if (h.kind() == kind::volume_stack)
    list.error_if(h.mz <= 0 || h.nz % h.mz != 0, "MZ", 36, std::to_string(h.mz),
                  fmt::format("a divisor of NZ, which is {}", h.nz));
}

/// Whether there is more than blanks before the NULs at the end. This is the rule of the reference validator.
MRCZ_INLINE bool has_text(std::string_view label) {
  while (label.ends_with('\0')) label.remove_suffix(1);
  return label.find_first_not_of(" \t\n\v\f\r") != std::string_view::npos;
}

MRCZ_INLINE void validate_labels(const header_bytes& bytes, const header& h, findings& list) {
  std::size_t used = 0;
  bool gap = false;
  bool printable_text = true;
  std::optional<std::size_t> behind_gap;
  for (std::size_t i = 0; i < labels::capacity; ++i) {
    std::array<char, labels::length> text;
    std::memcpy(text.data(), bytes.data() + labels_offset + i * labels::length, text.size());
    const auto trimmed = labels::trimmed({text.data(), text.size()});
    if (!has_text({text.data(), text.size()})) {
      gap = true;
      continue;
    }
    ++used;
    if (gap && !behind_gap) behind_gap = i;
    printable_text =
        printable_text && std::all_of(trimmed.begin(), trimmed.end(), [](char c) { return c >= ' ' && c <= '~'; });
  }
  const auto swapped = load<std::int32_t>(bytes.data() + 220, opposite(h.byte_order));
  const auto raw = load<std::int32_t>(bytes.data() + 220, h.byte_order);
  list.error_if(raw != static_cast<std::int32_t>(used), "NLABL", 220,
                raw != h.nlabl ? fmt::format("{} in the wrong byte order", swapped) : std::to_string(raw),
                fmt::format("{}, the number of labels with text", used));
  list.error_if(behind_gap.has_value(), "LABEL", labels_offset + behind_gap.value_or(0) * labels::length,
                "a label behind an empty one", "labels without gaps");
  list.warn_if(!printable_text, "LABEL", labels_offset, "a character that is not printable ASCII", "ASCII text");
}

MRCZ_INLINE void validate_extended_header(const header& h, std::uint64_t file_size, findings& list) {
  const std::string_view type{h.exttyp.data(), h.exttyp.size()};
  const bool is_known = is_known_exttyp(h.exttyp);
  list.error_if(h.nsymbt < 0 || (h.nsymbt > 0 && header_size + static_cast<std::uint64_t>(h.nsymbt) > file_size),
                "NSYMBT", 92, std::to_string(h.nsymbt),
                fmt::format("at most the {} bytes behind the header", file_size - header_size));
  list.error_if(h.nsymbt > 0 && !is_known, "EXTTYP", 104, printable(type), known_exttyps);
  list.warn_if(h.nsymbt == 0 && is_known, "EXTTYP", 104, printable(type), "nothing, as there is no extended header");
}

/// Modes 7 and 8 are extensions of python-mrcz. They are expected only in files that are compressed or have MRCZ's
/// label.
MRCZ_INLINE void validate_mode(const header& h, findings& list) {
  const auto word = decode_mode_word(h.mode);
  list.error_if(!word, "MODE", 12, std::to_string(h.mode),
                h.mode == imods_rgb ? "a mode of MRC2014; 16 is that of IMOD's colour images (RGB)"
                                    : "a mode of MRC2014, or one plus 1000 times a codec of MRCZ");
  if (!word) return;
  const bool extension = word->mode == mode::int32 || word->mode == mode::uint32;
  const bool mrcz_family = word->codec != codec::none || h.has_mrcz_label();
  list.error_if(extension && !mrcz_family, "MODE", 12, std::to_string(h.mode),
                "a mode of MRC2014; only MRCZ has 7 and 8");
  list.warn_if(h.mode >= 10000, "MODE", 12, std::to_string(h.mode),
               fmt::format("{}, as MRCZ has numbered its codecs since 2016", encode(*word)));
}

/// Whether the voxels of mode 0 are unsigned although nothing but their range says so.
MRCZ_INLINE void validate_signed_bytes(const header& h, findings& list) {
  const auto word = decode_mode_word(h.mode);
  list.warn_if(word && word->mode == mode::int8 && !has_unsigned_bytes(h) && h.dmin >= 0 && h.dmax > 127, "DMAX", 80,
               fmt::format("{}, more than a signed byte holds", h.dmax),
               "at most 127; read_options::signed_bytes = false reads the bytes as 0 to 255");
}

MRCZ_INLINE void validate_undo_record(const std::filesystem::path& path, findings& list) {
  std::optional<pending_change> pending;
  try {
    pending = pending_undo(path);
  } catch (const error& e) {
    list.warn_if(true, "undo record", 0, std::string{e.message()}, "a record that can be read, or none");
  }
  if (!pending) return;
  const std::string record = pending->record.filename().string();
  list.error_if(
      pending->fits, "undo record", pending->offset,
      fmt::format("{} keeps {} old bytes: a change in place was interrupted, or runs now", record, pending->bytes),
      "no such file; the next opening for writing undoes the change");
  list.warn_if(!pending->fits, "undo record", pending->offset,
               fmt::format("{} belongs to an interrupted change, but does not fit this file", record),
               pending->obsolete ? "no such file; the next opening for writing removes it"
                                 : "no such file; remove it if this file is as it should be");
}

MRCZ_INLINE void validate_opened(const header& h, std::uint64_t begin, codec in_use, findings& list) {
  list.error_if(begin == header_size && h.nsymbt != 0, "NSYMBT", 92, std::to_string(h.nsymbt),
                "0, as the voxels follow the header at once");
  const auto word = require_mode_word(h.mode);
  list.warn_if(word.codec != in_use, "MODE", 12, fmt::format("{}, {}", h.mode, name_of(word.codec)),
               fmt::format("{}, {}, as the first slice has", encode({word.mode, in_use}), name_of(in_use)));
}

MRCZ_INLINE void findings::error_if(bool broken, std::string field, std::uint64_t offset, std::string found,
                                    std::string expected) {
  if (broken) list_.push_back({severity::error, std::move(field), offset, std::move(found), std::move(expected)});
}

MRCZ_INLINE void findings::warn_if(bool odd, std::string field, std::uint64_t offset, std::string found,
                                   std::string expected) {
  if (odd) list_.push_back({severity::warning, std::move(field), offset, std::move(found), std::move(expected)});
}

MRCZ_INLINE void findings::add(std::vector<finding>&& more) {
  std::move(more.begin(), more.end(), std::back_inserter(list_));
}

}  // namespace mrcz::detail

namespace mrcz {

MRCZ_INLINE std::string to_string(const finding& f) {
  return fmt::format("{}: {} (byte {}): found {}, expected {}", name_of(f.severity), f.field, f.offset, f.found,
                     f.expected);
}

MRCZ_INLINE std::vector<finding> validate_header(const header_bytes& bytes, std::uint64_t file_size,
                                                 std::optional<std::endian> order) {
  const header h = decode(bytes, file_size, order);
  detail::findings list;
  if (!detail::has_map(h) && !detail::makes_sense(h)) {
    const auto other = detail::recognise(bytes, file_size);
    list.error_if(other.has_value(), "file", 0, other ? other->what : "", other ? "an MRC file; " + other->remedy : "");
    list.error_if(!other, "MAP", 208, detail::printable({h.map.data(), h.map.size()}),
                  "'MAP ', or at least extents and a MODE: this is not an MRC file");
    return std::move(list).take();
  }
  detail::validate_identity(h, list);
  detail::validate_relatives(bytes, h, list);
  detail::validate_mode(h, list);
  detail::validate_signed_bytes(h, list);
  detail::validate_extents(h, list);
  detail::validate_kind(h, list);
  detail::validate_labels(bytes, h, list);
  detail::validate_extended_header(h, file_size, list);
  return std::move(list).take();
}

}  // namespace mrcz
