/// The voxel types of MRC files: the MODE word of MRC2014 (note 2) and python-mrcz's two extensions, mapped both
/// ways to C++ types in one table.
#pragma once

#include <array>
#include <atomic>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/text_formatter.hpp"
#include "mrcz/format/float16.hpp"

namespace mrcz {

/// How a file stores voxels. The values are those of the MODE word.
enum class mode : std::int32_t {
  int8 = 0,           ///< signed bytes; unsigned where IMOD's stamp says so
  int16 = 1,          ///< signed
  float32 = 2,        ///< IEEE single precision
  complex_int16 = 3,  ///< two signed integers of 16 bits
  complex64 = 4,      ///< two floats
  uint16 = 6,         ///< unsigned
  int32 = 7,          ///< python-mrcz's extension; other programs refuse it
  uint32 = 8,         ///< python-mrcz's extension; other programs refuse it
  float16 = 12,       ///< IEEE half precision
  uint4 = 101,        ///< two voxels per byte, the left one in the low half; each row begins with a new byte
};

/// A voxel of mode 3: real and imaginary part.
struct complex_int16 {
  std::int16_t re = 0;  ///< real part
  std::int16_t im = 0;  ///< imaginary part
  friend constexpr bool operator==(complex_int16, complex_int16) = default;
};
static_assert(sizeof(complex_int16) == 4);

/// One row of the table of modes: how a voxel is stored and what it is in memory.
template <mode Mode, class Type, std::size_t WordBytes, int Digits, bool Signed>
struct mode_row {
  static constexpr mrcz::mode mode = Mode;              ///< of a file
  using type = Type;                                    ///< in memory
  static constexpr std::size_t word_bytes = WordBytes;  ///< what a change of byte order reverses
  static constexpr int digits = Digits;                 ///< bits of an integer, or of a float's significand
  static constexpr bool is_signed = Signed;             ///< whether there are negative numbers
};

/// The table of modes. Everything else about modes is derived from it. In memory, a voxel of mode 101 takes one byte.
using mode_table = std::tuple<mode_row<mode::int8, std::int8_t, 1, 7, true>,                //
                              mode_row<mode::int16, std::int16_t, 2, 15, true>,             //
                              mode_row<mode::float32, float, 4, 24, true>,                  //
                              mode_row<mode::complex_int16, complex_int16, 2, 15, true>,    //
                              mode_row<mode::complex64, std::complex<float>, 4, 24, true>,  //
                              mode_row<mode::uint16, std::uint16_t, 2, 16, false>,          //
                              mode_row<mode::int32, std::int32_t, 4, 31, true>,             //
                              mode_row<mode::uint32, std::uint32_t, 4, 32, false>,          //
                              mode_row<mode::float16, half, 2, 11, true>,                   //
                              mode_row<mode::uint4, std::uint8_t, 1, 4, false>>;            //

namespace detail {

template <class Function, std::size_t... I>
constexpr bool find_mode(mode m, Function& f, std::index_sequence<I...>) {
  return ((std::tuple_element_t<I, mode_table>::mode == m ? (f(std::tuple_element_t<I, mode_table>{}), true) : false) ||
          ...);
}

/// The columns of the table. A look-up in a column compiles faster than a function that is called with each row.
template <class Table>
struct columns;
template <class... Row>
struct columns<std::tuple<Row...>> {
  static constexpr std::size_t count = sizeof...(Row);
  static constexpr mode modes[count]{Row::mode...};
  static constexpr std::size_t word_bytes[count]{Row::word_bytes...};
  static constexpr std::size_t item_bytes[count]{sizeof(typename Row::type)...};

  /// The number of the row of a mode; `count` if it is no mode.
  static constexpr std::size_t number_of(mode m) noexcept {
    std::size_t i = 0;
    while (i < count && modes[i] != m) ++i;
    return i;
  }

  /// The number of the row whose voxels are a `T` in memory; `count` if there is none.
  template <class T>
  static consteval std::size_t number_of_type() noexcept {
    constexpr bool same[count]{std::is_same_v<typename Row::type, T>...};
    std::size_t i = 0;
    while (i < count && !same[i]) ++i;
    return i;
  }
};
using mode_columns = columns<mode_table>;

using mode_indices = std::make_index_sequence<mode_columns::count>;

template <class T>
struct complex_trait : std::false_type {};
template <class T>
struct complex_trait<std::complex<T>> : std::true_type {};
template <>
struct complex_trait<complex_int16> : std::true_type {};

}  // namespace detail

/// Calls `f(row)` with the row of the table for `m`; false if `m` is no mode.
template <class Function>
constexpr bool with_mode(mode m, Function&& f) {
  return detail::find_mode(m, f, detail::mode_indices{});
}

/// Whether the value is a row of the table.
constexpr bool is_known(mode m) noexcept { return detail::mode_columns::number_of(m) < detail::mode_columns::count; }

/// Whether the voxel type has a real and an imaginary part.
template <class T>
inline constexpr bool is_complex = detail::complex_trait<T>::value;
/// Whether the voxel type is a floating-point number, of any precision.
template <class T>
inline constexpr bool is_floating = std::is_floating_point_v<T> || std::is_same_v<T, half>;

/// Types that have a row in the table.
template <class T>
concept stored_voxel = detail::mode_columns::number_of_type<T>() < detail::mode_columns::count;

/// Types that voxels may have in memory: those of the table, and double precision for computations.
template <class T>
concept voxel = stored_voxel<T> || std::is_same_v<T, double> || std::is_same_v<T, std::complex<double>>;

/// The mode whose voxels are `T` in memory.
template <stored_voxel T>
inline constexpr mode mode_of = detail::mode_columns::modes[detail::mode_columns::number_of_type<T>()];

namespace detail {

template <class T>
consteval auto written_type() {
  if constexpr (std::is_same_v<T, bool>) return std::type_identity<std::int8_t>{};
  else if constexpr (std::is_same_v<T, long> || std::is_same_v<T, long long>)
    return std::type_identity<std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>>{};
  else if constexpr (std::is_same_v<T, unsigned long> || std::is_same_v<T, unsigned long long>)
    return std::type_identity<std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>{};
  else return std::type_identity<T>{};
}

/// The type with the same bytes as `T` whose loops write an array of `T`. `bool` is written as bytes of 0 and 1.
template <class T>
using written_as = typename decltype(written_type<T>())::type;

}  // namespace detail

/// Types that the elements of a written array may have: those of the table, `bool`, double precision, and 64-bit
/// integers. MRC has no mode for the last, so `write_options::mode` must say into what they are written.
template <class T>
concept written_voxel = voxel<detail::written_as<T>> || std::is_same_v<detail::written_as<T>, std::int64_t> ||
                        std::is_same_v<detail::written_as<T>, std::uint64_t>;

/// What becomes of a number that lies between two numbers of the mode in which it is written.
enum class rounding : std::uint8_t {
  exact,    ///< it is refused
  nearest,  ///< it becomes the nearer one; in the middle, the one whose last bit is 0
};

/// Counts voxels that became other numbers when they were written. Any number of threads may add to it.
struct narrowed_voxels {
  std::atomic<std::uint64_t> rounded = 0;    ///< to a number of the mode
  std::atomic<std::uint64_t> saturated = 0;  ///< beyond the numbers of the mode: the largest or smallest of them
};

/// The mode in which an array of `T` is written unless the options state another. Unsigned bytes become uint16, because
/// mode 0 is signed and mode 101 holds only 0 to 15.
template <stored_voxel T>
inline constexpr mode default_mode = std::is_same_v<T, std::uint8_t> ? mode::uint16 : mode_of<T>;

/// The name of the enumerator; empty for a value that is no mode.
constexpr std::string_view name_of(mode m) noexcept {
  switch (m) {
    case mode::int8: return "int8";
    case mode::int16: return "int16";
    case mode::float32: return "float32";
    case mode::complex_int16: return "complex_int16";
    case mode::complex64: return "complex64";
    case mode::uint16: return "uint16";
    case mode::int32: return "int32";
    case mode::uint32: return "uint32";
    case mode::float16: return "float16";
    case mode::uint4: return "uint4";
  }
  return "";
}

/// Every mode, by rising MODE word.
inline constexpr std::array all_modes{mode::int8,   mode::int16, mode::float32, mode::complex_int16, mode::complex64,
                                      mode::uint16, mode::int32, mode::uint32,  mode::float16,       mode::uint4};

/// The mode with this name; nothing if there is none.
constexpr std::optional<mode> mode_named(std::string_view name) noexcept {
  for (const mode m : all_modes)
    if (name_of(m) == name) return m;
  return std::nullopt;
}

/// Bytes that a change of byte order reverses together: a complex voxel is two words.
constexpr std::size_t word_bytes(mode m) noexcept {
  const std::size_t row = detail::mode_columns::number_of(m);
  return row < detail::mode_columns::count ? detail::mode_columns::word_bytes[row] : 0;
}

/// Bytes per voxel, also blosc's typesize; 1 for mode 101, whose unit is the byte.
constexpr std::size_t item_bytes(mode m) noexcept {
  const std::size_t row = detail::mode_columns::number_of(m);
  return row < detail::mode_columns::count ? detail::mode_columns::item_bytes[row] : 0;
}

/// Bytes of one row of `nx` voxels in the file. Cannot overflow for what fits a 32-bit header field.
constexpr std::uint64_t row_bytes(mode m, std::uint64_t nx) noexcept {
  return m == mode::uint4 ? (nx + 1) / 2 : nx * item_bytes(m);
}

/// Bytes of one slice in the file. Throws `errc::too_large` for more bytes than memory has addresses for.
MRCZ_INLINE std::size_t slice_bytes(mode m, std::size_t ny, std::size_t nx);

namespace detail {

constexpr bool is_complex_mode(mode m) noexcept { return m == mode::complex_int16 || m == mode::complex64; }

}  // namespace detail

/// Whether every value of mode `From` is exactly a value of `To`.
template <class Row, voxel To>
constexpr bool widens_exactly() {
  using from = typename Row::type;
  if constexpr (is_complex<from>) {
    if constexpr (std::is_same_v<To, complex_int16>) return std::is_same_v<from, complex_int16>;
    return is_complex<To>;  // complex<float> or complex<double>: both hold a float or a 16-bit integer
  } else if constexpr (std::is_same_v<To, complex_int16>) {
    return !is_floating<from> && Row::digits <= 15;
  } else if constexpr (is_complex<To>) {
    return Row::digits <= std::numeric_limits<typename To::value_type>::digits;
  } else if constexpr (is_floating<To>) {
    return Row::digits <= (std::is_same_v<To, half> ? 11 : std::numeric_limits<To>::digits);
  } else if constexpr (is_floating<from>) {
    return false;
  } else {
    return Row::digits <= std::numeric_limits<To>::digits && (!Row::is_signed || std::is_signed_v<To>);
  }
}

}  // namespace mrcz

/// Prints the name of a mode: float32. A number that is no mode is printed as it is.
template <>
struct fmt::formatter<mrcz::mode> : mrcz::detail::text_formatter {
  fmt::format_context::iterator format(mrcz::mode m, fmt::format_context& context) const;
};

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/mode.ipp"
#endif
