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

MRCZ_INLINE buffer buffer_pool::take() {
  const std::lock_guard lock{mutex_};
  if (spare_.empty()) return {};
  buffer last = std::move(spare_.back());
  spare_.pop_back();
  return last;
}

MRCZ_INLINE std::size_t buffer_pool::size() const {
  const std::lock_guard lock{mutex_};
  return spare_.size();
}

MRCZ_INLINE void buffer_pool::give_back(buffer&& used) {
  if (used.capacity() == 0) return;
  const std::lock_guard lock{mutex_};
  spare_.push_back(std::move(used));
}

}  // namespace mrcz::detail
