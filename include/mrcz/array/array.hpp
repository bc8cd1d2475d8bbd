/// Volumes and images as xtensor arrays. The only header that includes xtensor.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#if __has_include(<xtensor/containers/xtensor.hpp>)  // xtensor 0.26 sorted its headers into folders
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xfixed.hpp>
#include <xtensor/containers/xscalar.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xfunction.hpp>
#include <xtensor/core/xnoalias.hpp>
#include <xtensor/generators/xgenerator.hpp>
#include <xtensor/reducers/xreducer.hpp>
#include <xtensor/views/xbroadcast.hpp>
#include <xtensor/views/xrepeat.hpp>
#include <xtensor/views/xstrided_view.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xbroadcast.hpp>
#include <xtensor/xfixed.hpp>
#include <xtensor/xfunction.hpp>
#include <xtensor/xgenerator.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xreducer.hpp>
#include <xtensor/xrepeat.hpp>
#include <xtensor/xscalar.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>
#endif

#include "mrcz/array/voxels.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/mode.hpp"

namespace mrcz {

/// Voxels as [z][y][x], row-major.
template <voxel T>
using volume = xt::xtensor<T, 3, xt::layout_type::row_major>;

/// Pixels as [y][x], row-major.
template <voxel T>
using image = xt::xtensor<T, 2, xt::layout_type::row_major>;

/// Anything that xtensor evaluates element by element: containers, views, lazy expressions; or a reference to one.
template <class E>
concept expression = requires(const std::remove_reference_t<E>& e) {
  typename std::remove_cvref_t<E>::value_type;
  { e.dimension() } -> std::convertible_to<std::size_t>;
  e.shape();
};

/// An expression whose elements lie in memory.
template <class E>
concept container = expression<E> && requires(std::remove_reference_t<E>& e) {
  { e.data() } -> std::convertible_to<const typename std::remove_cvref_t<E>::value_type*>;
  e.strides();
  e.layout();
};

namespace detail {

/// [nz, ny, nx] of an expression of rank 3, or [1, ny, nx] of one of rank 2. All extents are 0 for another rank, which
/// `require_array` refuses.
template <expression E>
shape shape_of(const E& e) {
  const auto& extents = e.shape();
  if (e.dimension() == 2) return {1, static_cast<std::size_t>(extents[0]), static_cast<std::size_t>(extents[1])};
  if (e.dimension() != 3) return {};
  return {static_cast<std::size_t>(extents[0]), static_cast<std::size_t>(extents[1]),
          static_cast<std::size_t>(extents[2])};
}

/// The elements of a container in the order of memory, if they have no gaps and `axis_at(i)` is the i-th fastest axis;
/// otherwise empty.
template <container E, class Axis>
auto elements_without_gaps(E& e, Axis axis_at) -> std::span<std::remove_pointer_t<decltype(e.data())>> {
  std::ptrdiff_t expected = 1;
  for (std::size_t i = 0; i < e.dimension(); ++i) {
    const std::size_t axis = axis_at(i);
    const auto extent = static_cast<std::ptrdiff_t>(e.shape()[axis]);
    if (extent != 1 && static_cast<std::ptrdiff_t>(e.strides()[axis]) != expected) return {};
    expected *= extent;
  }
  auto* first = e.data();
  if constexpr (requires { e.data_offset(); }) first += e.data_offset();
  return {first, static_cast<std::size_t>(expected)};
}

/// The elements of a container, if they lie in memory in row-major order without gaps; otherwise empty.
template <container E>
auto contiguous(E& e) -> std::span<std::remove_pointer_t<decltype(e.data())>> {
  return elements_without_gaps(e, [last = e.dimension() - 1](std::size_t i) { return last - i; });
}

/// A volume with undefined voxels; xtensor sets complex and half voxels to zero nevertheless. Throws `errc::too_large`
/// for more voxels than memory has addresses for.
template <voxel T>
volume<T> make_volume(const shape& extents) {
  require_addressable(extents, sizeof(T));
  return volume<T>::from_shape({extents[0], extents[1], extents[2]});
}

/// States the layout, because a program may define xtensor's default, `XTENSOR_DEFAULT_LAYOUT`, as column-major.
template <class T, std::size_t Rank>
auto adapt_row_major(T* first, const std::array<std::size_t, Rank>& extents) {
  std::size_t count = 1;
  for (const std::size_t extent : extents) count *= extent;
  return xt::adapt<xt::layout_type::row_major>(first, count, xt::no_ownership(), extents);
}

template <voxel T>
image<T> make_image(std::size_t ny, std::size_t nx) {
  require_addressable({1, ny, nx}, sizeof(T));
  return image<T>::from_shape({ny, nx});
}

/// The rank of an expression according to its type; 0 if the rank is known only at run time. Covers lazy expressions,
/// whose rank `xt::get_rank` does not know.
template <expression E>
consteval std::size_t static_rank() {
  if constexpr (requires { std::tuple_size<typename E::shape_type>::value; })
    return std::tuple_size<typename E::shape_type>::value;
  else return xt::get_rank<E>::value == std::numeric_limits<std::size_t>::max() ? 0 : xt::get_rank<E>::value;
}

/// Evaluates slice `z` of an expression of rank 2 (z = 0) or 3 into `to`, which holds ny * nx values in row-major
/// order.
template <expression E, class T>
void evaluate_slice(const E& e, std::size_t z, std::span<T> to, std::size_t ny, std::size_t nx) {
  if (to.empty()) return;
  constexpr std::size_t rank = static_rank<E>();
  if constexpr (rank == 3) {  // assigning a view takes xtensor ten times as long, and the compiler twice as long
    auto from = e.stepper_begin(e.shape());
    from.step(0, z);
    for (std::size_t y = 0; y < ny; ++y) {
      if (y > 0) from.step(1);
      T* const row = to.data() + y * nx;
      row[0] = static_cast<T>(*from);
      for (std::size_t x = 1; x < nx; ++x) {
        from.step(2);
        row[x] = static_cast<T>(*from);
      }
      from.reset(2);
    }
  } else {
    auto target = adapt_row_major(to.data(), std::array{ny, nx});
    if (e.dimension() == 2) xt::noalias(target) = e;
    else if constexpr (rank != 2) xt::noalias(target) = xt::view(e, z, xt::all(), xt::all());
  }
}

}  // namespace detail

/// Makes xtensor compute what it otherwise computes at first use (the shapes of functions, the strides of views).
/// Afterwards several threads may evaluate `e`. Evaluates one voxel.
template <expression E>
void fill_caches(const E& e) {
  const shape extents = detail::shape_of(e);
  if (extents[0] * extents[1] * extents[2] == 0) return;
  if constexpr (container<const E>) static_cast<void>(detail::contiguous(e));
  std::remove_cv_t<typename E::value_type> voxel{};
  auto target = detail::adapt_row_major(&voxel, std::array<std::size_t, 2>{1, 1});
  if (e.dimension() == 2) {
    xt::noalias(target) = xt::view(e, xt::range(0, 1), xt::range(0, 1));
  } else {
    xt::noalias(target) = xt::view(e, 0, xt::range(0, 1), xt::range(0, 1));
  }
}

}  // namespace mrcz
