/// A cache of decompressed chunks that were read in part and may be read again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "mrcz/core/bytes.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack::detail {

/// Keeps the chunks that were used last. Thread-safe. A thread that copies from a chunk does not block other threads.
class chunk_cache {
 public:
  /// Holds at most `capacity` bytes, or a single larger chunk.
  explicit chunk_cache(std::size_t capacity) : capacity_{capacity} {}

  /// Copies bytes of the chunk from `first` on; false if the cache does not have the chunk.
  bool copy(std::uint64_t chunk, std::size_t first, std::span<std::byte> into);

  /// Forgets chunks until another one of `size` bytes can be kept. Call it before memory is allocated for that one.
  void make_room(std::size_t size);

  /// Keeps a chunk. `plain` holds its `size` bytes and must not change any more.
  void keep(std::uint64_t chunk, std::shared_ptr<buffer> plain, std::size_t size);

 private:
  struct entry {
    std::uint64_t chunk;
    std::size_t size;
    std::shared_ptr<buffer> plain;
  };

  std::shared_ptr<buffer> find(std::uint64_t chunk);
  void forget_old(std::size_t size);

  std::mutex mutex_;
  std::vector<entry> kept_;  // the chunk that was used last is at the end
  std::size_t capacity_;
};

}  // namespace mrcz::bloscpack::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/chunk_cache.ipp"
#endif
