/// Voxels between the bytes of a file and a C++ type: byte order, 4-bit packing, and conversions that lose nothing.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/format/float16.hpp"
#include "mrcz/format/mode.hpp"

namespace mrcz {

/// How the voxels of a file are stored.
struct voxel_format {
  mrcz::mode mode = mrcz::mode::float32;
  bool unsigned_bytes = false;  ///< mode 0 holds 0 to 255, as in files of old IMOD
  std::endian byte_order = std::endian::native;
};

/// The row of unsigned bytes in mode 0, which the table of modes lacks because the standard does.
using unsigned_bytes_row = mode_row<mode::int8, std::uint8_t, 1, 8, false>;

/// Calls `f(row)` for the voxels of a file; the mode is known.
template <class Function>
void with_row(const voxel_format& format, Function&& f) {
  if (format.mode == mode::int8 && format.unsigned_bytes) {
    f(unsigned_bytes_row{});
  } else {
    with_mode(format.mode, f);
  }
}

/// The exact value of `v` as a `To`; called only where `widens_exactly` holds or `is_exact` was asked.
template <class To, class From>
constexpr To convert(From v) noexcept {
  if constexpr (std::is_same_v<To, From>) {
    return v;
  } else if constexpr (std::is_same_v<From, half>) {
    return convert<To>(to_float(v));
  } else if constexpr (std::is_same_v<To, half>) {
    return to_half(static_cast<float>(v));
  } else if constexpr (std::is_same_v<From, complex_int16>) {
    return To(static_cast<typename To::value_type>(v.re), static_cast<typename To::value_type>(v.im));
  } else if constexpr (std::is_same_v<To, complex_int16>) {
    if constexpr (is_complex<From>) return {static_cast<std::int16_t>(v.real()), static_cast<std::int16_t>(v.imag())};
    else return {static_cast<std::int16_t>(v), 0};
  } else if constexpr (is_complex<To> && !is_complex<From>) {
    return To(static_cast<typename To::value_type>(v), 0);
  } else {
    return static_cast<To>(v);
  }
}

/// The name of a voxel type in messages: what to write between the angle brackets.
template <voxel T>
constexpr const char* type_name() noexcept {
  if constexpr (std::is_same_v<T, std::int8_t>) return "std::int8_t";
  else if constexpr (std::is_same_v<T, std::uint8_t>) return "std::uint8_t";
  else if constexpr (std::is_same_v<T, std::int16_t>) return "std::int16_t";
  else if constexpr (std::is_same_v<T, std::uint16_t>) return "std::uint16_t";
  else if constexpr (std::is_same_v<T, std::int32_t>) return "std::int32_t";
  else if constexpr (std::is_same_v<T, std::uint32_t>) return "std::uint32_t";
  else if constexpr (std::is_same_v<T, float>) return "float";
  else if constexpr (std::is_same_v<T, double>) return "double";
  else if constexpr (std::is_same_v<T, half>) return "mrcz::half";
  else if constexpr (std::is_same_v<T, complex_int16>) return "mrcz::complex_int16";
  else if constexpr (std::is_same_v<T, std::complex<float>>) return "std::complex<float>";
  else return "std::complex<double>";
}

/// Throws `errc::mode_mismatch` unless every value that the file can hold is exactly a `T`.
template <voxel T>
void require_widening(const voxel_format& format) {
  with_row(format, [&]<class Row>(Row) {
    if constexpr (!widens_exactly<Row, T>())
      fail(errc::mode_mismatch, "voxels are {}{}, which {} cannot represent exactly; read<{}> can",
           format.unsigned_bytes && format.mode == mode::int8 ? "unsigned " : "", name_of(format.mode), type_name<T>(),
           type_name<typename Row::type>());
  });
}

namespace detail {

/// Whether `to` and the bytes in the file are the same thing, so that nothing needs converting.
template <voxel T>
bool is_stored_as(const voxel_format& format) noexcept {
  bool same = false;
  with_row(format, [&]<class Row>(Row) {
    same = std::is_same_v<typename Row::type, T> && Row::mode != mode::uint4 &&
           (Row::word_bytes == 1 || format.byte_order == std::endian::native);
  });
  return same;
}

template <class T>
void unpack_uint4(const std::byte* from, T* to, std::size_t count) noexcept {
  for (std::size_t i = 0; i + 1 < count; i += 2) {
    const auto pair = std::to_integer<std::uint8_t>(from[i / 2]);
    to[i] = convert<T>(static_cast<std::uint8_t>(pair & 15U));
    to[i + 1] = convert<T>(static_cast<std::uint8_t>(pair >> 4U));
  }
  if (count % 2 != 0)
    to[count - 1] = convert<T>(static_cast<std::uint8_t>(std::to_integer<std::uint8_t>(from[count / 2]) & 15U));
}

/// A voxel of a file at any address in either byte order.
template <class Row, bool Swap>
typename Row::type load_voxel(const std::byte* from) noexcept {
  using stored = typename Row::type;
  using word = detail::word<Row::word_bytes>;
  std::array<word, sizeof(stored) / Row::word_bytes> words;
  std::memcpy(&words, from, sizeof words);
  if constexpr (Swap)
    for (word& w : words) w = byteswap(w);
  return std::bit_cast<stored>(words);
}

template <class Row, bool Swap, class T>
void widen(const std::byte* from, T* to, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i)
    to[i] = convert<T>(load_voxel<Row, Swap>(from + i * sizeof(typename Row::type)));
}

}  // namespace detail

/// Converts `count` voxels from the bytes of a file. They begin at a row for mode 101. `from` need not be aligned and
/// must not overlap `to`. Requires that `require_widening<T>` passed.
template <voxel T>
void decode_voxels(const voxel_format& format, const std::byte* from, T* to, std::size_t count) {
  if (count == 0) return;
  with_row(format, [&]<class Row>(Row) {
    if constexpr (widens_exactly<Row, T>()) {
      if constexpr (Row::mode == mode::uint4) {
        detail::unpack_uint4(from, to, count);
      } else if (Row::word_bytes == 1 || format.byte_order == std::endian::native) {
        if constexpr (std::is_same_v<typename Row::type, T>)
          std::memcpy(static_cast<void*>(to), from, count * sizeof(T));
        else detail::widen<Row, false>(from, to, count);
      } else {
        detail::widen<Row, true>(from, to, count);
      }
    }
  });
}

namespace detail {

/// Whether each value of `T` is a voxel of the row, so that nothing need be checked.
template <stored_voxel T, class Row>
consteval bool always_fits() {
  if constexpr (Row::mode == mode::uint4) {
    return false;
  } else if constexpr (std::is_same_v<T, std::uint8_t>) {
    return widens_exactly<unsigned_bytes_row, typename Row::type>();
  } else {
    bool fits = false;
    with_mode(mode_of<T>, [&]<class From>(From) { fits = widens_exactly<From, typename Row::type>(); });
    return fits;
  }
}

/// The largest and smallest integer that a voxel of the row (or each part of a complex one) can be.
template <class Row>
inline constexpr double largest = static_cast<double>((std::uint64_t{1} << unsigned{Row::digits}) - 1);
template <class Row>
inline constexpr double smallest = Row::is_signed ? -largest<Row> - 1 : 0;

/// Stores the number as a part of a voxel of the row; false if it has no exact place there.
template <class Row, class Part>
bool narrow(double number, Part& part) noexcept {
  if constexpr (is_floating<Part>) {
    const auto nearest = convert<Part>(static_cast<float>(number));
    part = nearest;
    return static_cast<double>(convert<float>(nearest)) == number || number != number;
  } else {
    const bool inside = number >= smallest<Row> && number <= largest<Row>;
    part = inside ? static_cast<Part>(number) : Part{0};
    return inside && static_cast<double>(part) == number;
  }
}

template <class T>
double real_part(T v) noexcept {
  if constexpr (std::is_same_v<T, complex_int16>) return v.re;
  else if constexpr (is_complex<T>) return static_cast<double>(v.real());
  else return static_cast<double>(convert<std::conditional_t<std::is_same_v<T, half>, float, T>>(v));
}
template <class T>
double imaginary_part(T v) noexcept {
  if constexpr (std::is_same_v<T, complex_int16>) return v.im;
  else if constexpr (is_complex<T>) return static_cast<double>(v.imag());
  else return 0;
}

/// The voxel of the row that has the value of `v`; false if there is none.
template <class Row, class T>
bool narrow_voxel(T v, typename Row::type& to) noexcept {
  using stored = typename Row::type;
  if constexpr (always_fits<T, Row>()) {
    to = convert<stored>(v);
    return true;
  } else if constexpr (std::is_same_v<stored, complex_int16>) {
    const bool re = narrow<Row>(real_part(v), to.re);
    return narrow<Row>(imaginary_part(v), to.im) && re;
  } else if constexpr (is_complex<stored>) {
    float re = 0;
    float im = 0;
    const bool both =
        static_cast<int>(narrow<Row>(real_part(v), re)) + static_cast<int>(narrow<Row>(imaginary_part(v), im)) == 2;
    to = {re, im};
    return both;
  } else {
    return narrow<Row>(real_part(v), to) && imaginary_part(v) == 0;
  }
}

template <class Row, bool Swap>
void store_voxel(typename Row::type v, std::byte* to) noexcept {
  using word = detail::word<Row::word_bytes>;
  auto words = std::bit_cast<std::array<word, sizeof(v) / Row::word_bytes>>(v);
  if constexpr (Swap)
    for (word& w : words) w = byteswap(w);
  std::memcpy(to, &words, sizeof words);
}

template <class Row, bool Swap, class T>
bool narrow_all(const T* from, std::byte* to, std::size_t count) noexcept {
  bool exact = true;
  for (std::size_t i = 0; i < count; ++i) {
    typename Row::type v;
    exact &= narrow_voxel<Row>(from[i], v);
    store_voxel<Row, Swap>(v, to + i * sizeof v);
  }
  return exact;
}

template <class Row, class T>
bool pack_uint4(const T* from, std::byte* to, std::size_t count) noexcept {
  bool exact = true;
  for (std::size_t i = 0; i < count; i += 2) {
    std::uint8_t low = 0;
    std::uint8_t high = 0;
    exact &= narrow_voxel<Row>(from[i], low);
    if (i + 1 < count) exact &= narrow_voxel<Row>(from[i + 1], high);
    to[i / 2] = static_cast<std::byte>(low | (high << 4U));
  }
  return exact;
}

template <class Row, class T>
[[noreturn]] void fail_narrowing(const T* from, std::size_t count, std::size_t first) {
  typename Row::type ignored;
  const auto* bad = std::find_if(from, from + count, [&](T v) { return !narrow_voxel<Row>(v, ignored); });
  fail(errc::mode_mismatch,
       "voxel {} has the value {}{}, which mode {}{} cannot represent exactly; round or cast it first",
       first + static_cast<std::size_t>(bad - from), real_part(*bad),
       imaginary_part(*bad) == 0 ? "" : fmt::format("{:+}i", imaginary_part(*bad)),
       std::is_same_v<Row, unsigned_bytes_row> ? "unsigned " : "", name_of(Row::mode));
}

}  // namespace detail

/// Converts `count` voxels to the bytes of a file; a whole row for mode 101. Throws `errc::mode_mismatch`, naming the
/// first voxel at fault, if a value has no exact representation in the mode; `to` is then undefined. A type whose
/// values all fit is not checked. Messages count voxels from `first`.
template <stored_voxel T>
void encode_voxels(const voxel_format& format, const T* from, std::byte* to, std::size_t count, std::size_t first = 0) {
  with_row(format, [&]<class Row>(Row) {
    bool exact = true;
    if constexpr (Row::mode == mode::uint4) exact = detail::pack_uint4<Row>(from, to, count);
    else if (Row::word_bytes == 1 || format.byte_order == std::endian::native)
      exact = detail::narrow_all<Row, false>(from, to, count);
    else exact = detail::narrow_all<Row, true>(from, to, count);
    if (!exact) detail::fail_narrowing<Row>(from, count, first);
  });
}

}  // namespace mrcz
