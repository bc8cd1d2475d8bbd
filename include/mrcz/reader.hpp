/// Reading MRC and MRCZ files: the header when it is opened, voxels when they are asked for.
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

#include "mrcz/array/array.hpp"
#include "mrcz/array/evaluation.hpp"
#include "mrcz/array/slice_codec.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/metadata_fwd.hpp"
#include "mrcz/format/slice_table.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz {

struct read_options {
  std::optional<std::size_t> threads = std::nullopt;  ///< not stated: one per processor
  std::optional<bool> signed_bytes =
      std::nullopt;  ///< of mode 0; not stated: signed unless IMOD's stamp says otherwise
  std::optional<std::endian> byte_order = std::nullopt;  ///< not stated: found out from the header
  bool incomplete = false;                         ///< take a file whose last slices are missing for a shorter one
  const std::stop_token* stop = nullptr;           ///< asked before each slice; then `errc::stopped` is thrown
  std::atomic<std::uint64_t>* progress = nullptr;  ///< bytes of voxels, as they are stored, are added as they are read
};
static_assert(std::is_trivially_destructible_v<read_options>, "options are used inside co_await (g++ 12)");

/// Every type that the voxels of a file can have in memory.
using voxel_type =
    std::variant<std::type_identity<std::int8_t>, std::type_identity<std::uint8_t>, std::type_identity<std::int16_t>,
                 std::type_identity<std::uint16_t>, std::type_identity<std::int32_t>, std::type_identity<std::uint32_t>,
                 std::type_identity<half>, std::type_identity<float>, std::type_identity<complex_int16>,
                 std::type_identity<std::complex<float>>>;

/// An open file. Const and thread-safe: any number of threads may read from one reader at once.
///
/// Opening reads the header and, of a compressed file, 16 bytes of the first slice. Where the other slices lie is found
/// out when it is first needed, which reads 16 bytes of each: by the first read, by `slices()`, and by `shape()` of a
/// reader with `read_options::incomplete`.
///
/// `read*<T>` converts where every value of the file's mode is exactly a `T` and throws `errc::mode_mismatch`
/// elsewhere. A damaged slice throws `errc::bad_chunk`, one that is missing `errc::truncated`, a place outside the
/// volume `errc::out_of_range`; messages name file, slice and byte.
class reader {
 public:
  MRCZ_INLINE explicit reader(const std::filesystem::path& path, read_options options = {});
  MRCZ_INLINE explicit reader(std::unique_ptr<const byte_source> source, read_options options = {});

  const mrcz::header& header() const noexcept { return header_; }
  mrcz::mode mode() const noexcept { return format_.voxels.mode; }
  mrcz::kind kind() const noexcept { return header_.kind(); }
  mrcz::voxel_size voxel_size() const noexcept { return header_.voxel_size(); }
  mrcz::statistics statistics() const noexcept { return statistics_of(header_); }

  /// Where the slices lie. Its own members say which are missing; nothing is thrown but the system's errors.
  MRCZ_INLINE const slice_table& slices() const;

  const byte_source& source() const noexcept { return *source_; }

  /// The codec that the first chunk was really made with; python-mrcz's lz4hc shows as lz4.
  mrcz::codec codec() const noexcept { return codec_; }

  /// [nz, ny, nx]. With `read_options::incomplete` nz counts the slices that are there.
  mrcz::shape shape() const {
    const std::size_t nz = options_.incomplete ? slices().complete() : static_cast<std::size_t>(header_.nz);
    return {nz, format_.ny, format_.nx};
  }

  /// How slices are stored.
  const slice_format& stored_format() const noexcept { return format_; }

  /// Whether mode 0 is read as 0 to 255.
  bool unsigned_bytes() const noexcept { return format_.voxels.unsigned_bytes && mode() == mode::int8; }

  /// Reads NSYMBT bytes each time it is called.
  MRCZ_INLINE mrcz::extended_header extended_header() const;

  /// The JSON metadata, parsed each time it is called; null if there are none. Throws `errc::bad_metadata`. A template
  /// only so that a program pays for compiling a parser where it is called.
  template <class Json = mrcz::metadata>
  Json metadata() const {
    if (header_.exttyp != exttyp_json) return nullptr;
    return with_context(source_->name(), [&] { return parse_metadata<Json>(extended_header()); });
  }

  /// The whole volume.
  template <voxel T>
  volume<T> read() const {
    return read_region<T>({});
  }

  /// Slice z as an image: one chunk is read and decompressed.
  template <voxel T>
  image<T> read_slice(std::size_t z) const {
    const auto box = require_slice(z, decoder_of<T>());
    auto slice = make_image<T>(format_.ny, format_.nx);
    read_box(box, voxels_of(slice));
    return slice;
  }

  template <voxel T>
  volume<T> read_slices(range z) const {
    return read_region<T>({.z = z});
  }

  /// Any slices, in any order: `in.read_slices<float>({3, 17, 42})`. Those that follow each other in the file are read
  /// together, all of them in parallel.
  template <voxel T>
  volume<T> read_slices(slice_list z) const {
    require_listed(z, decoder_of<T>());
    auto voxels = make_volume<T>({z.numbers().size(), format_.ny, format_.nx});
    read_list(z, voxels_of(voxels));
    return voxels;
  }

  /// A box of voxels. Of an uncompressed file only its rows are read.
  template <voxel T>
  volume<T> read_region(region wanted) const {
    const auto box = require_region(wanted, decoder_of<T>());
    auto voxels = make_volume<T>(box.shape());
    read_box(box, voxels_of(voxels), memory::fresh);
    return voxels;
  }

  // The same into memory of the caller, whose element type says what to convert to: an array, a view of one, or a
  // `view_of` a pointer. It has exactly the shape of what is read, or `errc::shape_mismatch` is thrown, and any
  // strides; rows that do not follow each other in memory cost a copy. After an error its content is undefined.

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
    require_shape({z.numbers().size(), format_.ny, format_.nx}, to);
    read_list(z, to);
  }

  template <class Array>
  void read_region(region wanted, Array&& into) const {
    read_into(wanted, voxels_of(into));
  }

  /// Frames of `header().slices_per_frame()` slices: the volumes of a volume stack, the arrays of python-mrcz's lists.
  std::size_t frames() const { return shape()[0] / static_cast<std::size_t>(header_.slices_per_frame()); }

  template <voxel T>
  volume<T> read_frame(std::size_t frame) const {
    return read_slices<T>(slices_of_frame(frame));
  }

  /// Which slices these are, after throwing what reading them as the decoder's type would throw before it reads voxels.
  MRCZ_INLINE resolved_range require_slices(range z, const voxel_decoder& type) const;

  /// The type that the file's own voxels have in memory. A template only so that a program pays for compiling it where
  /// it is called.
  template <class Type = mrcz::voxel_type>
  Type voxel_type() const;

  /// Calls `f(std::type_identity<T>{})` with the type that the file's own voxels have in memory.
  template <class Function>
  decltype(auto) visit(Function&& f) const {
    return std::visit(std::forward<Function>(f), voxel_type());
  }

 private:
  enum class memory : bool { in_use, fresh };

  MRCZ_INLINE static read_options checked(read_options options);
  MRCZ_INLINE mrcz::codec codec_in_use() const;
  MRCZ_INLINE void require_readable(const resolved_range& z, const voxel_decoder& type) const;
  MRCZ_INLINE resolved_region require_region(const region& wanted, const voxel_decoder& type) const;
  MRCZ_INLINE resolved_region require_slice(std::size_t z, const voxel_decoder& type) const;
  MRCZ_INLINE void require_listed(slice_list z, const voxel_decoder& type) const;
  MRCZ_INLINE void require_shape(const mrcz::shape& wanted, const voxels& to) const;
  MRCZ_INLINE range slices_of_frame(std::size_t frame) const;
  MRCZ_INLINE void read_box(const resolved_region& box, const voxels& to, memory state = memory::in_use) const;
  MRCZ_INLINE void read_into(const region& wanted, const voxels& to) const;
  MRCZ_INLINE void read_list(slice_list z, const voxels& to) const;

  std::unique_ptr<const byte_source> source_;
  read_options options_;
  mrcz::header header_;
  std::uint64_t begin_;  // of the first slice
  slice_format format_;
  mrcz::codec codec_;

  struct lazy_slices;
  std::shared_ptr<lazy_slices> slices_;  // found when they are first needed
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/reader.ipp"
#endif
