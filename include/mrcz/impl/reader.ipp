/// Definitions of `reader.hpp`.
#pragma once

#include "mrcz/reader.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/hardware.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/open_file.hpp"
#include "mrcz/read_header.hpp"
#include "mrcz/slice_unpacker.hpp"

namespace mrcz {

struct reader::lazy_slices {
  std::once_flag found;
  std::optional<detail::slice_table> table;
};

namespace detail {

MRCZ_INLINE open_options opening(const read_options& options) {
  if (options.threads == 0U) fail_expected(errc::bad_option, "threads is 0", "at least 1");
  return {.byte_order = options.byte_order,
          .spool_bytes = options.spool_bytes,
          .incomplete = options.incomplete,
          .stop = options.stop};
}

}  // namespace detail

MRCZ_INLINE reader::reader(const std::filesystem::path& path, read_options options)
    : reader{std::make_unique<file_source>(path), options} {}

MRCZ_INLINE reader::reader(std::unique_ptr<const byte_source> source, read_options options)
    : reader{detail::open_file(std::move(source), detail::opening(options)), options} {}

MRCZ_INLINE reader::reader(sequential_source& from, read_options options)
    : reader{detail::open_file(from, detail::opening(options)), options} {}

MRCZ_INLINE reader::reader(detail::opened_file&& opened, const read_options& options)
    : source_{std::move(opened.source)},
      options_{options},
      header_{opened.header},
      packing_{opened.packing},
      begin_{detail::with_context(source_->name(), [&] { return detail::data_offset(source_->size(), header_); })},
      axes_{detail::with_context(source_->name(), [&] { return detail::axes_to_exchange(header_, options_.axes); })},
      format_{.voxels = {.mode = detail::require_mode_word(header_.mode).mode,
                         .unsigned_bytes = !options_.signed_bytes.value_or(!has_unsigned_bytes(header_)),
                         .byte_order = header_.byte_order},
              .ny = static_cast<std::size_t>(header_.ny),
              .nx = static_cast<std::size_t>(header_.nx)},
      codec_{detail::with_context(source_->name(), [&] { return codec_in_use(); })},
      slices_{std::make_shared<lazy_slices>()} {
  source_->refresh();  // a file that grows has all slices that its header counts only after the header was read
}

MRCZ_INLINE const detail::slice_table& reader::slices() const {
  std::call_once(slices_->found,
                 [&] { detail::with_context(source_->name(), [&] { slices_->table.emplace(*source_, header_); }); });
  return *slices_->table;
}

MRCZ_INLINE std::vector<finding> reader::remarks() const {
  header_bytes bytes;
  detail::with_context(source_->name(), [&] { source_->read_at(0, bytes); });
  detail::findings list;
  if (const auto* const opened = dynamic_cast<const file_source*>(source_.get()))
    detail::validate_undo_record(opened->opened().path(), list);
  list.add(validate_header(bytes, source_->size(), options_.byte_order));
  detail::validate_opened(header_, begin_, codec_, list);
  return std::move(list).take();
}

MRCZ_INLINE void reader::refresh() {
  detail::with_context(source_->name(), [&] {
    source_->refresh();
    const auto now = detail::load_header(*source_, options_.byte_order);
    source_->refresh();  // for slices that were put before this header, but after the size was asked for
    const bool same_meaning = now.byte_order == header_.byte_order && now.ispg == header_.ispg &&
                              detail::axes_of(now) == detail::axes_of(header_) &&
                              has_unsigned_bytes(now) == has_unsigned_bytes(header_);
    if (!same_meaning) detail::fail(errc::bad_header, "file says something else of its slices than before");
    if (now.nx != header_.nx || now.ny != header_.ny || now.mode != header_.mode || now.nsymbt != header_.nsymbt)
      detail::fail(errc::bad_header,
                   "file has other slices than before: {} x {} voxels of mode {} instead of {} x {} of {}", now.ny,
                   now.nx, now.mode, header_.ny, header_.nx, header_.mode);
    begin_ = detail::data_offset(source_->size(), now);
    header_ = now;
    slices_ = std::make_shared<lazy_slices>();
  });
}

MRCZ_INLINE mrcz::extended_header reader::extended_header() const {
  return detail::with_context(source_->name(), [&] { return detail::load_extended_header(*source_, header_); });
}

template <class Type>
Type reader::voxel_type() const {
  Type type;
  detail::with_row(format_.voxels, [&]<class Row>(Row) { type = std::type_identity<typename Row::type>{}; });
  return type;
}

MRCZ_INLINE mrcz::codec reader::codec_in_use() const {
  const auto word = detail::require_mode_word(header_.mode);
  if (word.codec == codec::none || source_->size() - begin_ < detail::chunk_header::size) return word.codec;
  std::array<std::byte, detail::chunk_header::size> bytes;
  source_->read_at(begin_, bytes);
  const auto chunk = detail::chunk_header::decode(bytes);
  const auto found = chunk.codec();
  if (!found || chunk.version != 2 || (*found == codec::lz4 && word.codec == codec::lz4hc)) return word.codec;
  return *found;
}

// Checks before voxels are read

MRCZ_INLINE void reader::require_readable(const detail::resolved_range& z, const voxel_decoder& type) const {
  detail::require_widening(type, format_.voxels);
  slices().require(z.end());
  slices().require_plausible(z.first, z.end());
}

MRCZ_INLINE detail::resolved_region reader::require_region(const region& wanted, const voxel_decoder& type) const {
  return detail::with_context(source_->name(), [&] {
    const auto box = detail::resolve(wanted, shape());
    require_readable(in_file(box).z, type);
    detail::require_addressable(box.shape(), type.bytes);
    return box;
  });
}

MRCZ_INLINE detail::resolved_region reader::require_slice(std::size_t z, const voxel_decoder& type) const {
  if (z >= shape()[0])
    detail::fail(
        errc::out_of_range,
        {.path = source_->name(), .found = detail::text("slice {} was asked for, but there are {}", z, shape()[0])});
  return require_region({.z = {.first = z, .count = 1}}, type);
}

MRCZ_INLINE void reader::require_listed(slice_list z, const voxel_decoder& type) const {
  for (const std::size_t one : z.numbers()) require_slice(one, type);
  detail::with_context(source_->name(),
                       [&] { detail::require_addressable({z.numbers().size(), shape()[1], shape()[2]}, type.bytes); });
}

MRCZ_INLINE void reader::require_shape(const mrcz::shape& wanted, const voxels& to) const {
  detail::with_context(source_->name(), [&] {
    detail::require_array(to);
    if (to.extents != wanted)
      detail::fail(errc::shape_mismatch, "array has the shape {}, but {} is to be read", to_string(to.extents),
                   to_string(wanted));
  });
}

MRCZ_INLINE range reader::slices_of_frame(std::size_t frame) const {
  const auto slices = slices_per_frame();
  if (frame >= frames())
    detail::fail(
        errc::out_of_range,
        {.path = source_->name(), .found = detail::text("frame {} was asked for, but there are {}", frame, frames())});
  return {.first = frame * slices, .count = slices};
}

// Reading

MRCZ_INLINE detail::resolved_region reader::in_file(const detail::resolved_region& box) const noexcept {
  const auto [sections, rows, columns] = detail::in_file<detail::resolved_range>({box.z, box.y, box.x}, axes_);
  return {sections, rows, columns};
}

/// Exchanged axes are a matter of strides: the array is walked through in the order of the file.
MRCZ_INLINE void reader::read_box(const detail::resolved_region& box, const voxels& to, memory state) const {
  if (state == memory::fresh) detail::advise_huge_pages({to.first, to.bytes()});
  detail::with_context(source_->name(), [&] {
    voxels in_order = to;
    in_order.extents = detail::in_file(to.extents, axes_);
    in_order.strides = detail::in_file(to.strides, axes_);
    detail::unpack_box(detail::slice_unpacker{*source_, slices(), format_}, in_file(box), in_order,
                       {.threads = options_.threads, .stop = options_.stop, .progress = options_.progress});
  });
}

MRCZ_INLINE void reader::read_into(const region& wanted, const voxels& to) const {
  const auto box = require_region(wanted, *to.type);
  require_shape(box.shape(), to);
  read_box(box, to);
}

/// With exchanged axes, the slices of the specimen may be rows or columns of all sections of the file.
MRCZ_INLINE void reader::read_list(slice_list z, const voxels& to) const {
  detail::with_context(source_->name(), [&] {
    voxels in_order = to;
    in_order.extents = detail::in_file(to.extents, axes_);
    in_order.strides = detail::in_file(to.strides, axes_);
    const detail::slice_unpacker unpacker{*source_, slices(), format_};
    const detail::unpack_options options{
        .threads = options_.threads, .stop = options_.stop, .progress = options_.progress};
    if (axes_[0] == 0) detail::unpack_slices(unpacker, z.numbers(), in_order, options);
    else detail::unpack_lines(unpacker, z.numbers(), axes_[0] == 1, in_order, options);
  });
}

namespace detail {

MRCZ_INLINE std::vector<resolved_region> steps_of_reading::parts(const reader& in, const resolved_region& box,
                                                                 std::size_t threads) {
  const auto [sections, rows, columns] = in.in_file(box);
  const std::size_t bytes = rows.count * in.format_.row_bytes();
  if (sections.count == 0 || bytes == 0) return {};
  const std::size_t bands =
      std::clamp<std::size_t>(threads / sections.count, 1, std::min(rows.count, bytes / least_bytes_per_thread + 1));
  const std::size_t fair_share = std::max<std::size_t>(sections.count / (4 * threads), 1);
  const std::size_t at_once = bands > 1 ? 1 : std::clamp<std::size_t>(group_bytes / bytes, 1, fair_share);
  std::vector<resolved_region> all;
  for (std::size_t z = 0; z < sections.count; z += at_once)
    for (std::size_t band = 0; band < bands; ++band) {
      const std::size_t begin = rows.count * band / bands;
      const std::array<resolved_range, 3> part{{{sections.first + z, std::min(at_once, sections.count - z)},
                                                {rows.first + begin, rows.count * (band + 1) / bands - begin},
                                                columns}};
      const auto [part_z, part_y, part_x] = in_xyz(part, in.axes_);
      all.push_back({part_z, part_y, part_x});
    }
  return all;
}

MRCZ_INLINE void steps_of_reading::read(const reader& in, const resolved_region& box, const resolved_region& part,
                                        const voxels& to) {
  voxels part_of = to;
  part_of.extents = part.shape();
  const auto move = [&](std::size_t axis, std::size_t steps) {
    part_of.first += static_cast<std::ptrdiff_t>(steps) * to.strides[axis];
  };
  move(0, part.z.first - box.z.first);
  move(1, part.y.first - box.y.first);
  move(2, part.x.first - box.x.first);
  in.read_box(part, part_of);
}

}  // namespace detail

}  // namespace mrcz
