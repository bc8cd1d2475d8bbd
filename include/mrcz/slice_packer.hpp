/// Turns slices of expressions into the bytes of a file. Every write does this in parallel.
#pragma once

#include <bit>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "mrcz/array/slice_codec.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/codec/divided_chunk.hpp"
#include "mrcz/codec/plane_encoder.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header_fields.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz {

namespace detail {

/// Only a slice of at least so many bytes is compressed by several threads. Normally one thread packs one slice, and
/// several slices are packed at the same time, which is never slower: the passes before and after compression run on
/// one thread. Several threads help only if there are fewer slices than threads and the slices are large.
inline constexpr std::size_t least_bytes_to_split = std::size_t{4} << 20U;

class divided_slice;
class slice_packer;

}  // namespace detail

/// The bytes of one slice in the file: `writer::pack` makes them, `writer::put` consumes them. Refers to the array from
/// which it was made only if `is_borrowed()`.
class packed_slice {
 public:
  packed_slice() = default;
  /// Leaves `other` empty.
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

  /// What `put` writes.
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

  /// Whether the bytes lie in the array itself. The array must then live until the slice has been put.
  bool is_borrowed() const noexcept { return borrowed_; }

 private:
  friend class detail::slice_packer;
  friend class detail::divided_slice;
  friend class writer;

  detail::slice_format format_;
  mrcz::codec codec_ = mrcz::codec::none;
  running_statistics statistics_;
  std::span<const std::byte> bytes_;
  detail::buffer memory_;  // holds bytes_, unless they are borrowed
  bool borrowed_ = false;  // bytes_ lie in the array itself
  bool of_volume_ = false;
};

namespace detail {

/// The voxels of one slice, evaluated but not yet packed.
struct evaluated_slice {
  const voxel_encoder* type = nullptr;
  std::span<const std::byte> voxels;  ///< in row-major order, in `memory` or in the array itself
  buffer memory;
  std::size_t ny = 0;
  std::size_t nx = 0;
  bool of_volume = false;  ///< the array has rank 3
};

/// What a slice counts while it is worked on, in bytes: its voxels as they come or as they are stored, whichever is
/// more. Its converted and its packed bytes take at most as much again, each. `mode` is the one that the options state.
MRCZ_INLINE std::size_t bytes_at_work(const slices& all, std::optional<mrcz::mode> mode) noexcept;

/// Packs slices as the options say; compresses nothing if these name no codec. Const and thread-safe.
class slice_packer {
 public:
  /// `unsigned_bytes` says how a file that grows stores bytes; a new file stores them as its header and the type of the
  /// voxels say.
  explicit slice_packer(const write_options& options, std::optional<bool> unsigned_bytes = std::nullopt)
      : options_{options}, unsigned_bytes_{unsigned_bytes} {}

  const write_options& options() const noexcept { return options_; }
  mrcz::codec codec() const noexcept { return options_.compression.codec.value_or(mrcz::codec::none); }

  /// How a slice of voxels of this type is stored in a file with this header. Throws `errc::bad_option` if neither the
  /// options nor the type say in which mode.
  MRCZ_INLINE slice_format format_of(const header_fields& h, const voxel_encoder& type, std::size_t ny,
                                     std::size_t nx) const;

  /// The byte order of a file with this header.
  std::endian byte_order(const header_fields& h) const noexcept { return options_.byte_order.value_or(h.byte_order); }

  /// The hot path: evaluates, summarises, converts and compresses a slice. If voxels need no evaluation, conversion or
  /// compression, the result refers to the array. `h` gives the byte order and the sign of mode 0; `idle_threads` is
  /// the number of further threads that may help to compress the slice.
  packed_slice pack(const slices& all, std::size_t z, const header_fields& h, std::size_t idle_threads = 0) const {
    return pack(evaluate(all, z, h), h, idle_threads);
  }

  /// The first step alone: slice z in row-major order, in the array itself or evaluated into a buffer of the pool.
  /// Throws for a slice that no file can hold, before it evaluates anything.
  MRCZ_INLINE evaluated_slice evaluate(const slices& all, std::size_t z, const header_fields& h) const;

  /// The other steps.
  MRCZ_INLINE packed_slice pack(evaluated_slice&& slice, const header_fields& h, std::size_t idle_threads = 0) const;

  /// A slice that was packed before: the first `size` bytes of `memory`.
  MRCZ_INLINE static packed_slice adopt(const slice_format& format, mrcz::codec codec,
                                        const running_statistics& statistics, buffer&& memory, std::size_t size);

  /// Whether it pays to share the compression of a slice of this type and these extents.
  MRCZ_INLINE bool may_divide(const header_fields& h, const voxel_encoder& type, std::size_t ny, std::size_t nx) const;

  /// Copies borrowed bytes out of the array.
  MRCZ_INLINE void detach(packed_slice& packed) const;

  /// How many buffers wait to be used again. The number of slices that are packed at the same time limits it.
  std::size_t spare_buffers() const { return pool_->size(); }

  /// Takes back the memory of a slice that has been put. Leaves the slice empty.
  MRCZ_INLINE void recycle(packed_slice&& packed) const;

 private:
  friend class divided_slice;

  MRCZ_INLINE void require_storable(const slice_format& format) const;
  MRCZ_INLINE std::span<const std::byte> encode(const evaluated_slice& slice, const header_fields& h, buffer& plain,
                                                packed_slice& packed) const;
  MRCZ_INLINE std::size_t block_size_for(std::size_t bytes, std::size_t typesize) const;

  /// What c-blosc chose last. It chooses the same for all slices of a file.
  struct chosen_blocks {
    std::mutex mutex;
    std::size_t bytes = 0;  // of the slice
    std::size_t typesize = 0;
    std::size_t block_size = 0;
  };

  write_options options_;
  std::optional<bool> unsigned_bytes_;
  // pointers, so that a packer can be moved
  std::unique_ptr<buffer_pool> pool_ = std::make_unique<buffer_pool>();
  std::unique_ptr<pool<pack_memory>> pack_memory_ = std::make_unique<pool<pack_memory>>();
  std::unique_ptr<chosen_blocks> chosen_blocks_ = std::make_unique<chosen_blocks>();
};

/// A slice whose compression several threads share; see `divided_chunk`. Its packer outlives it.
class divided_slice {
 public:
  /// Does everything but the compression.
  MRCZ_INLINE divided_slice(const slice_packer& packer, evaluated_slice&& slice, const header_fields& h);
  divided_slice(const divided_slice&) = delete;
  divided_slice& operator=(const divided_slice&) = delete;

  divided_chunk& work() noexcept { return *work_; }

  /// Requires that all parts are done.
  MRCZ_INLINE packed_slice finish();

 private:
  const slice_packer& packer_;
  evaluated_slice slice_;
  buffer plain_;
  packed_slice packed_;
  std::unique_ptr<divided_chunk> work_;
};

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/slice_packer.ipp"
#endif
