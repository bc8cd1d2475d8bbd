/// Writes MRC and MRCZ files slice by slice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "mrcz/array/evaluation.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/compose_header.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header_fields.hpp"
#include "mrcz/format/metadata_fwd.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/locked_file.hpp"
#include "mrcz/slice_packer.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz {

class reader;

namespace detail {

/// The options for writing slices into an existing file. They may repeat what the file says but not contradict it.
MRCZ_INLINE write_options options_for(const reader& in, write_options options);

/// Throws `errc::shape_mismatch` or `errc::mode_mismatch` unless slices of `added` may follow slices of `first`.
MRCZ_INLINE void require_same_format(const slice_format& first, const slice_format& added);

class steps_of_writing;

}  // namespace detail

/// A file that is being written. The complete file appears under its name when `close()` returns. A writer that is
/// destroyed earlier leaves nothing on disk (but see `write_options::keep_partial`).
///
/// `pack` and `borrow` are const and may run in any number of threads; only one thread at a time may call the other
/// functions. `append` packs the slices of a volume in parallel and puts them in order. All slices must have the same
/// extents and element type.
class writer {
 public:
  /// Writes to `path`. Compresses with zstd if `path` ends in .mrcz, and packs the file if it ends in .gz or .zst,
  /// unless the options say otherwise. A packed file is packed when it is closed, by `write_options::threads` threads.
  /// Throws `errc::bad_option`, `codec_unavailable`, `already_exists` or the system's error.
  MRCZ_INLINE explicit writer(const std::filesystem::path& path, write_options options = {});

  /// Writes to any sink. Compresses only if the options name a codec, and packs only if they name a packing; the slices
  /// then wait in a file without a name in the folder TMPDIR.
  MRCZ_INLINE explicit writer(std::unique_ptr<byte_sink> sink, write_options options = {});

  /// With metadata: a JSON object, or null for none. Throws `errc::bad_metadata` for anything else. These are templates
  /// only so that programs that do not call them need no `mrcz/metadata.hpp`.
  template <class Json = mrcz::metadata>
  writer(const std::filesystem::path& path, write_options options, const mrcz::metadata& values)
      : writer{path, options} {
    set_extended_header(detail::defined_in_mrcz_metadata_hpp<Json>::write(values));
  }
  /// With metadata, to any sink.
  template <class Json = mrcz::metadata>
  writer(std::unique_ptr<byte_sink> sink, write_options options, const mrcz::metadata& values)
      : writer{std::move(sink), options} {
    set_extended_header(detail::defined_in_mrcz_metadata_hpp<Json>::write(values));
  }

  /// Opens an existing file to append slices, with the mode, codec and byte order of the file. The old bytes stay
  /// unchanged until `close()` writes the finished header (with `keep_partial`, each `put` writes it), so an
  /// interruption leaves a readable file. Bytes after the last slice are lost. Throws `errc::truncated` or `bad_chunk`
  /// if slices of the file are missing.
  ///
  /// The file is opened once and stays locked until the writer is closed, fails or is destroyed. Meanwhile `append_to`
  /// throws EWOULDBLOCK for the same file. `write_options::like` is refused, because the file has a header. If another
  /// program replaces or changes the file meanwhile, the next write throws ESTALE and leaves the file as it is. A
  /// packed file is refused with `errc::bad_option`.
  MRCZ_INLINE static writer append_to(const std::filesystem::path& path, write_options options = {});

  writer(writer&&) noexcept = default;
  writer& operator=(writer&&) = delete;

  ~writer() { abandon(); }

  /// A member that the caller assigns before `close()` is written as it stands, or refused: `close()` determines
  /// extents, MODE, NSYMBT, EXTTYP, NINT and NREAL without records, NLABL, MAP, statistics (unless
  /// `write_options::statistics` is false), packed size and IMOD's flags of the voxel type. Assign the header of
  /// another file, or give it as `write_options::like`, to copy its values: those that do not fit the data are
  /// computed.
  header_fields& header() noexcept { return header_; }

  /// The options as they are used: what was not stated has its default.
  const write_options& options() const noexcept { return packer_.options(); }

  /// The name of the file in messages: its path.
  const std::string& name() const noexcept { return name_; }

  /// Whether slices can be put: false after the writer was closed, failed or was moved from.
  bool is_open() const noexcept { return sink_ != nullptr; }

  /// Replaces the metadata with an extended header of any kind. Symmetry operators without an EXTTYP get `CCP4`.
  /// Records of FEI get the byte order of the file; bytes of other kinds are written as they are. Throws `errc::closed`
  /// after a slice has been put.
  MRCZ_INLINE void set_extended_header(mrcz::extended_header extended);

  /// Packs an image, or any expression of rank 2: evaluates, summarises, converts and compresses it. The result does
  /// not refer to the expression. Call `fill_caches` with a view or lazy expression before several threads pack it.
  template <writable Array>
  packed_slice pack(const Array& image) const {
    return pack_image(slices_of(image));
  }

  /// Packs slice z of a volume, or of any expression of rank 3.
  template <writable Array>
  packed_slice pack(const Array& volume, std::size_t z) const {
    return pack_slice(slices_of(volume), z);
  }

  /// As `pack`, but the result refers to the array if the file stores exactly the bytes of the array. The array must
  /// then live, unchanged, until the slice has been put.
  template <writable Array>
  packed_slice borrow(const Array& volume, std::size_t z) const {
    return borrow_slice(slices_of(volume), z);
  }

  /// Writes a packed slice after the slices before it. Any writer with the same codec may have packed it. Throws
  /// `errc::shape_mismatch` or `errc::mode_mismatch` if the slice differs from the slices before it or from the
  /// options, and `errc::bad_option` if it was put already; these errors change nothing. Any other failure closes the
  /// writer.
  MRCZ_INLINE void put(packed_slice&& packed);

  /// Appends an image, or all slices of a volume in parallel. Lazy expressions are evaluated slice by slice: by several
  /// threads at once if `evaluates_in_parallel` says that their type keeps no state or
  /// `write_options::parallel_evaluation` promises it; otherwise in order by the calling thread, while other threads
  /// pack. A failure after some slices of the volume have been put closes the writer. The error names the slice that
  /// failed, counted from the beginning of the file. If the evaluation of an expression throws, the error is
  /// `errc::caller_failed`. Besides the array, memory holds one slice per thread and two more. Together they count
  /// at most 1 GiB, unless a single slice has more. A slice counts as it lies in memory or as it is stored, whichever
  /// is more; its converted and its packed bytes take at most as much again, each.
  template <writable Array>
  void append(const Array& voxels) {
    append_slices(slices_of(voxels));
  }

  /// With `keep_partial`, from the first `put` until `close()` succeeds: the path of a readable file that holds the
  /// slices so far. The file stays there if the writer fails (the error's message then names it) or is destroyed. Empty
  /// otherwise, and for `append_to`, which writes the slices into the file itself.
  const std::filesystem::path& partial_path() const noexcept { return partial_path_; }

  /// Slices in the file so far, including those that `append_to` found.
  std::size_t size() const noexcept { return found_ + put_; }

  /// Finishes the header and publishes the file. A closed writer cannot be used again. Throws `errc::shape_mismatch`,
  /// `mode_mismatch`, `bad_option` or `too_large`, and leaves the writer open, if there is no slice, if the slices are
  /// not a whole number of volumes or frames, if the header contradicts the slices or the options, or if a number does
  /// not fit its field. Any other failure closes the writer, and nothing has been published, with one exception:
  /// `durability::full` syncs the folder after publishing, and if that fails, the file is published.
  MRCZ_INLINE void close();

 private:
  friend detail::steps_of_writing;

  /// A writer to `path` that has no file yet. `create` must create it before the first slice is put.
  MRCZ_INLINE writer(detail::defaults by_name, std::string name, const write_options& options);

  /// `threads` pack the finished file, if it is packed.
  MRCZ_INLINE void create(const std::filesystem::path& path, std::size_t threads);
  MRCZ_INLINE void write_to(std::unique_ptr<byte_sink> sink, std::size_t threads);
  MRCZ_INLINE writer(const reader& in, const std::shared_ptr<detail::locked_file>& opened,
                     const write_options& options);

  MRCZ_INLINE void set_first(mrcz::extended_header extended);
  MRCZ_INLINE void require_open() const;
  MRCZ_INLINE packed_slice pack_image(const slices& image) const;
  MRCZ_INLINE packed_slice pack_slice(const slices& volume, std::size_t z) const;
  MRCZ_INLINE packed_slice borrow_slice(const slices& volume, std::size_t z) const;
  MRCZ_INLINE detail::evaluated_slice evaluate(const slices& all, std::size_t z) const;
  MRCZ_INLINE packed_slice pack(const slices& all, std::size_t z, detail::evaluated_slice&& evaluated,
                                std::size_t idle_threads = 0) const;
  MRCZ_INLINE std::unique_ptr<detail::divided_slice> divide(const slices& all, std::size_t z,
                                                            detail::evaluated_slice&& evaluated) const;
  MRCZ_INLINE void append_slices(const slices& all);
  MRCZ_INLINE void pack_and_put(const slices& all, std::size_t threads, std::size_t most_items, std::size_t idle);
  MRCZ_INLINE void abandon() noexcept;
  [[noreturn]] MRCZ_INLINE void abandon_and_rethrow();
  MRCZ_INLINE void require_own_format(const detail::slice_format& format) const;
  MRCZ_INLINE void write(const packed_slice& packed);
  MRCZ_INLINE void begin(const detail::slice_format& format);
  MRCZ_INLINE detail::file_content content() const;

  detail::slice_packer packer_;
  header_fields header_;
  mrcz::extended_header extended_;
  std::unique_ptr<byte_sink> sink_;
  std::filesystem::path partial_path_;
  std::string name_;  // the sink's, for messages: put may drop the sink while other threads pack
  std::optional<detail::slice_format> first_format_;
  std::uint64_t begin_ = 0;  // of the first slice
  std::uint64_t end_ = 0;    // of the last slice so far
  std::size_t found_ = 0;    // slices that append_to found
  std::size_t put_ = 0;
  running_statistics statistics_;
  bool volumes_ = false;  // an array of rank 3 was appended
  bool images_by_name_ = false;
  bool grows_ = false;
};

namespace detail {

/// The steps of `append` and of the constructor one by one, for an asynchronous writer.
class steps_of_writing {
 public:
  /// A writer to `path` without a file. `create` must create it before a slice is put.
  static writer prepare(const std::filesystem::path& path, const write_options& options,
                        mrcz::extended_header extended) {
    writer out{defaults_for(path), path.string(), options};
    out.set_first(std::move(extended));
    return out;
  }
  /// As it starts no threads, one thread packs the file.
  static void create(writer& out, const std::filesystem::path& path) { out.create(path, 1); }

  /// How these slices will be stored.
  static slice_format format_of(const writer& out, const slices& all) {
    return out.packer_.format_of(out.header_, *all.type, all.extents[1], all.extents[2]);
  }

  /// The format of the slices in the file; nothing if there are none.
  static const std::optional<slice_format>& format_in_file(const writer& out) { return out.first_format_; }

  /// The header that `close` would write.
  static header finished_header(const writer& out) { return compose_header(out.header_, out.content(), out.options()); }

  static evaluated_slice evaluate(const writer& out, const slices& all, std::size_t z) { return out.evaluate(all, z); }

  /// Evaluates the slice first if `evaluated` is empty.
  static packed_slice pack(const writer& out, const slices& all, std::size_t z, evaluated_slice&& evaluated) {
    return out.pack(all, z, std::move(evaluated));
  }

  /// Whether it pays to share the compression of one of these slices.
  static bool may_divide(const writer& out, const slices& all) {
    return out.packer_.may_divide(out.header_, *all.type, all.extents[1], all.extents[2]);
  }

  /// As `pack`, but without the compression, which is then done in parts. The writer must live until it is done.
  static std::unique_ptr<divided_slice> divide(const writer& out, const slices& all, std::size_t z,
                                               evaluated_slice&& evaluated) {
    return out.divide(all, z, std::move(evaluated));
  }
};

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/writer.ipp"
#endif
