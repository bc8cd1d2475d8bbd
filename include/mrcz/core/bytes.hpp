/// A reusable, uninitialised run of bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "mrcz/core/hardware.hpp"

namespace mrcz {

/// Grows, never shrinks, never zeroes and does not keep its content when it grows: memory for a slice that is
/// about to be overwritten. Aligned for every voxel type.
class buffer {
 public:
  buffer() = default;
  buffer(buffer&& other) noexcept : memory_{std::move(other.memory_)}, capacity_{std::exchange(other.capacity_, 0)} {}
  buffer& operator=(buffer&& other) noexcept {
    memory_ = std::move(other.memory_);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  /// `size` writable bytes of undefined content; earlier spans are invalid if the buffer had to grow.
  std::span<std::byte> acquire(std::size_t size) {
    if (size > capacity_) {
      memory_.reset();  // gives the old memory back before asking for the new
      capacity_ = 0;
      memory_ = std::make_unique_for_overwrite<std::byte[]>(size);
      capacity_ = size;
      detail::advise_huge_pages({memory_.get(), capacity_});
    }
    return {memory_.get(), size};
  }

  std::size_t capacity() const noexcept { return capacity_; }

  /// Where the memory begins; null if there is none.
  const std::byte* data() const noexcept { return memory_.get(); }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_ = 0;
};

/// Buffers that wait to be used again, so that memory stays warm from slice to slice. Thread-safe.
class buffer_pool {
 public:
  buffer take() {
    const std::lock_guard lock{mutex_};
    if (spare_.empty()) return {};
    buffer last = std::move(spare_.back());
    spare_.pop_back();
    return last;
  }

  std::size_t size() const {
    const std::lock_guard lock{mutex_};
    return spare_.size();
  }

  void give_back(buffer&& used) {
    if (used.capacity() == 0) return;
    const std::lock_guard lock{mutex_};
    spare_.push_back(std::move(used));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<buffer> spare_;
};

}  // namespace mrcz
