/// Definitions of `slice_unpacker.hpp`.
#pragma once

#include "mrcz/slice_unpacker.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "mrcz/core/error.hpp"
#include "mrcz/core/hardware.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/stop.hpp"

namespace mrcz::detail {

/// How many plain bytes of a chunk are converted at once. So many stay in the nearest cache of a core. Pieces end at
/// multiples of this size, where blocks and tiles of the shuffle end too. They are a whole number of voxels.
inline constexpr std::size_t piece_bytes_of_chunk = std::size_t{16} << 10U;

/// If the voxels of one thread take more bytes than this, they do not stay in its caches.
inline constexpr std::size_t cache_bytes = std::size_t{4} << 20U;

/// Tells whether `bytes` bytes of voxels fit the caches. If not, has the system provide their pages.
MRCZ_INLINE nearness prepare(std::byte* to, std::size_t bytes) noexcept {
  if (bytes <= cache_bytes) return nearness::in_caches;
  provide_pages({to, bytes});
  return nearness::past_caches;
}

MRCZ_INLINE void slice_unpacker::unpack(std::size_t z, resolved_range y, resolved_range x, const voxel_decoder& type,
                                        std::byte* to, unpack_memory& memory) const {
  const slice_place place = slices_[z];
  try {
    if (compressed()) unpack_chunk(place, y, x, type, to, memory);
    else read_rows(place, y, x, type, to, memory);
    finish_past_caches();
  } catch (...) {
    rethrow_with({.path = source_.name(), .slice = z, .byte = place.offset});
  }
}

/// Voxels of the type in memory are decompressed directly into `to`. Others are converted in small pieces, so that
/// their bytes stay in the nearest cache. If only parts of the rows are wanted, or if the rows are padded (4-bit
/// voxels), a piece is a part of one row.
MRCZ_INLINE void slice_unpacker::unpack_chunk(slice_place place, resolved_range y, resolved_range x,
                                              const voxel_decoder& type, std::byte* to, unpack_memory& memory) const {
  const std::size_t row_bytes = format_.row_bytes();
  const std::size_t begin = y.first * row_bytes;
  const std::size_t end = y.end() * row_bytes;
  const auto read_at = [&](std::uint64_t offset, std::span<std::byte> into) {
    source_.read_at(place.offset + offset, into);
  };
  const auto file = source_.in_memory();
  const chunk_source packed = file.empty() ? chunk_source{read_at}
                                           : chunk_source{file.subspan(static_cast<std::size_t>(place.offset),
                                                                       static_cast<std::size_t>(place.packed_bytes))};
  chunk_reader chunk{packed, place.packed_bytes, format_.bytes(), {begin, end}, memory};
  const bool in_place = is_stored_as(type, format_.voxels);
  const std::size_t voxel_bytes = y.count * x.count * type.bytes;
  if (x.count != format_.nx || format_.voxels.mode == mode::uint4) {
    const auto columns = format_.columns(x);
    for (std::size_t row = 0; row < y.count; ++row) {
      const std::size_t first = begin + row * row_bytes + columns.first;
      std::byte* const into = to + row * x.count * type.bytes;
      if (in_place) chunk.read(first, {into, columns.count});
      else decode_row(type, format_, chunk.bytes(first, columns.count), x, into);
    }
    return;
  }
  const nearness where = prepare(to, voxel_bytes);
  if (in_place) return chunk.read(begin, {to, voxel_bytes});
  const std::size_t item = item_bytes(format_.voxels.mode);
  for (std::size_t done = begin; done < end;) {
    const std::size_t count = std::min(piece_bytes_of_chunk - done % piece_bytes_of_chunk, end - done);
    decode_voxels(type, format_.voxels, chunk.bytes(done, count).data(), to + (done - begin) / item * type.bytes,
                  count / item, where);
    done += count;
  }
}

/// Reads some rows at a time, so that they stay in the core's cache. Whole rows of the type in memory are read directly
/// into `to`.
MRCZ_INLINE void slice_unpacker::read_rows(slice_place place, resolved_range y, resolved_range x,
                                           const voxel_decoder& type, std::byte* to, unpack_memory& memory) const {
  const std::size_t row_bytes = format_.row_bytes();
  const std::uint64_t begin = place.offset + y.first * row_bytes;
  const std::size_t voxel_bytes = y.count * x.count * type.bytes;
  const bool whole_rows = x.count == format_.nx;
  if (whole_rows && is_stored_as(type, format_.voxels)) return source_.read_at(begin, {to, voxel_bytes});
  const bool in_one_run = whole_rows && format_.voxels.mode != mode::uint4;
  const nearness where = in_one_run ? prepare(to, voxel_bytes) : nearness::in_caches;
  const std::size_t at_once = std::max<std::size_t>(group_bytes / row_bytes, 1);
  for (std::size_t done = 0; done < y.count; done += at_once) {
    const resolved_range rows{y.first + done, std::min(at_once, y.count - done)};
    const auto bytes = bytes_at({begin + done * row_bytes, rows.count * row_bytes}, memory.plain);
    std::byte* const into = to + done * x.count * type.bytes;
    if (in_one_run) decode_voxels(type, format_.voxels, bytes.data(), into, rows.count * x.count, where);
    else decode_rows(type, format_, bytes, rows, x, into);
  }
}

/// The bytes of the file at `place`. They are not copied if the file lies in memory.
MRCZ_INLINE std::span<const std::byte> slice_unpacker::bytes_at(slice_place place, buffer& memory) const {
  const auto size = static_cast<std::size_t>(place.packed_bytes);
  if (const auto all = source_.in_memory(); !all.empty())
    return all.subspan(static_cast<std::size_t>(place.offset), size);
  const auto bytes = memory.acquire(size);
  source_.read_at(place.offset, bytes);
  return bytes;
}

inline namespace MRCZ_CODECS {

/// One call that reads the same rows and columns of several slices.
class slices_reading {
 public:
  slices_reading(const slice_unpacker& unpacker, std::size_t count, function_ref<std::size_t(std::size_t)> slice_at,
                 resolved_range y, resolved_range x, const voxels& to, const unpack_options& options)
      : unpacker_{unpacker}, count_{count}, slice_at_{slice_at}, y_{y}, x_{x}, to_{to}, options_{options} {}

  /// A task of a thread is one slice; a band of rows if there are fewer slices than threads; several slices if they are
  /// small.
  void run() {
    if (count_ == 0 || y_.count == 0 || x_.count == 0) return;
    const std::uint64_t slice_bytes = std::uint64_t{y_.count} * unpacker_.format().row_bytes();
    constexpr std::uint64_t enough = std::numeric_limits<std::size_t>::max();
    const auto useful = std::clamp<std::uint64_t>(count_ * slice_bytes / least_bytes_per_thread, 1, enough);
    const std::size_t threads = thread_count(options_.threads, static_cast<std::size_t>(useful));
    const std::size_t bands = std::clamp<std::size_t>(threads / count_, 1, y_.count);
    const std::size_t fair_share = std::max<std::size_t>(count_ / (4 * threads), 1);
    const auto at_once = static_cast<std::size_t>(std::clamp<std::uint64_t>(group_bytes / slice_bytes, 1, fair_share));
    const std::size_t tasks = bands > 1 ? count_ * bands : count_ / at_once + (count_ % at_once == 0 ? 0 : 1);
    std::vector<thread_memory> memory(thread_count(threads, tasks));
    parallel_for(tasks, threads, [&](std::size_t i, std::size_t thread) {
      if (bands > 1) {
        const std::size_t begin = y_.count * (i % bands) / bands;
        read_rows(i / bands, begin, y_.count * (i % bands + 1) / bands - begin, memory[thread]);
      } else {
        read_slices(i * at_once, std::min(count_, (i + 1) * at_once), memory[thread]);
      }
    });
  }

 private:
  struct thread_memory {
    unpack_memory unpacking;
    buffer rows;  // before they are scattered
  };

  /// Slices that follow each other in an uncompressed file are read together.
  void read_slices(std::size_t i, std::size_t end, thread_memory& memory) {
    const auto& format = unpacker_.format();
    const bool joins = !unpacker_.compressed() && dense_ && y_.count == format.ny && x_.count == format.nx;
    while (i < end) {
      std::size_t run = 1;
      while (joins && i + run < end && slice_at_(i + run) == slice_at_(i) + run) ++run;
      // If they fail together, they are read again one by one, so that the error names the slice at fault.
      if (run == 1 || thrown_by([&] { read_rows(i, 0, run * y_.count, memory); }))
        for (std::size_t k = 0; k < run; ++k) read_rows(i + k, 0, y_.count, memory);
      i += run;
    }
  }

  /// Reads rows [begin, begin + count) of the region from slice `slice_at_(i)`.
  void read_rows(std::size_t i, std::size_t begin, std::size_t count, thread_memory& memory) {
    throw_if_stopped(options_.stop);
    const std::size_t row_bytes = x_.count * to_.type->bytes;
    const resolved_range rows{y_.first + begin, count};
    if (dense_) {
      unpacker_.unpack(slice_at_(i), rows, x_, *to_.type, to_.first + (i * y_.count + begin) * row_bytes,
                       memory.unpacking);
    } else {
      const auto plain = memory.rows.acquire(count * row_bytes);
      unpacker_.unpack(slice_at_(i), rows, x_, *to_.type, plain.data(), memory.unpacking);
      const auto [stride_z, stride_y, stride_x] = to_.strides;
      std::byte* const first =
          to_.first + static_cast<std::ptrdiff_t>(i) * stride_z + static_cast<std::ptrdiff_t>(begin) * stride_y;
      scatter(plain.data(), first, stride_y, stride_x, count, x_.count, to_.type->bytes);
    }
    if (options_.progress != nullptr)
      options_.progress->fetch_add(count * mrcz::row_bytes(unpacker_.format().voxels.mode, x_.count));
  }

  const slice_unpacker& unpacker_;
  std::size_t count_;
  function_ref<std::size_t(std::size_t)> slice_at_;
  resolved_range y_;
  resolved_range x_;
  const voxels& to_;
  const unpack_options& options_;
  bool dense_ = to_.is_dense();
};

}  // namespace MRCZ_CODECS

MRCZ_INLINE void unpack_box(const slice_unpacker& unpacker, const resolved_region& box, const voxels& to,
                            const unpack_options& options) {
  const auto slice_at = [&](std::size_t i) { return box.z.first + i; };
  slices_reading{unpacker, box.z.count, slice_at, box.y, box.x, to, options}.run();
}

MRCZ_INLINE void unpack_slices(const slice_unpacker& unpacker, std::span<const std::size_t> z, const voxels& to,
                               const unpack_options& options) {
  const auto slice_at = [&](std::size_t i) { return z[i]; };
  const auto& format = unpacker.format();
  slices_reading{unpacker, z.size(), slice_at, {0, format.ny}, {0, format.nx}, to, options}.run();
}

// Lines of exchanged axes

inline namespace MRCZ_CODECS {

/// Rows or columns of a section that are read together, and which entries of a list name one of them.
struct run_of_lines {
  resolved_range lines;
  std::size_t begin;
  std::size_t end;
};

/// A number of a list and its place in the list.
struct listed_line {
  std::size_t number;
  std::size_t place;
};

/// By rising number.
MRCZ_INLINE std::vector<listed_line> sorted_lines(std::span<const std::size_t> numbers) {
  std::vector<listed_line> lines;
  for (const std::size_t number : numbers) lines.push_back({number, lines.size()});
  std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return lines;
}

/// Lines that follow each other make a run. With `as_one`, all lines do, and those between them.
MRCZ_INLINE std::vector<run_of_lines> runs_of(std::span<const listed_line> lines, bool as_one) {
  std::vector<run_of_lines> runs;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t number = lines[i].number;
    if (runs.empty() || (!as_one && number > runs.back().lines.end())) runs.push_back({{number, 1}, i, i});
    runs.back().lines.count = number + 1 - runs.back().lines.first;
    runs.back().end = i + 1;
  }
  return runs;
}

MRCZ_INLINE void unpack_lines(const slice_unpacker& unpacker, std::span<const std::size_t> numbers, bool rows,
                              const voxels& to, const unpack_options& options) {
  struct thread_memory {
    unpack_memory unpacking;
    buffer lines;
    buffer column;
  };
  const auto& format = unpacker.format();
  const std::size_t sections = to.extents[0];
  const std::size_t voxel = to.type->bytes;
  const std::size_t line_voxels = rows ? format.nx : format.ny;
  const std::size_t line_bytes =
      rows ? format.row_bytes() : format.ny * static_cast<std::size_t>(mrcz::row_bytes(format.voxels.mode, 1));
  const auto listed = sorted_lines(numbers);
  const auto runs = runs_of(listed, !rows || unpacker.compressed());
  const std::ptrdiff_t from_line_to_line = to.strides[rows ? 1 : 2];
  const std::ptrdiff_t along_line = to.strides[rows ? 2 : 1];
  std::vector<thread_memory> memory(thread_count(options.threads, sections));
  parallel_for(sections, memory.size(), [&](std::size_t section, std::size_t thread) {
    auto& [unpacking, lines, column] = memory[thread];
    for (const auto& run : runs) {
      throw_if_stopped(options.stop);
      const auto y = rows ? run.lines : resolved_range{0, format.ny};
      const auto x = rows ? resolved_range{0, format.nx} : run.lines;
      const auto plain = lines.acquire(y.count * x.count * voxel);
      unpacker.unpack(section, y, x, *to.type, plain.data(), unpacking);
      for (const auto& [number, place] : std::span{listed}.subspan(run.begin, run.end - run.begin)) {
        std::byte* const into = to.first + static_cast<std::ptrdiff_t>(section) * to.strides[0] +
                                static_cast<std::ptrdiff_t>(place) * from_line_to_line;
        const std::size_t before = number - run.lines.first;
        if (rows) {
          scatter(plain.data() + before * line_voxels * voxel, into, along_line, 0, line_voxels, 1, voxel);
        } else {
          const auto line = column.acquire(line_voxels * voxel);
          gather(plain.data() + before * voxel, static_cast<std::ptrdiff_t>(x.count * voxel), 0, line.data(),
                 line_voxels, 1, voxel);
          scatter(line.data(), into, along_line, 0, line_voxels, 1, voxel);
        }
      }
    }
    if (options.progress != nullptr) options.progress->fetch_add(numbers.size() * line_bytes);
  });
}

}  // namespace MRCZ_CODECS

}  // namespace mrcz::detail
