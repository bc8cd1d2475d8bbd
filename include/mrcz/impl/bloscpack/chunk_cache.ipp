/// Keeping chunks that may be read again.
#pragma once

#include "mrcz/bloscpack/chunk_cache.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE bool chunk_cache::copy(std::uint64_t chunk, std::size_t first, std::span<std::byte> into) {
  const auto plain = find(chunk);
  if (plain == nullptr) return false;
  std::memcpy(into.data(), plain->acquire(first + into.size()).data() + first, into.size());
  return true;
}

MRCZ_INLINE void chunk_cache::keep(std::uint64_t chunk, std::shared_ptr<buffer> plain, std::size_t size) {
  const std::lock_guard lock{mutex_};
  std::erase_if(kept_, [&](const entry& e) { return e.chunk == chunk; });
  forget_old(size);
  kept_.push_back({chunk, size, std::move(plain)});
}

MRCZ_INLINE void chunk_cache::make_room(std::size_t size) {
  const std::lock_guard lock{mutex_};
  forget_old(size);
}

MRCZ_INLINE void chunk_cache::forget_old(std::size_t size) {
  std::size_t total = size;
  for (const entry& e : kept_) total += e.size;
  while (total > capacity_ && !kept_.empty()) {
    total -= kept_.front().size;
    kept_.erase(kept_.begin());
  }
}

MRCZ_INLINE std::shared_ptr<buffer> chunk_cache::find(std::uint64_t chunk) {
  const std::lock_guard lock{mutex_};
  const auto found = std::ranges::find(kept_, chunk, &entry::chunk);
  if (found == kept_.end()) return nullptr;
  std::rotate(found, found + 1, kept_.end());
  return kept_.back().plain;
}

}  // namespace mrcz::bloscpack::detail
