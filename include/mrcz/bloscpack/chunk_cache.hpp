/// Chunks that were decompressed to read a part of them, and may be wanted again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "mrcz/core/bytes.hpp"

namespace mrcz::bloscpack {

/// Keeps those used last. Thread-safe; copying out of one chunk does not hinder other threads.
class chunk_cache {
 public:
  /// Holds at most `capacity` bytes, or a single larger chunk.
  explicit chunk_cache(std::size_t capacity) : capacity_{capacity} {}

  /// Copies bytes of the chunk from `first` on; false if it is not here.
  bool copy(std::uint64_t chunk, std::size_t first, std::span<std::byte> into) {
    const auto plain = find(chunk);
    if (plain == nullptr) return false;
    std::memcpy(into.data(), plain->acquire(first + into.size()).data() + first, into.size());
    return true;
  }

  /// `plain` holds `size` bytes and is not changed any more.
  void keep(std::uint64_t chunk, std::shared_ptr<buffer> plain, std::size_t size) {
    const std::lock_guard lock{mutex_};
    std::erase_if(kept_, [&](const entry& e) { return e.chunk == chunk; });
    kept_.push_back({chunk, size, std::move(plain)});
    std::size_t total = 0;
    for (const entry& e : kept_) total += e.size;
    while (total > capacity_ && kept_.size() > 1) {
      total -= kept_.front().size;
      kept_.erase(kept_.begin());
    }
  }

 private:
  struct entry {
    std::uint64_t chunk;
    std::size_t size;
    std::shared_ptr<buffer> plain;
  };

  std::shared_ptr<buffer> find(std::uint64_t chunk) {
    const std::lock_guard lock{mutex_};
    const auto found = std::ranges::find(kept_, chunk, &entry::chunk);
    if (found == kept_.end()) return nullptr;
    std::rotate(found, found + 1, kept_.end());
    return kept_.back().plain;
  }

  std::mutex mutex_;
  std::vector<entry> kept_;  // the one used last stands last
  std::size_t capacity_;
};

}  // namespace mrcz::bloscpack
