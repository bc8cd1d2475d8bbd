/// Definitions of `copy_slices.hpp`.
#pragma once

#include "mrcz/copy_slices.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "mrcz/array/binned.hpp"
#include "mrcz/array/convert.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/slice_packer.hpp"
#include "mrcz/stored_slices.hpp"

namespace mrcz {

namespace detail {

/// How many slices are read before they are packed.
MRCZ_INLINE std::size_t slices_at_once(std::size_t slice_bytes, std::size_t threads) noexcept {
  constexpr std::size_t wanted_bytes = std::size_t{64} << 20U;
  constexpr std::size_t most_bytes = std::size_t{1} << 30U;
  const std::size_t enough = std::max(wanted_bytes / slice_bytes, threads);
  return std::clamp<std::size_t>(most_bytes / slice_bytes, 1, enough);
}

MRCZ_INLINE resolved_range resolved_slices(const reader& in, const range& z) {
  return with_context(in.source().name(), [&] { return resolve(z, in.shape()[0], 'z'); });
}

MRCZ_INLINE resolved_region resolved_box(const reader& in, const region& box) {
  return with_context(in.source().name(), [&] {
    const auto wanted = resolve(box, in.shape());
    if (wanted.y.count == 0 || wanted.x.count == 0)
      fail(errc::out_of_range, "a box of {} rows and {} columns has no voxels", wanted.y.count, wanted.x.count);
    return wanted;
  });
}

struct slices_to_bin {
  slices from;
  per_axis<std::size_t> n;
};

MRCZ_INLINE void evaluate_binned(const void* array, std::size_t z, std::byte* to) {
  const auto& [from, n] = *static_cast<const slices_to_bin*>(array);
  bin_slice(from, z, n, reinterpret_cast<float*>(to));
}

}  // namespace detail

MRCZ_INLINE void copy_slices(const reader& in, range z, writer& out) { copy_region(in, {.z = z}, out); }

MRCZ_INLINE void copy_region(const reader& in, const region& box, writer& out) {
  const auto wanted = detail::resolved_box(in, box);
  const detail::stored_slices stored{in};
  const std::size_t slice_bytes = wanted.y.count * wanted.x.count * stored.type().bytes;
  const std::size_t at_once = detail::slices_at_once(slice_bytes, detail::thread_count(out.options().threads));
  detail::buffer memory;
  for (std::size_t first = wanted.z.first; first < wanted.z.end(); first += at_once)
    out.append(stored.read_region({{first, std::min(at_once, wanted.z.end() - first)}, wanted.y, wanted.x}, memory));
}

MRCZ_INLINE void copy_binned(const reader& in, const region& box, const per_axis<std::size_t>& n, writer& out) {
  const auto wanted = detail::resolved_box(in, box);
  const detail::stored_slices stored{in};
  const auto blocks = detail::with_context(in.source().name(), [&] {
    return detail::binned_extents({.type = &stored.type(),
                                   .rank = 3,
                                   .extents = wanted.shape(),
                                   .array = nullptr,
                                   .evaluate = [](const void*, std::size_t, std::byte*) {},
                                   .in_place = nullptr,
                                   .in_parallel = true},
                                  n);
  });
  const std::size_t block_bytes = n.z * wanted.y.count * wanted.x.count * stored.type().bytes;
  const std::size_t at_once = detail::slices_at_once(block_bytes, detail::thread_count(out.options().threads));
  detail::buffer memory;
  for (std::size_t first = 0; first < blocks[0]; first += at_once) {
    const std::size_t count = std::min(at_once, blocks[0] - first);
    const detail::slices_to_bin some{
        stored.read_region({{wanted.z.first + first * n.z, count * n.z}, wanted.y, wanted.x}, memory), n};
    out.append(slices{.type = &encoder_of<float>(),
                      .rank = 3,
                      .extents = {count, blocks[1], blocks[2]},
                      .array = &some,
                      .evaluate = detail::evaluate_binned,
                      .in_place = nullptr,
                      .in_parallel = true});
  }
}

MRCZ_INLINE bool can_copy_packed(const reader& in, const writer& out) {
  const detail::stored_slices stored{in};
  const auto& found = in.stored_format();
  const slices one{.type = &stored.type(),
                   .rank = 3,
                   .extents = {1, found.ny, found.nx},
                   .array = nullptr,
                   .evaluate = nullptr,
                   .in_place = nullptr,
                   .in_parallel = true};
  const auto wanted = detail::steps_of_writing::format_of(out, one).voxels;
  return out.options().compression.codec == in.codec() && wanted.mode == in.mode() &&
         wanted.byte_order == found.voxels.byte_order &&
         (wanted.mode != mode::int8 || wanted.unsigned_bytes == found.voxels.unsigned_bytes);
}

MRCZ_INLINE void copy_packed_slices(const reader& in, range z, writer& out) {
  const auto wanted = detail::resolved_slices(in, z);
  if (!can_copy_packed(in, out))
    detail::fail(errc::mode_mismatch,
                 {.path = out.name(),
                  .found = detail::text("cannot take over packed slices of {}, which are stored in another way",
                                        in.source().name())});
  const detail::stored_slices stored{in};
  const auto& table = in.slices();
  detail::with_context(in.source().name(), [&] { table.require(wanted.end()); });
  auto format = in.stored_format();
  format.voxels.unsigned_bytes = in.unsigned_bytes();
  detail::buffer_pool plain;
  const auto take_over = [&](std::size_t i) {
    detail::throw_if_stopped(out.options().stop);
    const std::size_t slice = wanted.first + i;
    detail::buffer memory = plain.take();
    const auto statistics = stored.summarise(slice, memory);
    plain.give_back(std::move(memory));
    const auto place = table[slice];
    detail::buffer packed;
    const auto bytes = packed.acquire(static_cast<std::size_t>(place.packed_bytes));
    detail::with_context(in.source().name(), slice, [&] { in.source().read_at(place.offset, bytes); });
    return detail::slice_packer::adopt(format, in.codec(), statistics, std::move(packed), bytes.size());
  };
  detail::parallel_ordered<packed_slice>(wanted.count, detail::thread_count(out.options().threads, wanted.count),
                                         take_over, [&](packed_slice&& one) { out.put(std::move(one)); });
}

}  // namespace mrcz
