/// The loops that depend on the type of voxels, a table of them for each type, and the functions that use these tables.
#pragma once

#include "mrcz/array/convert.hpp"

#include <algorithm>
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
template <voxel T>
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

template <stored_voxel T>
std::string value_of(const std::byte* voxel) {
  const T v = voxel_at<T>(voxel);
  return fmt::format("{}{}", real_part(v), imaginary_part(v) == 0 ? "" : fmt::format("{:+}i", imaginary_part(v)));
}

template <stored_voxel T, std::size_t... Row>
consteval voxel_encoder make_encoder(std::index_sequence<Row...>) {
  return {.default_mode = mrcz::default_mode<T>,
          .bytes = sizeof(T),
          .own_row = own_row<T>(),
          .convert = {&narrow_all<typename row_at<Row>::type, T>...},
          .summarise = &summary_of_bytes<T>,
          .to_string = &value_of<T>};
}

template <voxel T>
inline constexpr voxel_decoder decoder = make_decoder<T>(std::make_index_sequence<row_count>{});

template <stored_voxel T>
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

[[noreturn]] MRCZ_INLINE void fail_narrowing(const voxel_encoder& type, const voxel_format& format,
                                             const std::byte* from, std::size_t first) {
  std::array<std::byte, sizeof(std::complex<double>)> ignored;
  const auto narrow = type.convert[row_of(format)];
  std::size_t bad = 0;
  while (narrow(from + bad * type.bytes, ignored.data(), 1)) ++bad;
  fail(errc::mode_mismatch,
       "voxel {} has the value {}, which mode {}{} cannot represent exactly; round or cast it first", first + bad,
       type.to_string(from + bad * type.bytes), format.mode == mode::int8 && format.unsigned_bytes ? "unsigned " : "",
       name_of(format.mode));
}

MRCZ_INLINE bool is_stored_as(const voxel_decoder& in_memory, const voxel_format& format) noexcept {
  return in_memory.own_row && is_stored_as(*in_memory.own_row, format);
}

MRCZ_INLINE bool is_stored_as(const voxel_encoder& in_memory, const voxel_format& format) noexcept {
  return is_stored_as(in_memory.own_row, format);
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

MRCZ_INLINE void encode_voxels(const voxel_encoder& type, const voxel_format& format, const std::byte* from,
                               std::byte* to, std::size_t count, std::size_t first) {
  const auto convert = type.convert[row_of(format)];
  if (format.mode == mode::uint4) {
    std::array<std::byte, piece_bytes> plain;
    for (std::size_t i = 0; i < count; i += plain.size()) {
      const std::size_t part = std::min(plain.size(), count - i);
      if (!convert(from + i * type.bytes, plain.data(), part))
        fail_narrowing(type, format, from + i * type.bytes, first + i);
      pack_uint4(plain.data(), to + i / 2, part);
    }
    return;
  }
  const bool swapped = word_bytes(format.mode) > 1 && format.byte_order != std::endian::native;
  const std::size_t item = item_bytes(format.mode);
  const std::size_t step = swapped ? piece_bytes : count;  // swapped while they are in the nearest cache
  for (std::size_t i = 0; i < count; i += step) {
    const std::size_t part = std::min(step, count - i);
    std::byte* const into = to + i * item;
    if (!convert(from + i * type.bytes, into, part)) fail_narrowing(type, format, from + i * type.bytes, first + i);
    if (swapped) swap_voxels(format.mode, into, into, part * item);
  }
}

}  // namespace detail

}  // namespace mrcz
