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
  return read_region({z, {0, in_.shape()[1]}, {0, in_.shape()[2]}}, memory);
}

MRCZ_INLINE slices stored_slices::read_region(const resolved_region& box, buffer& memory) const {
  const auto whole = [](const resolved_range& one) { return range{.first = one.first, .count = one.count}; };
  const auto extents = box.shape();
  const auto [nz, ny, nx] = extents;
  const std::size_t voxel = encode_->bytes;
  require_addressable(extents, voxel);
  const auto bytes = memory.acquire(nz * ny * nx * voxel);
  const auto columns = static_cast<std::ptrdiff_t>(nx);
  in_.read_region({whole(box.z), whole(box.y), whole(box.x)},
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
