/// The conversions of `array/convert.hpp` and `array/slice_codec.hpp` for arrays of a type.
#pragma once

#include <cstddef>
#include <span>

#include "mrcz/array/slice_codec.hpp"

namespace test {

template <class T>
void require_widening(const mrcz::detail::voxel_format& format) {
  mrcz::detail::require_widening(mrcz::decoder_of<T>(), format);
}

template <class T>
void decode_voxels(const mrcz::detail::voxel_format& format, const std::byte* from, T* to, std::size_t count,
                   mrcz::detail::nearness where = mrcz::detail::nearness::in_caches) {
  mrcz::detail::decode_voxels(mrcz::decoder_of<T>(), format, from, reinterpret_cast<std::byte*>(to), count, where);
}

template <class T>
void encode_voxels(const mrcz::detail::voxel_format& format, const T* from, std::byte* to, std::size_t count,
                   std::size_t first = 0, const mrcz::detail::narrowing& how = {}) {
  const auto& type = mrcz::encoder_of<mrcz::detail::written_as<T>>();
  const auto* const voxels = reinterpret_cast<const std::byte*>(from);
  if (!mrcz::detail::encode_exactly(type, format, voxels, to, count))
    mrcz::detail::encode_numbers(type, format, how, voxels, to, count, first);
}

template <class T>
void decode_rows(const mrcz::detail::slice_format& format, std::span<const std::byte> rows,
                 mrcz::detail::resolved_range y, mrcz::detail::resolved_range x, T* to) {
  mrcz::detail::decode_rows(mrcz::decoder_of<T>(), format, rows, y, x, reinterpret_cast<std::byte*>(to));
}

template <class T>
std::span<const std::byte> encode_slice(const mrcz::detail::slice_format& format, std::span<const T> from,
                                        mrcz::detail::buffer& scratch) {
  return mrcz::detail::encode_slice(mrcz::encoder_of<T>(), format, {}, std::as_bytes(from), scratch).bytes;
}

}  // namespace test
