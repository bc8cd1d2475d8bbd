/// Which expressions several threads may evaluate at once.
#pragma once

#include <type_traits>

#include "mrcz/array/array.hpp"

namespace mrcz {

namespace detail {

/// Whether an element is the same whenever and by whoever it is asked for. Arrays and views of memory are; what is
/// made of such operands is, if its function has no members that could change.
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

/// Whether several threads may evaluate parts of one `E` at once, as far as its type tells: arrays, adaptors, views,
/// broadcasts, scalars, and functions without members of these. Everything else (random numbers, generators, lambdas
/// with captures, reducers) may keep state, so one thread evaluates it, slice after slice.
template <expression E>
inline constexpr bool evaluates_in_parallel = detail::is_stateless<std::remove_cvref_t<E>>;

}  // namespace mrcz
