/// Turning the bytes of a file into voxels: what every read does in parallel.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stop_token>

#include "mrcz/array/slice_codec.hpp"
#include "mrcz/codec/chunk_part.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/hardware.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/format/slice_table.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz {

/// Reads parts of slices. Const and thread-safe; refers to what it was made from.
class slice_unpacker {
 public:
  slice_unpacker(const byte_source& source, const slice_table& slices, const slice_format& format)
      : source_{source}, slices_{slices}, format_{format} {}

  const slice_format& format() const noexcept { return format_; }
  bool compressed() const noexcept { return slices_.compressed(); }

  /// The hot path: rows y and columns x of slice z into `to`, which has y.count * x.count voxels. Only the rows, or the
  /// blocks that hold them, are read.
  template <voxel T>
  void unpack(std::size_t z, resolved_range y, resolved_range x, T* to, unpack_memory& memory) const {
    const slice_place place = slices_[z];
    try {
      if (compressed()) {
        const auto read_at = [&](std::uint64_t offset, std::span<std::byte> into) {
          source_.read_at(place.offset + offset, into);
        };
        unpack_blocks(chunk_blocks{read_at, place.packed_bytes, format_.bytes()}, y, x, to, memory);
      } else {
        read_rows(place, y, x, to, memory);
      }
    } catch (...) {
      detail::rethrow_with({.path = source_.name(), .slice = z, .byte = place.offset});
    }
  }

 private:
  /// Some blocks at a time, so that their packed and plain bytes stay in the core's cache: straight into place where
  /// the file stores `T`, through a small buffer otherwise. Groups of blocks do not end with rows, so parts of rows,
  /// and 4-bit voxels, whose rows are padded, are decompressed all rows at once.
  template <class Blocks, voxel T>
  void unpack_blocks(const Blocks& blocks, resolved_range y, resolved_range x, T* to, unpack_memory& memory) const {
    const std::size_t item = item_bytes(format_.voxels.mode);
    const std::size_t begin = y.first * format_.row_bytes();
    const std::size_t end = y.end() * format_.row_bytes();
    if (x.count != format_.nx || format_.voxels.mode == mode::uint4 || blocks.block_size() % item != 0)
      return decode_rows(format_, decompress_part(blocks, begin, end - begin, memory), y, x, to);
    const bool in_place = detail::is_stored_as<T>(format_.voxels);
    const bool large = prepare(std::span{to, y.count * x.count});
    for (std::size_t done = begin; done < end;) {
      const auto group = blocks.group_at(done, group_bytes);
      const std::size_t next = std::min(group.end, end);
      T* const place = to + (done - begin) / item;
      const std::size_t voxels = (next - done) / item;
      if (in_place && group.begin == done && group.end == next) {
        blocks.decompress(group, std::as_writable_bytes(std::span{place, voxels}), memory.packed);
      } else {
        const auto plain = memory.plain.acquire(group.end - group.begin);
        blocks.decompress(group, plain, memory.packed);
        decode(plain.data() + (done - group.begin), place, voxels, large);
      }
      done = next;
    }
  }

  /// Whether these are more voxels than the caches hold, whose memory is then made ready.
  template <voxel T>
  static bool prepare(std::span<T> voxels) noexcept {
    if (voxels.size_bytes() <= cache_bytes) return false;
    detail::provide_pages(std::as_writable_bytes(voxels));
    return true;
  }

  template <voxel T>
  void decode(const std::byte* from, T* to, std::size_t voxels, bool large) const {
    if (large) decode_voxels_past_caches(format_.voxels, from, to, voxels);
    else decode_voxels(format_.voxels, from, to, voxels);
  }

  /// Some rows at a time, for the same reason, unless they can be read into place.
  template <voxel T>
  void read_rows(slice_place place, resolved_range y, resolved_range x, T* to, unpack_memory& memory) const {
    const std::size_t row_bytes = format_.row_bytes();
    const std::uint64_t begin = place.offset + y.first * row_bytes;
    const bool whole_rows = x.count == format_.nx;
    if (whole_rows && detail::is_stored_as<T>(format_.voxels))
      return source_.read_at(begin, std::as_writable_bytes(std::span{to, y.count * x.count}));
    const bool in_one_run = whole_rows && format_.voxels.mode != mode::uint4;
    const bool large = in_one_run && prepare(std::span{to, y.count * x.count});
    const std::size_t at_once = std::max<std::size_t>(group_bytes / row_bytes, 1);
    for (std::size_t done = 0; done < y.count; done += at_once) {
      const resolved_range rows{y.first + done, std::min(at_once, y.count - done)};
      const auto bytes = bytes_at({begin + done * row_bytes, rows.count * row_bytes}, memory.plain);
      if (in_one_run) decode(bytes.data(), to + done * x.count, rows.count * x.count, large);
      else decode_rows(format_, bytes, rows, x, to + done * x.count);
    }
  }

  /// The bytes of the file at `place`, without copying them if they lie in memory.
  std::span<const std::byte> bytes_at(slice_place place, buffer& memory) const {
    const auto size = static_cast<std::size_t>(place.packed_bytes);
    if (const auto all = source_.in_memory(); !all.empty())
      return all.subspan(static_cast<std::size_t>(place.offset), size);
    const auto bytes = memory.acquire(size);
    source_.read_at(place.offset, bytes);
    return bytes;
  }

  static constexpr std::size_t group_bytes = std::size_t{1} << 20U;

  /// Voxels of one thread that take more bytes than this do not stay in its caches.
  static constexpr std::size_t cache_bytes = std::size_t{4} << 20U;

  const byte_source& source_;
  const slice_table& slices_;
  const slice_format& format_;
};

/// Fewer bytes of the file's rows than this are not worth another thread, whose start takes some 50 microseconds.
inline constexpr std::size_t least_bytes_per_thread = std::size_t{1} << 20U;

/// How a box is read.
struct unpack_options {
  std::optional<std::size_t> threads = std::nullopt;  ///< at most; not stated: one per processor
  const std::stop_token* stop = nullptr;
  std::atomic<std::uint64_t>* progress = nullptr;
};

/// Reads a box of voxels: slice by slice, or in bands of rows where there are fewer slices than threads.
template <voxel T>
void unpack_box(const slice_unpacker& unpacker, const resolved_region& box, T* to, const unpack_options& options) {
  const std::size_t slice_voxels = box.y.count * box.x.count;
  if (slice_voxels == 0 || box.z.count == 0) return;
  const std::uint64_t row_bytes = std::uint64_t{box.z.count} * box.y.count * unpacker.format().row_bytes();
  constexpr std::uint64_t enough = std::numeric_limits<std::size_t>::max();
  const auto useful =
      static_cast<std::size_t>(std::clamp<std::uint64_t>(row_bytes / least_bytes_per_thread, 1, enough));
  const std::size_t available = thread_count(options.threads, useful);
  const std::size_t bands = std::clamp<std::size_t>(available / box.z.count, 1, box.y.count);
  parallel_for<unpack_memory>(box.z.count * bands, available, [&](std::size_t i, unpack_memory& memory) {
    throw_if_stopped(options.stop);
    const std::size_t z = i / bands;
    const std::size_t begin = box.y.count * (i % bands) / bands;
    const std::size_t end = box.y.count * (i % bands + 1) / bands;
    unpacker.unpack(box.z.first + z, {box.y.first + begin, end - begin}, box.x,
                    to + z * slice_voxels + begin * box.x.count, memory);
    if (options.progress != nullptr)
      options.progress->fetch_add((end - begin) * mrcz::row_bytes(unpacker.format().voxels.mode, box.x.count));
  });
}

}  // namespace mrcz
