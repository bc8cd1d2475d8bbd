/// What the data and the options determine in a header, filled in when a file is finished.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>

#include "mrcz/core/error.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/version.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz {

/// What is known of a file once all its slices have been put.
struct file_content {
  mrcz::shape shape{};
  mode_word mode{};
  std::uint64_t packed_bytes = 0;
  std::optional<mrcz::statistics> statistics = std::nullopt;  ///< none: those of the header stay
  std::array<char, 4> exttyp{};
  std::uint64_t extended_bytes = 0;
  bool volumes = false;  ///< the slices came as volumes, not as images
};

namespace detail {

/// python-mrcz looks for this in the first label and takes MZ for what it is from version 0.5.0 on.
inline constexpr std::string_view version_label = "MRCZ" MRCZ_VERSION_STRING;

inline std::int32_t to_field(std::uint64_t value, const char* field) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max()))
    fail(errc::too_large, "{} is {}, more than the header can say", field, value);
  return static_cast<std::int32_t>(value);
}

/// Whether the header came from a file. One that the caller has filled in has no extents: they follow from the data.
inline bool is_copied(const header& before) noexcept { return before.nx > 0 || before.ny > 0 || before.nz > 0; }

/// ISPG: what the options say, else what the header said before, else what the data look like. A space group that the
/// caller has put into the header must be one of the kind that the options state.
inline std::int32_t space_group(const header& before, const file_content& content, const write_options& options) {
  if (options.space_group) return *options.space_group;
  const auto stated = options.kind                  ? options.kind
                      : options.sections_per_volume ? std::optional{kind::volume_stack}
                                                    : std::nullopt;
  if (!stated) return is_copied(before) || before.ispg != 0 ? before.ispg : content.volumes ? 1 : 0;
  if (space_group_fits(before.ispg, *stated)) return before.ispg;
  if (!is_copied(before) && before.ispg != 0)
    fail(errc::bad_option, "ISPG is {} in the header, which is not one of kind {}", before.ispg, name_of(*stated));
  return is_images(*stated) ? 0 : *stated == kind::volume ? 1 : 401;
}

/// M along an axis of the specimen. It stays where the extent does, where the caller has stated it, and where it was
/// another number than the extent, as in a crystal's cell; otherwise it is the new extent.
inline std::int32_t intervals(const header& before, std::int32_t m, const header& h, std::int32_t axis) noexcept {
  if (m <= 0) return h.n_along(axis);
  const bool stays = !is_copied(before) || before.n_along(axis) == h.n_along(axis) || m != before.n_along(axis);
  return stays ? m : h.n_along(axis);
}

/// MZ of images: slices per frame. What is copied stays while it makes sense; what the caller states is written.
inline std::int32_t slices_per_frame(const header& before, const header& h, bool compressed) {
  if (!is_copied(before)) {
    const bool divides = before.mz > 0 && before.mz <= h.nz && h.nz % before.mz == 0;
    if (before.mz > 0 && compressed && !divides)
      fail(errc::shape_mismatch, "MZ is {}, but {} slices are not a whole number of frames of that many", before.mz,
           h.nz);
    return before.mz > 0 ? before.mz : 1;
  }
  if (!is_images(before.kind())) return 1;
  const std::int32_t frame = before.slices_per_frame();
  const bool unchanged = before.nz == h.nz;
  if (frame > 1) return h.nz % frame == 0 && (unchanged || frame < before.nz) ? frame : 1;
  return unchanged && !compressed && before.mz == before.nz ? before.mz : 1;  // IMOD's way of saying 1
}

/// MZ: sections per volume, or slices per frame.
inline std::int32_t sections(const header& before, const header& h, const write_options& options, bool compressed) {
  if (options.sections_per_volume) return to_field(*options.sections_per_volume, "sections_per_volume");
  switch (h.kind()) {
    case kind::volume: return intervals(before, before.mz, h, 3);
    case kind::volume_stack: return before.mz > 0 ? before.mz : h.nz;
    default: return slices_per_frame(before, h, compressed);
  }
}

/// An edge of the cell. What the caller states in the header is written, or refused where the options say otherwise.
inline float edge(const header& before, float was, std::int32_t m, float spacing, const std::optional<float>& wanted,
                  char axis) {
  if (!is_copied(before) && was != 0) {
    if (!(was > 0) || was > std::numeric_limits<float>::max())
      fail(errc::bad_option, "CELLA.{} is {}, expected a finite number of angstrom that is not negative", axis, was);
    const float implied = wanted.value_or(0) * static_cast<float>(m);
    if (wanted && std::abs(implied - was) > 1e-5F * was)
      fail(errc::bad_option, "CELLA.{} is {} in the header, but {} voxels of the stated size make {}", axis, was, m,
           implied);
    return was;
  }
  const float size = wanted.value_or(spacing);
  return was / static_cast<float>(m) == size ? was : static_cast<float>(m) * size;
}

/// Puts MRCZ's label in front where a reader needs it: python-mrcz in compressed files, everybody for the modes that
/// only MRCZ has and for a file of one frame, which would otherwise count as IMOD's stack of images. Ten labels leave
/// no room for it.
inline void add_mrcz_label(header& h, const mode_word& word, bool one_frame) {
  const bool only_mrcz = word.mode == mode::int32 || word.mode == mode::uint32;
  if (word.codec == codec::none && !only_mrcz && !one_frame && !h.is_early_mrcz()) return;
  if (h.has_mrcz_label() && !h.is_early_mrcz()) return;
  if (h.labels.size() < labels::capacity) h.labels.add_first(version_label);
}

}  // namespace detail

/// The finished header: what the data determine, else what the caller states, else what was copied. Throws
/// `errc::too_large` if an extent does not fit its field, and `bad_option` or `shape_mismatch` for a statement that the
/// file cannot make.
inline header complete(const header& before, const file_content& content, const write_options& options) {
  header h = before;
  const bool compressed = content.mode.codec != codec::none;
  const auto [nz, ny, nx] = content.shape;
  h.nx = detail::to_field(nx, "NX");
  h.ny = detail::to_field(ny, "NY");
  h.nz = detail::to_field(nz, "NZ");
  h.mode = encode(content.mode);
  if (options.byte_order) h.byte_order = *options.byte_order;
  h.ispg = detail::space_group(before, content, options);

  if (options.start)
    std::tie(h.nxstart, h.nystart, h.nzstart) = std::tie(options.start->x, options.start->y, options.start->z);
  if (options.origin) h.origin = *options.origin;
  if (!before.has_axes()) std::tie(h.mapc, h.mapr, h.maps) = std::tuple{1, 2, 3};

  h.mx = detail::intervals(before, before.mx, h, 1);
  h.my = detail::intervals(before, before.my, h, 2);
  h.mz = detail::sections(before, h, options, compressed);
  const voxel_size spacing = before.voxel_size();
  const auto stated = [&](float voxel_size::* axis) {
    return options.voxel_size ? std::optional{(*options.voxel_size).*axis} : std::nullopt;
  };
  h.cella = {detail::edge(before, before.cella.x, h.mx, spacing.x, stated(&voxel_size::x), 'x'),
             detail::edge(before, before.cella.y, h.my, spacing.y, stated(&voxel_size::y), 'y'),
             detail::edge(before, before.cella.z, h.mz, spacing.z, stated(&voxel_size::z), 'z')};

  h.exttyp = content.exttyp;
  h.nsymbt = detail::to_field(content.extended_bytes, "NSYMBT");
  if (content.extended_bytes == 0 || content.exttyp == exttyp_json) h.nint = h.nreal = 0;
  h.nversion = mrc2014_version;
  h.map = {'M', 'A', 'P', ' '};
  h.machst = stamp_of(h.byte_order);
  if (compressed) h.packed_bytes = static_cast<std::int64_t>(content.packed_bytes);
  else if (!h.from_imod()) h.packed_bytes = 0;  // IMOD keeps numbers of its own there
  if (content.statistics) {
    set_statistics(h, *content.statistics);
    if (is_complex_mode(content.mode.mode))
      set_statistics(h, {.rms = content.statistics->rms});  // real ones among them
  }
  const bool has_frames =
      detail::is_images(h.kind()) && h.mz > 1 && (!detail::is_copied(before) || before.slices_per_frame() == h.mz);
  detail::add_mrcz_label(h, content.mode, has_frames && h.mz == h.nz);
  if (has_frames && h.nz % h.mz == 0 && h.slices_per_frame() != h.mz)
    fail(errc::bad_option, "ten labels leave no room for that of MRCZ, without which {} slices are not one frame",
         h.nz);
  return h;
}

/// Throws `errc::shape_mismatch` if a finished header announces something that its slices are not: several slices in
/// one image, or part of a volume in a volume stack.
inline void require_whole_frames(const header& h, const write_options& options) {
  if (options.kind == kind::image && h.nz != 1)
    fail(errc::shape_mismatch, "kind is image, but there are {} slices", h.nz);
  if (h.kind() == kind::volume_stack && h.nz % h.mz != 0)
    fail(errc::shape_mismatch, "{} slices are not a whole number of volumes of {} sections", h.nz, h.mz);
}

}  // namespace mrcz
