/// Voxels between the bytes of a file and a C++ type: byte order, 4-bit packing, and conversions that lose nothing.
#pragma once

#include <array>
#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/float16.hpp"
#include "mrcz/format/mode.hpp"
#include "mrcz/format/statistics.hpp"

namespace mrcz {

/// How the voxels of a file are stored.
struct voxel_format {
  mrcz::mode mode = mrcz::mode::float32;
  bool unsigned_bytes = false;  ///< mode 0 holds 0 to 255, as in files of old IMOD
  std::endian byte_order = std::endian::native;
};

/// What reading knows of a type of voxels in memory: the loops that depend on it. There is one such table for each
/// type, and a program contains those of the types that it names.
struct voxel_decoder;

/// What writing knows of a type of voxels in memory. Another table than that for reading, so that a program that only
/// reads contains no loops for writing.
struct voxel_encoder;

/// For each `voxel`. Templates that are compiled once have no constraints: clang 19 makes constraints a part of a
/// function's name and g++ 12 does not, so a library of the one would not link with a program of the other.
template <class T>
const voxel_decoder& decoder_of() noexcept;

/// For each `stored_voxel`.
template <class T>
const voxel_encoder& encoder_of() noexcept;

namespace detail {

/// The row of unsigned bytes in mode 0, which the table of modes lacks because the standard does.
using unsigned_bytes_row = mode_row<mode::int8, std::uint8_t, 1, 8, false>;

/// Calls `f(row)` for the voxels of a file; the mode is known.
template <class Function>
constexpr void with_row(const voxel_format& format, Function&& f) {
  if (format.mode == mode::int8 && format.unsigned_bytes) {
    f(unsigned_bytes_row{});
  } else {
    with_mode(format.mode, f);
  }
}

/// The ways in which files store voxels: the rows of the table of modes, and unsigned bytes behind them.
inline constexpr std::size_t row_count = std::tuple_size_v<mode_table> + 1;

/// The number of the row of these voxels.
MRCZ_INLINE std::size_t row_of(const voxel_format& format) noexcept;

template <class Conversion>
using by_row = std::array<Conversion, row_count>;

}  // namespace detail

struct voxel_decoder {
  /// Converts `count` voxels in the byte order of this machine, 4-bit ones unpacked to a byte each, from any address.
  using conversion = void (*)(const std::byte* from, std::byte* to, std::size_t count) noexcept;

  const char* name;                        ///< what to write between the angle brackets
  std::size_t bytes;                       ///< of one voxel in memory
  std::optional<std::size_t> own_row;      ///< that with voxels of this type, if files have any
  detail::by_row<conversion> convert;      ///< null where not each voxel of the file is exactly one of this type
  detail::by_row<conversion> past_caches;  ///< the same for more voxels than the caches hold; null: nothing special
};

struct voxel_encoder {
  /// Converts `count` voxels to the byte order of this machine, 4-bit ones to a byte each; false if one has no place.
  using conversion = bool (*)(const std::byte* from, std::byte* to, std::size_t count) noexcept;

  mrcz::mode default_mode;  ///< in which an array is written unless another is asked for
  std::size_t bytes;        ///< of one voxel in memory
  std::size_t own_row;      ///< that with voxels of this type
  detail::by_row<conversion> convert;
  running_statistics (*summarise)(const std::byte* voxels, std::size_t count) noexcept;
  std::string (*to_string)(const std::byte* voxel);  ///< its value, for messages
};

/// Throws `errc::mode_mismatch` unless every value that the file can hold is exactly one of the decoder's type.
MRCZ_INLINE void require_widening(const voxel_decoder& to, const voxel_format& format);

/// Whether voxels in memory and the bytes in the file are the same thing, so that nothing needs converting.
MRCZ_INLINE bool is_stored_as(const voxel_decoder& in_memory, const voxel_format& format) noexcept;
MRCZ_INLINE bool is_stored_as(const voxel_encoder& in_memory, const voxel_format& format) noexcept;

/// Where the voxels that are converted are needed next.
enum class nearness : bool {
  in_caches,
  past_caches,  ///< in memory: there are more than the caches hold
};

/// Converts `count` voxels from the bytes of a file. Those of mode 101 begin with the low half of the first byte, or
/// with the high one if `begins_high`. `from` need not be aligned and must not overlap `to`. Requires that
/// `require_widening` passed.
MRCZ_INLINE void decode_voxels(const voxel_decoder& type, const voxel_format& format, const std::byte* from,
                               std::byte* to, std::size_t count, nearness where = nearness::in_caches,
                               bool begins_high = false);

/// Converts `count` voxels to the bytes of a file; a whole row for mode 101. Throws `errc::mode_mismatch`, naming the
/// first voxel at fault, if a value has no exact representation in the mode; `to` is then undefined. Messages count
/// voxels from `first`.
MRCZ_INLINE void encode_voxels(const voxel_encoder& type, const voxel_format& format, const std::byte* from,
                               std::byte* to, std::size_t count, std::size_t first = 0);

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/array/convert.ipp"
#endif
