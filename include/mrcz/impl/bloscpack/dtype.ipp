/// The names of types.
#pragma once

#include "mrcz/bloscpack/dtype.hpp"

#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/core/json.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// The text between `begin` and `end`, if `text` begins and ends with these.
MRCZ_INLINE std::optional<std::string_view> between(std::string_view text, std::string_view begin,
                                                    std::string_view end) {
  if (text.size() < begin.size() + end.size() || !text.starts_with(begin) || !text.ends_with(end)) return std::nullopt;
  return text.substr(begin.size(), text.size() - begin.size() - end.size());
}

/// Old versions of bloscpack write "<f8" or [["", "<f8"]]. Others write what Python prints for it: "'<f8'".
MRCZ_INLINE std::string dtype_text(const metadata& value) {
  const auto unnamed = [](const metadata& name) {
    return name.is_string() && name.get_ref<const std::string&>().empty();
  };
  if (value.is_array() && value.size() == 1 && value[0].is_array() && value[0].size() == 2 && unnamed(value[0][0]) &&
      value[0][1].is_string())
    return value[0][1].get<std::string>();
  if (!value.is_string()) return value.dump();
  auto text = value.get<std::string>();
  for (const auto& [begin, end] : {std::pair{"'", "'"}, {"\"", "\""}, {"[('', '", "')]"}})
    if (const auto inside = between(text, begin, end)) return std::string{*inside};
  return text;
}

}  // namespace detail

MRCZ_INLINE std::string to_string(const dtype& d) {
  return fmt::format("{}{}{}", d.size == 1 ? '|' : d.byte_order == std::endian::little ? '<' : '>', d.kind, d.size);
}

MRCZ_INLINE dtype parse_dtype(const metadata& value) {
  const std::string text = detail::dtype_text(value);
  if (text.size() >= 3 && text.size() <= 4 && std::string_view{"<>|="}.find(text[0]) != std::string_view::npos) {
    dtype d{.kind = text[1], .size = 0};
    if (text[0] == '<') d.byte_order = std::endian::little;
    if (text[0] == '>') d.byte_order = std::endian::big;
    bool digits = text[2] != '0';
    for (const char c : text.substr(2)) {
      digits = digits && c >= '0' && c <= '9';
      d.size = 10 * d.size + static_cast<std::size_t>(c - '0');
    }
    if (digits && visit(d, [](auto) {}) && (text[0] != '|' || d.size == 1)) return d;
  }
  const char* kind = "not one";
  if (text.starts_with("[")) kind = "a record, not one";
  if (text.starts_with("|O")) kind = "Python objects, not one";
  detail::fail(errc::bad_metadata,
               "the dtype {} is {} of numpy's plain types (b1, i1 to i8, u1 to u8, f2 to f8, c8, c16)", text, kind);
}

}  // namespace mrcz::bloscpack
