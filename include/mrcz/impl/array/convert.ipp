/// The loops that depend on the type of voxels, a table of them for each type, and the functions that use these tables.
#pragma once

#include "mrcz/array/convert.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/hardware.hpp"

namespace mrcz {

namespace detail {

template <std::size_t I>
struct row_at {
  using type = std::tuple_element_t<I, mode_table>;
};
template <>
struct row_at<row_count - 1> {
  using type = unsigned_bytes_row;
};

MRCZ_INLINE std::size_t row_of(const voxel_format& format) noexcept {
  if (format.mode == mode::int8 && format.unsigned_bytes) return row_count - 1;
  return mode_columns::number_of(format.mode);
}

/// The number of the row that stores every value of `T` as it is; `row_count` for types that no file stores.
template <class T>
consteval std::size_t own_row() {
  if constexpr (std::is_same_v<T, std::uint8_t>) return row_count - 1;
  else if constexpr (stored_voxel<T>) return mode_columns::number_of_type<T>();
  else return row_count;
}

/// The name of a voxel type in messages, as it stands between the angle brackets of a call.
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

/// The type names of all rows.
template <std::size_t... Row>
consteval by_row<const char*> type_names(std::index_sequence<Row...>) {
  return {type_name<typename row_at<Row>::type::type>()...};
}

/// The exact value of `v` as a `To`; called only where `widens_exactly` holds or where exactness is checked.
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

/// Reads a voxel at any address, aligned or not.
template <class T>
T voxel_at(const std::byte* from) noexcept {
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return std::bit_cast<T>(bytes);
}

// Reading

template <class Row, voxel T>
void widen(const std::byte* from, std::byte* to, std::size_t count) noexcept {
  if constexpr (std::is_same_v<typename Row::type, T>) {
    std::memcpy(to, from, count * sizeof(T));
  } else {
    T* const voxels = reinterpret_cast<T*>(to);
    for (std::size_t i = 0; i < count; ++i)
      voxels[i] = convert<T>(voxel_at<typename Row::type>(from + i * sizeof(typename Row::type)));
  }
}

template <class Row, voxel T>
consteval voxel_decoder::conversion widening() {
  if constexpr (widens_exactly<Row, T>()) return &widen<Row, T>;
  else return nullptr;
}

template <class Row>
void widen_past_caches(const std::byte* from, std::byte* to, std::size_t count) noexcept {
  floats_past_caches<typename Row::type>(from, reinterpret_cast<float*>(to), count);
}

template <class Row, voxel T>
consteval voxel_decoder::conversion widening_past_caches() {
  if constexpr (std::is_same_v<T, float> && std::integral<typename Row::type> && Row::word_bytes <= 2)
    return &widen_past_caches<Row>;
  else return nullptr;
}

template <voxel T, std::size_t... Row>
consteval voxel_decoder make_decoder(std::index_sequence<Row...>) {
  return {.name = type_name<T>(),
          .bytes = sizeof(T),
          .own_row = own_row<T>() < row_count ? std::optional{own_row<T>()} : std::nullopt,
          .convert = {widening<typename row_at<Row>::type, T>()...},
          .past_caches = {widening_past_caches<typename row_at<Row>::type, T>()...}};
}

// Writing

/// The largest and smallest integer that a voxel of the row (or each part of a complex one) can be.
template <class Row>
inline constexpr double largest = static_cast<double>((std::uint64_t{1} << unsigned{Row::digits}) - 1);
template <class Row>
inline constexpr double smallest = Row::is_signed ? -largest<Row> - 1 : 0;

/// Stores the number as a voxel of the row, or as a part of a complex one; false if the row cannot hold it exactly.
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

/// A double that is rounded to 24 bits or fewer as `v` would be. Where `v` has more bits than a double, the last of
/// them only tell whether `v` lies in the middle of two numbers (rounding to odd).
template <std::integral T>
double number_of(T v) noexcept {
  if constexpr (sizeof(T) == 8) {
    constexpr T spare = 0x7ff;
    constexpr T limit = T{1} << 53;
    if ((v > limit || (std::is_signed_v<T> && v < T{0} - limit)) && (v & spare) != 0) v = (v & ~spare) | (spare + 1);
  }
  return static_cast<double>(v);
}

template <class T>
double real_part(T v) noexcept {
  if constexpr (std::integral<T>) return number_of(v);
  else if constexpr (std::is_same_v<T, complex_int16>) return v.re;
  else if constexpr (is_complex<T>) return static_cast<double>(v.real());
  else return static_cast<double>(convert<std::conditional_t<std::is_same_v<T, half>, float, T>>(v));
}
template <class T>
double imaginary_part(T v) noexcept {
  if constexpr (std::is_same_v<T, complex_int16>) return v.im;
  else if constexpr (is_complex<T>) return static_cast<double>(v.imag());
  else return 0;
}

/// Whether the row can hold every value of `T` exactly, so that no check is necessary.
template <stored_voxel T, class Row>
consteval bool always_fits() {
  if constexpr (Row::mode == mode::uint4) return false;
  else return widens_exactly<typename row_at<own_row<T>()>::type, typename Row::type>();
}

/// Stores in `to` the voxel of the row that has the value of `v`; false if there is none.
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

template <class Row, stored_voxel T>
bool narrow_all(const std::byte* from, std::byte* to, std::size_t count) noexcept {
  if constexpr (std::is_same_v<typename Row::type, T> && always_fits<T, Row>()) {
    std::memcpy(to, from, count * sizeof(T));
    return true;
  } else {
    bool exact = true;
    for (std::size_t i = 0; i < count; ++i) {
      typename Row::type v;
      exact &= narrow_voxel<Row>(voxel_at<T>(from + i * sizeof(T)), v);
      std::memcpy(to + i * sizeof v, &v, sizeof v);
    }
    return exact;
  }
}

template <stored_voxel T>
running_statistics summary_of_bytes(const std::byte* voxels, std::size_t count) noexcept {
  return running_statistics::of(std::span{reinterpret_cast<const T*>(voxels), count});
}

template <class T>
void numbers_of(const std::byte* from, double* real, double* imaginary, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const T v = voxel_at<T>(from + i * sizeof(T));
    real[i] = real_part(v);
    if constexpr (is_complex<T>) imaginary[i] = imaginary_part(v);
  }
}

template <class T>
std::string value_of(const std::byte* voxel) {
  const T v = voxel_at<T>(voxel);
  if constexpr (std::integral<T>) return fmt::format("{}", v);
  return fmt::format("{}{}", real_part(v), imaginary_part(v) == 0 ? "" : fmt::format("{:+}i", imaginary_part(v)));
}

template <class T, std::size_t... Row>
consteval voxel_encoder make_encoder(std::index_sequence<Row...>) {
  voxel_encoder made{.default_mode = std::nullopt,
                     .bytes = sizeof(T),
                     .own_row = std::nullopt,
                     .convert = {},
                     .summarise = nullptr,
                     .to_numbers = &numbers_of<T>,
                     .to_string = &value_of<T>};
  if constexpr (stored_voxel<T>) {
    made.default_mode = mrcz::default_mode<T>;
    made.own_row = own_row<T>();
    made.convert = {&narrow_all<typename row_at<Row>::type, T>...};
    made.summarise = &summary_of_bytes<T>;
  } else if constexpr (voxel<T>) {
    made.default_mode = is_complex<T> ? mode::complex64 : mode::float32;
  }
  return made;
}

template <voxel T>
inline constexpr voxel_decoder decoder = make_decoder<T>(std::make_index_sequence<row_count>{});

template <class T>
inline constexpr voxel_encoder encoder = make_encoder<T>(std::make_index_sequence<row_count>{});

}  // namespace detail

template <class T>
const voxel_decoder& decoder_of() noexcept {
  return detail::decoder<T>;
}

template <class T>
const voxel_encoder& encoder_of() noexcept {
  return detail::encoder<T>;
}

// Functions that use the tables

namespace detail {

/// Voxels that must be unpacked or swapped are converted in pieces of so many bytes, which stay in the nearest cache.
inline constexpr std::size_t piece_bytes = 4096;

MRCZ_INLINE bool is_stored_as(std::size_t own_row, const voxel_format& format) noexcept {
  return row_of(format) == own_row && (word_bytes(format.mode) == 1 || format.byte_order == std::endian::native);
}

template <std::unsigned_integral Word>
void swap_words(const std::byte* from, std::byte* to, std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; i += sizeof(Word)) {
    const Word swapped = byteswap(voxel_at<Word>(from + i));
    std::memcpy(to + i, &swapped, sizeof swapped);
  }
}

/// Copies voxels in the other byte order; `to` may be `from`.
MRCZ_INLINE void swap_voxels(mode m, const std::byte* from, std::byte* to, std::size_t bytes) noexcept {
  if (word_bytes(m) == 2) swap_words<std::uint16_t>(from, to, bytes);
  else swap_words<std::uint32_t>(from, to, bytes);
}

/// Unpacks 4-bit voxels to a byte each.
MRCZ_INLINE void unpack_uint4(const std::byte* from, std::byte* to, std::size_t count, bool begins_high) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t half = i + (begins_high ? 1 : 0);
    to[i] = half % 2 == 0 ? from[half / 2] & std::byte{15} : from[half / 2] >> 4;
  }
}

MRCZ_INLINE void pack_uint4(const std::byte* from, std::byte* to, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; i += 2) to[i / 2] = from[i] | (i + 1 < count ? from[i + 1] << 4 : std::byte{0});
}

MRCZ_INLINE bool is_stored_as(const voxel_decoder& in_memory, const voxel_format& format) noexcept {
  return in_memory.own_row && is_stored_as(*in_memory.own_row, format);
}

MRCZ_INLINE bool is_stored_as(const voxel_encoder& in_memory, const voxel_format& format) noexcept {
  return in_memory.own_row && is_stored_as(*in_memory.own_row, format);
}

MRCZ_INLINE void require_widening(const voxel_decoder& to, const voxel_format& format) {
  if (to.convert[row_of(format)] != nullptr) return;
  const char* const own_type = type_names(std::make_index_sequence<row_count>{})[row_of(format)];
  fail(errc::mode_mismatch, "voxels are {}{}, which {} cannot represent exactly; read<{}> can",
       format.unsigned_bytes && format.mode == mode::int8 ? "unsigned " : "", name_of(format.mode), to.name, own_type);
}

MRCZ_INLINE void decode_voxels(const voxel_decoder& type, const voxel_format& format, const std::byte* from,
                               std::byte* to, std::size_t count, nearness where, bool begins_high) {
  if (count == 0) return;
  const std::size_t row = row_of(format);
  const bool packed = format.mode == mode::uint4;
  const bool swapped = word_bytes(format.mode) > 1 && format.byte_order != std::endian::native;
  const auto past_caches = where == nearness::past_caches ? type.past_caches[row] : nullptr;
  const auto convert = past_caches != nullptr ? past_caches : type.convert[row];
  const bool through_buffer = where == nearness::past_caches && past_caches == nullptr;
  if (!packed && !swapped && !through_buffer) {
    convert(from, to, count);
  } else {
    std::array<std::byte, piece_bytes> plain;
    alignas(std::complex<double>) std::array<std::byte, piece_bytes> converted;
    const std::size_t item = item_bytes(format.mode);
    const std::size_t step = piece_bytes / std::max(item, type.bytes);  // an even number
    for (std::size_t i = 0; i < count; i += step) {
      const std::size_t part = std::min(step, count - i);
      const std::byte* source = from + (packed ? i / 2 : i * item);
      if (packed) unpack_uint4(source, plain.data(), part, begins_high);
      if (swapped) swap_voxels(format.mode, source, plain.data(), part * item);
      if (packed || swapped) source = plain.data();
      convert(source, through_buffer ? converted.data() : to + i * type.bytes, part);
      if (through_buffer) copy_past_caches(to + i * type.bytes, converted.data(), part * type.bytes);
    }
  }
}

MRCZ_INLINE bool encode_exactly(const voxel_encoder& type, const voxel_format& format, const std::byte* from,
                                std::byte* to, std::size_t count) {
  const auto convert = type.convert[row_of(format)];
  if (convert == nullptr) return false;
  if (format.mode == mode::uint4) {
    std::array<std::byte, piece_bytes> plain;
    for (std::size_t i = 0; i < count; i += plain.size()) {
      const std::size_t part = std::min(plain.size(), count - i);
      if (!convert(from + i * type.bytes, plain.data(), part)) return false;
      pack_uint4(plain.data(), to + i / 2, part);
    }
    return true;
  }
  const bool swapped = word_bytes(format.mode) > 1 && format.byte_order != std::endian::native;
  const std::size_t item = item_bytes(format.mode);
  const std::size_t step = swapped ? piece_bytes : count;  // swapped while they are in the nearest cache
  for (std::size_t i = 0; i < count; i += step) {
    const std::size_t part = std::min(step, count - i);
    std::byte* const into = to + i * item;
    if (!convert(from + i * type.bytes, into, part)) return false;
    if (swapped) swap_voxels(format.mode, into, into, part * item);
  }
  return true;
}

// Numbers that are rounded

/// Rounds to nearest, ties to even, without branches and without `std::nearbyint`, which is a call on most processors.
/// Exact for numbers of fewer than 63 bits.
inline double rounded(double number) noexcept {
  const auto whole = static_cast<std::int64_t>(number);
  const double rest = std::abs(number - static_cast<double>(whole));
  const auto is_odd = static_cast<std::int64_t>(static_cast<std::uint64_t>(whole) & 1U);
  const auto away = static_cast<std::int64_t>(rest > 0.5) | (static_cast<std::int64_t>(rest == 0.5) & is_odd);
  return static_cast<double>(whole + (number < 0 ? -away : away));
}

inline double at_most(double a, double b) noexcept { return a < b ? a : b; }
inline double at_least(double a, double b) noexcept { return a > b ? a : b; }

/// The nearest number of the row that `how` allows; false if it allows none. `number` becomes what is stored.
template <class Row, class Part>
bool narrow_number(double& number, Part& part, const narrowing& how) noexcept {
  const double wanted = number;
  if constexpr (is_floating<Part>) {
    if constexpr (std::is_same_v<Part, half>) part = to_half(wanted);
    else part = static_cast<Part>(wanted);
    number = static_cast<double>(convert<float>(part));
    if (number == wanted || wanted != wanted) return true;
    if (!std::isinf(number)) return how.rounding == rounding::nearest;
    constexpr double most = std::is_same_v<Part, half> ? 65504 : static_cast<double>(std::numeric_limits<float>::max());
    number = std::copysign(most, wanted);
    part = convert<Part>(static_cast<float>(number));
    return how.saturate;
  } else {
    part = 0;
    if (wanted != wanted) return false;
    const double inside = at_least(at_most(wanted, largest<Row> + 1), smallest<Row> - 1);
    const double nearest = how.rounding == rounding::nearest ? rounded(inside) : inside;
    number = at_least(at_most(nearest, largest<Row>), smallest<Row>);
    part = static_cast<Part>(number);
    return (number == nearest || how.saturate) && number == static_cast<double>(part);
  }
}

/// A conversion of numbers to voxels of a row, in the byte order of this machine, 4-bit ones to a byte each.
using number_conversion = bool (*)(double* real, double* imaginary, std::byte* to, std::size_t count,
                                   const narrowing& how) noexcept;

template <class Row>
bool narrow_numbers(double* real, [[maybe_unused]] double* imaginary, std::byte* to, std::size_t count,
                    const narrowing& how) noexcept {
  using stored = typename Row::type;
  bool good = true;
  for (std::size_t i = 0; i < count; ++i) {
    stored voxel;
    if constexpr (is_complex<stored>) {
      std::conditional_t<std::is_same_v<stored, complex_int16>, std::int16_t, float> re{};
      std::conditional_t<std::is_same_v<stored, complex_int16>, std::int16_t, float> im{};
      good &= narrow_number<Row>(real[i], re, how);
      good &= narrow_number<Row>(imaginary[i], im, how);
      voxel = {re, im};
    } else {
      good &= narrow_number<Row>(real[i], voxel, how);
    }
    std::memcpy(to + i * sizeof voxel, &voxel, sizeof voxel);
  }
  return good;
}

template <std::size_t... Row>
consteval by_row<number_conversion> number_conversions(std::index_sequence<Row...>) {
  return {&narrow_numbers<typename row_at<Row>::type>...};
}

/// So many numbers are converted at once. They stay in the nearest cache.
inline constexpr std::size_t numbers_at_once = 512;

/// Up to `numbers_at_once` voxels on their way into a file.
struct piece_of_numbers {
  std::array<double, numbers_at_once> real;
  std::array<double, numbers_at_once> imaginary;

  /// False if a voxel does not fit.
  bool convert(const voxel_encoder& type, const voxel_format& format, const narrowing& how, const std::byte* from,
               std::byte* to, std::size_t count) noexcept;

  running_statistics summary(bool of_complex, std::size_t count) const noexcept;
};

MRCZ_INLINE bool piece_of_numbers::convert(const voxel_encoder& type, const voxel_format& format, const narrowing& how,
                                           const std::byte* from, std::byte* to, std::size_t count) noexcept {
  constexpr auto conversions = number_conversions(std::make_index_sequence<row_count>{});
  std::fill_n(imaginary.begin(), count, 0.0);
  type.to_numbers(from, real.data(), imaginary.data(), count);
  const bool is_real = std::all_of(imaginary.begin(), imaginary.begin() + static_cast<std::ptrdiff_t>(count),
                                   [](double part) { return part == 0; });
  return conversions[row_of(format)](real.data(), imaginary.data(), to, count, how) &&
         (is_real || is_complex_mode(format.mode));
}

MRCZ_INLINE running_statistics piece_of_numbers::summary(bool of_complex, std::size_t count) const noexcept {
  if (!of_complex) return running_statistics::of(std::span<const double>{real}.first(count));
  std::array<std::complex<double>, numbers_at_once> both;
  for (std::size_t i = 0; i < count; ++i) both[i] = {real[i], imaginary[i]};
  return running_statistics::of(std::span<const std::complex<double>>{both}.first(count));
}

/// The smallest and the largest number that a voxel, or each part of a complex one, can be.
MRCZ_INLINE std::pair<double, double> range_of_numbers(const voxel_format& format) noexcept {
  constexpr double largest_half = 65504;
  constexpr auto largest_float = static_cast<double>(std::numeric_limits<float>::max());
  if (format.mode == mode::float16) return {-largest_half, largest_half};
  if (format.mode == mode::float32 || format.mode == mode::complex64) return {-largest_float, largest_float};
  std::pair<double, double> numbers;
  with_row(format, [&]<class Row>(Row) { numbers = {smallest<Row>, largest<Row>}; });
  return numbers;
}

/// Counts the voxels of a piece that became other numbers.
MRCZ_INLINE void count_narrowed(const piece_of_numbers& wanted, const piece_of_numbers& stored, std::size_t count,
                                const voxel_format& format, const narrowing& how) {
  const auto range = range_of_numbers(format);
  const auto beyond = [&](double number) { return number < range.first || number > range.second; };
  const auto differ = [](double a, double b) { return a != b && a == a; };  // a NaN stays one
  std::uint64_t rounded = 0;
  std::uint64_t saturated = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!differ(wanted.real[i], stored.real[i]) && !differ(wanted.imaginary[i], stored.imaginary[i])) continue;
    ++(how.saturate && (beyond(wanted.real[i]) || beyond(wanted.imaginary[i])) ? saturated : rounded);
  }
  how.count->rounded += rounded;
  how.count->saturated += saturated;
}

/// Names the first voxel that does not fit.
[[noreturn]] MRCZ_INLINE void fail_narrowing(const voxel_encoder& type, const voxel_format& format,
                                             const narrowing& how, const std::byte* from, std::size_t first) {
  piece_of_numbers one;
  std::array<std::byte, sizeof(std::complex<float>)> ignored;
  std::size_t bad = 0;
  while (one.convert(type, format, how, from + bad * type.bytes, ignored.data(), 1)) ++bad;
  const auto fits = [&](rounding rounded, bool saturated) {
    return one.convert(type, format, {rounded, saturated, nullptr}, from + bad * type.bytes, ignored.data(), 1);
  };
  const char* const remedy = fits(rounding::nearest, how.saturate) ? " exactly; ask for rounding"
                             : fits(how.rounding, true)            ? "; ask for saturation, or scale it first"
                             : fits(rounding::nearest, true) ? "; ask for rounding and saturation, or scale it first"
                                                             : "";
  fail(errc::mode_mismatch, "voxel {} has the value {}, which mode {}{} cannot represent{}", first + bad,
       type.to_string(from + bad * type.bytes), format.mode == mode::int8 && format.unsigned_bytes ? "unsigned " : "",
       name_of(format.mode), remedy);
}

MRCZ_INLINE running_statistics encode_numbers(const voxel_encoder& type, const voxel_format& format,
                                              const narrowing& how, const std::byte* from, std::byte* to,
                                              std::size_t count, std::size_t first) {
  const narrowing allowed{format.mode == type.default_mode ? rounding::nearest : how.rounding, how.saturate, how.count};
  const bool packed = format.mode == mode::uint4;
  const bool swapped = word_bytes(format.mode) > 1 && format.byte_order != std::endian::native;
  const std::size_t item = item_bytes(format.mode);
  running_statistics stored;
  piece_of_numbers piece;
  piece_of_numbers wanted;
  std::array<std::byte, numbers_at_once> plain;
  for (std::size_t i = 0; i < count; i += numbers_at_once) {
    const std::size_t part = std::min(numbers_at_once, count - i);
    std::byte* const into = packed ? plain.data() : to + i * item;
    if (!piece.convert(type, format, allowed, from + i * type.bytes, into, part))
      fail_narrowing(type, format, allowed, from + i * type.bytes, first + i);
    if (allowed.count != nullptr) {
      std::fill_n(wanted.imaginary.begin(), part, 0.0);
      type.to_numbers(from + i * type.bytes, wanted.real.data(), wanted.imaginary.data(), part);
      count_narrowed(wanted, piece, part, format, allowed);
    }
    if (packed) pack_uint4(into, to + i / 2, part);
    if (swapped) swap_voxels(format.mode, into, into, part * item);
    stored += piece.summary(is_complex_mode(format.mode), part);
  }
  return stored;
}

}  // namespace detail

}  // namespace mrcz
