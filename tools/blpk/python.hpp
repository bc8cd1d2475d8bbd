/// JSON values as Python prints them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "mrcz/core/json.hpp"

namespace python {

using json = nlohmann::ordered_json;

namespace detail {

/// The character that begins at `at`, which moves behind it. `text` is UTF-8, as all strings in parsed JSON.
inline std::uint32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&] { return static_cast<unsigned char>(text[at++]); };
  const std::uint32_t first = byte();
  const std::size_t more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
  std::uint32_t character = more == 0 ? first : first & (0x3fU >> more);
  for (std::size_t i = 0; i < more && at < text.size(); ++i) character = character << 6U | (byte() & 0x3fU);
  return character;
}

/// Not printed as it is: control characters, those that have no width, and those that turn lines around.
inline bool is_escaped(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202f) || (c >= 0x2060 && c <= 0x206f) || (c >= 0xe000 && c <= 0xf8ff) || c == 0xfeff;
}

inline std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace detail

inline std::string repr(bool value) { return value ? "True" : "False"; }

inline std::string repr(double value) {
  auto text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

inline std::string repr(std::string_view text) {
  const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  std::string printed{quote};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const std::uint32_t c = detail::next_character(text, at);
    if (c == '\n') printed += "\\n";
    else if (c == '\r') printed += "\\r";
    else if (c == '\t') printed += "\\t";
    else if (c == '\\' || c == static_cast<unsigned char>(quote)) (printed += '\\') += static_cast<char>(c);
    else if (!detail::is_escaped(c)) printed += text.substr(begin, at - begin);
    else printed += c < 0x100 ? fmt::format("\\x{:02x}", c) : fmt::format("\\u{:04x}", c);
  }
  return printed + quote;
}

/// The members of an object by their names.
inline std::vector<const json::object_t::value_type*> sorted_members(const json& object) {
  std::vector<const json::object_t::value_type*> members;
  for (const auto& member : object.get_ref<const json::object_t&>()) members.push_back(&member);
  std::ranges::sort(members, {}, [](const auto* member) -> const std::string& { return member->first; });
  return members;
}

inline std::string repr(const json& value) {
  std::string text;
  switch (value.type()) {
    case json::value_t::object:
      for (const auto* member : sorted_members(value))
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", repr(std::string_view{member->first}),
                            repr(member->second));
      return "{" + text + "}";
    case json::value_t::array:
      for (const auto& element : value)
        text += fmt::format("{}{}", &element == &value.front() ? "" : ", ", repr(element));
      return "[" + text + "]";
    case json::value_t::string: return repr(std::string_view{value.get_ref<const std::string&>()});
    case json::value_t::boolean: return repr(value.get<bool>());
    case json::value_t::number_float: return repr(value.get<double>());
    case json::value_t::null: return "None";
    default: return value.dump();
  }
}

/// As `pprint` does with a width of 90: what does not fit into a line has one line per member. Long strings are left
/// in one piece. `indent` is where the text begins, `behind` how many characters follow it in its last line.
inline std::string pretty(const json& value, std::size_t indent = 0, std::size_t behind = 0) {
  constexpr std::size_t width = 90;
  std::string whole = repr(value);
  if (!value.is_structured() || value.empty() || indent + detail::characters(whole) + behind <= width) return whole;
  const auto joined = [&](const auto& items, auto&& key_of, auto&& value_of) {
    std::string text;
    std::size_t left = items.size();
    for (const auto& item : items) {
      const std::string key = key_of(item);
      if (!text.empty()) text += ",\n" + std::string(indent + 1, ' ');
      text += key + pretty(value_of(item), indent + 1 + detail::characters(key), --left == 0 ? behind + 1 : 1);
    }
    return text;
  };
  if (value.is_array())
    return "[" +
           joined(
               value, [](const json&) { return std::string{}; }, [](const json& e) -> const json& { return e; }) +
           "]";
  return "{" +
         joined(
             sorted_members(value), [](const auto* member) { return repr(std::string_view{member->first}) + ": "; },
             [](const auto* member) -> const json& { return member->second; }) +
         "}";
}

/// What Python takes for false: 0, "", None, False and empty lists and dicts.
inline bool is_false(const json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.empty();
}

}  // namespace python
