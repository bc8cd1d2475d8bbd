/// Turns the bytes of a file into voxels. Every read does this in parallel.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>

#include "mrcz/array/slice_codec.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/codec/chunk_reader.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/format/slice_table.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz::detail {

/// Another thread is worth its start, some 50 microseconds, only if it gets at least so many bytes of rows of the file.
inline constexpr std::size_t least_bytes_per_thread = std::size_t{1} << 20U;

/// Reads parts of slices. Const and thread-safe. Refers to the arguments of its constructor.
class slice_unpacker {
 public:
  slice_unpacker(const byte_source& source, const slice_table& slices, const slice_format& format)
      : source_{source}, slices_{slices}, format_{format} {}

  const slice_format& format() const noexcept { return format_; }
  bool compressed() const noexcept { return slices_.compressed(); }

  /// The hot path: reads rows y and columns x of slice z into `to`, which has room for y.count * x.count voxels in
  /// row-major order. Reads only these rows, or the compressed blocks that hold them. In an uncompressed file the rows
  /// may continue into the slices after z.
  MRCZ_INLINE void unpack(std::size_t z, resolved_range y, resolved_range x, const voxel_decoder& type, std::byte* to,
                          unpack_memory& memory) const;

 private:
  MRCZ_INLINE void unpack_chunk(slice_place place, resolved_range y, resolved_range x, const voxel_decoder& type,
                                std::byte* to, unpack_memory& memory) const;
  MRCZ_INLINE void read_rows(slice_place place, resolved_range y, resolved_range x, const voxel_decoder& type,
                             std::byte* to, unpack_memory& memory) const;
  MRCZ_INLINE std::span<const std::byte> bytes_at(slice_place place, buffer& memory) const;

  const byte_source& source_;
  const slice_table& slices_;
  const slice_format& format_;
};

/// How a box is read.
struct unpack_options {
  std::optional<std::size_t> threads = std::nullopt;  ///< upper limit; not stated: one per processor
  const std::stop_token* stop = nullptr;
  std::atomic<std::uint64_t>* progress = nullptr;
};

/// Reads a box of voxels into `to`, which has the extents of the box. Each thread reads whole slices, or bands of rows
/// if there are fewer slices than threads.
MRCZ_INLINE void unpack_box(const slice_unpacker& unpacker, const resolved_region& box, const voxels& to,
                            const unpack_options& options);

/// Reads whole slices, in any order, into `to`, which has one slice for each number in `z`.
MRCZ_INLINE void unpack_slices(const slice_unpacker& unpacker, std::span<const std::size_t> z, const voxels& to,
                               const unpack_options& options);

inline namespace MRCZ_CODECS {

/// Reads the rows, or else the columns, with these numbers of all sections of a file into `to`, which has one for each
/// number. Each thread reads a section at a time and takes all its lines from it. So a chunk is decompressed once, and
/// only one section per thread is in memory. Of an uncompressed file, only the rows that are listed are read.
MRCZ_INLINE void unpack_lines(const slice_unpacker& unpacker, std::span<const std::size_t> numbers, bool rows,
                              const voxels& to, const unpack_options& options);

}  // namespace MRCZ_CODECS

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/slice_unpacker.ipp"
#endif
