/// Turning slices of expressions into the bytes of a file: what every write does in parallel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/array/slice_codec.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz {

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
template <class T>
struct evaluated_slice {
  std::span<const T> voxels{};  ///< in row-major order, in `memory` or in the array itself
  buffer memory;
  shape extents{};         ///< of the whole array
  bool of_volume = false;  ///< the array has rank 3
};

/// Slices are packed side by side, one thread each, as c-blosc's own threads never beat that: they are started and
/// joined for each chunk, and the passes before and after compression stay on one. They help where slices are fewer
/// than threads, and only from this size on: a lone slice of 1 MiB takes 1.1 times as long with two threads as with
/// one, 4 MiB break even with lz4 and gain 1.7 with zstd, and from 8 MiB on both gain 1.6 to 1.8. Reading needs none of
/// this: there the blocks of a lone slice go to our own threads.
inline constexpr std::size_t least_bytes_to_split = std::size_t{4} << 20U;

/// Packs slices as the options say, which name a codec. Const and thread-safe.
class slice_packer {
 public:
  explicit slice_packer(const write_options& options) : options_{options} {}

  const write_options& options() const noexcept { return options_; }
  mrcz::codec codec() const noexcept { return options_.compression.codec.value_or(mrcz::codec::none); }

  /// How a slice is stored in a file with this header.
  slice_format format_of(const header& h, mrcz::mode mode, std::size_t ny, std::size_t nx) const noexcept {
    const bool unsigned_bytes = mode == mrcz::mode::int8 && has_unsigned_bytes(h);
    return {{mode, unsigned_bytes, options_.byte_order.value_or(h.byte_order)}, ny, nx};
  }

  /// The hot path: evaluate, summarise, convert, compress. Bytes that need none of it stay where they are, in the
  /// array. `extents` are those of `e`, which has rank 2 (z is 0) or 3; `h` says the byte order; `idle_threads` are
  /// those that have no slice of their own to pack.
  template <expression E>
  packed_slice pack(const E& e, std::size_t z, const shape& extents, const header& h,
                    std::size_t idle_threads = 0) const {
    return pack(evaluate(e, z, extents, h), h, idle_threads);
  }

  /// The first step alone: slice z in row-major order, where it lies or evaluated into a buffer of the pool. Throws
  /// what no file can hold before it evaluates anything.
  template <expression E>
  auto evaluate(const E& e, std::size_t z, const shape& extents, const header& h) const {
    using T = std::remove_cv_t<typename E::value_type>;
    static_assert(stored_voxel<T>, "MRC has no mode for this element type: xt::cast to one that it has, such as float");
    throw_if_stopped(options_.stop);
    require_storable(format_of<T>(extents, h));
    const std::size_t count = extents[1] * extents[2];
    evaluated_slice<T> slice;
    slice.extents = extents;
    slice.of_volume = e.dimension() == 3;
    if constexpr (container<const E>) {
      if (const auto all = contiguous(e); all.size() == extents[0] * count) {
        slice.voxels = all.subspan(z * count, count);
        return slice;
      }
    }
    slice.memory = pool_->take();
    const std::span to{reinterpret_cast<T*>(slice.memory.acquire(count * sizeof(T)).data()), count};
    evaluate_slice(e, z, to, extents[1], extents[2]);
    slice.voxels = to;
    return slice;
  }

  /// The other steps.
  template <class T>
  packed_slice pack(evaluated_slice<T>&& slice, const header& h, std::size_t idle_threads = 0) const {
    packed_slice packed;
    packed.format_ = format_of<T>(slice.extents, h);
    packed.codec_ = codec();
    packed.of_volume_ = slice.of_volume;
    packed.statistics_ = options_.statistics ? running_statistics::of(slice.voxels)
                                             : running_statistics::of(mrcz::statistics{}, slice.voxels.size());
    buffer plain;
    if (!detail::is_stored_as<T>(packed.format_.voxels)) plain = pool_->take();
    const auto bytes = encode_slice(packed.format_, slice.voxels, plain);
    if (codec() == mrcz::codec::none) {
      packed.bytes_ = bytes;
      packed.memory_ = std::exchange(is_in(bytes, plain) ? plain : slice.memory, {});
      packed.borrowed_ = !is_in(bytes, packed.memory_);
    } else {
      packed.memory_ = pool_->take();
      packed.bytes_ = compress(bytes, item_bytes(packed.format_.voxels.mode), options_.compression, packed.memory_,
                               bytes.size() < least_bytes_to_split ? 1 : 1 + idle_threads);
    }
    pool_->give_back(std::move(slice.memory));
    pool_->give_back(std::move(plain));
    return packed;
  }

  /// Gives the packed bytes memory of their own, if they are still those of the array.
  void detach(packed_slice& packed) const {
    if (!std::exchange(packed.borrowed_, false)) return;
    packed.memory_ = pool_->take();
    const auto own = packed.memory_.acquire(packed.bytes_.size());
    std::copy(packed.bytes_.begin(), packed.bytes_.end(), own.begin());
    packed.bytes_ = own;
  }

  /// How many buffers wait to be used again: bounded by the slices that are packed at the same time.
  std::size_t spare_buffers() const { return pool_->size(); }

  /// Takes back the memory of a slice that has been put, which is empty then.
  void recycle(packed_slice&& packed) const {
    packed.bytes_ = {};
    pool_->give_back(std::move(packed.memory_));
  }

 private:
  static bool is_in(std::span<const std::byte> bytes, const buffer& memory) noexcept {
    return !bytes.empty() && bytes.data() == memory.data();
  }

  /// Refuses, before anything is evaluated, what no file can hold.
  void require_storable(const slice_format& format) const {
    if (format.ny == 0 || format.nx == 0)
      fail(errc::shape_mismatch, "slice has {} x {} voxels, expected at least 1 x 1", format.ny, format.nx);
    if (codec() != mrcz::codec::none && format.bytes() > chunk_header::max_bytes)
      fail(errc::too_large,
           "a slice of {} bytes does not fit a blosc chunk, which holds at most {}; write it with codec none",
           format.bytes(), chunk_header::max_bytes);
  }

  /// How a slice of an array of `T` is stored.
  template <class T>
  slice_format format_of(const shape& extents, const header& h) const noexcept {
    return format_of(h, options_.mode.value_or(default_mode<T>), extents[1], extents[2]);
  }

  write_options options_;
  std::unique_ptr<buffer_pool> pool_ = std::make_unique<buffer_pool>();  // behind a pointer, so that a packer can move
};

}  // namespace mrcz
