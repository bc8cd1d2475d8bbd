/// Headers of a part of the voxels and of larger voxels.
#pragma once

#include "mrcz/format/geometry.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/axes.hpp"
#include "mrcz/format/mode_word.hpp"

namespace mrcz::detail {

/// Whether the M of an axis belongs to a crystal's cell, of which the map is a part.
MRCZ_INLINE bool is_crystal(const header& h, std::int32_t m, std::int32_t axis) noexcept {
  return h.ispg >= 1 && h.ispg <= 230 && m > 0 && m != h.n_along(axis);
}

MRCZ_INLINE std::int32_t copied_intervals(const header& before, const header& h, std::int32_t axis) noexcept {
  const std::int32_t m = axis == 1 ? before.mx : axis == 2 ? before.my : before.mz;
  const std::int32_t n = h.n_along(axis);
  return m > 0 && (before.n_along(axis) == n || is_crystal(before, m, axis)) ? m : n;
}

/// Whether a reader takes MZ = NZ of images for one frame: in compressed files, for the modes that only MRCZ has, and
/// behind a label of MRCZ.
MRCZ_INLINE bool counts_as_mrcz(const header& before, const header& h) noexcept {
  const mode_word word = decode_mode_word(h.mode).value_or(mode_word{});
  return word.codec != codec::none || word.mode == mode::int32 || word.mode == mode::uint32 || before.has_mrcz_label();
}

MRCZ_INLINE std::int32_t copied_sections(const header& before, const header& h) noexcept {
  if (h.kind() == kind::volume) return copied_intervals(before, h, 3);
  if (h.kind() == kind::volume_stack) return before.mz > 0 ? before.mz : h.nz;
  if (!is_images(before.kind())) return 1;
  if (const std::int32_t frame = before.slices_per_frame(); frame > 1) return h.nz % frame == 0 ? frame : 1;
  const bool imods_way = before.mz > 0 && before.mz == before.nz && before.nz == h.nz && !counts_as_mrcz(before, h);
  return imods_way ? before.mz : 1;
}

MRCZ_INLINE float copied_edge(float edge, std::int32_t m, float voxel) noexcept {
  return edge / static_cast<float>(m) == voxel ? edge : static_cast<float>(m) * voxel;
}

/// Numbers of columns, rows and sections, along x, y and z.
template <class T>
per_axis<T> along_xyz(const header& h, const std::array<T, 3>& numbers) noexcept {
  const auto [z, y, x] = in_xyz<T>({numbers[2], numbers[1], numbers[0]}, axes_of(h));
  return {x, y, z};
}

/// Whether ORIGIN is set: one of its numbers is not 0, and all are finite.
MRCZ_INLINE bool has_origin(const header& h) noexcept {
  const auto& [x, y, z] = h.origin;
  return h.origin != per_axis<float>{} && std::isfinite(x) && std::isfinite(y) && std::isfinite(z);
}

MRCZ_INLINE bool has_imods_origin(const header& h) noexcept {
  constexpr std::int32_t standard_sign = 4;
  return h.from_imod() && (h.imod_flags & standard_sign) == 0 && h.nversion != mrc2014_version &&
         h.nversion != mrc2014_version - 1;
}

/// -1 where ORIGIN has the opposite sign, else 1.
MRCZ_INLINE float sign_of_origin(const header& h) noexcept { return has_imods_origin(h) ? -1.0F : 1.0F; }

/// Angstrom from the first voxel of the cell to that of the map by NSTART, along x, y and z.
MRCZ_INLINE per_axis<double> start_of(const header& h, const mrcz::voxel_size& voxel) noexcept {
  const auto steps = along_xyz<double>(h, {1.0 * h.nxstart, 1.0 * h.nystart, 1.0 * h.nzstart});
  return {steps.x * voxel.x, steps.y * voxel.y, steps.z * voxel.z};
}

MRCZ_INLINE std::int32_t moved_start(std::int32_t start, std::size_t first, char axis) {
  const std::int64_t moved = start + static_cast<std::int64_t>(first);
  if (moved > std::numeric_limits<std::int32_t>::max())
    fail(errc::too_large, "N{}START would be {}, more than the header can say", axis, moved);
  return static_cast<std::int32_t>(moved);
}

MRCZ_INLINE float moved_origin(float origin, double steps, float voxel) noexcept {
  return static_cast<float>(origin + steps * voxel);
}

MRCZ_INLINE std::size_t blocks_along(std::size_t extent, std::size_t n, char axis) {
  if (n == 0) fail(errc::bad_option, "blocks along {} have 0 voxels", axis);
  if (n > 1 && n > extent)
    fail(errc::out_of_range, "blocks along {} have {} voxels, but the extent is {}", axis, n, extent);
  return extent / n;
}

MRCZ_INLINE bool divides(std::size_t n, std::int32_t number) noexcept {
  return number % static_cast<std::int32_t>(n) == 0;
}

/// start / n, rounded down.
MRCZ_INLINE std::int32_t binned_start(std::int32_t start, std::size_t n) noexcept {
  const std::int32_t quotient = start / static_cast<std::int32_t>(n);
  return start < 0 && !divides(n, start) ? quotient - 1 : quotient;
}

/// M of blocks of n voxels: M / n if n divides it, else the number of blocks.
MRCZ_INLINE std::int32_t binned_intervals(std::int32_t m, std::size_t n, std::int32_t blocks) noexcept {
  return m > 0 && divides(n, m) ? m / static_cast<std::int32_t>(n) : blocks;
}

/// The edge of the cell of m blocks of n voxels: as it was if they are all its voxels.
MRCZ_INLINE float binned_edge(float edge, std::int32_t before, std::int32_t m, std::size_t n, float voxel) noexcept {
  const double voxels = static_cast<double>(m) * static_cast<double>(n);
  return voxel > 0 && voxels == before ? edge : static_cast<float>(voxels * voxel);
}

/// Throws `errc::shape_mismatch` if blocks of n sections would mix volumes of a stack, or frames of images.
MRCZ_INLINE void require_unmixed(const header& h, std::size_t n) {
  const std::int32_t depth = h.slices_per_frame();
  const bool stack = h.kind() == kind::volume_stack;
  if (depth < h.nz && (depth > 1 || stack) && !divides(n, depth))
    fail(errc::shape_mismatch, "blocks of {} sections would mix {} of {} sections", n, stack ? "volumes" : "frames",
         depth);
}

}  // namespace mrcz::detail

namespace mrcz {

MRCZ_INLINE header cropped(const header& whole, const region& box) {
  const auto extent = [](std::int32_t n) { return static_cast<std::size_t>(std::max(n, 0)); };
  const auto cut = detail::resolve(box, {extent(whole.nz), extent(whole.ny), extent(whole.nx)});
  header before = whole;
  std::size_t first_section = cut.z.first;
  if (whole.kind() == kind::volume_stack) {
    const std::size_t depth = extent(whole.slices_per_frame());
    first_section %= depth;
    if (first_section != 0 || cut.z.count % depth != 0) {
      if (first_section + cut.z.count > depth)
        detail::fail(errc::shape_mismatch, "sections {} to {} are neither whole volumes of {} sections nor part of one",
                     cut.z.first, cut.z.end() - 1, depth);
      before.nz = static_cast<std::int32_t>(depth);
      before.ispg -= 400;
    }
  }

  header h = before;
  h.nx = static_cast<std::int32_t>(cut.x.count);
  h.ny = static_cast<std::int32_t>(cut.y.count);
  h.nz = static_cast<std::int32_t>(cut.z.count);
  h.nxstart = detail::moved_start(h.nxstart, cut.x.first, 'X');
  h.nystart = detail::moved_start(h.nystart, cut.y.first, 'Y');
  h.nzstart = detail::moved_start(h.nzstart, first_section, 'Z');

  const auto voxel = whole.voxel_size().value_or(mrcz::voxel_size{});
  if (detail::has_origin(whole)) {
    const auto first = detail::along_xyz(whole, std::array{cut.x.first, cut.y.first, first_section});
    const float sign = detail::sign_of_origin(whole);
    h.origin = {detail::moved_origin(h.origin.x, static_cast<double>(first.x), sign * voxel.x),
                detail::moved_origin(h.origin.y, static_cast<double>(first.y), sign * voxel.y),
                detail::moved_origin(h.origin.z, static_cast<double>(first.z), sign * voxel.z)};
    const bool starts_at_0 = h.nxstart == 0 && h.nystart == 0 && h.nzstart == 0;
    if (h.origin == per_axis<float>{} && !starts_at_0) h.origin.x = std::numeric_limits<float>::min();
  }
  h.mx = detail::copied_intervals(before, h, 1);
  h.my = detail::copied_intervals(before, h, 2);
  h.mz = detail::copied_sections(before, h);
  h.cella = {detail::copied_edge(before.cella.x, h.mx, voxel.x), detail::copied_edge(before.cella.y, h.my, voxel.y),
             detail::copied_edge(before.cella.z, h.mz, voxel.z)};
  return h;
}

MRCZ_INLINE header binned(const header& whole, const per_axis<std::size_t>& n) {
  header h = whole;
  const auto blocks = [](std::int32_t extent, std::size_t size, char axis) {
    const auto voxels = static_cast<std::size_t>(std::max(extent, 0));
    return static_cast<std::int32_t>(detail::blocks_along(voxels, size, axis));
  };
  h.nx = blocks(whole.nx, n.x, 'x');
  h.ny = blocks(whole.ny, n.y, 'y');
  h.nz = blocks(whole.nz, n.z, 'z');
  detail::require_unmixed(whole, n.z);

  const auto voxel = whole.voxel_size().value_or(mrcz::voxel_size{});
  const bool starts_with_block =
      detail::divides(n.x, whole.nxstart) && detail::divides(n.y, whole.nystart) && detail::divides(n.z, whole.nzstart);
  if (!starts_with_block && !detail::has_origin(whole)) {
    const auto [x, y, z] = detail::start_of(whole, voxel);
    const float sign = detail::sign_of_origin(whole);
    h.origin = {sign * static_cast<float>(x), sign * static_cast<float>(y), sign * static_cast<float>(z)};
  }
  h.nxstart = detail::binned_start(whole.nxstart, n.x);
  h.nystart = detail::binned_start(whole.nystart, n.y);
  h.nzstart = detail::binned_start(whole.nzstart, n.z);

  const auto along = detail::along_xyz(whole, std::array{n.x, n.y, n.z});
  h.mx = detail::binned_intervals(whole.mx, along.x, h.n_along(1));
  h.my = detail::binned_intervals(whole.my, along.y, h.n_along(2));
  if (whole.kind() == kind::volume) {
    h.mz = detail::binned_intervals(whole.mz, along.z, h.n_along(3));
  } else {
    const std::int32_t sections = detail::copied_sections(whole, whole);
    const bool single_images = detail::is_images(whole.kind()) && sections == 1;
    h.mz = single_images ? 1 : detail::binned_intervals(sections, n.z, h.nz);
  }
  h.cella = {detail::binned_edge(whole.cella.x, whole.mx, h.mx, along.x, voxel.x),
             detail::binned_edge(whole.cella.y, whole.my, h.my, along.y, voxel.y),
             detail::binned_edge(whole.cella.z, whole.mz, h.mz, along.z, voxel.z)};
  return h;
}

MRCZ_INLINE header binned(const header& whole, std::size_t n) {
  return binned(whole, {.x = n, .y = n, .z = detail::is_images(whole.kind()) ? 1 : n});
}

MRCZ_INLINE per_axis<double> position_of(const header& h, std::size_t z, std::size_t y, std::size_t x) noexcept {
  mrcz::voxel_size voxel = h.voxel_size().value_or(mrcz::voxel_size{});
  for (float* size : {&voxel.x, &voxel.y, &voxel.z})
    if (*size == 0) *size = std::numeric_limits<float>::quiet_NaN();
  const bool stack = h.kind() == kind::volume_stack;
  const std::size_t section = stack ? z % static_cast<std::size_t>(h.slices_per_frame()) : z;
  const float sign = detail::sign_of_origin(h);
  const auto start = detail::has_origin(h) ? per_axis<double>{sign * h.origin.x, sign * h.origin.y, sign * h.origin.z}
                                           : detail::start_of(h, voxel);
  const auto steps =
      detail::along_xyz(h, std::array{static_cast<double>(x), static_cast<double>(y), static_cast<double>(section)});
  return {start.x + steps.x * voxel.x, start.y + steps.y * voxel.y, start.z + steps.z * voxel.z};
}

}  // namespace mrcz
