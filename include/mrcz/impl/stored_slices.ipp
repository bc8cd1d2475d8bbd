/// Definitions of `stored_slices.hpp`.
#pragma once

#include "mrcz/stored_slices.hpp"

#include <cstddef>
#include <type_traits>

namespace mrcz::detail {

MRCZ_INLINE stored_slices::stored_slices(const reader& in) : in_{in} {
  in.visit([this]<class T>(std::type_identity<T>) {
    decode_ = &decoder_of<T>();
    encode_ = &encoder_of<T>();
  });
}

MRCZ_INLINE slices stored_slices::read(resolved_range z, buffer& memory) const {
  const auto [nz, ny, nx] = in_.shape();
  const std::size_t voxel = encode_->bytes;
  require_addressable({z.count, ny, nx}, voxel);
  const auto bytes = memory.acquire(z.count * ny * nx * voxel);
  const shape extents{z.count, ny, nx};
  const auto columns = static_cast<std::ptrdiff_t>(nx);
  in_.read_slices(range{.first = z.first, .count = z.count},
                  voxels{.type = decode_,
                         .first = bytes.data(),
                         .rank = 3,
                         .extents = extents,
                         .strides = in_bytes({static_cast<std::ptrdiff_t>(ny) * columns, columns, 1}, voxel)});
  return {.type = encode_,
          .rank = 3,
          .extents = extents,
          .array = nullptr,
          .evaluate = nullptr,
          .in_place = bytes.data(),
          .in_parallel = true};
}

MRCZ_INLINE running_statistics stored_slices::summarise(std::size_t z, buffer& memory) const {
  const auto one = read({z, 1}, memory);
  return one.type->summarise(one.in_place, one.extents[1] * one.extents[2]);
}

}  // namespace mrcz::detail
