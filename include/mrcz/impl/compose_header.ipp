/// Definitions of `compose_header.hpp`.
#pragma once

#include "mrcz/compose_header.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "mrcz/core/error.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/geometry.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/version.hpp"

namespace mrcz::detail {

/// python-mrcz looks for this in the first label, and from version 0.5.0 on takes MZ for what it is.
inline constexpr std::string_view version_label = "MRCZ" MRCZ_VERSION_STRING;

MRCZ_INLINE std::int32_t to_field(std::uint64_t value, const char* field) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max()))
    fail(errc::too_large, "{} is {}, more than the header can say", field, value);
  return static_cast<std::int32_t>(value);
}

/// ISPG: what the options say, else what was stated or copied, else what the data look like. Readers take a copied
/// number that the standard does not know for that of a volume, so it becomes that.
MRCZ_INLINE std::int32_t space_group(const header_fields& fields, const file_content& content,
                                     const write_options& options) {
  if (options.space_group) return *options.space_group;
  const auto stated = options.kind                  ? options.kind
                      : options.sections_per_volume ? std::optional{kind::volume_stack}
                                                    : std::nullopt;
  if (stated && !space_group_fits(fields.ispg, *stated))
    return is_images(*stated) ? 0 : *stated == kind::volume ? 1 : 401;
  if (stated || fields.is_copied() || fields.ispg.is_stated()) return is_space_group(fields.ispg) ? fields.ispg : 1;
  return content.volumes ? 1 : 0;
}

/// M along an axis of the specimen: as stated, else as of a copy.
MRCZ_INLINE std::int32_t intervals(const header& before, const header_field<std::int32_t>& m, const header& h,
                                   std::int32_t axis) {
  return m.is_stated() && m > 0 ? m.value() : copied_intervals(before, h, axis);
}

/// MZ: as the options say, else as stated, else as of a copy. The frames of a file that grows stay.
MRCZ_INLINE std::int32_t sections(const header& before, const header_fields& fields, const header& h,
                                  const file_content& content, const write_options& options) {
  if (options.sections_per_volume) return to_field(*options.sections_per_volume, "sections_per_volume");
  if (fields.mz.is_stated() && fields.mz > 0) return fields.mz;
  const std::int32_t frame = content.grows && is_images(before.kind()) ? before.slices_per_frame() : 1;
  return frame > 1 && is_images(h.kind()) ? frame : copied_sections(before, h);
}

/// The voxel size that the options state, or else the caller.
MRCZ_INLINE std::optional<voxel_size> stated_voxel_size(const header_fields& fields, const write_options& options) {
  return options.voxel_size ? options.voxel_size : fields.stated_voxel_size();
}

/// The edge of the cell along an axis: as stated, else as of a copy.
MRCZ_INLINE float edge(const header_field<float>& cella, std::int32_t m, float voxel) {
  return cella.is_stated() ? cella.value() : copied_edge(cella, m, voxel);
}

/// ORIGIN of IMOD's own files from before 2014 has the opposite sign. The header that is written follows the standard.
MRCZ_INLINE float copied_origin(const header_field<float>& origin) noexcept {
  return origin.is_stated() || origin == 0 ? origin.value() : -origin;
}

/// MACHST: a stamp of the standard for this byte order that was stated or copied, else the usual one.
MRCZ_INLINE machine_stamp stamp(const header_fields& fields, std::endian order) {
  const machine_stamp& found = fields.machst;
  return is_standard(found) && byte_order_of(found) == order ? found : stamp_of(order);
}

/// IMOD's flags: bit 0 says that the bytes of mode 0 are signed, bit 4 that they hold voxels of 4 bits.
MRCZ_INLINE std::int32_t imod_flags(const header& before, const file_content& content) noexcept {
  constexpr std::int32_t signed_bytes = 1;
  constexpr std::int32_t packed_bytes = 16;
  if (!before.from_imod()) return before.imod_flags;
  const std::int32_t others = before.imod_flags & ~packed_bytes;
  if (content.mode.mode != mode::int8) return others;
  return content.unsigned_bytes ? others & ~signed_bytes : others | signed_bytes;
}

/// Whether the caller states minimum, maximum, mean or RMS.
MRCZ_INLINE bool states_statistics(const header_fields& fields) noexcept {
  return fields.dmin.is_stated() || fields.dmax.is_stated() || fields.dmean.is_stated() || fields.rms.is_stated();
}

/// The statistics of the slices. If they are not computed, each is what the caller states, or "not determined".
MRCZ_INLINE void add_statistics(header& h, const header_fields& fields, const file_content& content,
                                const write_options& options) {
  if (!content.statistics) return;
  set_statistics(h, *content.statistics);
  if (is_complex_mode(content.mode.mode)) set_statistics(h, {.rms = content.statistics->rms});
  if (options.statistics || !states_statistics(fields)) return;
  if (fields.dmin.is_stated()) h.dmin = fields.dmin;
  if (fields.dmax.is_stated()) h.dmax = fields.dmax;
  if (fields.dmean.is_stated()) h.dmean = fields.dmean;
  if (fields.rms.is_stated()) h.rms = fields.rms;
}

/// Whether a reader needs MRCZ's label: python-mrcz in compressed files; every reader for the modes that only MRCZ has,
/// and for one frame in a plain file, which would otherwise count as IMOD's stack of images.
MRCZ_INLINE bool needs_label(const header& h, const mode_word& word, bool frames) noexcept {
  return word.codec != codec::none || word.mode == mode::int32 || word.mode == mode::uint32 ||
         (frames && h.mz == h.nz) || h.is_early_mrcz();
}

/// Whether a label says how Chimera turned the volume. Without it Chimera shows the volume in another place.
MRCZ_INLINE bool is_rotation(std::string_view label) noexcept { return label.starts_with("Chimera rotation: "); }

/// Puts MRCZ's label before the others. The last copied label gives way to it if ten are in use, a stated one and
/// Chimera's rotation never.
MRCZ_INLINE void add_mrcz_label(header& h, const header_labels& labels, bool only_if_free) {
  if (h.has_mrcz_label() && !h.is_early_mrcz()) return;
  if (!h.labels.next_free()) {
    if (only_if_free) return;
    std::size_t last = labels::capacity;
    while (last > 0 && (labels.is_stated(last - 1) || is_rotation(h.labels[last - 1]))) --last;
    if (last == 0) return;
    h.labels.erase(last - 1);
  }
  h.labels.add_first(version_label);
}

/// Whether the MZ of images means frames of several slices.
MRCZ_INLINE bool has_frames(const header& before, const header_fields& fields, const header& h) noexcept {
  if (!is_images(h.kind()) || h.mz <= 1) return false;
  return fields.mz.is_stated() || (fields.is_copied() && before.slices_per_frame() == h.mz);
}

MRCZ_INLINE header compose_header(const header_fields& fields, const file_content& content,
                                  const write_options& options) {
  const header before = fields;
  header h = before;
  const bool compressed = content.mode.codec != codec::none;
  const auto [nz, ny, nx] = content.shape;
  h.nx = to_field(nx, "NX");
  h.ny = to_field(ny, "NY");
  h.nz = to_field(nz, "NZ");
  h.mode = encode(content.mode);
  if (options.byte_order) h.byte_order = *options.byte_order;
  h.ispg = space_group(fields, content, options);

  if (options.start)
    std::tie(h.nxstart, h.nystart, h.nzstart) = std::tie(options.start->x, options.start->y, options.start->z);
  if (has_imods_origin(before))
    h.origin = {copied_origin(fields.origin.x), copied_origin(fields.origin.y), copied_origin(fields.origin.z)};
  if (options.origin) h.origin = *options.origin;
  if (!before.has_axes()) std::tie(h.mapc, h.mapr, h.maps) = std::tuple{1, 2, 3};

  h.mx = intervals(before, fields.mx, h, 1);
  h.my = intervals(before, fields.my, h, 2);
  h.mz = sections(before, fields, h, content, options);
  const voxel_size voxel = stated_voxel_size(fields, options).value_or(before.voxel_size().value_or(voxel_size{}));
  h.cella = {edge(fields.cella.x, h.mx, voxel.x), edge(fields.cella.y, h.my, voxel.y),
             edge(fields.cella.z, h.mz, voxel.z)};

  h.exttyp = content.exttyp;
  h.nsymbt = to_field(content.extended_bytes, "NSYMBT");
  const bool describes_records = content.extended_bytes > 0 && content.exttyp != exttyp_json;
  if (!describes_records && !content.in_place) h.nint = h.nreal = 0;
  if (describes_records && (content.nint > 0 || content.nreal > 0)) h.nint = content.nint, h.nreal = content.nreal;
  if (h.nversion != mrc2014_version - 1) h.nversion = mrc2014_version;
  h.map = {'M', 'A', 'P', ' '};
  h.machst = stamp(fields, h.byte_order);
  h.imod_flags = imod_flags(before, content);
  if (compressed) h.packed_bytes = static_cast<std::int64_t>(content.packed_bytes);
  else if (!h.from_imod() && !content.in_place) h.packed_bytes = 0;  // IMOD has other numbers there
  add_statistics(h, fields, content, options);
  if (needs_label(h, content.mode, has_frames(before, fields, h))) add_mrcz_label(h, fields.labels, content.in_place);
  h.labels.close_gaps();
  h.nlabl = static_cast<std::int32_t>(h.labels.size());
  return h;
}

/// Who determines the field at this offset, for messages.
MRCZ_INLINE std::string_view who_determines(std::size_t offset) noexcept {
  switch (offset) {
    case 0:
    case 4:
    case 8: return "the slices make";
    case 12: return "voxel type and codec make";
    case 28:
    case 32:
    case 36: return "the extents make";
    case 76:
    case 80:
    case 84:
    case 216: return "the voxels make";
    case 92:
    case 104:
    case 128:
    case 130: return "the extended header makes";
    case 144: return "the chunks make";
    case 156: return "the voxel type makes";
    case 220: return "the labels make";
    case 64:
    case 68:
    case 72:
    case 108:
    case 208:
    case 212: return "the standard makes";
    default: return "an option makes";
  }
}

/// Whether two values are the same. A NaN is the same as a NaN.
template <class Value>
bool is_same(const Value& a, const Value& b) noexcept {
  if constexpr (std::is_floating_point_v<Value>) return a == b || (std::isnan(a) && std::isnan(b));
  else return a == b;
}

template <class Value>
std::string text_of_field(const Value& value) {
  if constexpr (std::is_arithmetic_v<Value>) {
    return text("{}", value);
  } else {
    std::string shown;
    for (const auto byte : value) {
      const auto c = static_cast<unsigned char>(byte);
      shown += c > ' ' && c <= '~' ? text("{}", static_cast<char>(c)) : text("\\x{:02x}", static_cast<unsigned>(c));
    }
    return shown;
  }
}

/// Throws `errc::bad_option` for an edge that is none, or that is not the voxel size that the options state.
MRCZ_INLINE void require_edge(const header_field<float>& stated, std::int32_t m, std::optional<float> voxel,
                              char axis) {
  if (!stated.is_stated()) return;
  const float edge = stated;
  if (!(edge >= 0) || edge > std::numeric_limits<float>::max())
    fail_expected(errc::bad_option, text("CELLA.{} is {}", axis, edge),
                  "a finite number of angstrom that is not negative");
  if (!voxel) return;
  const float implied = *voxel * static_cast<float>(m);
  if (std::abs(implied - edge) > 1e-5F * edge)
    fail(errc::bad_option, "CELLA.{} is {} in the header, but {} voxels of the stated size make {}", axis, edge, m,
         implied);
}

MRCZ_INLINE void require_cell(const header& h, const header_fields& fields, const write_options& options) {
  const auto stated = stated_voxel_size(fields, options);
  if (fields.stated_voxel_size() && fields.stated_voxel_size() != stated)
    fail(errc::bad_option, "the header states another voxel size than the options");
  if (stated) check(*stated);
  const auto size = [&](float voxel_size::* axis) { return stated ? std::optional{(*stated).*axis} : std::nullopt; };
  require_edge(fields.cella.x, h.mx, size(&voxel_size::x), 'x');
  require_edge(fields.cella.y, h.my, size(&voxel_size::y), 'y');
  require_edge(fields.cella.z, h.mz, size(&voxel_size::z), 'z');
}

/// Throws `errc::shape_mismatch` unless the slices are whole volumes and frames.
MRCZ_INLINE void require_whole(const header& h, const header_fields& fields, const file_content& content,
                               const write_options& options) {
  if (options.kind == kind::image && h.nz != 1)
    fail(errc::shape_mismatch, "kind is image, but there are {} slices", h.nz);
  if (h.kind() == kind::volume_stack && (h.mz <= 0 || h.nz % h.mz != 0))
    fail(errc::shape_mismatch, "{} slices are not a whole number of volumes of {} sections", h.nz, h.mz);
  const bool compressed = content.mode.codec != codec::none;
  const bool whole = h.mz > 0 && h.mz <= h.nz && h.nz % h.mz == 0;
  if (!whole && compressed && fields.mz.is_stated())
    fail(errc::shape_mismatch,
         "MZ is stated as {}, but {} slices are not a whole multiple, so python-mrcz would lose some", h.mz, h.nz);
  if (!has_frames(fields, fields, h)) return;
  if (!whole && !fields.mz.is_stated())
    fail(errc::shape_mismatch, "MZ is {}, but {} slices are not a whole number of frames of that many", h.mz, h.nz);
  if (whole && h.slices_per_frame() != h.mz)
    fail(errc::bad_option, "ten labels leave no room for that of MRCZ, without which {} slices are not one frame",
         h.nz);
}

MRCZ_INLINE void require_as_stated(const header& composed, const header_fields& fields, const file_content& content,
                                   const write_options& options) {
  require_whole(composed, fields, content, options);
  require_cell(composed, fields, options);
  if (fields.ispg.is_stated() && !is_space_group(fields.ispg))
    fail_expected(errc::bad_option, text("ISPG is stated as {}", fields.ispg.value()), "0, 1 to 230 or 401 to 630");
  if (content.mode.mode == mode::int8 && has_unsigned_bytes(composed) != content.unsigned_bytes)
    fail(errc::bad_option, "the header says that the bytes of mode 0 are {}, but they are {}",
         content.unsigned_bytes ? "signed" : "unsigned", content.unsigned_bytes ? "unsigned" : "signed");
  const auto compare = [](const field_place& place, const auto& field, const auto& written) {
    if (field.is_stated() && !is_same(field.value(), written))
      fail(errc::bad_option, "{} is stated as {}, but {} it {}", place.name, text_of_field(field.value()),
           who_determines(place.offset), text_of_field(written));
  };
  for_each_number(compare, fields, composed);
  for_each_text(compare, fields, composed);
  if (fields.byte_order.is_stated() && fields.byte_order != composed.byte_order)
    fail(errc::bad_option, "the header is stated {}-endian, but an option makes it {}-endian",
         name_of(fields.byte_order), name_of(composed.byte_order));
}

}  // namespace mrcz::detail
