/// Definitions of `complete_header.hpp`.
#pragma once

#include "mrcz/complete_header.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <tuple>

#include "mrcz/core/error.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/version.hpp"

namespace mrcz::detail {

/// python-mrcz looks for this text in the first label. If the version in it is 0.5.0 or later, python-mrcz takes MZ for
/// the slices of a frame.
inline constexpr std::string_view version_label = "MRCZ" MRCZ_VERSION_STRING;

MRCZ_INLINE std::int32_t to_field(std::uint64_t value, const char* field) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max()))
    fail(errc::too_large, "{} is {}, more than the header can say", field, value);
  return static_cast<std::int32_t>(value);
}

/// Tells which fields of a header the caller has set. It compares the header with the one that the writer began with:
/// the default header, or that of the file to which slices are appended. A header with other extents is a copy from
/// another file, so none of its fields counts as set.
class statements {
 public:
  statements(const header& now, const header& found) noexcept
      : now_{now}, found_{found}, copied_{now.nx != found.nx || now.ny != found.ny || now.nz != found.nz} {}

  template <class T>
  bool made_on(T header::* field) const noexcept {
    return !copied_ && now_.*field != found_.*field;
  }
  bool made_on_cella(float per_axis<float>::* axis) const noexcept {
    return !copied_ && now_.cella.*axis != found_.cella.*axis;
  }
  bool made_on_statistics() const noexcept {
    return made_on(&header::dmin) || made_on(&header::dmax) || made_on(&header::dmean) || made_on(&header::rms);
  }
  bool copied() const noexcept { return copied_; }

 private:
  const header& now_;
  const header& found_;
  bool copied_;
};

/// ISPG from the options; otherwise from the header; otherwise from the rank of the data.
MRCZ_INLINE std::int32_t space_group(const header& before, const file_content& content, const write_options& options) {
  if (options.space_group) return *options.space_group;
  const auto stated = options.kind                  ? options.kind
                      : options.sections_per_volume ? std::optional{kind::volume_stack}
                                                    : std::nullopt;
  if (!stated) return before.nz > 0 || before.ispg != 0 ? before.ispg : content.volumes ? 1 : 0;
  if (space_group_fits(before.ispg, *stated)) return before.ispg;
  return is_images(*stated) ? 0 : *stated == kind::volume ? 1 : 401;
}

/// M along an axis of the specimen. It stays if the extent stays, if the caller has set it, or if it differed from the
/// old extent, as in a crystal's cell. Otherwise it becomes the extent.
MRCZ_INLINE std::int32_t intervals(const header& before, std::int32_t m, bool stated, const header& h,
                                   std::int32_t axis) {
  const std::int32_t n = h.n_along(axis);
  return m > 0 && (stated || before.n_along(axis) == n || m != before.n_along(axis)) ? m : n;
}

/// Whether a reader takes images with MZ = NZ for one frame. It does so in compressed files, for the modes that only
/// MRCZ has, and if there is a label of MRCZ.
MRCZ_INLINE bool counts_as_mrcz(const header& before, const mode_word& word) noexcept {
  return word.codec != codec::none || word.mode == mode::int32 || word.mode == mode::uint32 || before.has_mrcz_label();
}

/// MZ of images: slices per frame. The frames of this file stay. Those of a copied header stay only if the slices are a
/// whole number of frames.
MRCZ_INLINE std::int32_t slices_per_frame(const header& before, const header& h, const file_content& content,
                                          const statements& stated) {
  if (before.mz > 0 && stated.made_on(&header::mz)) return before.mz;
  if (before.nz == 0 || !is_images(before.kind())) return 1;
  const std::int32_t frame = before.slices_per_frame();
  if (frame > 1) return h.nz % frame == 0 || !stated.copied() ? frame : 1;
  const bool imods_way = before.mz == before.nz && before.nz == h.nz && !counts_as_mrcz(before, content.mode);
  return imods_way ? before.mz : 1;
}

/// MZ: sections per volume, or slices per frame.
MRCZ_INLINE std::int32_t sections(const header& before, const header& h, const file_content& content,
                                  const write_options& options, const statements& stated) {
  if (options.sections_per_volume) return to_field(*options.sections_per_volume, "sections_per_volume");
  switch (h.kind()) {
    case kind::volume: return intervals(before, before.mz, stated.made_on(&header::mz), h, 3);
    case kind::volume_stack: return before.mz > 0 ? before.mz : h.nz;
    default: return slices_per_frame(before, h, content, stated);
  }
}

/// Whether the MZ of a finished header means frames of several slices.
MRCZ_INLINE bool has_frames(const header& before, const header& h, const statements& stated) noexcept {
  return is_images(h.kind()) && h.mz > 1 && (stated.made_on(&header::mz) || before.slices_per_frame() == h.mz);
}

/// Puts MRCZ's label first if readers need it. python-mrcz needs it in compressed files. Every reader needs it for the
/// modes that only MRCZ has, and for a file of one frame, which would otherwise count as a stack of images of IMOD. Ten
/// labels leave no room for it.
MRCZ_INLINE void add_mrcz_label(header& h, const mode_word& word, bool one_frame) {
  if (!counts_as_mrcz(h, word) && !one_frame) return;
  if (h.has_mrcz_label() && !h.is_early_mrcz()) return;
  if (h.labels.size() < labels::capacity) h.labels.add_first(version_label);
}

inline constexpr std::array number_names{
    "NX",           "NY",       "NZ",       "MODE",     "NXSTART", "NYSTART",     "NZSTART",     "MX",
    "MY",           "MZ",       "CELLA.x",  "CELLA.y",  "CELLA.z", "CELLB.alpha", "CELLB.beta",  "CELLB.gamma",
    "MAPC",         "MAPR",     "MAPS",     "DMIN",     "DMAX",    "DMEAN",       "ISPG",        "NSYMBT",
    "NVERSION",     "NINT",     "NREAL",    "voltage",  "C3",      "gain",        "packed size", "IMOD's stamp",
    "IMOD's flags", "ORIGIN.x", "ORIGIN.y", "ORIGIN.z", "RMS",     "NLABL"};

/// All numbers of a header, in the order of their names above.
MRCZ_INLINE std::array<double, number_names.size()> numbers_of(const header& h) {
  std::array<double, number_names.size()> numbers{};
  std::size_t i = 0;
  for_each_number(h, [&](std::size_t, const auto& value) { numbers.at(i++) = static_cast<double>(value); });
  return numbers;
}

/// Throws `errc::bad_option` if the caller has set an edge of the cell that is negative or not finite, or that
/// contradicts the voxel size in the options.
MRCZ_INLINE void require_cell(const header& before, const header& h, const write_options& options,
                              const statements& stated) {
  const auto require_edge = [&](float per_axis<float>::* axis, std::int32_t m, float voxel_size::* size, char name) {
    if (!stated.made_on_cella(axis)) return;
    const float edge = before.cella.*axis;
    if (!(edge >= 0) || edge > std::numeric_limits<float>::max())
      fail_expected(errc::bad_option, text("CELLA.{} is {}", name, edge),
                    "a finite number of angstrom that is not negative");
    if (!options.voxel_size) return;
    const float implied = (*options.voxel_size).*size * static_cast<float>(m);
    if (std::abs(implied - edge) > 1e-5F * edge)
      fail(errc::bad_option, "CELLA.{} is {} in the header, but {} voxels of the stated size make {}", name, edge, m,
           implied);
  };
  require_edge(&per_axis<float>::x, h.mx, &voxel_size::x, 'x');
  require_edge(&per_axis<float>::y, h.my, &voxel_size::y, 'y');
  require_edge(&per_axis<float>::z, h.mz, &voxel_size::z, 'z');
}

MRCZ_INLINE header complete(const header& before, const file_content& content, const write_options& options) {
  const statements stated{before, content.found};
  header h = before;
  const bool compressed = content.mode.codec != codec::none;
  const auto [nz, ny, nx] = content.shape;
  h.nx = to_field(nx, "NX");
  h.ny = to_field(ny, "NY");
  h.nz = to_field(nz, "NZ");
  h.mode = encode(content.mode);
  if (options.byte_order) h.byte_order = *options.byte_order;
  h.ispg = space_group(before, content, options);

  if (options.start)
    std::tie(h.nxstart, h.nystart, h.nzstart) = std::tie(options.start->x, options.start->y, options.start->z);
  if (options.origin) h.origin = *options.origin;
  if (!before.has_axes()) std::tie(h.mapc, h.mapr, h.maps) = std::tuple{1, 2, 3};

  h.mx = intervals(before, before.mx, stated.made_on(&header::mx), h, 1);
  h.my = intervals(before, before.my, stated.made_on(&header::my), h, 2);
  h.mz = sections(before, h, content, options, stated);
  const voxel_size voxel = options.voxel_size.value_or(before.voxel_size());
  const auto edge = [&](float per_axis<float>::* axis, std::int32_t m, float size) {
    const float was = before.cella.*axis;
    if (stated.made_on_cella(axis) || was / static_cast<float>(m) == size) return was;
    return static_cast<float>(m) * size;
  };
  h.cella = {edge(&per_axis<float>::x, h.mx, voxel.x), edge(&per_axis<float>::y, h.my, voxel.y),
             edge(&per_axis<float>::z, h.mz, voxel.z)};

  h.exttyp = content.exttyp;
  h.nsymbt = to_field(content.extended_bytes, "NSYMBT");
  if (content.extended_bytes == 0 || content.exttyp == exttyp_json) h.nint = h.nreal = 0;
  h.nversion = mrc2014_version;
  h.map = {'M', 'A', 'P', ' '};
  h.machst = stamp_of(h.byte_order);
  if (compressed) h.packed_bytes = static_cast<std::int64_t>(content.packed_bytes);
  else if (!h.from_imod()) h.packed_bytes = 0;  // IMOD has other numbers there
  if (content.statistics && (options.statistics || !stated.made_on_statistics())) {
    set_statistics(h, *content.statistics);
    if (is_complex_mode(content.mode.mode))
      set_statistics(h, {.rms = content.statistics->rms});  // even if the arrays were real
  }
  add_mrcz_label(h, content.mode, h.mz == h.nz && has_frames(before, h, stated));
  return h;
}

MRCZ_INLINE void require_as_stated(const header& h, const header& before, const file_content& content,
                                   const write_options& options) {
  if (options.kind == kind::image && h.nz != 1)
    fail(errc::shape_mismatch, "kind is image, but there are {} slices", h.nz);
  if (h.kind() == kind::volume_stack && h.nz % h.mz != 0)
    fail(errc::shape_mismatch, "{} slices are not a whole number of volumes of {} sections", h.nz, h.mz);
  const statements stated{before, content.found};
  require_cell(before, h, options, stated);
  const bool frames = has_frames(before, h, stated);
  const bool whole = frames && h.nz % h.mz == 0;
  const bool must_divide = content.mode.codec != codec::none || !stated.made_on(&header::mz);
  if (frames && !whole && must_divide)
    fail(errc::shape_mismatch, "MZ is {}, but {} slices are not a whole number of frames of that many", h.mz, h.nz);
  if (whole && h.slices_per_frame() != h.mz)
    fail(errc::bad_option, "ten labels leave no room for that of MRCZ, without which {} slices are not one frame",
         h.nz);
  if (stated.copied()) return;
  const auto found = numbers_of(content.found);
  const auto wanted = numbers_of(before);
  const auto written = numbers_of(h);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i] != found[i] && wanted[i] != written[i])
      fail(errc::bad_option, "{} is {} in the header, but options, data or the standard make it {}", number_names[i],
           wanted[i], written[i]);
  if (stated.made_on(&header::exttyp) && before.exttyp != h.exttyp)
    fail(errc::bad_option, "EXTTYP is stated in the header, but set_extended_header determines it");
}

}  // namespace mrcz::detail
