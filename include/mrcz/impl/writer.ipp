/// Definitions of `writer.hpp`.
#pragma once

#include "mrcz/writer.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/records.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/packed.hpp"
#include "mrcz/open_file.hpp"
#include "mrcz/reader.hpp"

namespace mrcz {

namespace detail {

MRCZ_INLINE write_options checked(write_options options, const defaults& by_name) {
  options.compression.codec = options.compression.codec.value_or(by_name.codec);
  options.packing = options.packing.value_or(by_name.packing);
  check(options);
  require_available(*options.compression.codec);
  return options;
}

MRCZ_INLINE write_options options_for(const reader& in, write_options options) {
  const auto require_same = [](const auto& wanted, const auto& found, const char* option) {
    if (wanted.value_or(found) != found)
      fail(errc::bad_option, "{} is {}, but the file has {}", option, name_of(*wanted), name_of(found));
  };
  if (options.like) fail(errc::bad_option, "like states a header to copy, but the file has its own");
  options = checked(options, {.codec = in.codec()});
  if (options.packing != packing::none)
    fail(errc::bad_option, "packing is {}, but the file is not packed", name_of(*options.packing));
  require_same(options.mode, in.mode(), "mode");
  require_same(options.compression.codec, in.codec(), "codec");
  require_same(options.byte_order, in.header().byte_order, "byte_order");
  options.mode = in.mode();
  return options;
}

MRCZ_INLINE const char* unsigned_or_not(const voxel_format& format) noexcept {
  return format.unsigned_bytes ? " and unsigned" : "";
}

MRCZ_INLINE void require_same_format(const slice_format& first, const slice_format& added) {
  const voxel_format& before = first.voxels;
  const voxel_format& now = added.voxels;
  if (added.ny != first.ny || added.nx != first.nx)
    fail(errc::shape_mismatch, "image has {} x {} voxels, but the slices before it have {} x {}", added.ny, added.nx,
         first.ny, first.nx);
  if (now.mode != before.mode)
    fail(errc::mode_mismatch, "image has voxels of {}, but the slices before it have {}", name_of(now.mode),
         name_of(before.mode));
  if (now.byte_order != before.byte_order || now.unsigned_bytes != before.unsigned_bytes)
    fail(errc::mode_mismatch, "slice is {}-endian{}, but the slices before it are {}-endian{}", name_of(now.byte_order),
         unsigned_or_not(now), name_of(before.byte_order), unsigned_or_not(before));
}

/// The most bytes of voxels that are worked on at the same time, unless a single slice has more.
inline constexpr std::size_t most_bytes_at_work = std::size_t{1} << 30U;

}  // namespace detail

MRCZ_INLINE writer::writer(const std::filesystem::path& path, write_options options)
    : writer{detail::defaults_for(path), path.string(), options} {
  create(path, detail::thread_count(options.threads));
}

MRCZ_INLINE writer::writer(std::unique_ptr<byte_sink> sink, write_options options)
    : writer{detail::defaults{}, sink->name(), options} {
  write_to(std::move(sink), detail::thread_count(options.threads));
}

MRCZ_INLINE writer::writer(detail::defaults by_name, std::string name, const write_options& options)
    : packer_{detail::checked(options, by_name)}, name_{std::move(name)}, images_by_name_{by_name.images} {
  if (options.like) header_ = *options.like;
}

MRCZ_INLINE void writer::create(const std::filesystem::path& path, std::size_t threads) {
  const auto& options = packer_.options();
  detail::with_context(
      name_, [&] { write_to(std::make_unique<atomic_file>(path, options.durability, options.replace), threads); });
  name_ = sink_->name();
}

MRCZ_INLINE void writer::write_to(std::unique_ptr<byte_sink> sink, std::size_t threads) {
  const auto& options = packer_.options();
  if (options.packing != packing::none)
    sink = std::make_unique<detail::packed_sink>(std::move(sink), *options.packing, threads, options.stop);
  sink_ = std::move(sink);
}

MRCZ_INLINE writer::writer(const reader& in, const std::shared_ptr<detail::locked_file>& opened,
                           const write_options& options)
    : packer_{detail::options_for(in, options), has_unsigned_bytes(in.header())},
      header_{in.header()},
      extended_{in.header().exttyp, {}},
      name_{opened->name()},
      first_format_{
          {{in.mode(), in.mode() == mrcz::mode::int8 && has_unsigned_bytes(in.header()), in.header().byte_order},
           in.shape()[1],
           in.shape()[2]}},
      begin_{in.slices().begin()},
      end_{in.slices().end()},
      found_{in.slices().complete()},
      statistics_{running_statistics::of(in.statistics(), found_ * in.shape()[1] * in.shape()[2])},
      grows_{true} {
  in.slices().require(in.slices().claimed());
  sink_ = std::make_unique<detail::extended_file>(opened, options.durability, end_);
}

MRCZ_INLINE writer writer::append_to(const std::filesystem::path& path, write_options options) {
  return detail::with_context(path.string(), [&] {
    const auto opened = std::make_shared<detail::locked_file>(path);
    detail::require_plain(*opened, "nothing can be appended to it");
    return writer{reader{std::make_unique<detail::shared_source>(opened)}, opened, options};
  });
}

MRCZ_INLINE void writer::require_open() const {
  if (!sink_) detail::fail(errc::closed, {.path = name_, .found = "writer is closed, or failed before"});
}

MRCZ_INLINE void writer::set_extended_header(mrcz::extended_header extended) {
  require_open();
  if (first_format_)
    detail::fail(errc::closed, {.path = name_, .found = "the extended header cannot change once slices have been put"});
  set_first(std::move(extended));
}

MRCZ_INLINE void writer::set_first(mrcz::extended_header extended) {
  if (extended.type().empty() && extended.is_symmetry_text()) extended.exttyp = exttyp_symmetry;
  extended_ = detail::padded(std::move(extended));
}

// Packing, by any thread

MRCZ_INLINE packed_slice writer::pack_image(const slices& image) const {
  if (image.rank != 2)
    detail::fail(errc::shape_mismatch,
                 {.path = name_,
                  .found = detail::text("pack takes an image (rank 2), but the array has rank {}; say which slice",
                                        image.rank)});
  return pack_slice(image, 0);
}

MRCZ_INLINE packed_slice writer::pack_slice(const slices& volume, std::size_t z) const {
  auto packed = borrow_slice(volume, z);
  packer_.detach(packed);
  return packed;
}

MRCZ_INLINE packed_slice writer::borrow_slice(const slices& volume, std::size_t z) const {
  return detail::with_context(name_, [&] {
    detail::require_array(volume);
    if (z >= volume.extents[0])
      detail::fail(errc::out_of_range, "slice {} is to be packed, but there are {}", z, volume.extents[0]);
    return packer_.pack(volume, z, header_);
  });
}

MRCZ_INLINE detail::evaluated_slice writer::evaluate(const slices& all, std::size_t z) const {
  return packer_.evaluate(all, z, header_);
}

/// Packs slice z. Evaluates it first if `evaluated` is empty.
MRCZ_INLINE packed_slice writer::pack(const slices& all, std::size_t z, detail::evaluated_slice&& evaluated,
                                      std::size_t idle_threads) const {
  if (evaluated.type == nullptr) evaluated = evaluate(all, z);
  return packer_.pack(std::move(evaluated), header_, idle_threads);
}

MRCZ_INLINE std::unique_ptr<detail::divided_slice> writer::divide(const slices& all, std::size_t z,
                                                                  detail::evaluated_slice&& evaluated) const {
  if (evaluated.type == nullptr) evaluated = evaluate(all, z);
  return std::make_unique<detail::divided_slice>(packer_, std::move(evaluated), header_);
}

// Putting, in order

MRCZ_INLINE void writer::put(packed_slice&& packed) {
  require_open();
  detail::with_context(name_, size(), [&] {
    if (packed.bytes_.empty())
      detail::fail(errc::bad_option, "slice is empty: it was put already, or made by nobody; writer::pack makes one");
    if (packed.codec_ != packer_.codec())
      detail::fail(errc::mode_mismatch, "slice was packed with codec {}, but the file has {}", name_of(packed.codec_),
                   name_of(packer_.codec()));
    require_own_format(packed.format_);
    if (first_format_) detail::require_same_format(*first_format_, packed.format_);
  });
  try {
    detail::with_context(name_, size(), [&] { write(packed); });
  } catch (...) {
    abandon_and_rethrow();
  }
  packer_.recycle(std::move(packed));
}

/// Throws unless this writer would pack the slice in the same way.
MRCZ_INLINE void writer::require_own_format(const detail::slice_format& format) const {
  detail::voxel_format own = format.voxels;
  own.mode = packer_.options().mode.value_or(own.mode);
  own.byte_order = packer_.byte_order(header_);
  own.unsigned_bytes = own.unsigned_bytes && header_.has_unsigned_bytes();
  if (format.voxels.mode != own.mode)
    detail::fail(errc::mode_mismatch, "slice was packed as {}, but the file has {}", name_of(format.voxels.mode),
                 name_of(own.mode));
  if (format.voxels.byte_order != own.byte_order || format.voxels.unsigned_bytes != own.unsigned_bytes)
    detail::fail(errc::mode_mismatch, "slice was packed {}-endian{}, but the file is {}-endian{}",
                 name_of(format.voxels.byte_order), detail::unsigned_or_not(format.voxels), name_of(own.byte_order),
                 detail::unsigned_or_not(own));
}

MRCZ_INLINE void writer::write(const packed_slice& packed) {
  begin(packed.format_);
  sink_->write_at(end_, packed.bytes_);
  end_ += packed.bytes_.size();
  statistics_ += packed.statistics_;
  volumes_ = volumes_ || packed.of_volume_;
  ++put_;
  if (packer_.options().progress != nullptr) packer_.options().progress->fetch_add(packed.format_.bytes());
  if (!packer_.options().keep_partial) return;
  sink_->write_at(
      0, encode(detail::compose_header(header_, content(), packer_.options())));  // makes the partial file readable
  if (put_ == 1) partial_path_ = sink_->keep_partial();
}

/// The first slice fixes the format of all slices. It also fixes where they begin: after the extended header.
MRCZ_INLINE void writer::begin(const detail::slice_format& format) {
  if (first_format_) return;
  detail::set_byte_order(extended_, format.voxels.byte_order);
  sink_->write_at(header_size, extended_.bytes);
  begin_ = end_ = header_size + extended_.bytes.size();
  first_format_ = format;
}

// All slices of an array: packed in parallel, put in order

MRCZ_INLINE void writer::append_slices(const slices& all) {
  require_open();
  detail::with_context(name_, [&] {
    detail::require_array(all);
    if (all.extents[0] == 0) detail::fail(errc::shape_mismatch, "volume has no slices");
    if (all.extents[0] > std::numeric_limits<std::int32_t>::max() - size())
      detail::fail(errc::too_large, "{} slices behind {}, but a header counts at most {}", all.extents[0], size(),
                   std::numeric_limits<std::int32_t>::max());
  });
  const std::size_t available = detail::thread_count(packer_.options().threads);
  const std::size_t room =
      detail::most_bytes_at_work / std::max<std::size_t>(detail::bytes_at_work(all, packer_.options().mode), 1);
  const std::size_t threads = std::min({available, all.extents[0], std::max<std::size_t>(room, 1)});
  const std::size_t idle = available / threads - 1;  // per slice, if there are fewer slices than threads
  const std::size_t before = size();
  try {
    pack_and_put(all, threads, std::clamp(room, threads, threads + 2), idle);
  } catch (...) {
    if (size() != before) abandon_and_rethrow();
    throw;
  }
}

MRCZ_INLINE void writer::pack_and_put(const slices& all, std::size_t threads, std::size_t most_items,
                                      std::size_t idle) {
  const bool in_parallel = all.in_parallel || packer_.options().parallel_evaluation;
  const std::size_t before = size();
  struct numbered {
    std::size_t z;
    detail::evaluated_slice slice;  // empty until it is evaluated
  };
  std::size_t z = 0;
  const auto next = [&]() -> std::optional<numbered> {
    if (z == all.extents[0]) return std::nullopt;
    numbered item{z, {}};
    if (z == 0 || !in_parallel) detail::with_context(name_, before + z, [&] { item.slice = evaluate(all, z); });
    ++z;
    return item;
  };
  const auto pack_it = [&](numbered&& item) {
    return detail::with_context(name_, before + item.z, [&] { return pack(all, item.z, std::move(item.slice), idle); });
  };
  const auto put_it = [&](packed_slice&& packed) { put(std::move(packed)); };
  detail::parallel_pipeline<numbered, packed_slice>(
      threads, next, pack_it, put_it, in_parallel ? detail::asked::by_any_thread : detail::asked::by_caller_only,
      most_items);
}

// The end

MRCZ_INLINE void writer::close() {
  require_open();
  const auto header = detail::with_context(name_, [&] {
    if (size() == 0) detail::fail(errc::shape_mismatch, "no slice was appended, so there is nothing to write");
    if (const auto order = packer_.byte_order(header_); order != first_format_->voxels.byte_order)
      detail::fail(errc::mode_mismatch, "header says {}-endian, but the slices are {}-endian", name_of(order),
                   name_of(first_format_->voxels.byte_order));
    const auto finished = detail::compose_header(header_, content(), packer_.options());
    detail::require_as_stated(finished, header_, content(), packer_.options());
    return encode(finished);
  });
  try {
    sink_->write_at(0, header);
    sink_->publish();
  } catch (...) {
    abandon_and_rethrow();
  }
  sink_.reset();
  partial_path_.clear();
}

/// Ends without publishing. The slices that were put are discarded, unless they are in a partial file.
MRCZ_INLINE void writer::abandon() noexcept { sink_.reset(); }

/// Call it only while an exception is handled.
[[noreturn]] MRCZ_INLINE void writer::abandon_and_rethrow() {
  const bool kept = sink_ && !partial_path_.empty();
  abandon();
  if (!kept) throw;
  detail::rethrow_with({.remark = detail::text("what was put is in {}", partial_path_.string())});
}

MRCZ_INLINE detail::file_content writer::content() const {
  return {.shape = {size(), first_format_->ny, first_format_->nx},
          .mode = {first_format_->voxels.mode, packer_.codec()},
          .unsigned_bytes = first_format_->voxels.unsigned_bytes,
          .packed_bytes = end_ - begin_,
          .statistics = put_ > 0 ? std::optional{statistics_.statistics()} : std::nullopt,
          .exttyp = extended_.exttyp,
          .extended_bytes = begin_ - header_size,
          .nint = extended_.nint,
          .nreal = extended_.nreal,
          .volumes = volumes_ && !images_by_name_,
          .grows = grows_};
}

}  // namespace mrcz
