/// Memory that is reused and not initialised.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace mrcz::detail {

/// Memory for a slice that is about to be overwritten. It grows and never shrinks. It does not zero its bytes, and it
/// loses its content when it grows. It is aligned for every voxel type.
class buffer {
 public:
  buffer() = default;
  buffer(buffer&& other) noexcept : memory_{std::move(other.memory_)}, capacity_{std::exchange(other.capacity_, 0)} {}
  buffer& operator=(buffer&& other) noexcept {
    memory_ = std::move(other.memory_);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  /// Returns `size` writable bytes of undefined content. Earlier spans become invalid if the buffer grows.
  std::span<std::byte> acquire(std::size_t size);

  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return capacity_ == 0; }

  /// Where the memory begins; null if there is none.
  const std::byte* data() const noexcept { return memory_.get(); }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_ = 0;
};

/// Keeps used memory of some kind, so that the next slices use it again. Thread-safe.
template <class Memory>
class pool {
 public:
  Memory take() {
    const std::lock_guard lock{mutex_};
    if (spare_.empty()) return {};
    Memory last = std::move(spare_.back());
    spare_.pop_back();
    return last;
  }

  std::size_t size() const {
    const std::lock_guard lock{mutex_};
    return spare_.size();
  }

  void give_back(Memory&& used) {
    if (used.empty()) return;
    const std::lock_guard lock{mutex_};
    spare_.push_back(std::move(used));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Memory> spare_;
};

using buffer_pool = pool<buffer>;

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/bytes.ipp"
#endif
