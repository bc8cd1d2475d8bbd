/// Definitions of `write_options.hpp`.
#pragma once

#include "mrcz/write_options.hpp"

#include <cmath>

#include "mrcz/core/error.hpp"
#include "mrcz/io/packed.hpp"

namespace mrcz::detail {

MRCZ_INLINE defaults defaults_for(const std::filesystem::path& path) {
  auto extension = path.extension();
  const auto how = extension == ".gz"    ? packing::gzip
                   : extension == ".zst" ? packing::zstd
                   : extension == ".bz2" ? packing::bzip2
                   : extension == ".xz"  ? packing::xz
                                         : packing::none;
  if (how != packing::none) extension = path.stem().extension();
  return {extension == ".mrcz" ? codec::zstd : codec::none, extension == ".mrcs" || extension == ".st", how};
}

MRCZ_INLINE write_options of_stack(write_options wanted) {
  if (wanted.kind.value_or(kind::image_stack) != kind::image_stack)
    fail(errc::bad_option, "kind is {}, but a stack of images is to be written", name_of(*wanted.kind));
  wanted.kind = kind::image_stack;
  return wanted;
}

MRCZ_INLINE bool space_group_fits(std::int32_t group, kind k) noexcept {
  if (is_images(k)) return group == 0;
  return k == kind::volume ? group >= 1 && group <= 230 : group >= 401 && group <= 630;
}

MRCZ_INLINE bool is_space_group(std::int32_t group) noexcept {
  return group == 0 || space_group_fits(group, kind::volume) || space_group_fits(group, kind::volume_stack);
}

MRCZ_INLINE void check(const voxel_size& v) {
  if (!(std::isfinite(v.x) && std::isfinite(v.y) && std::isfinite(v.z) && v.x >= 0 && v.y >= 0 && v.z >= 0))
    fail_expected(errc::bad_option, text("voxel_size is {} x {} x {}", v.x, v.y, v.z),
                  "finite numbers that are not negative");
}

MRCZ_INLINE void check(const write_options& wanted) {
  check(wanted.compression);
  if (wanted.mode && !is_known(*wanted.mode))
    fail(errc::bad_option, "mode {} is unknown", static_cast<std::int32_t>(*wanted.mode));
  if (wanted.rounding > rounding::nearest)
    fail(errc::bad_option, "rounding {} is unknown", static_cast<unsigned>(wanted.rounding));
  if (wanted.kind && name_of(*wanted.kind).empty())
    fail(errc::bad_option, "kind {} is unknown", static_cast<unsigned>(*wanted.kind));
  if (wanted.space_group) {
    const std::int32_t group = *wanted.space_group;
    if (!is_space_group(group))
      fail_expected(errc::bad_option, text("space_group is {}", group), "0, 1 to 230 or 401 to 630");
    if (wanted.kind && !space_group_fits(group, *wanted.kind))
      fail(errc::bad_option, "space_group is {}, which is not one of kind {}", group, name_of(*wanted.kind));
  }
  if (wanted.sections_per_volume == 0U) fail_expected(errc::bad_option, "sections_per_volume is 0", "at least 1");
  if (wanted.sections_per_volume && wanted.kind.value_or(kind::volume_stack) != kind::volume_stack)
    fail(errc::bad_option, "sections_per_volume was stated for kind {}; only a volume stack has them",
         name_of(*wanted.kind));
  if (wanted.voxel_size) check(*wanted.voxel_size);
  if (const auto o = wanted.origin; o && !(std::isfinite(o->x) && std::isfinite(o->y) && std::isfinite(o->z)))
    fail_expected(errc::bad_option, text("origin is {}, {}, {}", o->x, o->y, o->z), "finite numbers");
  if (wanted.packing) require_writable(*wanted.packing);
  if (wanted.keep_partial && wanted.packing.value_or(packing::none) != packing::none)
    fail(errc::bad_option, "keep_partial is true, but a file that {} packs cannot be read before it is complete",
         name_of(*wanted.packing));
  if (wanted.durability > durability::full)
    fail(errc::bad_option, "durability {} is unknown", static_cast<unsigned>(wanted.durability));
  if (wanted.threads == 0U) fail_expected(errc::bad_option, "threads is 0", "at least 1");
}

}  // namespace mrcz::detail
