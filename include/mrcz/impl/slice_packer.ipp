/// Definitions of `slice_packer.hpp`.
#pragma once

#include "mrcz/slice_packer.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/codec/divided_chunk.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/stop.hpp"

namespace mrcz::detail {

MRCZ_INLINE bool is_in(std::span<const std::byte> bytes, const buffer& memory) noexcept {
  return !bytes.empty() && bytes.data() == memory.data();
}

MRCZ_INLINE std::size_t bytes_at_work(const slices& all, std::optional<mrcz::mode> mode) noexcept {
  const auto stored = mode ? mode : all.type->default_mode;
  return all.extents[1] * all.extents[2] * std::max(all.type->bytes, stored ? item_bytes(*stored) : 0);
}

MRCZ_INLINE slice_format slice_packer::format_of(const header_fields& h, const voxel_encoder& type, std::size_t ny,
                                                 std::size_t nx) const {
  if (!options_.mode && !type.default_mode)
    fail(errc::bad_option,
         "the voxels are 64-bit integers, for which MRC has no mode; write_options::mode says in which "
         "they are written");
  const auto mode = options_.mode ? *options_.mode : *type.default_mode;
  const bool holds_signed_bytes = type.default_mode == mrcz::mode::int8;
  const bool unsigned_bytes = unsigned_bytes_.value_or(!holds_signed_bytes && h.has_unsigned_bytes());
  return {{mode, mode == mrcz::mode::int8 && unsigned_bytes, byte_order(h)}, ny, nx};
}

MRCZ_INLINE evaluated_slice slice_packer::evaluate(const slices& all, std::size_t z, const header_fields& h) const {
  throw_if_stopped(options_.stop);
  const auto [nz, ny, nx] = all.extents;
  require_storable(format_of(h, *all.type, ny, nx));
  evaluated_slice slice;
  slice.type = all.type;
  slice.ny = ny;
  slice.nx = nx;
  slice.of_volume = all.rank == 3;
  if (all.in_place != nullptr) {
    slice.voxels = {all.in_place + z * all.slice_bytes(), all.slice_bytes()};
    return slice;
  }
  slice.memory = pool_->take();
  const auto to = slice.memory.acquire(all.slice_bytes());
  all.evaluate(all.array, z, to.data());
  slice.voxels = to;
  return slice;
}

MRCZ_INLINE packed_slice slice_packer::pack(evaluated_slice&& slice, const header_fields& h,
                                            std::size_t idle_threads) const {
  if (idle_threads > 0 && may_divide(h, *slice.type, slice.ny, slice.nx)) {
    divided_slice divided{*this, std::move(slice), h};
    do_all_parts(divided.work(), 1 + idle_threads);
    return divided.finish();
  }
  buffer plain;
  packed_slice packed;
  const auto bytes = encode(slice, h, plain, packed);
  if (codec() == mrcz::codec::none) {
    packed.bytes_ = bytes;
    packed.memory_ = std::exchange(is_in(bytes, plain) ? plain : slice.memory, {});
    packed.borrowed_ = !is_in(bytes, packed.memory_);
  } else {
    packed.memory_ = pool_->take();
    const std::size_t typesize = item_bytes(packed.format_.voxels.mode);
    const auto& wanted = options_.compression;
    packed.bytes_ = wanted.planes ? compress_planes(bytes, typesize, wanted, packed.memory_, *pack_memory_)
                                  : compress(bytes, typesize, wanted, packed.memory_);
  }
  pool_->give_back(std::move(slice.memory));
  pool_->give_back(std::move(plain));
  return packed;
}

MRCZ_INLINE packed_slice slice_packer::adopt(const slice_format& format, mrcz::codec codec,
                                             const running_statistics& statistics, buffer&& memory, std::size_t size) {
  packed_slice packed;
  packed.format_ = format;
  packed.codec_ = codec;
  packed.statistics_ = statistics;
  packed.of_volume_ = true;
  packed.memory_ = std::move(memory);
  packed.bytes_ = {packed.memory_.data(), size};
  return packed;
}

MRCZ_INLINE bool slice_packer::may_divide(const header_fields& h, const voxel_encoder& type, std::size_t ny,
                                          std::size_t nx) const {
  return codec() != mrcz::codec::none && options_.compression.level > 0 &&
         format_of(h, type, ny, nx).bytes() >= least_bytes_to_split;
}

/// Converts and summarises. Returns what will be compressed: in the slice, or in `plain`.
MRCZ_INLINE std::span<const std::byte> slice_packer::encode(const evaluated_slice& slice, const header_fields& h,
                                                            buffer& plain, packed_slice& packed) const {
  packed.format_ = format_of(h, *slice.type, slice.ny, slice.nx);
  packed.codec_ = codec();
  packed.of_volume_ = slice.of_volume;
  const std::size_t count = slice.ny * slice.nx;
  if (!is_stored_as(*slice.type, packed.format_.voxels)) plain = pool_->take();
  const auto [bytes, stored] = encode_slice(
      *slice.type, packed.format_, {options_.rounding, options_.saturate, options_.narrowed}, slice.voxels, plain);
  if (!options_.statistics) packed.statistics_ = running_statistics::of(mrcz::statistics{}, count);
  else packed.statistics_ = stored ? *stored : slice.type->summarise(slice.voxels.data(), count);
  return bytes;
}

/// The size of the blocks that c-blosc makes of such a slice.
MRCZ_INLINE std::size_t slice_packer::block_size_for(std::size_t bytes, std::size_t typesize) const {
  const std::lock_guard lock{chosen_blocks_->mutex};
  auto& last = *chosen_blocks_;
  if (last.bytes != bytes || last.typesize != typesize) {
    last.block_size = blosc_block_size(bytes, typesize, options_.compression);
    last.bytes = bytes;
    last.typesize = typesize;
  }
  return last.block_size;
}

MRCZ_INLINE divided_slice::divided_slice(const slice_packer& packer, evaluated_slice&& slice, const header_fields& h)
    : packer_{packer}, slice_{std::move(slice)} {
  const auto bytes = packer.encode(slice_, h, plain_, packed_);
  packed_.memory_ = packer.pool_->take();
  const std::size_t typesize = item_bytes(packed_.format_.voxels.mode);
  const auto& wanted = packer.options().compression;
  work_ = wanted.planes ? divide_for_planes(bytes, typesize, wanted, packed_.memory_, *packer.pack_memory_)
                        : divide_for_blosc(bytes, typesize, wanted, packer.block_size_for(bytes.size(), typesize),
                                           packed_.memory_);
}

MRCZ_INLINE packed_slice divided_slice::finish() {
  packed_.bytes_ = work_->finish();
  packer_.pool_->give_back(std::move(slice_.memory));
  packer_.pool_->give_back(std::move(plain_));
  return std::move(packed_);
}

MRCZ_INLINE void slice_packer::detach(packed_slice& packed) const {
  if (!std::exchange(packed.borrowed_, false)) return;
  packed.memory_ = pool_->take();
  const auto own = packed.memory_.acquire(packed.bytes_.size());
  std::copy(packed.bytes_.begin(), packed.bytes_.end(), own.begin());
  packed.bytes_ = own;
}

MRCZ_INLINE void slice_packer::recycle(packed_slice&& packed) const {
  packed.bytes_ = {};
  pool_->give_back(std::move(packed.memory_));
}

/// Throws for a slice that no file can hold. Called before anything is evaluated.
MRCZ_INLINE void slice_packer::require_storable(const slice_format& format) const {
  if (format.ny == 0 || format.nx == 0)
    fail_expected(errc::shape_mismatch, text("slice has {} x {} voxels", format.ny, format.nx), "at least 1 x 1");
  if (std::max(format.ny, format.nx) > std::numeric_limits<std::int32_t>::max())
    fail(errc::too_large, "slice has {} x {} voxels, but a header counts at most {} along an axis", format.ny,
         format.nx, std::numeric_limits<std::int32_t>::max());
  if (codec() != mrcz::codec::none) require_fits_chunk(format.bytes());
}

}  // namespace mrcz::detail
