/// Turning slices of expressions into the bytes of a file: what every write does in parallel.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "mrcz/array/slice_codec.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz {

namespace detail {

/// Slices are packed side by side, one thread each, as c-blosc's own threads never beat that: they are started and
/// joined for each chunk, and the passes before and after compression stay on one. They help where slices are fewer
/// than threads, and only from this size on: a lone slice of 1 MiB takes 1.1 times as long with two threads as with
/// one, 4 MiB break even with lz4 and gain 1.7 with zstd, and from 8 MiB on both gain 1.6 to 1.8. Reading needs none of
/// this: there the blocks of a lone slice go to our own threads.
inline constexpr std::size_t least_bytes_to_split = std::size_t{4} << 20U;

}  // namespace detail

/// One slice as it will stand in the file, made by `writer::pack` and consumed by `writer::put`. Does not refer to the
/// array it was made from unless `is_borrowed()`.
class packed_slice {
 public:
  packed_slice() = default;
  packed_slice(packed_slice&& other) noexcept { *this = std::move(other); }
  /// Leaves `other` empty, so that nobody can put it again.
  packed_slice& operator=(packed_slice&& other) noexcept {
    format_ = other.format_;
    codec_ = other.codec_;
    statistics_ = other.statistics_;
    bytes_ = std::exchange(other.bytes_, {});
    memory_ = std::move(other.memory_);
    borrowed_ = std::exchange(other.borrowed_, false);
    of_volume_ = other.of_volume_;
    return *this;
  }

  std::span<const std::byte> bytes() const noexcept { return bytes_; }

  /// Whether the bytes are those of the array itself, which must then live until they are put.
  bool is_borrowed() const noexcept { return borrowed_; }

 private:
  friend class slice_packer;
  friend class writer;

  slice_format format_;
  mrcz::codec codec_ = mrcz::codec::none;
  running_statistics statistics_;
  std::span<const std::byte> bytes_;
  buffer memory_;          // where bytes_ lie ...
  bool borrowed_ = false;  // ... unless they are those of the array itself
  bool of_volume_ = false;
};

/// The voxels of one slice before anything is done with them.
struct evaluated_slice {
  const voxel_encoder* type = nullptr;
  std::span<const std::byte> voxels;  ///< in row-major order, in `memory` or in the array itself
  buffer memory;
  std::size_t ny = 0;
  std::size_t nx = 0;
  bool of_volume = false;  ///< the array has rank 3
};

/// Packs slices as the options say, which name a codec. Const and thread-safe.
class slice_packer {
 public:
  explicit slice_packer(const write_options& options) : options_{options} {}

  const write_options& options() const noexcept { return options_; }
  mrcz::codec codec() const noexcept { return options_.compression.codec.value_or(mrcz::codec::none); }

  /// How a slice is stored in a file with this header.
  MRCZ_INLINE slice_format format_of(const header& h, mrcz::mode mode, std::size_t ny, std::size_t nx) const noexcept;

  /// The hot path: evaluate, summarise, convert, compress. Bytes that need none of it stay where they are, in the
  /// array. `h` says the byte order; `idle_threads` are those that have no slice of their own to pack.
  packed_slice pack(const slices& all, std::size_t z, const header& h, std::size_t idle_threads = 0) const {
    return pack(evaluate(all, z, h), h, idle_threads);
  }

  /// The first step alone: slice z in row-major order, where it lies or evaluated into a buffer of the pool. Throws
  /// what no file can hold before it evaluates anything.
  MRCZ_INLINE evaluated_slice evaluate(const slices& all, std::size_t z, const header& h) const;

  /// The other steps.
  MRCZ_INLINE packed_slice pack(evaluated_slice&& slice, const header& h, std::size_t idle_threads = 0) const;

  /// Gives the packed bytes memory of their own, if they are still those of the array.
  MRCZ_INLINE void detach(packed_slice& packed) const;

  /// How many buffers wait to be used again: bounded by the slices that are packed at the same time.
  std::size_t spare_buffers() const { return pool_->size(); }

  /// Takes back the memory of a slice that has been put, which is empty then.
  MRCZ_INLINE void recycle(packed_slice&& packed) const;

 private:
  MRCZ_INLINE void require_storable(const slice_format& format) const;

  write_options options_;
  std::unique_ptr<buffer_pool> pool_ = std::make_unique<buffer_pool>();  // behind a pointer, so that a packer can move
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/slice_packer.ipp"
#endif
