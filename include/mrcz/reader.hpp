/// Reading MRC and MRCZ files: the header when it is opened, voxels when they are asked for.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <variant>

#include "mrcz/array/array.hpp"
#include "mrcz/array/slice_codec.hpp"
#include "mrcz/core/hardware.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/metadata.hpp"
#include "mrcz/format/slice_table.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/slice_unpacker.hpp"

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
/// Opening reads the header and, of a compressed file, 16 bytes per slice. `read*<T>` converts where every value of the
/// file's mode is exactly a `T` and throws `errc::mode_mismatch` elsewhere. A damaged slice throws `errc::bad_chunk`,
/// one that is missing `errc::truncated`, a place outside the volume `errc::out_of_range`; messages name file, slice
/// and byte.
class reader {
 public:
  explicit reader(const std::filesystem::path& path, read_options options = {})
      : reader{std::make_unique<file_source>(path), options} {}

  explicit reader(std::unique_ptr<const byte_source> source, read_options options = {})
      : source_{std::move(source)},
        options_{checked(options)},
        header_{with_context(source_->name(), [&] { return load_header(*source_, options_); })},
        table_{with_context(source_->name(), [&] { return slice_table{*source_, header_}; })},
        format_{.voxels = {.mode = require_mode_word(header_.mode).mode,
                           .unsigned_bytes = !options_.signed_bytes.value_or(!has_unsigned_bytes(header_)),
                           .byte_order = header_.byte_order},
                .ny = static_cast<std::size_t>(header_.ny),
                .nx = static_cast<std::size_t>(header_.nx)},
        codec_{with_context(source_->name(), [&] { return codec_in_use(); })} {}

  const mrcz::header& header() const noexcept { return header_; }
  mrcz::mode mode() const noexcept { return format_.voxels.mode; }
  mrcz::kind kind() const noexcept { return header_.kind(); }
  mrcz::voxel_size voxel_size() const noexcept { return header_.voxel_size(); }
  mrcz::statistics statistics() const noexcept { return statistics_of(header_); }
  const slice_table& slices() const noexcept { return table_; }
  const byte_source& source() const noexcept { return *source_; }

  /// The codec that the first chunk was really made with; python-mrcz's lz4hc shows as lz4.
  mrcz::codec codec() const noexcept { return codec_; }

  /// [nz, ny, nx]. With `read_options::incomplete` nz counts the slices that are there.
  mrcz::shape shape() const noexcept {
    return {options_.incomplete ? table_.complete() : table_.claimed(), format_.ny, format_.nx};
  }

  /// How slices are stored.
  const slice_format& stored_format() const noexcept { return format_; }

  /// Whether mode 0 is read as 0 to 255.
  bool unsigned_bytes() const noexcept { return format_.voxels.unsigned_bytes && mode() == mode::int8; }

  /// Reads NSYMBT bytes each time it is called.
  mrcz::extended_header extended_header() const {
    const auto size = static_cast<std::size_t>(table_.begin() - header_size);
    mrcz::extended_header found{header_.exttyp, std::vector<std::byte>(size)};
    with_context(source_->name(), [&] { source_->read_at(header_size, found.bytes); });
    return found;
  }

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
    auto slice = with_context(source_->name(), [&] { return make_image<T>(format_.ny, format_.nx); });
    read_slice(z, slice);
    return slice;
  }

  /// Throws what reading slices `z` as `T` would throw before it reads voxels; returns which slices these are.
  template <voxel T>
  resolved_range require_slices(range z) const {
    const auto box = resolved({.z = z});
    require_readable<T>(box);
    return box.z;
  }

  template <voxel T>
  volume<T> read_slices(range z) const {
    return read_region<T>({.z = z});
  }

  /// A box of voxels. Of an uncompressed file only its rows are read.
  template <voxel T>
  volume<T> read_region(region wanted) const {
    const auto box = resolved(wanted);
    require_readable<T>(box);
    auto voxels = with_context(source_->name(), [&] { return make_volume<T>(box.shape()); });
    detail::advise_huge_pages(std::as_writable_bytes(std::span{voxels.data(), voxels.size()}));
    read_box(box, voxels.data());
    return voxels;
  }

  /// The same into memory of the caller, whose element type says what to convert to. `into` is contiguous, row-major
  /// and has exactly the shape of what is read, or `errc::shape_mismatch` is thrown; after an error its content is
  /// undefined.
  template <container E>
  void read(E&& into) const {
    read_region({}, into);
  }

  template <container E>
  void read_slice(std::size_t z, E&& into) const {
    if (z >= shape()[0])
      with_context(source_->name(),
                   [&] { fail(errc::out_of_range, "slice {} was asked for, but there are {}", z, shape()[0]); });
    read_region({.z = {.first = z, .count = 1}}, into);
  }

  template <container E>
  void read_slices(range z, E&& into) const {
    read_region({.z = z}, into);
  }

  template <container E>
  void read_region(region wanted, E&& into) const {
    using T = std::remove_cv_t<typename std::remove_cvref_t<E>::value_type>;
    static_assert(voxel<T>, "voxels cannot be read into elements of this type");
    const auto box = resolved(wanted);
    require_readable<T>(box);
    with_context(source_->name(), [&] {
      if (shape_of(into) != box.shape())
        fail(errc::shape_mismatch, "array has the shape {}, but {} is to be read", to_string(shape_of(into)),
             to_string(box.shape()));
      if (contiguous(into).size() != into.size())
        fail(errc::shape_mismatch, "array to read into is not contiguous and row-major");
    });
    read_box(box, contiguous(into).data());
  }

  /// Frames of `header().slices_per_frame()` slices: the volumes of a volume stack, the arrays of python-mrcz's lists.
  std::size_t frames() const noexcept { return shape()[0] / static_cast<std::size_t>(header_.slices_per_frame()); }

  template <voxel T>
  volume<T> read_frame(std::size_t frame) const {
    const auto slices = static_cast<std::size_t>(header_.slices_per_frame());
    if (frame >= frames())
      with_context(source_->name(),
                   [&] { fail(errc::out_of_range, "frame {} was asked for, but there are {}", frame, frames()); });
    return read_slices<T>({.first = frame * slices, .count = slices});
  }

  /// The type that the file's own voxels have in memory.
  mrcz::voxel_type voxel_type() const {
    mrcz::voxel_type type;
    with_row(format_.voxels, [&]<class Row>(Row) { type = std::type_identity<typename Row::type>{}; });
    return type;
  }

  /// Calls `f(std::type_identity<T>{})` with the type that the file's own voxels have in memory.
  template <class Function>
  decltype(auto) visit(Function&& f) const {
    return std::visit(std::forward<Function>(f), voxel_type());
  }

 private:
  static read_options checked(read_options options) {
    if (options.threads == 0U) fail(errc::bad_option, "threads is 0, expected at least 1");
    return options;
  }

  static mrcz::header load_header(const byte_source& source, const read_options& options) {
    if (source.size() < header_size)
      fail(errc::not_mrc, "is not an MRC file: it has {} bytes, expected at least {}", source.size(), header_size);
    header_bytes bytes;
    source.read_at(0, bytes);
    auto header = decode(bytes, source.size(), options.byte_order);
    check(header);
    return header;
  }

  mrcz::codec codec_in_use() const {
    const auto word = require_mode_word(header_.mode);
    if (!table_.compressed() || table_.complete() == 0) return word.codec;
    std::array<std::byte, chunk_header::size> bytes;
    source_->read_at(table_.begin(), bytes);
    const auto found = chunk_header::decode(bytes).codec();
    if (!found || (*found == codec::lz4 && word.codec == codec::lz4hc)) return word.codec;
    return *found;
  }

  resolved_region resolved(const region& wanted) const {
    return with_context(source_->name(), [&] { return resolve(wanted, shape()); });
  }

  template <voxel T>
  void require_readable(const resolved_region& box) const {
    with_context(source_->name(), [&] {
      require_widening<T>(format_.voxels);
      table_.require(box.z.end());
      table_.require_plausible(box.z.first, box.z.end());
    });
  }

  template <voxel T>
  void read_box(const resolved_region& box, T* to) const {
    with_context(source_->name(), [&] {
      unpack_box(slice_unpacker{*source_, table_, format_}, box, to,
                 {.threads = options_.threads, .stop = options_.stop, .progress = options_.progress});
    });
  }

  std::unique_ptr<const byte_source> source_;
  read_options options_;
  mrcz::header header_;
  slice_table table_;
  slice_format format_;
  mrcz::codec codec_;
};

}  // namespace mrcz
