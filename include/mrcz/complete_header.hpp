/// What the data and the options determine in a header, filled in when a file is finished.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
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
  mrcz::statistics statistics{};
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

/// ISPG: what the options say, else what the header said before, else what the data look like.
inline std::int32_t space_group(const header& before, const file_content& content, const write_options& options) {
  if (options.space_group) return *options.space_group;
  if (options.sections_per_volume && !options.kind) return 401;
  if (options.kind) {
    if (space_group_fits(before.ispg, *options.kind)) return before.ispg;
    return is_images(*options.kind) ? 0 : *options.kind == kind::volume ? 1 : 401;
  }
  const bool was_read = before.nz > 0;
  if (was_read || before.ispg != 0) return before.ispg;
  return content.volumes ? 1 : 0;
}

/// MZ: sections per volume; 1 for images, unless the header said how many slices make a frame.
inline std::int32_t sections(const header& before, const header& h, const write_options& options) {
  if (options.sections_per_volume) return to_field(*options.sections_per_volume, "sections_per_volume");
  const bool unchanged = before.nz == h.nz;
  const bool divides = before.mz > 0 && before.mz <= h.nz && h.nz % before.mz == 0;
  if (h.kind() == kind::volume) {
    const std::int32_t n = h.n_along(3);
    return before.mz > 0 && before.n_along(3) == n ? before.mz : n;
  }
  if (h.kind() == kind::volume_stack) return before.mz > 0 ? before.mz : h.nz;
  return divides && (unchanged || before.mz < before.nz) ? before.mz : 1;
}

}  // namespace detail

/// The finished header. M stays as it was where the extent along its axis did, and is that extent otherwise; CELLA
/// follows from the voxel size. Throws `errc::too_large` if an extent does not fit its field.
inline header complete(const header& before, const file_content& content, const write_options& options) {
  header h = before;
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

  const voxel_size voxel = options.voxel_size.value_or(before.voxel_size());
  const auto intervals = [&](std::int32_t m, std::int32_t axis) {
    return m > 0 && before.n_along(axis) == h.n_along(axis) ? m : h.n_along(axis);
  };
  h.mx = intervals(before.mx, 1);
  h.my = intervals(before.my, 2);
  h.mz = detail::sections(before, h, options);
  const auto edge = [](float was, std::int32_t m, float spacing) {
    return was / static_cast<float>(m) == spacing ? was : static_cast<float>(m) * spacing;
  };
  h.cella = {edge(before.cella.x, h.mx, voxel.x), edge(before.cella.y, h.my, voxel.y),
             edge(before.cella.z, h.mz, voxel.z)};

  h.exttyp = content.exttyp;
  h.nsymbt = detail::to_field(content.extended_bytes, "NSYMBT");
  if (content.extended_bytes == 0 || content.exttyp == exttyp_json) h.nint = h.nreal = 0;
  h.nversion = mrc2014_version;
  h.map = {'M', 'A', 'P', ' '};
  h.machst = stamp_of(h.byte_order);
  if (content.mode.codec != codec::none) h.packed_bytes = static_cast<std::int64_t>(content.packed_bytes);
  else if (!h.from_imod()) h.packed_bytes = 0;  // IMOD keeps numbers of its own there
  set_statistics(h, content.statistics);
  if (is_complex_mode(content.mode.mode)) set_statistics(h, {.rms = content.statistics.rms});  // real voxels among them
  if (!h.has_mrcz_label() || h.is_early_mrcz()) h.labels.add_first(detail::version_label);
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
