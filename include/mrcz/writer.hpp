/// Writing MRC and MRCZ files slice by slice.
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
#include "mrcz/complete_header.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/metadata.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/locked_file.hpp"
#include "mrcz/slice_packer.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz {

class reader;

/// A file that is being written. It appears under its name, complete, when `close()` returns; destroyed earlier it
/// leaves nothing behind (see `write_options::keep_partial`).
///
/// `pack` is const and may run in any number of threads; everything else belongs to one thread at a time. `append` is
/// `put(pack(...))`, in parallel over the slices of a volume. All slices have the same extents and element type.
class writer {
 public:
  /// Writes to `path`; compressed with zstd if it ends in .mrcz, unless the options say otherwise. Throws
  /// `errc::bad_option`, `codec_unavailable`, `already_exists` or the system's error.
  MRCZ_INLINE explicit writer(const std::filesystem::path& path, write_options options = {});

  /// Writes to anything. Nothing is compressed unless the options name a codec.
  MRCZ_INLINE explicit writer(std::unique_ptr<byte_sink> sink, write_options options = {});

  /// With metadata: a JSON object, or null for none. Throws `errc::bad_metadata` for anything else.
  writer(const std::filesystem::path& path, write_options options, const mrcz::metadata& values)
      : writer{path, options} {
    set_extended_header(to_extended_header(values));
  }
  writer(std::unique_ptr<byte_sink> sink, write_options options, const mrcz::metadata& values)
      : writer{std::move(sink), options} {
    set_extended_header(to_extended_header(values));
  }

  /// Opens an existing file to put more slices behind those that it has, with its mode, codec and byte order. The old
  /// bytes stay as they are until `close()`, or with `keep_partial` each `put`, writes the new header, so an
  /// interruption leaves a readable file. Bytes behind the last slice are lost. Throws `errc::truncated` or `bad_chunk`
  /// for a file that lacks slices.
  ///
  /// The file is opened once and locked until the writer ends: a second one that wants to append to it is refused
  /// (EWOULDBLOCK). If another program replaces the file or changes it meanwhile, the next write throws (ESTALE) and
  /// leaves what is there.
  MRCZ_INLINE static writer append_to(const std::filesystem::path& path, write_options options = {});

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
  MRCZ_INLINE void set_extended_header(mrcz::extended_header extended);

  /// Packs an image, or any expression of rank 2: evaluates, summarises, converts and compresses it. The result does
  /// not refer to the expression. Before several threads pack one and the same view or lazy expression, call
  /// `fill_caches` with it.
  template <writable Array>
  packed_slice pack(const Array& image) const {
    return pack_image(slices_of(image));
  }

  /// Packs slice z of a volume, or of any expression of rank 3.
  template <writable Array>
  packed_slice pack(const Array& volume, std::size_t z) const {
    return pack_slice(slices_of(volume), z);
  }

  /// As `pack`, but voxels that are stored as they are in the array stay there: it must then live, unchanged, until
  /// they have been put.
  template <writable Array>
  packed_slice borrow(const Array& volume, std::size_t z) const {
    return borrow_slice(slices_of(volume), z);
  }

  /// Writes a packed slice behind those before it. Any writer may have packed it, with the same codec. Throws
  /// `errc::shape_mismatch` or `errc::mode_mismatch`, and changes nothing, if it differs from those before it or from
  /// the options, and `errc::bad_option` if it was put before; any other failure closes the writer.
  MRCZ_INLINE void put(packed_slice&& packed);

  /// Appends an image, or all slices of a volume in parallel. Lazy expressions are evaluated one slice at a time:
  /// several at once where `evaluates_in_parallel` says that their type keeps no state or
  /// `write_options::parallel_evaluation` promises it, otherwise in order by the calling thread while other threads
  /// pack. A failure after some slices of the volume have been put closes the writer; it says which slice
  /// failed, counted from the beginning of the file, and what evaluating an expression throws is `errc::caller_failed`.
  /// Besides the array, memory holds the slices that are worked on and two more, of at most 1 GiB of voxels.
  template <writable Array>
  void append(const Array& voxels) {
    append_slices(slices_of(voxels));
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
  MRCZ_INLINE void close();

 private:
  MRCZ_INLINE writer(detail::defaults by_name, const write_options& options);
  MRCZ_INLINE writer(const reader& in, const std::shared_ptr<locked_file>& opened, const write_options& options);

  MRCZ_INLINE void open(std::unique_ptr<byte_sink> sink);
  MRCZ_INLINE void require_open() const;
  MRCZ_INLINE packed_slice pack_image(const slices& image) const;
  MRCZ_INLINE packed_slice pack_slice(const slices& volume, std::size_t z) const;
  MRCZ_INLINE packed_slice borrow_slice(const slices& volume, std::size_t z) const;
  MRCZ_INLINE void append_slices(const slices& all);
  MRCZ_INLINE void pack_and_put(const slices& all, std::size_t threads, std::size_t most_items, std::size_t idle);
  MRCZ_INLINE void abandon() noexcept;
  [[noreturn]] MRCZ_INLINE void abandon_and_rethrow();
  MRCZ_INLINE void require_own_format(const slice_format& format) const;
  MRCZ_INLINE void require_same_format(const slice_format& format) const;
  MRCZ_INLINE void write(const packed_slice& packed);
  MRCZ_INLINE void begin(const slice_format& format);
  MRCZ_INLINE file_content content() const;

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

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/writer.ipp"
#endif
