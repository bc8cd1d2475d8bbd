/// JSON values as Python prints them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/ranges.h>

#include "mrcz/core/json.hpp"
#include "printable.hpp"

namespace python {

using json = nlohmann::ordered_json;

inline std::string repr(bool value) { return value ? "True" : "False"; }

inline std::string repr(double value) {
  auto text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

inline std::string repr(std::string_view of) {
  const char quote = of.find('\'') != of.npos && of.find('"') == of.npos ? '"' : '\'';
  std::string printed{quote};
  for (std::size_t at = 0; at < of.size();) {
    const std::size_t begin = at;
    const char32_t c = text::next_character(of, at).value_or(0xfffd);  // all strings in parsed JSON are valid
    if (c == U'\\' || c == static_cast<unsigned char>(quote)) (printed += '\\') += static_cast<char>(c);
    else if (text::is_hidden(c)) printed += text::escaped(c);
    else printed += of.substr(begin, at - begin);
  }
  return printed + quote;
}

/// The members of an object, sorted by their names.
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
      return fmt::format("{{{}}}", text);
    case json::value_t::array:
      for (const auto& element : value)
        text += fmt::format("{}{}", &element == &value.front() ? "" : ", ", repr(element));
      return fmt::format("[{}]", text);
    case json::value_t::string: return repr(std::string_view{value.get_ref<const std::string&>()});
    case json::value_t::boolean: return repr(value.get<bool>());
    case json::value_t::number_float: return repr(value.get<double>());
    case json::value_t::null: return "None";
    default: return value.dump();
  }
}

/// The characters of UTF-8 text.
inline std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

/// Writes a value nearly as `pprint` does: a list or dict that does not fit into a line has one line per member. Long
/// strings are not cut. `indent` is the column where the text begins.
inline std::string pretty(const json& value, std::size_t indent = 0) {
  constexpr std::size_t width = 90;
  std::string whole = repr(value);
  if (!value.is_structured() || value.empty() || indent + characters(whole) <= width) return whole;
  std::vector<std::string> members;
  if (value.is_array()) {
    for (const auto& element : value) members.push_back(pretty(element, indent + 1));
  } else {
    for (const auto* member : sorted_members(value)) {
      const auto key = repr(std::string_view{member->first}) + ": ";
      members.push_back(key + pretty(member->second, indent + 1 + characters(key)));
    }
  }
  const auto lines = fmt::format("{}", fmt::join(members, fmt::format(",\n{:{}}", "", indent + 1)));
  return value.is_array() ? fmt::format("[{}]", lines) : fmt::format("{{{}}}", lines);
}

/// Whether Python treats a value as false: 0, "", None, False and empty lists and dicts.
inline bool is_false(const json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.empty();
}

}  // namespace python
