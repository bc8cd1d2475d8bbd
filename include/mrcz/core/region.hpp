/// A half-open box of voxels: where it begins and how many voxels it spans along each axis.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"

namespace mrcz {

/// The `count` places from `first` on. Without a `count` the range reaches to the end.
struct range {
  std::size_t first = 0;                            ///< counted from 0
  std::optional<std::size_t> count = std::nullopt;  ///< not stated: to the end
};

/// Any slices in any order: `{3, 17, 42}`, or a vector or an array of numbers. It refers to the numbers and does not
/// copy them. A list of one or two numbers in braces does not compile, because it could also be a `range`: name the
/// vector, or write `{.first = 3}`.
class slice_list {
 public:
  /// Numbers in braces.
  slice_list(std::initializer_list<std::size_t> z) noexcept : z_{z.begin(), z.size()} {}  // NOLINT(*-explicit-*)
  /// Numbers of a container, which must outlive the list.
  template <std::convertible_to<std::span<const std::size_t>> Numbers>
  slice_list(const Numbers& z) noexcept : z_{z} {}  // NOLINT(*-explicit-*)

  /// The numbers, in the order of the caller.
  std::span<const std::size_t> numbers() const noexcept { return z_; }

 private:
  std::span<const std::size_t> z_;
};

/// A box of voxels. An axis that is left out spans the whole volume.
///
///            x.first   x.first + x.count
///               |       |
///     +---------|-------|------+
///     |         v       v      |
///     |  y.first>.......       |     one slice; z chooses the slices.
///     |         :voxels:       |     Voxel (y.first + y.count, ...) is no longer in the region.
///     |         ........       |
///     |  y.first + y.count     |
///     +------------------------+
struct region {
  range z = {};  ///< slices
  range y = {};  ///< rows
  range x = {};  ///< columns
};

namespace detail {

/// A range whose count is known and which lies within its axis.
struct resolved_range {
  std::size_t first;
  std::size_t count;

  constexpr std::size_t end() const noexcept { return first + count; }
};

struct resolved_region {
  resolved_range z, y, x;

  constexpr mrcz::shape shape() const noexcept { return {z.count, y.count, x.count}; }
};

/// Throws `errc::out_of_range` unless the range lies within [0, extent]. `axis` is 'z', 'y' or 'x'.
MRCZ_INLINE resolved_range resolve(const range& wanted, std::size_t extent, char axis);

MRCZ_INLINE resolved_region resolve(const region& wanted, const shape& extents);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/region.ipp"
#endif
