/// The element types of numpy's arrays, as bloscpack's metadata spell them, and the C++ types that hold them.
#pragma once

#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "mrcz/array/convert.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// numpy's kind and size of an element, and the bytes that a change of byte order reverses together.
template <class T, char Kind, class Word = T>
struct element_row {
  using type = T;
  static constexpr char kind = Kind;
  static constexpr std::size_t size = sizeof(T);
  static constexpr std::size_t word_bytes = sizeof(Word);
};

using element_table =
    std::tuple<element_row<bool, 'b'>, element_row<std::int8_t, 'i'>, element_row<std::int16_t, 'i'>,
               element_row<std::int32_t, 'i'>, element_row<std::int64_t, 'i'>, element_row<std::uint8_t, 'u'>,
               element_row<std::uint16_t, 'u'>, element_row<std::uint32_t, 'u'>, element_row<std::uint64_t, 'u'>,
               element_row<half, 'f'>, element_row<float, 'f'>, element_row<double, 'f'>,
               element_row<std::complex<float>, 'c', float>, element_row<std::complex<double>, 'c', double>>;
static_assert(sizeof(bool) == 1);

using element_indices = std::make_index_sequence<std::tuple_size_v<element_table>>;

/// Calls `f(row)` for each row until it returns true. Returns whether it did.
template <class Function, std::size_t... I>
constexpr bool any_element(Function&& f, std::index_sequence<I...>) {
  return (f(std::tuple_element_t<I, element_table>{}) || ...);
}

template <class T>
constexpr bool has_element_row() {
  return any_element([](auto row) { return std::is_same_v<typename decltype(row)::type, T>; }, element_indices{});
}

}  // namespace detail

/// C++ types of numpy's plain types: b1, i1 to i8, u1 to u8, f2, f4, f8, c8 and c16.
template <class T>
concept element = detail::has_element_row<T>();

/// A plain type of numpy.
struct dtype {
  char kind = 'u';                               ///< b, i, u, f or c
  std::size_t size = 1;                          ///< bytes
  std::endian byte_order = std::endian::native;  ///< of each word

  friend bool operator==(const dtype&, const dtype&) = default;
};

/// As numpy writes it: <f8, >i2, |u1.
MRCZ_INLINE std::string to_string(const dtype& d);

/// The dtype of `T` in the byte order of this machine.
template <element T>
dtype dtype_of() {
  dtype found;
  detail::any_element(
      [&](auto row) {
        if (!std::is_same_v<typename decltype(row)::type, T>) return false;
        found = {.kind = row.kind, .size = row.size};
        return true;
      },
      detail::element_indices{});
  return found;
}

/// Calls `f(std::type_identity<T>{})` with the C++ type of the elements. Returns false if there is none.
template <class Function>
bool visit(const dtype& d, Function&& f) {
  return detail::any_element(
      [&](auto row) {
        if (row.kind != d.kind || row.size != d.size) return false;
        f(std::type_identity<typename decltype(row)::type>{});
        return true;
      },
      detail::element_indices{});
}

/// Bytes that a change of byte order reverses together: a complex number is two words.
inline std::size_t word_bytes(const dtype& d) noexcept { return d.kind == 'c' ? d.size / 2 : d.size; }

namespace detail {

/// A text in quotes, as Python prints it.
MRCZ_INLINE std::string python_text(std::string_view text);

}  // namespace detail

/// A type as numpy describes it: `<f8`, `|S5`, `<M8[ns]`, or, for records, what Python prints for `dtype.descr`:
/// `[('a', '<i4'), ('s', '|S5')]`. Reads any of the three spellings that versions of bloscpack write. Throws
/// `errc::bad_metadata` if the value describes no type, and for Python objects, whose bytes mean nothing elsewhere.
MRCZ_INLINE std::string parse_description(const metadata& value);

/// Bytes of one element of a type that numpy describes so. Throws as `parse_description`.
MRCZ_INLINE std::size_t element_bytes(std::string_view description);

/// Reads any of the three spellings that versions of bloscpack write. Throws `errc::bad_metadata`, with the name of the
/// type, for records, objects, texts, times and all other types without a C++ type here.
MRCZ_INLINE dtype parse_dtype(const metadata& value);

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/dtype.ipp"
#endif
