/// Arrays in bloscpack files, in the form in which Python's bloscpack writes and reads arrays of numpy. The data are
/// plain bytes; the metadata state their type, shape and order.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "mrcz/array/array.hpp"
#include "mrcz/bloscpack/dtype.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/bloscpack/writer.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/memory.hpp"

namespace mrcz::bloscpack {

/// What the metadata say about an array.
struct array_layout {
  bloscpack::dtype dtype;
  std::vector<std::size_t> shape;  ///< slowest axis first, unless `column_major`
  bool column_major = false;       ///< the first axis is the fastest (order F)

  /// Bytes of the array. Throws `errc::too_large` if memory cannot hold so many.
  std::size_t bytes() const;

  friend bool operator==(const array_layout&, const array_layout&) = default;
};

/// Throws `errc::bad_metadata` unless the metadata describe an array with a plain dtype.
MRCZ_INLINE array_layout parse_layout(const metadata& values);

/// The metadata that Python's bloscpack writes for such an array.
MRCZ_INLINE metadata to_metadata(const array_layout& layout);

namespace detail {

/// The elements of a container in the order of memory, if they have no gaps and the first axis is the fastest.
/// Otherwise empty.
template <container E>
auto column_major_elements(const E& e) -> std::span<std::remove_pointer_t<decltype(e.data())>> {
  return mrcz::detail::elements_without_gaps(e, [](std::size_t i) { return i; });
}

/// Converts elements of a file to their form in memory: the byte order of this machine, and only 0 and 1 in a bool.
MRCZ_INLINE void make_native(const dtype& d, std::span<std::byte> elements);

}  // namespace detail

/// A row-major array of any rank, also where xtensor's default layout is column-major. Converts to `xt::xarray<T>`.
template <element T>
using row_major_array = xt::xarray<T, xt::layout_type::row_major>;

/// Packs an array of any rank, or any xtensor expression. Python's bloscpack reads it as the same array. Elements that
/// have no gaps in memory, in row-major (C) or column-major (F) order, are written in that order. Anything else is
/// evaluated first, in row-major order. `typesize` becomes the size of an element, and `chunk_size` a multiple of it.
template <expression E>
header pack(const std::filesystem::path& path, const E& array, pack_options options = {}) {
  using T = std::remove_cv_t<typename E::value_type>;
  static_assert(element<T>, "numpy has no plain type for these elements: xt::cast to one that it has");
  array_layout layout{.dtype = dtype_of<T>(), .shape = {array.shape().begin(), array.shape().end()}};
  options.typesize = sizeof(T);
  detail::check(options);
  options.chunk_size = std::max(options.chunk_size - options.chunk_size % sizeof(T), sizeof(T));
  const auto write = [&](std::span<const T> elements) {
    atomic_file to{path, options.durability, options.replace};
    return pack(memory_source{std::as_bytes(elements), path.string()}, to, options, to_metadata(layout));
  };
  if constexpr (container<const E>) {
    if (const auto elements = detail::contiguous(array); elements.size() == array.size()) return write(elements);
    if (const auto elements = detail::column_major_elements(array); elements.size() == array.size()) {
      layout.column_major = true;
      return write(elements);
    }
  }
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): the elements of the copy have no gaps between them
  const row_major_array<T> evaluated = array;
  return write(std::span{evaluated.data(), evaluated.size()});
}

/// The array in a bloscpack file. Throws `errc::mode_mismatch` unless its elements are of type `T`; `visit` on the
/// dtype of `parse_layout(in.metadata())` finds the right type. Throws `errc::bad_metadata` if the file holds no array
/// with a plain dtype, or if the size of the array is not the size of the data. Also throws what `reader` throws.
template <element T>
row_major_array<T> unpack(const reader& in) {
  return detail::with_context(in.name(), [&] {
    const array_layout layout = parse_layout(in.metadata());
    if (const auto wanted = dtype_of<T>(); layout.dtype.kind != wanted.kind || layout.dtype.size != wanted.size)
      detail::fail(errc::mode_mismatch, "the elements are of dtype {}, but {} was asked for", to_string(layout.dtype),
                   to_string(wanted));
    if (layout.bytes() != in.size())
      detail::fail(errc::bad_metadata, "an array of this shape has {} bytes, but the file holds {}", layout.bytes(),
                   in.size());
    in.require_plausible();
    auto array = row_major_array<T>::from_shape(layout.shape);
    if (!layout.column_major) {
      const auto elements = std::as_writable_bytes(std::span{array.data(), array.size()});
      in.read_at(0, elements);
      detail::make_native(layout.dtype, elements);
      return array;
    }
    detail::buffer memory;
    const auto bytes = memory.acquire(layout.bytes());
    in.read_at(0, bytes);
    detail::make_native(layout.dtype, bytes);
    xt::noalias(array) = xt::adapt<xt::layout_type::column_major>(reinterpret_cast<const T*>(bytes.data()),
                                                                  array.size(), xt::no_ownership(), layout.shape);
    return array;
  });
}

template <element T>
row_major_array<T> unpack(const std::filesystem::path& path, read_options options = {}) {
  return unpack<T>(reader{path, options});
}

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/array.ipp"
#endif
