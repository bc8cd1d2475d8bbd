/// What the library is compared with: c-blosc alone on all cores, and a copy of the packed bytes by the system.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include <blosc.h>

#include "harness.hpp"
#include "mrcz/array/array.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/codec.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/io/file.hpp"

namespace benchmark {

/// Compresses and decompresses all slices of a movie in memory, with independent, single-threaded calls of c-blosc on
/// all cores and buffers that stay warm. Also writes and reads their packed bytes on the same threads.
template <class T>
class ceiling {
 public:
  ceiling(const mrcz::volume<T>& movie, mrcz::codec codec, int level, std::size_t block_size)
      : slice_{movie.shape()[1] * movie.shape()[2]},
        movie_{&movie},
        codec_{codec},
        level_{level},
        block_size_{block_size} {
    for (std::size_t z = 0; z < movie.shape()[0]; ++z) packed_.emplace_back(slice_ * sizeof(T) + BLOSC_MAX_OVERHEAD);
    sizes_.resize(packed_.size());
    plain_.resize(movie.size());
    compress();
  }

  void compress() {
    each_slice([&](std::size_t z) { compress(z); });
  }

  void decompress() {
    if (codec_ == mrcz::codec::none) return;
    each_slice([&](std::size_t z) {
      blosc_decompress_ctx(packed_[z].data(), plain_.data() + z * slice_, slice_ * sizeof(T), 1);
    });
  }

  void write_packed(const std::filesystem::path& path) {
    std::filesystem::remove(path);
    mrcz::file out{path, mrcz::file::access::create};
    each_slice([&](std::size_t z) { out.write_at(offset(z), std::as_bytes(std::span{source(z), sizes_[z]})); });
  }

  /// Compresses slices in parallel and writes each one after the slice before it, as a plain program would do.
  void write_in_order(const std::filesystem::path& path) {
    mrcz::file out{path, mrcz::file::access::create};
    std::uint64_t end = 0;
    const auto compress_one = [&](std::size_t z) {
      compress(z);
      return z;
    };
    const auto write_one = [&](std::size_t z) {
      out.write_at(end, std::as_bytes(std::span{source(z), sizes_[z]}));
      end += sizes_[z];
    };
    mrcz::detail::parallel_ordered<std::size_t>(packed_.size(), mrcz::detail::thread_count(std::nullopt), compress_one,
                                                write_one);
  }

  void read_packed(const std::filesystem::path& path) {
    const mrcz::file in{path, mrcz::file::access::read};
    each_slice(
        [&](std::size_t z) { in.read_at(offset(z), std::as_writable_bytes(std::span{destination(z), sizes_[z]})); });
  }

  std::size_t packed_bytes() const { return offset(sizes_.size()); }

 private:
  void compress(std::size_t z) {
    if (codec_ == mrcz::codec::none) {
      sizes_[z] = slice_ * sizeof(T);
      return;
    }
    sizes_[z] = static_cast<std::size_t>(
        blosc_compress_ctx(level_, BLOSC_BITSHUFFLE, sizeof(T), slice_ * sizeof(T), movie_->data() + z * slice_,
                           packed_[z].data(), packed_[z].size(), mrcz::name_of(codec_).data(), block_size_, 1));
  }

  template <class Action>
  void each_slice(Action&& action) {
    const std::size_t slices = packed_.size();
    mrcz::detail::parallel_for(slices, mrcz::detail::thread_count(std::nullopt, slices),
                               [&](std::size_t z, std::size_t) { action(z); });
  }

  std::size_t offset(std::size_t end) const {
    std::size_t sum = 0;
    for (std::size_t z = 0; z < end; ++z) sum += sizes_[z];
    return sum;
  }

  const char* source(std::size_t z) const {
    return codec_ == mrcz::codec::none ? reinterpret_cast<const char*>(movie_->data() + z * slice_) : packed_[z].data();
  }
  char* destination(std::size_t z) {
    return codec_ == mrcz::codec::none ? reinterpret_cast<char*>(plain_.data() + z * slice_) : packed_[z].data();
  }

  std::size_t slice_;
  const mrcz::volume<T>* movie_;
  mrcz::codec codec_;
  int level_;
  std::size_t block_size_;
  std::vector<std::vector<char>> packed_;
  std::vector<std::size_t> sizes_;
  std::vector<T> plain_;
};

}  // namespace benchmark
