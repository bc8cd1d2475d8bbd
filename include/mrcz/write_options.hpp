/// The options of writing, and the check that they are legal.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <type_traits>

#include "mrcz/codec/codec.hpp"
#include "mrcz/codec/packing.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/mode.hpp"
#include "mrcz/io/atomic_file.hpp"

namespace mrcz {

/// What the data do not tell. A value that is not stated comes from `writer::header()` if the caller has set it there,
/// for instance with a copied header; otherwise it comes from the data.
struct write_options {
  mrcz::compression compression{};  ///< of the slices
  /// Stored type; not stated: that of the array's elements. Then `bool` is stored as int8, `std::uint8_t` as uint16,
  /// `double` as float32 and `std::complex<double>` as complex64. In the last two, numbers are rounded to nearest
  /// whatever `rounding` says, and one that would become infinite is refused. 64-bit integers are refused.
  std::optional<mrcz::mode> mode = std::nullopt;
  mrcz::rounding rounding = mrcz::rounding::exact;  ///< of voxels that the mode cannot represent exactly
  /// A number beyond those of the mode becomes the largest or the smallest of them; otherwise it is refused. NaN has no
  /// place in integers and is always refused there.
  bool saturate = false;
  std::optional<mrcz::kind> kind = std::nullopt;           ///< not stated: images make a stack, volumes make a volume
  std::optional<std::int32_t> space_group = std::nullopt;  ///< ISPG: 0 images, 1 to 230 volume, 401 to 630 volume stack
  std::optional<std::size_t> sections_per_volume = std::nullopt;  ///< MZ of a volume stack
  std::optional<mrcz::voxel_size> voxel_size = std::nullopt;      ///< angstrom
  std::optional<per_axis<float>> origin = std::nullopt;           ///< ORIGIN, angstrom
  std::optional<per_axis<std::int32_t>> start = std::nullopt;     ///< NXSTART, NYSTART, NZSTART, voxels
  std::optional<std::endian> byte_order = std::nullopt;           ///< not stated: that of the header
  std::optional<header> like = std::nullopt;  ///< a header to copy into a new file, as `writer::header() = like` does
  bool statistics = true;                     ///< false marks them "not determined"
  /// Packs the whole file when it is published: gzip or zstd. Not stated: gzip for a path that ends in .gz, zstd for
  /// .zst, otherwise none. Slices that were put wait in a file without a name, so `keep_partial` is refused.
  std::optional<mrcz::packing> packing = std::nullopt;
  mrcz::durability durability = mrcz::durability::data;  ///< what survives a power failure
  bool replace = true;                                   ///< false refuses an existing file
  bool keep_partial = false;  ///< keeps the slices put if the writer is never closed: see `writer::partial_path`
  std::optional<std::size_t> threads = std::nullopt;  ///< not stated: one per processor
  /// The caller promises that several threads may evaluate parts of one expression at once, whatever
  /// `evaluates_in_parallel` says about its type.
  bool parallel_evaluation = false;
  const std::stop_token* stop = nullptr;  ///< checked before each slice: a requested stop throws `errc::stopped`
  std::atomic<std::uint64_t>* progress = nullptr;  ///< bytes put are added: voxels in the stored type, uncompressed
  narrowed_voxels* narrowed = nullptr;             ///< voxels that `rounding` or `saturate` changes are added
};
static_assert(std::is_trivially_destructible_v<write_options>, "options are used inside co_await (g++ 12)");

namespace detail {

/// What the extensions of a path imply for the file: .mrcz.gz is packed, and has compressed slices.
struct defaults {
  mrcz::codec codec = mrcz::codec::none;
  bool images = false;
  mrcz::packing packing = mrcz::packing::none;
};

MRCZ_INLINE defaults defaults_for(const std::filesystem::path& path);

/// The same options for a stack of images. Throws `errc::bad_option` if they state another kind.
MRCZ_INLINE write_options of_stack(write_options wanted);

/// Whether the standard knows this ISPG: 0, 1 to 230 or 401 to 630.
MRCZ_INLINE bool is_space_group(std::int32_t group) noexcept;

MRCZ_INLINE bool space_group_fits(std::int32_t group, kind k) noexcept;

/// Throws `errc::bad_option` for edges that no voxel can have.
MRCZ_INLINE void check(const voxel_size& v);

/// Throws `errc::bad_option` for a value that no file can have, or for two values that contradict each other.
MRCZ_INLINE void check(const write_options& wanted);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/write_options.ipp"
#endif
