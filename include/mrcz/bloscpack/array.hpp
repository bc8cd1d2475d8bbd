/// Arrays in bloscpack files, in the form in which Python's bloscpack writes and reads arrays of numpy. The data are
/// plain bytes; the metadata state their type, shape and order.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "mrcz/array/array.hpp"
#include "mrcz/bloscpack/dtype.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

/// What the metadata say about an array.
struct array_layout {
  std::string dtype;  ///< as numpy describes it (`parse_description`): <f8, or [('a', '<i4'), ('s', '|S5')]
  std::vector<std::size_t> shape;  ///< slowest axis first, unless `column_major`
  bool column_major = false;       ///< the first axis is the fastest (order F)

  /// Bytes of the array. Throws `errc::too_large` if memory cannot hold so many.
  std::size_t bytes() const;

  friend bool operator==(const array_layout&, const array_layout&) = default;
};

/// Throws `errc::bad_metadata` unless the metadata describe an array.
MRCZ_INLINE array_layout parse_layout(const metadata& values);

/// The metadata that Python's bloscpack writes for such an array.
MRCZ_INLINE metadata to_metadata(const array_layout& layout);

/// An array whose elements need not have a C++ type: records, texts, times.
struct array_bytes {
  array_layout layout;           ///< dtype, shape and order
  std::vector<std::byte> bytes;  ///< in the order of the layout and in the byte order of the dtype
};

/// Packs the bytes of an array of any dtype. Python's bloscpack reads it as that array. Throws `errc::bad_option` if
/// there are more or fewer bytes than the layout says, and for another `typesize` than the size of an element.
/// `chunk_size` is rounded down to whole elements.
/// @{
MRCZ_INLINE header pack_array(byte_sink& to, const array_layout& layout, std::span<const std::byte> bytes,
                              const options& wanted = {});
MRCZ_INLINE header pack_array(sequential_sink& to, const array_layout& layout, std::span<const std::byte> bytes,
                              const options& wanted = {});
MRCZ_INLINE header pack_array(const std::filesystem::path& path, const array_layout& layout,
                              std::span<const std::byte> bytes, const options& wanted = {});
/// @}

/// The array in a bloscpack file, of whatever type. Throws `errc::bad_metadata` if the file holds no array, or if the
/// size of the array is not the size of the data. Also throws what `reader` throws.
MRCZ_INLINE array_bytes unpack_array(const reader& in);

namespace detail {

/// The elements of a container in the order of memory, if they have no gaps and the first axis is the fastest.
/// Otherwise empty.
template <container E>
auto column_major_elements(const E& e) -> std::span<std::remove_pointer_t<decltype(e.data())>> {
  return mrcz::detail::elements_without_gaps(e, [](std::size_t i) { return i; });
}

/// Converts elements of a file to their form in memory: the byte order of this machine, and only 0 and 1 in a bool.
MRCZ_INLINE void make_native(const dtype& d, std::span<std::byte> elements);

/// The layout of the array in a file whose size fits. Call it before memory is allocated for the array.
MRCZ_INLINE array_layout checked_layout(const reader& in);

}  // namespace detail

/// A row-major array of any rank, also where xtensor's default layout is column-major. Converts to `xt::xarray<T>`.
template <element T>
using row_major_array = xt::xarray<T, xt::layout_type::row_major>;

namespace detail {

/// Calls `pack(layout, bytes)`. Elements that have no gaps in memory are used in place.
template <expression E, class Pack>
auto pack_elements(const E& array, Pack&& pack) {
  using T = std::remove_cv_t<typename E::value_type>;
  static_assert(element<T>, "numpy has no plain type for these elements: xt::cast to one that it has");
  array_layout layout{.dtype = to_string(dtype_of<T>()), .shape = {array.shape().begin(), array.shape().end()}};
  const auto pack_all = [&](std::span<const T> elements) { return pack(layout, std::as_bytes(elements)); };
  if constexpr (container<const E>) {
    if (const auto elements = mrcz::detail::contiguous(array); elements.size() == array.size())
      return pack_all(elements);
    if (const auto elements = column_major_elements(array); elements.size() == array.size()) {
      layout.column_major = true;
      return pack_all(elements);
    }
  }
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): the elements of the copy have no gaps between them
  const row_major_array<T> evaluated = array;
  return pack_all(std::span{evaluated.data(), evaluated.size()});
}

}  // namespace detail

/// Packs an array of any rank, or any xtensor expression, to a file, to any sink, or into memory. Python's bloscpack
/// reads it as the same array. Elements that have no gaps in memory, in row-major (C) or column-major (F) order, are
/// written in that order. Anything else is evaluated first, in row-major order.
/// @{
template <expression E>
header pack_array(const std::filesystem::path& path, const E& array, const options& wanted = {}) {
  return detail::pack_elements(array, [&](const array_layout& layout, std::span<const std::byte> bytes) {
    return pack_array(path, layout, bytes, wanted);
  });
}

template <expression E>
header pack_array(byte_sink& to, const E& array, const options& wanted = {}) {
  return detail::pack_elements(array, [&](const array_layout& layout, std::span<const std::byte> bytes) {
    return pack_array(to, layout, bytes, wanted);
  });
}

template <expression E>
header pack_array(sequential_sink& to, const E& array, const options& wanted = {}) {
  return detail::pack_elements(array, [&](const array_layout& layout, std::span<const std::byte> bytes) {
    return pack_array(to, layout, bytes, wanted);
  });
}

template <expression E>
std::vector<std::byte> pack_array(const E& array, const options& wanted = {}) {
  std::vector<std::byte> packed;
  memory_sink to{packed};
  pack_array(static_cast<byte_sink&>(to), array, wanted);
  return packed;
}
/// @}

/// The array in a bloscpack file. Throws `errc::mode_mismatch` unless its elements are of type `T`; `visit` on the
/// dtype of `parse_layout(in.metadata())` finds the right type. Throws as `unpack_array` without a type.
template <element T>
row_major_array<T> unpack_array(const reader& in) {
  return detail::with_context(in.name(), [&] {
    const array_layout layout = parse_layout(in.metadata());
    const dtype stored = parse_dtype(layout.dtype);
    if (const auto wanted = dtype_of<T>(); stored.kind != wanted.kind || stored.size != wanted.size)
      detail::fail(errc::mode_mismatch, "the elements are of dtype {}, but {} was asked for", to_string(stored),
                   to_string(wanted));
    detail::checked_layout(in);
    auto array = row_major_array<T>::from_shape(layout.shape);
    if (!layout.column_major) {
      const auto elements = std::as_writable_bytes(std::span{array.data(), array.size()});
      in.read_at(0, elements);
      detail::make_native(stored, elements);
      return array;
    }
    detail::buffer memory;
    const auto bytes = memory.acquire(layout.bytes());
    in.read_at(0, bytes);
    detail::make_native(stored, bytes);
    xt::noalias(array) = xt::adapt<xt::layout_type::column_major>(reinterpret_cast<const T*>(bytes.data()),
                                                                  array.size(), xt::no_ownership(), layout.shape);
    return array;
  });
}

/// The array in the file at this path.
template <element T>
row_major_array<T> unpack_array(const std::filesystem::path& path, const options& wanted = {}) {
  return unpack_array<T>(reader{path, wanted});
}

/// The array in a packed file that lies in memory.
template <element T>
row_major_array<T> unpack_array(std::span<const std::byte> packed, const options& wanted = {}) {
  return unpack_array<T>(reader{std::make_shared<memory_source>(packed), wanted});
}

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/array.ipp"
#endif
