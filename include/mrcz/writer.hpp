/// Writing MRC and MRCZ files slice by slice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/array/evaluation.hpp"
#include "mrcz/array/slice_codec.hpp"
#include "mrcz/complete_header.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/metadata.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/locked_file.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/slice_packer.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz {

/// A file that is being written. It appears under its name, complete, when `close()` returns; destroyed earlier it
/// leaves nothing behind (see `write_options::keep_partial`).
///
/// `pack` is const and may run in any number of threads; everything else belongs to one thread at a time. `append` is
/// `put(pack(...))`, in parallel over the slices of a volume. All slices have the same extents and element type.
class writer {
 public:
  /// Writes to `path`; compressed with zstd if it ends in .mrcz, unless the options say otherwise. `values` is a JSON
  /// object or null. Throws `errc::bad_option`, `bad_metadata`, `codec_unavailable`, `already_exists` or the system's
  /// error.
  explicit writer(const std::filesystem::path& path, write_options options = {}, const mrcz::metadata& values = nullptr)
      : writer{detail::defaults_for(path), options, values} {
    open(with_context(path.string(),
                      [&] { return std::make_unique<atomic_file>(path, options.durability, options.replace); }));
  }

  /// Writes to anything. Nothing is compressed unless the options name a codec.
  explicit writer(std::unique_ptr<byte_sink> sink, write_options options = {}, const mrcz::metadata& values = nullptr)
      : writer{detail::defaults{}, options, values} {
    open(std::move(sink));
  }

  /// Opens an existing file to put more slices behind those that it has, with its mode, codec and byte order. The old
  /// bytes stay as they are until `close()`, or with `keep_partial` each `put`, writes the new header, so an
  /// interruption leaves a readable file. Bytes behind the last slice are lost. Throws `errc::truncated` or `bad_chunk`
  /// for a file that lacks slices.
  ///
  /// The file is opened once and locked until the writer ends: a second one that wants to append to it is refused
  /// (EWOULDBLOCK). If another program replaces the file or changes it meanwhile, the next write throws (ESTALE) and
  /// leaves what is there.
  static writer append_to(const std::filesystem::path& path, write_options options = {}) {
    return with_context(path.string(), [&] {
      const auto opened = std::make_shared<locked_file>(path);
      return writer{reader{std::make_unique<shared_source>(opened)}, opened, options};
    });
  }

  writer(writer&&) noexcept = default;
  writer& operator=(writer&&) = delete;

  ~writer() { abandon(); }

  /// What is set here until `close()` is written. `close()` determines extents, MODE, NSYMBT, EXTTYP, NVERSION, MAP,
  /// MACHST, statistics (unless `write_options::statistics` is false) and packed size, and refuses another value.
  /// Assign the header of another file to keep what it said; what no longer fits the data is then computed anew.
  mrcz::header& header() noexcept { return header_; }

  const write_options& options() const noexcept { return packer_.options(); }

  /// What messages call the file: its path.
  const std::string& name() const noexcept { return name_; }

  /// Whether slices can be put: false once it has been closed, has failed or was moved from.
  bool is_open() const noexcept { return sink_ != nullptr; }

  /// Replaces the metadata by an extended header of any kind; symmetry operators without an EXTTYP get theirs. Throws
  /// `errc::closed` once a slice has been put.
  void set_extended_header(mrcz::extended_header extended) {
    require_open();
    if (first_format_)
      fail(errc::closed, {.path = name_, .found = "the extended header cannot change once slices have been put"});
    if (extended.type().empty() && extended.is_symmetry_text()) extended.exttyp = exttyp_symmetry;
    extended_ = padded(std::move(extended));
  }

  /// Packs an image, or any expression of rank 2: evaluates, summarises, converts and compresses it. The result does
  /// not refer to the expression. Before several threads pack one and the same view or lazy expression, call
  /// `fill_caches` with it.
  template <expression E>
  packed_slice pack(const E& e) const {
    with_context(name_, [&] {
      if (e.dimension() != 2)
        fail(errc::shape_mismatch, "pack takes an image (rank 2), but the array has rank {}; say which slice",
             e.dimension());
    });
    return pack(e, 0);
  }

  /// Packs slice z of a volume, or of any expression of rank 3.
  template <expression E>
  packed_slice pack(const E& e, std::size_t z) const {
    auto packed = borrow(e, z);
    packer_.detach(packed);
    return packed;
  }

  /// As `pack`, but voxels that are stored as they are in the array stay there: it must then live, unchanged, until
  /// they have been put.
  template <expression E>
  packed_slice borrow(const E& e, std::size_t z) const {
    return with_context(name_, [&] {
      const auto extents = shape_of(e);
      if (z >= extents[0]) fail(errc::out_of_range, "slice {} is to be packed, but there are {}", z, extents[0]);
      return packer_.pack(e, z, extents, header_);
    });
  }

  /// Writes a packed slice behind those before it. Any writer may have packed it, with the same codec. Throws
  /// `errc::shape_mismatch` or `errc::mode_mismatch`, and changes nothing, if it differs from those before it or from
  /// the options, and `errc::bad_option` if it was put before; any other failure closes the writer.
  void put(packed_slice&& packed) {
    require_open();
    with_context(name_, size(), [&] {
      if (packed.bytes_.empty())
        fail(errc::bad_option, "slice is empty: it was put already, or made by nobody; writer::pack makes one");
      if (packed.codec_ != packer_.codec())
        fail(errc::mode_mismatch, "slice was packed with codec {}, but the file has {}", name_of(packed.codec_),
             name_of(packer_.codec()));
      require_own_format(packed.format_);
      require_same_format(packed.format_);
    });
    try {
      with_context(name_, size(), [&] { write(packed); });
    } catch (...) {
      abandon_and_rethrow();
    }
    packer_.recycle(std::move(packed));
  }

  /// Appends an image, or all slices of a volume in parallel. Lazy expressions are evaluated one slice at a time:
  /// several at once where `evaluates_in_parallel` says that their type keeps no state or
  /// `write_options::parallel_evaluation` promises it, otherwise in order by the calling thread while other threads
  /// pack. A failure after some slices of the volume have been put closes the writer; it says which slice
  /// failed, counted from the beginning of the file, and what evaluating an expression throws is `errc::caller_failed`.
  template <expression E>
  void append(const E& e) {
    require_open();
    const auto extents = with_context(name_, [&] { return shape_of(e); });
    if (extents[0] == 0) with_context(name_, [&] { fail(errc::shape_mismatch, "volume has no slices"); });
    const std::size_t available = thread_count(packer_.options().threads);
    const std::size_t threads = std::min(available, extents[0]);
    const std::size_t idle = available / threads - 1;  // per slice, if there are fewer slices than threads
    const std::size_t before = size();
    const bool in_parallel = evaluates_in_parallel<E> || packer_.options().parallel_evaluation;
    if (threads > 1 && in_parallel) with_context(name_, before, [&] { fill_caches(e); });
    try {
      if (in_parallel) {
        parallel_ordered(
            extents[0], threads,
            [&](std::size_t z) {
              return with_context(name_, before + z, [&] { return packer_.pack(e, z, extents, header_, idle); });
            },
            [&](packed_slice&& packed) { put(std::move(packed)); });
      } else if constexpr (!evaluates_in_parallel<E>) {
        append_in_turn(e, extents, threads, idle);
      }
    } catch (...) {
      if (size() != before) abandon_and_rethrow();
      throw;
    }
  }

  /// With `keep_partial`, once a slice has been put and until `close()` succeeds: where the slices are, readable as a
  /// file. They stay there if the writer fails, which the error's message says too, or is destroyed. Empty otherwise,
  /// and for `append_to`, which puts them into the file itself.
  const std::filesystem::path& partial_path() const noexcept { return partial_path_; }

  /// Slices in the file so far, those that `append_to` found included.
  std::size_t size() const noexcept { return found_ + put_; }

  /// Finishes the header and publishes the file; a closed writer cannot be used again. Throws `errc::shape_mismatch`,
  /// `mode_mismatch` or `bad_option`, and leaves the writer open, if there is no slice, not a whole number of volumes
  /// or frames, or a header that says something else than the slices and the options. After any other failure nothing
  /// has been published and the writer is closed; only the folder that `durability::full` syncs comes after the
  /// publishing.
  void close() {
    require_open();
    const auto header = with_context(name_, [&] {
      if (size() == 0) fail(errc::shape_mismatch, "no slice was appended, so there is nothing to write");
      require_same_format(packer_.format_of(header_, first_format_->voxels.mode, first_format_->ny, first_format_->nx));
      const auto finished = complete(header_, content(), packer_.options());
      require_as_stated(finished, header_, content(), packer_.options());
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

 private:
  static write_options checked(write_options options, codec by_name) {
    check(options);
    options.compression.codec = options.compression.codec.value_or(by_name);
    require_available(*options.compression.codec);
    return options;
  }

  writer(detail::defaults by_name, const write_options& options, const mrcz::metadata& values)
      : packer_{checked(options, by_name.codec)},
        extended_{to_extended_header(values)},
        images_by_name_{by_name.images} {}

  writer(const reader& in, const std::shared_ptr<locked_file>& opened, const write_options& options)
      : packer_{options_for(in, options)},
        header_{in.header()},
        found_header_{in.header()},
        extended_{in.header().exttyp, {}},
        first_format_{packer_.format_of(in.header(), in.mode(), in.shape()[1], in.shape()[2])},
        begin_{in.slices().begin()},
        end_{in.slices().end()},
        found_{in.slices().complete()},
        statistics_{running_statistics::of(in.statistics(), found_ * in.shape()[1] * in.shape()[2])} {
    in.slices().require(in.slices().claimed());
    open(std::make_unique<extended_file>(opened, options.durability, end_));
  }

  /// The options for more slices of an existing file; they may repeat what the file says but not contradict it.
  static write_options options_for(const reader& in, write_options options) {
    const auto require_same = [](const auto& wanted, const auto& found, const char* option) {
      if (wanted.value_or(found) != found)
        fail(errc::bad_option, "{} is {}, but the file has {}", option, name_of(*wanted), name_of(found));
    };
    options = checked(options, in.codec());
    require_same(options.mode, in.mode(), "mode");
    require_same(options.compression.codec, in.codec(), "codec");
    require_same(options.byte_order, in.header().byte_order, "byte_order");
    options.mode = in.mode();
    return options;
  }

  void open(std::unique_ptr<byte_sink> sink) {
    sink_ = std::move(sink);
    name_ = sink_->name();
  }

  void require_open() const {
    if (!sink_) fail(errc::closed, {.path = name_, .found = "writer is closed, or failed before"});
  }

  /// Appends an expression that one thread evaluates, in the order of z, while others pack.
  template <expression E>
  void append_in_turn(const E& e, const shape& extents, std::size_t threads, std::size_t idle) {
    using voxels = decltype(packer_.evaluate(e, 0, extents, header_));
    struct numbered {
      std::size_t index;
      voxels slice;
    };
    const std::size_t before = size();
    std::size_t z = 0;
    parallel_pipeline(
        threads,
        [&]() -> std::optional<numbered> {
          if (z == extents[0]) return std::nullopt;
          const std::size_t index = before + z;
          return with_context(name_, index,
                              [&] { return numbered{index, packer_.evaluate(e, z++, extents, header_)}; });
        },
        [&](numbered&& evaluated) {
          return with_context(name_, evaluated.index,
                              [&] { return packer_.pack(std::move(evaluated.slice), header_, idle); });
        },
        [&](packed_slice&& packed) { put(std::move(packed)); }, asked::by_caller_only);
  }

  /// Ends without publishing; what was put is discarded, unless it is in a partial file.
  void abandon() noexcept { sink_.reset(); }

  /// Called where an exception is handled.
  [[noreturn]] void abandon_and_rethrow() {
    const bool kept = sink_ && !partial_path_.empty();
    abandon();
    if (!kept) throw;
    detail::rethrow_with({.remark = text("what was put is in {}", partial_path_.string())});
  }

  /// Whether this writer would have packed the slice in the same way.
  void require_own_format(const slice_format& format) const {
    const auto own =
        packer_.format_of(header_, packer_.options().mode.value_or(format.voxels.mode), format.ny, format.nx);
    if (format.voxels.mode != own.voxels.mode)
      fail(errc::mode_mismatch, "slice was packed as {}, but the file has {}", name_of(format.voxels.mode),
           name_of(own.voxels.mode));
    if (format.voxels.byte_order != own.voxels.byte_order || format.voxels.unsigned_bytes != own.voxels.unsigned_bytes)
      fail(errc::mode_mismatch, "slice was packed {}-endian{}, but the file is {}-endian{}",
           name_of(format.voxels.byte_order), format.voxels.unsigned_bytes ? " and unsigned" : "",
           name_of(own.voxels.byte_order), own.voxels.unsigned_bytes ? " and unsigned" : "");
  }

  void require_same_format(const slice_format& format) const {
    if (!first_format_) return;
    if (format.ny != first_format_->ny || format.nx != first_format_->nx)
      fail(errc::shape_mismatch, "image has {} x {} voxels, but the slices before it have {} x {}", format.ny,
           format.nx, first_format_->ny, first_format_->nx);
    if (format.voxels.mode != first_format_->voxels.mode)
      fail(errc::mode_mismatch, "image has voxels of {}, but the slices before it have {}", name_of(format.voxels.mode),
           name_of(first_format_->voxels.mode));
    if (format.voxels.byte_order != first_format_->voxels.byte_order ||
        format.voxels.unsigned_bytes != first_format_->voxels.unsigned_bytes)
      fail(errc::mode_mismatch, "header says {}-endian{}, but the slices before are {}-endian{}",
           name_of(format.voxels.byte_order), format.voxels.unsigned_bytes ? " and unsigned" : "",
           name_of(first_format_->voxels.byte_order), first_format_->voxels.unsigned_bytes ? " and unsigned" : "");
  }

  void write(const packed_slice& packed) {
    begin(packed.format_);
    sink_->write_at(end_, packed.bytes_);
    end_ += packed.bytes_.size();
    statistics_ += packed.statistics_;
    volumes_ = volumes_ || packed.of_volume_;
    ++put_;
    if (packer_.options().progress != nullptr) packer_.options().progress->fetch_add(packed.format_.bytes());
    if (!packer_.options().keep_partial) return;
    sink_->write_at(0, encode(complete(header_, content(), packer_.options())));  // salvageable from now on
    if (put_ == 1) partial_path_ = sink_->keep_partial();
  }

  /// The first slice fixes the format and, with the extended header in front of it, where the data begin.
  void begin(const slice_format& format) {
    if (first_format_) return;
    sink_->write_at(header_size, extended_.bytes);
    begin_ = end_ = header_size + extended_.bytes.size();
    first_format_ = format;
  }

  file_content content() const {
    return {.shape = {size(), first_format_->ny, first_format_->nx},
            .mode = {first_format_->voxels.mode, packer_.codec()},
            .packed_bytes = end_ - begin_,
            .statistics = put_ > 0 ? std::optional{statistics_.statistics()} : std::nullopt,
            .exttyp = extended_.exttyp,
            .extended_bytes = begin_ - header_size,
            .volumes = volumes_ && !images_by_name_,
            .found = found_header_};
  }

  slice_packer packer_;
  mrcz::header header_;
  mrcz::header found_header_;  // what header_ was before the caller saw it
  mrcz::extended_header extended_;
  std::unique_ptr<byte_sink> sink_;
  std::filesystem::path partial_path_;
  std::string name_;  // of the sink, for messages: put may drop the sink while other threads pack
  std::optional<slice_format> first_format_;
  std::uint64_t begin_ = 0;  // of the first slice
  std::uint64_t end_ = 0;    // of the last slice so far
  std::size_t found_ = 0;    // slices that append_to found
  std::size_t put_ = 0;
  running_statistics statistics_;
  bool volumes_ = false;  // something of rank 3 was appended
  bool images_by_name_ = false;
};

}  // namespace mrcz
