/// The order of the axes in a file (MRC2014, MAPC, MAPR and MAPS), and how it becomes x, y, z.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"

namespace mrcz {

/// Which order of axes the arrays have that are read. The letters are the axes of the specimen that columns, rows and
/// sections follow, in this order.
enum class axis_order : std::uint8_t {
  file,  ///< [section][row][column], whatever axes of the specimen these follow
  xyz,   ///< [z][y][x] of the specimen
  xzy,   ///< [y][z][x]
  yxz,   ///< [z][x][y]
  yzx,   ///< [x][z][y]
  zxy,   ///< [y][x][z]
  zyx,   ///< [x][y][z]
};

/// The order with this name, such as "xyz"; nothing for other names.
constexpr std::optional<axis_order> axis_order_named(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 7> names{"file", "xyz", "xzy", "yxz", "yzx", "zxy", "zyx"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<axis_order>(i);
  return std::nullopt;
}

namespace detail {

/// For z, y and x of the specimen, in this order, which axis of the file follows it: 0 sections, 1 rows, 2 columns.
using axis_permutation = std::array<std::size_t, 3>;

inline constexpr axis_permutation same_axes{0, 1, 2};

/// The permutation that MAPC, MAPR and MAPS say; `same_axes` if they are no permutation of 1, 2, 3.
MRCZ_INLINE axis_permutation axes_of(const header& h) noexcept;

/// For sections, rows and columns of an array in this order, which axis of the file it is. Throws `errc::bad_option`
/// where axes that differ cannot be exchanged: in a stack, whose sections follow no axis of one specimen.
MRCZ_INLINE axis_permutation axes_to_exchange(const header& h, axis_order order);

/// Values in the order of the file's axes, in the order z, y, x; and back.
template <class T>
constexpr std::array<T, 3> in_xyz(const std::array<T, 3>& of_file, const axis_permutation& axes) noexcept {
  return {of_file[axes[0]], of_file[axes[1]], of_file[axes[2]]};
}
template <class T>
constexpr std::array<T, 3> in_file(const std::array<T, 3>& zyx, const axis_permutation& axes) noexcept {
  std::array<T, 3> of_file{};
  for (std::size_t i = 0; i < 3; ++i) of_file[axes[i]] = zyx[i];
  return of_file;
}

}  // namespace detail

/// The header of the same voxels in another order of axes: N and NSTART change places, and MAPC, MAPR and MAPS say the
/// order. M, CELLA, CELLB and ORIGIN are in the order of the specimen's axes already and stay. Throws
/// `errc::bad_option` for a stack with other axes.
MRCZ_INLINE header in_axis_order(const header& h, axis_order order);

/// The header in the order x, y, z.
inline header in_xyz_order(const header& h) { return in_axis_order(h, axis_order::xyz); }

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/axes.ipp"
#endif
