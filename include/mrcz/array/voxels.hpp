/// The waist: everything that the engine knows about arrays. The engine writes from `slices` and reads into `voxels`.
/// These two structs do not depend on the kind of the array, so the code that uses them is compiled once.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "mrcz/array/convert.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/mode.hpp"

namespace mrcz {

/// Bytes from one voxel to the next along z, y and x; negative where an axis is flipped.
using byte_strides = std::array<std::ptrdiff_t, 3>;

/// The place into which voxels are read. Refers to memory of the caller.
struct voxels {
  const voxel_decoder* type;  ///< `decoder_of` the type of the voxels
  std::byte* first;           ///< address of voxel (0, 0, 0)
  std::size_t rank;           ///< of the array: 2 (an image, of one slice) or 3 (a volume)
  shape extents;              ///< of the volume; an image has one slice
  byte_strides strides;       ///< from one voxel to the next

  /// Whether they lie in row-major order without gaps.
  MRCZ_INLINE bool is_dense() const noexcept;

  /// Bytes of all voxels, without gaps.
  std::size_t bytes() const noexcept { return extents[0] * extents[1] * extents[2] * type->bytes; }
};

/// The voxels that are written, slice by slice. Refers to an array, an expression or memory of the caller.
struct slices {
  const voxel_encoder* type;  ///< `encoder_of` the type of the voxels
  std::size_t rank;           ///< of the array: 2 (an image, of one slice) or 3 (a volume)
  shape extents;              ///< of the volume; an image has one slice
  const void* array;          ///< what `evaluate` is called with
  /// Evaluates slice `z` of `array` into `to`, which has room for its voxels in row-major order and is aligned for
  /// them. What it throws reaches the caller as `errc::caller_failed`. May be null if `in_place` is given.
  void (*evaluate)(const void* array, std::size_t z, std::byte* to);
  /// All voxels, if they lie in memory in row-major order without gaps; null otherwise.
  const std::byte* in_place;
  bool in_parallel;  ///< several threads may evaluate slices at the same time, once the first one has been evaluated

  /// Bytes of one slice in memory.
  std::size_t slice_bytes() const noexcept { return extents[1] * extents[2] * type->bytes; }
};

/// A view of voxels anywhere in memory: see `view_of`.
template <class T>
  requires written_voxel<std::remove_const_t<T>>
struct voxel_view {
  T* first;                               ///< address of voxel (0, 0, 0)
  std::size_t rank;                       ///< 2 (an image) or 3 (a volume)
  shape extents;                          ///< an image has one slice
  std::array<std::ptrdiff_t, 3> strides;  ///< in voxels
};

namespace detail {

/// Throws `errc::shape_mismatch` unless the rank is 2 (an image) or 3 (a volume).
MRCZ_INLINE void require_rank(std::size_t rank);

/// Throws `errc::shape_mismatch` unless the rank is 3.
MRCZ_INLINE void require_volume(const slices& all);

/// Throws if an array cannot be written, or cannot be read into: `errc::shape_mismatch` for another rank;
/// `errc::bad_option` for voxels without memory and, before reading, for several voxels at one place.
MRCZ_INLINE void require_array(const slices& from);
MRCZ_INLINE void require_array(const voxels& to);

/// Throws `errc::too_large` for more voxels than memory has addresses for.
MRCZ_INLINE void require_addressable(const shape& extents, std::size_t voxel_bytes);

/// Extents or strides along z, y and x. An image is a volume of one slice.
template <std::size_t Rank, class Number>
constexpr std::array<Number, 3> of_rank_3(const Number* numbers) noexcept {
  static_assert(Rank == 2 || Rank == 3, "voxels have rank 2 (an image) or 3 (a volume)");
  if constexpr (Rank == 2) return {1, numbers[0], numbers[1]};
  else return {numbers[0], numbers[1], numbers[2]};
}

/// Converts strides in voxels to strides in bytes.
MRCZ_INLINE byte_strides in_bytes(const std::array<std::ptrdiff_t, 3>& strides, std::size_t voxel_bytes) noexcept;
MRCZ_INLINE bool is_dense(const shape& extents, const byte_strides& strides, std::size_t voxel_bytes) noexcept;
/// Copy a slice of voxels to row-major order without gaps (`gather`) or from it (`scatter`).
MRCZ_INLINE void gather(const std::byte* from, std::ptrdiff_t row_stride, std::ptrdiff_t stride, std::byte* to,
                        std::size_t rows, std::size_t columns, std::size_t voxel_bytes) noexcept;
MRCZ_INLINE void scatter(const std::byte* from, std::byte* to, std::ptrdiff_t row_stride, std::ptrdiff_t stride,
                         std::size_t rows, std::size_t columns, std::size_t voxel_bytes) noexcept;

/// A number of any integral type, so that extents and strides in braces may mix `int`, `std::size_t` and others. A
/// negative extent becomes one that no memory can hold, and is refused for that reason.
template <class Number>
struct any_integer {
  template <std::integral From>
  constexpr any_integer(From from) noexcept  // NOLINT(google-explicit-constructor)
      : value{static_cast<Number>(from)} {}
  Number value;
};

template <class Number, std::size_t Rank>
constexpr std::array<Number, Rank> values_of(const any_integer<Number> (&numbers)[Rank]) noexcept {
  std::array<Number, Rank> values{};
  for (std::size_t i = 0; i < Rank; ++i) values[i] = numbers[i].value;
  return values;
}

template <class T>
constexpr voxel_view<T> dense_view(T* first, std::size_t rank, const shape& extents) noexcept {
  return {first,
          rank,
          extents,
          {static_cast<std::ptrdiff_t>(extents[1] * extents[2]), static_cast<std::ptrdiff_t>(extents[2]), 1}};
}

}  // namespace detail

/// Voxels in memory of the caller, to be written or to be read into: `out.append(mrcz::view_of(p, {ny, nx}))`,
/// `in.read_slice(17, mrcz::view_of(p, {ny, nx}))`. Extents are {nz, ny, nx} or {ny, nx}. Strides are in the same
/// order: the distances, in voxels, from one voxel to the next along each axis. Without strides, the voxels lie in
/// row-major order without gaps. The view refers to the voxels, which must outlive it. Costs nothing.
///
///     view_of(mat.ptr<float>(), {rows, columns}, {mat.step1(), 1})                       rows with padding (OpenCV)
///     view_of(matrix.data(), {rows, columns}, {matrix.rowStride(), matrix.colStride()})  column-major (Eigen)
///     view_of(m.data_handle(), {m.extent(0), m.extent(1)}, {m.stride(0), m.stride(1)})   std::mdspan
///     view_of(p + (ny - 1) * nx, {ny, nx}, {-std::ptrdiff_t(nx), 1})                     turned upside down
/// @{
template <class T, std::size_t Rank>
constexpr voxel_view<T> view_of(T* first, const std::array<std::size_t, Rank>& extents) noexcept {
  return detail::dense_view(first, Rank, detail::of_rank_3<Rank>(extents.data()));
}
template <class T, std::size_t Rank>
constexpr voxel_view<T> view_of(T* first, const std::array<std::size_t, Rank>& extents,
                                const std::array<std::ptrdiff_t, Rank>& strides) noexcept {
  return {first, Rank, detail::of_rank_3<Rank>(extents.data()), detail::of_rank_3<Rank>(strides.data())};
}
template <class T, std::size_t Rank>
constexpr voxel_view<T> view_of(T* first, const detail::any_integer<std::size_t> (&extents)[Rank]) noexcept {
  return view_of(first, detail::values_of(extents));
}
template <class T, std::size_t Rank>
constexpr voxel_view<T> view_of(T* first, const detail::any_integer<std::size_t> (&extents)[Rank],
                                const detail::any_integer<std::ptrdiff_t> (&strides)[Rank]) noexcept {
  return view_of(first, detail::values_of(extents), detail::values_of(strides));
}
/// @}

/// The place of a view as the engine knows it.
template <class T>
  requires voxel<T>
voxels voxels_of(const voxel_view<T>& view) noexcept {
  return {&decoder_of<T>(), reinterpret_cast<std::byte*>(view.first), view.rank, view.extents,
          detail::in_bytes(view.strides, sizeof(T))};
}

namespace detail {

/// The slices of an array in memory. `View` makes a `voxel_view` of the array. Slices are copied row by row unless all
/// voxels lie in row-major order without gaps.
template <class Array, class View>
slices gathered_slices(const Array& array, View) {
  const auto view = View{}(array);
  using element = std::remove_cv_t<std::remove_pointer_t<decltype(view.first)>>;
  static_assert(written_voxel<element>,
                "MRC has no mode for this element type: xt::cast to one that it has, such as float");
  const auto* const first = reinterpret_cast<const std::byte*>(view.first);
  const auto evaluate = [](const void* from, std::size_t z, std::byte* to) {
    const auto of = View{}(*static_cast<const Array*>(from));
    const auto strides = in_bytes(of.strides, sizeof(element));
    gather(reinterpret_cast<const std::byte*>(of.first) + static_cast<std::ptrdiff_t>(z) * strides[0], strides[1],
           strides[2], to, of.extents[1], of.extents[2], sizeof(element));
  };
  const bool dense = is_dense(view.extents, in_bytes(view.strides, sizeof(element)), sizeof(element));
  return {.type = &encoder_of<written_as<element>>(),
          .rank = view.rank,
          .extents = view.extents,
          .array = std::addressof(array),
          .evaluate = first != nullptr ? +evaluate : nullptr,
          .in_place = dense ? first : nullptr,
          .in_parallel = true};
}

}  // namespace detail

/// The slices of a view. The result refers to `view`.
template <class T>
slices slices_of(const voxel_view<T>& view) {
  return detail::gathered_slices(view, [](const voxel_view<T>& same) { return same; });
}

/// The same: so that `slices` and `voxels` of the caller's own making can be written and read into.
/// @{
inline slices slices_of(const slices& all) noexcept { return all; }
inline voxels voxels_of(const voxels& all) noexcept { return all; }
/// @}

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/array/voxels.ipp"
#endif
