/// Chunks that were decompressed to read a part of them, and may be wanted again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "mrcz/core/bytes.hpp"

namespace mrcz::bloscpack {

/// Keeps those used last. Thread-safe; copying out of one chunk does not hinder other threads.
class chunk_cache {
 public:
  /// Holds at most `capacity` bytes, or a single larger chunk.
  explicit chunk_cache(std::size_t capacity) : capacity_{capacity} {}

  /// Copies bytes of the chunk from `first` on; false if it is not here.
  bool copy(std::uint64_t chunk, std::size_t first, std::span<std::byte> into);

  /// `plain` holds `size` bytes and is not changed any more.
  void keep(std::uint64_t chunk, std::shared_ptr<buffer> plain, std::size_t size);

 private:
  struct entry {
    std::uint64_t chunk;
    std::size_t size;
    std::shared_ptr<buffer> plain;
  };

  std::shared_ptr<buffer> find(std::uint64_t chunk);

  std::mutex mutex_;
  std::vector<entry> kept_;  // the one used last stands last
  std::size_t capacity_;
};

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/chunk_cache.ipp"
#endif
