/// Definitions of `reader.hpp`.
#pragma once

#include "mrcz/reader.hpp"

#include <array>
#include <mutex>

#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/hardware.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/read_header.hpp"
#include "mrcz/slice_unpacker.hpp"

namespace mrcz {

struct reader::lazy_slices {
  std::once_flag found;
  std::optional<detail::slice_table> table;
};

MRCZ_INLINE reader::reader(const std::filesystem::path& path, read_options options)
    : reader{std::make_unique<file_source>(path), options} {}

MRCZ_INLINE reader::reader(std::unique_ptr<const byte_source> source, read_options options)
    : source_{std::move(source)},
      options_{checked(options)},
      header_{
          detail::with_context(source_->name(), [&] { return detail::load_header(*source_, options_.byte_order); })},
      begin_{detail::with_context(source_->name(), [&] { return detail::data_offset(source_->size(), header_); })},
      axes_{detail::with_context(
          source_->name(),
          [&] { return options_.axes == axis_order::xyz ? detail::axes_to_exchange(header_) : detail::same_axes; })},
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

MRCZ_INLINE read_options reader::checked(read_options options) {
  if (options.threads == 0U) detail::fail_expected(errc::bad_option, "threads is 0", "at least 1");
  return options;
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

MRCZ_INLINE detail::resolved_range reader::require_slices(range z, const voxel_decoder& type) const {
  return require_region({.z = z}, type).z;
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

}  // namespace mrcz
