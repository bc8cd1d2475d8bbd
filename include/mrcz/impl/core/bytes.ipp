/// Memory that is reused.
#pragma once

#include "mrcz/core/bytes.hpp"

#include "mrcz/core/hardware.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE std::span<std::byte> buffer::acquire(std::size_t size) {
  if (size > capacity_) {
    memory_.reset();  // frees the old memory before it allocates the larger one
    capacity_ = 0;
    memory_ = std::make_unique_for_overwrite<std::byte[]>(size);
    capacity_ = size;
    advise_huge_pages({memory_.get(), capacity_});
  }
  return {memory_.get(), size};
}

}  // namespace mrcz::detail
