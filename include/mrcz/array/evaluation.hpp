/// Turns arrays and expressions of xtensor into `slices` and `voxels`, the two structs of the waist.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "mrcz/array/array.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/format/mode.hpp"

namespace mrcz {

namespace detail {

/// Whether an element has the same value in each evaluation, at any time and in any thread. This holds for arrays and
/// views of memory. It also holds for expressions of such operands, if their function has no members that could change.
template <class E>
inline constexpr bool is_stateless = container<const E>;

template <class E>
inline constexpr bool is_stateless_operand = is_stateless<std::remove_cvref_t<E>>;

template <class T>
inline constexpr bool is_stateless<xt::xscalar<T>> = true;

template <class Function, class... Operands>
inline constexpr bool is_stateless<xt::xfunction<Function, Operands...>> =
    std::is_empty_v<Function> && (is_stateless_operand<Operands> && ...);

template <class Operand, class Shape>
inline constexpr bool is_stateless<xt::xbroadcast<Operand, Shape>> = is_stateless_operand<Operand>;

template <class Operand, class... Slices>
inline constexpr bool is_stateless<xt::xview<Operand, Slices...>> = is_stateless_operand<Operand>;

template <class Operand, class Shape, xt::layout_type Layout, class Storage>
inline constexpr bool is_stateless<xt::xstrided_view<Operand, Shape, Layout, Storage>> = is_stateless_operand<Operand>;

}  // namespace detail

/// Whether several threads may evaluate parts of one `E` at once, as far as its type tells. This holds for arrays,
/// adaptors and scalars, and for views, broadcasts and functions of these, if the functions have no members. Everything
/// else (random numbers, generators, lambdas with captures, reducers) may keep state, so one thread evaluates it, slice
/// after slice.
template <expression E>
inline constexpr bool evaluates_in_parallel = detail::is_stateless<std::remove_cvref_t<E>>;

namespace detail {

/// An array in memory as a view. If its rank is neither 2 nor 3, all extents are 0, and `require_array` refuses the
/// view.
template <container E>
auto as_view(E& array) {
  auto* first = array.data();
  if constexpr (requires { array.data_offset(); }) first += array.data_offset();
  voxel_view<std::remove_pointer_t<decltype(first)>> view{first, array.dimension(), {}, {}};
  if (view.rank != 2 && view.rank != 3) return view;
  view.extents[0] = 1;
  for (std::size_t axis = 0; axis < view.rank; ++axis) {
    const std::size_t to = axis + 3 - view.rank;
    view.extents[to] = static_cast<std::size_t>(array.shape()[axis]);
    view.strides[to] = static_cast<std::ptrdiff_t>(array.strides()[axis]);
  }
  return view;
}

}  // namespace detail

/// The slices of an array or a lazy expression. The result refers to `e`.
template <expression E>
slices slices_of(const E& e) {
  using T = std::remove_cv_t<typename E::value_type>;
  static_assert(written_voxel<T>, "MRC has no mode for this element type: xt::cast to one that it has, such as float");
  if constexpr (container<const E>) {
    return detail::gathered_slices(e, [](const E& array) { return detail::as_view(array); });
  } else {
    const auto evaluate = [](const void* from, std::size_t z, std::byte* to) {
      const E& expression = *static_cast<const E*>(from);
      const auto [nz, ny, nx] = detail::shape_of(expression);
      detail::evaluate_slice(expression, z, std::span{reinterpret_cast<T*>(to), ny * nx}, ny, nx);
    };
    return {.type = &encoder_of<detail::written_as<T>>(),
            .rank = e.dimension(),
            .extents = detail::shape_of(e),
            .array = std::addressof(e),
            .evaluate = evaluate,
            .in_place = nullptr,
            .in_parallel = evaluates_in_parallel<E>};
  }
}

/// An array, or a view of one, as the place into which voxels are read.
template <container E>
voxels voxels_of(E&& into) {
  using T = std::remove_cv_t<typename std::remove_cvref_t<E>::value_type>;
  static_assert(voxel<T>, "voxels cannot be read into elements of this type");
  return voxels_of(detail::as_view(into));
}

/// Everything that can be written: arrays, lazy expressions, a `view_of` a pointer, or `slices` of anything else.
template <class Array>
concept writable = requires(const Array& array) { slices_of(array); };

}  // namespace mrcz
