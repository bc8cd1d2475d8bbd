/// Turning the bytes of a file into voxels: what every read does in parallel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mrcz/array/slice_codec.hpp"
#include "mrcz/codec/chunk_part.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/region.hpp"
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

  /// The hot path: rows y and columns x of slice z into `to`, which has y.count * x.count voxels. A whole compressed
  /// slice is decompressed straight into place if the file stores `T`, on `threads` threads of c-blosc; of a part only
  /// the blocks that hold its rows are read and decompressed, of an uncompressed slice only its rows are read.
  template <voxel T>
  void unpack(std::size_t z, resolved_range y, resolved_range x, T* to, unpack_memory& memory, int threads) const {
    const slice_place place = slices_[z];
    try {
      if (!compressed()) {
        read_rows(place, y, x, to, memory);
      } else if (y.count == format_.ny && x.count == format_.nx) {
        decode_slice(format_, true, bytes_at(place, memory.packed), to, memory.plain, threads);
      } else {
        const auto read_at = [&](std::uint64_t offset, std::span<std::byte> into) {
          source_.read_at(place.offset + offset, into);
        };
        const std::size_t row_bytes = format_.row_bytes();
        const auto rows = decompress_part(read_at, place.packed_bytes, format_.bytes(), y.first * row_bytes,
                                          y.count * row_bytes, memory);
        decode_rows(format_, rows, y, x, to);
      }
    } catch (const error& e) {
      throw error{e.code(), fmt::format("{}: {} (slice {}, byte {})", source_.name(), e.what(), z, place.offset)};
    }
  }

 private:
  template <voxel T>
  void read_rows(slice_place place, resolved_range y, resolved_range x, T* to, unpack_memory& memory) const {
    const std::size_t row_bytes = format_.row_bytes();
    const slice_place rows{place.offset + y.first * row_bytes, y.count * row_bytes};
    if (x.count == format_.nx && detail::is_stored_as<T>(format_.voxels)) {
      source_.read_at(rows.offset, std::as_writable_bytes(std::span{to, y.count * x.count}));
    } else {
      decode_rows(format_, bytes_at(rows, memory.plain), y, x, to);
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

  const byte_source& source_;
  const slice_table& slices_;
  const slice_format& format_;
};

/// Fewer bytes than this are not worth a second thread: starting one costs about as much as reading a megabyte.
inline constexpr std::size_t least_bytes_per_thread = std::size_t{4} << 20U;

/// Reads a box of voxels on up to `threads` threads. Many slices are spread over the threads. Where there are fewer
/// slices than threads, an uncompressed slice is read in bands of rows, and a whole compressed one by several threads
/// of c-blosc, which is slower than one thread per slice and therefore never done otherwise.
template <voxel T>
void unpack_box(const slice_unpacker& unpacker, const resolved_region& box, std::optional<std::size_t> threads, T* to) {
  const std::size_t slice_voxels = box.y.count * box.x.count;
  if (slice_voxels == 0 || box.z.count == 0) return;
  const std::size_t useful = std::max<std::size_t>(box.z.count * slice_voxels * sizeof(T) / least_bytes_per_thread, 1);
  const std::size_t available = thread_count(threads, useful);
  const std::size_t per_slice = std::max<std::size_t>(available / box.z.count, 1);
  const std::size_t bands = unpacker.compressed() ? 1 : std::min(per_slice, box.y.count);
  const int blosc_threads = unpacker.compressed() ? static_cast<int>(per_slice) : 1;
  parallel_for<unpack_memory>(box.z.count * bands, available, [&](std::size_t i, unpack_memory& memory) {
    const std::size_t z = i / bands;
    const std::size_t begin = box.y.count * (i % bands) / bands;
    const std::size_t end = box.y.count * (i % bands + 1) / bands;
    unpacker.unpack(box.z.first + z, {box.y.first + begin, end - begin}, box.x,
                    to + z * slice_voxels + begin * box.x.count, memory, blosc_threads);
  });
}

}  // namespace mrcz
