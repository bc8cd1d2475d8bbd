/// Converts voxels between the bytes of a file and a C++ type: byte order, 4-bit packing, conversions that lose
/// nothing, and the rounding that a caller asked for.
#pragma once

#include <array>
#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/float16.hpp"
#include "mrcz/format/mode.hpp"
#include "mrcz/format/statistics.hpp"

namespace mrcz {

namespace detail {

/// How the voxels of a file are stored.
struct voxel_format {
  mrcz::mode mode = mrcz::mode::float32;
  bool unsigned_bytes = false;  ///< mode 0 holds 0 to 255, as in files of old IMOD
  std::endian byte_order = std::endian::native;
};

}  // namespace detail

/// The loops of reading that depend on the type of voxels in memory. There is one such table for each type; a program
/// contains only the tables of the types that it names.
struct voxel_decoder;

/// The loops of writing that depend on the type of voxels in memory. They have a table apart from that for reading, so
/// that a program that only reads contains no loops of writing.
struct voxel_encoder;

/// For each `voxel`. Templates that `impl/compiled.cpp` defines have no constraints: clang 19 makes constraints a part
/// of a function's name and g++ 12 does not, so a library compiled with one would not link with a program compiled with
/// the other.
template <class T>
const voxel_decoder& decoder_of() noexcept;

/// For each type that `written_as` yields.
template <class T>
const voxel_encoder& encoder_of() noexcept;

namespace detail {

/// The row of unsigned bytes in mode 0. The table of modes lacks it because the standard does.
using unsigned_bytes_row = mode_row<mode::int8, std::uint8_t, 1, 8, false>;

/// Calls `f(row)` with the row of these voxels. Their mode must be known.
template <class Function>
constexpr void with_row(const voxel_format& format, Function&& f) {
  if (format.mode == mode::int8 && format.unsigned_bytes) {
    f(unsigned_bytes_row{});
  } else {
    with_mode(format.mode, f);
  }
}

/// The number of ways in which files store voxels: the rows of the table of modes and, as the last one, unsigned bytes.
inline constexpr std::size_t row_count = std::tuple_size_v<mode_table> + 1;

/// The number of the row of these voxels.
MRCZ_INLINE std::size_t row_of(const voxel_format& format) noexcept;

template <class Conversion>
using by_row = std::array<Conversion, row_count>;

}  // namespace detail

/// The loops of reading: see its declaration above.
struct voxel_decoder {
  /// Converts `count` voxels at any address. They are in the byte order of this machine; each 4-bit voxel takes one
  /// byte.
  using conversion = void (*)(const std::byte* from, std::byte* to, std::size_t count) noexcept;

  const char* name;                        ///< what to write between the angle brackets
  std::size_t bytes;                       ///< of one voxel in memory
  std::optional<std::size_t> own_row;      ///< row with voxels of this type, if files have any
  detail::by_row<conversion> convert;      ///< null if some voxels of the row have no exact value of this type
  detail::by_row<conversion> past_caches;  ///< for more voxels than the caches hold; null: no special loop
};

/// The loops of writing.
struct voxel_encoder {
  /// Converts `count` voxels to the byte order of this machine, 4-bit ones to a byte each. False if the row cannot hold
  /// one of them exactly.
  using conversion = bool (*)(const std::byte* from, std::byte* to, std::size_t count) noexcept;

  /// Of a written array, unless the options state another; nothing: the options must. Numbers are rounded to this mode,
  /// whatever the options say.
  std::optional<mrcz::mode> default_mode;
  std::size_t bytes;                   ///< of one voxel in memory
  std::optional<std::size_t> own_row;  ///< row with voxels of this type, if files have any
  /// Null for types that no file stores. A program that names one contains one loop for it instead of one per row.
  detail::by_row<conversion> convert;
  running_statistics (*summarise)(const std::byte* voxels, std::size_t count) noexcept;  ///< null if `convert` is
  /// The real parts of voxels at any address, and the imaginary parts if the type is complex. Both are exact, except
  /// that integers of more than 53 bits keep only what decides how they are rounded to fewer bits.
  void (*to_numbers)(const std::byte* from, double* real, double* imaginary, std::size_t count) noexcept;
  std::string (*to_string)(const std::byte* voxel);  ///< its value, for messages
};

namespace detail {

/// Throws `errc::mode_mismatch` unless every value that the file can hold is exactly a value of the decoder's type.
MRCZ_INLINE void require_widening(const voxel_decoder& to, const voxel_format& format);

/// Whether voxels have the same bytes in memory and in the file, so that no conversion is necessary.
MRCZ_INLINE bool is_stored_as(const voxel_decoder& in_memory, const voxel_format& format) noexcept;

MRCZ_INLINE bool is_stored_as(const voxel_encoder& in_memory, const voxel_format& format) noexcept;

/// Where the converted voxels are needed next.
enum class nearness : bool {
  in_caches,
  past_caches,  ///< in memory: there are more than the caches hold; `finish_past_caches()` must follow
};

/// Converts `count` voxels from the bytes of a file. Voxels of mode 101 begin with the low half of the first byte, or
/// with the high half if `begins_high`. `from` need not be aligned and must not overlap `to`. Requires that
/// `require_widening` passed.
MRCZ_INLINE void decode_voxels(const voxel_decoder& type, const voxel_format& format, const std::byte* from,
                               std::byte* to, std::size_t count, nearness where = nearness::in_caches,
                               bool begins_high = false);

/// What becomes of numbers that a mode cannot represent.
struct narrowing {
  mrcz::rounding rounding = mrcz::rounding::exact;
  bool saturate = false;
  narrowed_voxels* count = nullptr;  ///< of voxels that become other numbers
};

/// Converts `count` voxels to the bytes of a file. In mode 101 they must be a whole row. False if a value has no exact
/// representation in the mode, or if the type has no loop for it; `to` is then undefined.
MRCZ_INLINE bool encode_exactly(const voxel_encoder& type, const voxel_format& format, const std::byte* from,
                                std::byte* to, std::size_t count);

/// Does the same number by number and rounds where `how` or the type's default mode allows it. Returns the statistics
/// of what is stored. Throws `errc::mode_mismatch`, naming the first voxel at fault; `to` is then undefined. Messages
/// count voxels from `first`.
MRCZ_INLINE running_statistics encode_numbers(const voxel_encoder& type, const voxel_format& format,
                                              const narrowing& how, const std::byte* from, std::byte* to,
                                              std::size_t count, std::size_t first = 0);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/array/convert.ipp"
#endif
