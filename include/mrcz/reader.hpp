/// Reads MRC and MRCZ files: the header when a file is opened, voxels when a `read` function is called.
#pragma once

#include <atomic>
#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "mrcz/array/array.hpp"
#include "mrcz/array/evaluation.hpp"
#include "mrcz/array/slice_codec.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/format/axes.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/metadata_fwd.hpp"
#include "mrcz/format/slice_table.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/format/validate.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/sequential.hpp"
#include "mrcz/open_file.hpp"

namespace mrcz {

/// How a file is read. What is not stated follows from the file.
struct read_options {
  std::optional<std::size_t> threads = std::nullopt;  ///< not stated: one per processor
  std::optional<bool> signed_bytes =
      std::nullopt;  ///< of mode 0; not stated: signed unless IMOD's stamp says otherwise
  std::optional<std::endian> byte_order = std::nullopt;  ///< not stated: determined from the header
  axis_order axes = axis_order::file;  ///< of shape, slices, regions and arrays; xyz: the order of the specimen
  bool incomplete = false;             ///< reads a file whose last slices are missing as a shorter file
  std::uint64_t spool_bytes =
      detail::default_spool_bytes;        ///< of a packed file or a pipe: more than this is kept in a file in TMPDIR
  const std::stop_token* stop = nullptr;  ///< checked before each slice: a requested stop throws `errc::stopped`
  std::atomic<std::uint64_t>* progress = nullptr;  ///< bytes read are added: voxels in the stored type, uncompressed
};
static_assert(std::is_trivially_destructible_v<read_options>, "options are used inside co_await (g++ 12)");

namespace detail {
class steps_of_reading;
}

/// Every type that the voxels of a file can have in memory.
using voxel_type =
    std::variant<std::type_identity<std::int8_t>, std::type_identity<std::uint8_t>, std::type_identity<std::int16_t>,
                 std::type_identity<std::uint16_t>, std::type_identity<std::int32_t>, std::type_identity<std::uint32_t>,
                 std::type_identity<half>, std::type_identity<float>, std::type_identity<complex_int16>,
                 std::type_identity<std::complex<float>>>;

/// An open file. Const and thread-safe: any number of threads may read from one reader at once.
///
/// A file that gzip, zstd, bzip2 or xz packed is recognised by its first bytes and unpacked once, when it is opened. So
/// is a pipe, which may be packed too, read to its end. What they hold stays in memory up to
/// `read_options::spool_bytes`, otherwise in a file without a name in the folder TMPDIR. Damage anywhere in it is then
/// an error of opening: `errc::bad_packing`, or `errc::truncated` if it was cut off, unless
/// `read_options::incomplete` is set. More than a MiB after the last slice is refused with `errc::too_large`, so a
/// small file cannot fill the disk. bzip2 and xz need MRCZ_BZIP2 and MRCZ_XZ; what the program was compiled without is
/// refused with `errc::codec_unavailable`. MRC inside a bloscpack file is read where it lies, if the program includes
/// `mrcz/bloscpack.hpp`.
///
/// Opening reads the header and, in a compressed file, 16 bytes of the first slice. The reader locates the slices when
/// it first needs their places: in the first read, in `slices()`, or in `shape()` with `read_options::incomplete`. In a
/// compressed file this reads 16 bytes of each slice.
///
/// `read*<T>` converts voxels to `T`. It throws `errc::mode_mismatch` unless every value of the file's mode is exactly
/// a `T`, `errc::bad_chunk` for a damaged slice, `errc::truncated` for a missing one, and `errc::out_of_range` for a
/// place outside the volume. Messages name file, slice and byte.
class reader {
 public:
  /// Opens a file. Throws `errc::not_mrc`, `bad_header`, `bad_mode` or the system's error.
  MRCZ_INLINE explicit reader(const std::filesystem::path& path, read_options options = {});
  /// Reads from any source.
  MRCZ_INLINE explicit reader(std::unique_ptr<const byte_source> source, read_options options = {});

  /// Reads `from` to its end: `mrcz::descriptor_source in{0, "standard input"}; const mrcz::reader volume{in};`
  MRCZ_INLINE explicit reader(sequential_source& from, read_options options = {});

  /// The header of the file.
  const mrcz::header& header() const noexcept { return header_; }

  /// The header of the arrays that are read, in the order of axes that the options say.
  mrcz::header header_as_read() const { return in_axis_order(header_, options_.axes); }

  /// How the file stores voxels.
  mrcz::mode mode() const noexcept { return format_.voxels.mode; }
  /// What the sections of the file are.
  mrcz::kind kind() const noexcept { return header_.kind(); }
  /// In angstrom; nothing if the file does not say.
  std::optional<mrcz::voxel_size> voxel_size() const noexcept { return header_.voxel_size(); }
  /// What the header says of the voxels; nothing is computed.
  mrcz::statistics statistics() const noexcept { return statistics_of(header_); }

  /// What opening repaired or doubted: the findings of `validate` about the header, in the byte order of the options,
  /// such as bytes that look unsigned; about an extended header that is not there, and a codec that MODE does not name;
  /// and about a change in place that was interrupted. Reads 1024 bytes each time it is called.
  MRCZ_INLINE std::vector<finding> remarks() const;

  /// Takes note of the slices that another program has added to the file since: for a file that grows, such as one that
  /// is written with `write_options::keep_partial`. A writer puts a slice before the header that counts it, so all
  /// slices that this reader then sees are complete. Throws `errc::bad_header` if the file no longer holds slices of
  /// the same extents and mode; then nothing has changed. No other thread may use the reader at this time.
  MRCZ_INLINE void refresh();

  /// Where the slices lie. The members of the table say which slices are missing. Throws only errors of the system.
  MRCZ_INLINE const detail::slice_table& slices() const;

  /// The bytes of the file; of a packed file, those that were unpacked.
  const byte_source& source() const noexcept { return *source_; }

  /// How the file around these bytes is packed.
  mrcz::packing packing() const noexcept { return packing_; }

  /// The codec in the first chunk, which may differ from the MODE word. lz4hc of python-mrcz appears as lz4.
  mrcz::codec codec() const noexcept { return codec_; }

  /// [nz, ny, nx] in the order of axes that the options say. With `read_options::incomplete`, only the slices of the
  /// file count that are there.
  mrcz::shape shape() const {
    const std::size_t slices_there = options_.incomplete ? slices().complete() : static_cast<std::size_t>(header_.nz);
    return detail::in_xyz<std::size_t>({slices_there, format_.ny, format_.nx}, axes_);
  }

  /// How slices are stored.
  const detail::slice_format& stored_format() const noexcept { return format_; }

  /// Whether the file has mode 0 and its voxels are read as 0 to 255.
  bool unsigned_bytes() const noexcept { return format_.voxels.unsigned_bytes && mode() == mode::int8; }

  /// Reads NSYMBT bytes each time it is called.
  MRCZ_INLINE mrcz::extended_header extended_header() const;

  /// The JSON metadata; null if there are none. Each call parses them. Throws `errc::bad_metadata`. This is a template
  /// only so that programs that do not call it need no `mrcz/metadata.hpp` and compile no parser.
  template <class Json = mrcz::metadata>
  Json metadata() const {
    if (header_.exttyp != exttyp_json) return nullptr;
    return detail::with_context(source_->name(),
                                [&] { return detail::defined_in_mrcz_metadata_hpp<Json>::parse(extended_header()); });
  }

  /// The whole volume.
  template <voxel T>
  volume<T> read() const {
    return read_region<T>({});
  }

  /// Slice z as an image. Of a compressed file it reads and decompresses one chunk, unless the options exchange axes.
  template <voxel T>
  image<T> read_slice(std::size_t z) const {
    const auto box = require_slice(z, decoder_of<T>());
    auto slice = detail::make_image<T>(box.y.count, box.x.count);
    read_box(box, voxels_of(slice));
    return slice;
  }

  /// Slices that follow each other.
  template <voxel T>
  volume<T> read_slices(range z) const {
    return read_region<T>({.z = z});
  }

  /// Any slices, in any order: `in.read_slices<float>({3, 17, 42})`. Threads read them in parallel. In an uncompressed
  /// file, slices that follow each other are read together. With exchanged axes, where each slice of the specimen has a
  /// part in all sections of the file, these are read once for the whole list.
  template <voxel T>
  volume<T> read_slices(slice_list z) const {
    require_listed(z, decoder_of<T>());
    auto voxels = detail::make_volume<T>({z.numbers().size(), shape()[1], shape()[2]});
    read_list(z, voxels_of(voxels));
    return voxels;
  }

  /// A box of voxels. Of an uncompressed file, only the rows of the box are read.
  template <voxel T>
  volume<T> read_region(region wanted) const {
    const auto box = require_region(wanted, decoder_of<T>());
    auto voxels = detail::make_volume<T>(box.shape());
    read_box(box, voxels_of(voxels), memory::fresh);
    return voxels;
  }

  /// Reads into memory of the caller: an array, a view of one, or a `view_of` a pointer. Converts voxels to its element
  /// type. Throws `errc::shape_mismatch` unless it has exactly the shape of what is read, and `errc::bad_option` for a
  /// null pointer or strides by which voxels overlap. Other strides are allowed; unless the voxels lie in row-major
  /// order without gaps, they are copied once more. After an error the content of the memory is undefined.
  /// @{
  template <class Array>
  void read(Array&& into) const {
    read_into({}, voxels_of(into));
  }

  template <class Array>
  void read_slice(std::size_t z, Array&& into) const {
    const auto to = voxels_of(into);
    const auto box = require_slice(z, *to.type);
    require_shape(box.shape(), to);
    read_box(box, to);
  }

  template <class Array>
  void read_slices(range z, Array&& into) const {
    read_into({.z = z}, voxels_of(into));
  }

  template <class Array>
  void read_slices(slice_list z, Array&& into) const {
    const auto to = voxels_of(into);
    require_listed(z, *to.type);
    require_shape({z.numbers().size(), shape()[1], shape()[2]}, to);
    read_list(z, to);
  }

  template <class Array>
  void read_region(region wanted, Array&& into) const {
    read_into(wanted, voxels_of(into));
  }
  /// @}

  /// The number of frames. A frame has `header_as_read().slices_per_frame()` slices; it is a volume of a volume stack,
  /// or an array of a list of python-mrcz.
  std::size_t frames() const { return shape()[0] / slices_per_frame(); }

  /// All slices of a frame.
  template <voxel T>
  volume<T> read_frame(std::size_t frame) const {
    return read_slices<T>(slices_of_frame(frame));
  }

  /// The type in memory of the voxels as the file stores them. This is a template only so that programs that do not
  /// call it need not compile it.
  template <class Type = mrcz::voxel_type>
  Type voxel_type() const;

  /// Calls `f(std::type_identity<T>{})`, where `T` is the type that `voxel_type()` returns.
  template <class Function>
  decltype(auto) visit(Function&& f) const {
    return std::visit(std::forward<Function>(f), voxel_type());
  }

 private:
  friend detail::steps_of_reading;

  MRCZ_INLINE reader(detail::opened_file&& opened, const read_options& options);

  enum class memory : bool { in_use, fresh };

  MRCZ_INLINE mrcz::codec codec_in_use() const;
  MRCZ_INLINE void require_readable(const detail::resolved_range& z, const voxel_decoder& type) const;
  MRCZ_INLINE detail::resolved_region require_region(const region& wanted, const voxel_decoder& type) const;
  MRCZ_INLINE detail::resolved_region require_slice(std::size_t z, const voxel_decoder& type) const;
  MRCZ_INLINE void require_listed(slice_list z, const voxel_decoder& type) const;
  MRCZ_INLINE void require_shape(const mrcz::shape& wanted, const voxels& to) const;
  std::size_t slices_per_frame() const { return static_cast<std::size_t>(header_as_read().slices_per_frame()); }
  MRCZ_INLINE range slices_of_frame(std::size_t frame) const;
  MRCZ_INLINE detail::resolved_region in_file(const detail::resolved_region& box) const noexcept;
  MRCZ_INLINE void read_box(const detail::resolved_region& box, const voxels& to, memory state = memory::in_use) const;
  MRCZ_INLINE void read_into(const region& wanted, const voxels& to) const;
  MRCZ_INLINE void read_list(slice_list z, const voxels& to) const;

  std::unique_ptr<const byte_source> source_;
  read_options options_;
  mrcz::header header_;
  mrcz::packing packing_;
  std::uint64_t begin_;            // of the first slice
  detail::axis_permutation axes_;  // from the axes of the arrays to those of the file
  detail::slice_format format_;
  mrcz::codec codec_;

  struct lazy_slices;
  std::shared_ptr<lazy_slices> slices_;  // located when they are first needed
};

namespace detail {

/// The steps of `read_region` one by one, for an asynchronous reader.
class steps_of_reading {
 public:
  // The voxels that are wanted. These throw what a read throws before it reads voxels.
  static resolved_region region(const reader& in, const mrcz::region& wanted, const voxel_decoder& type) {
    return in.require_region(wanted, type);
  }
  static resolved_region slice(const reader& in, std::size_t z, const voxel_decoder& type) {
    return in.require_slice(z, type);
  }
  static resolved_region frame(const reader& in, std::size_t frame, const voxel_decoder& type) {
    return in.require_region({.z = in.slices_of_frame(frame)}, type);
  }

  /// Divides a box into parts for `threads` threads: slices of the file, or bands of rows if there are fewer slices
  /// than threads.
  MRCZ_INLINE static std::vector<resolved_region> parts(const reader& in, const resolved_region& box,
                                                        std::size_t threads);

  /// Reads a part of `box`; `to` is the place for all of it.
  MRCZ_INLINE static void read(const reader& in, const resolved_region& box, const resolved_region& part,
                               const voxels& to);
};

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/reader.ipp"
#endif
