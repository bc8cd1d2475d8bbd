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

namespace detail {

/// Whether Python's repr escapes a character. It escapes hidden characters, all spaces except the one in ASCII,
/// joiners, marks that belong to numbers, and characters for private use.
inline bool is_escaped(char32_t c) {
  return text::is_hidden(c) || c == 0xa0 || (c >= 0x600 && c <= 0x605) || c == 0x6dd || c == 0x70f || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200f) || c == 0x202f || c == 0x205f || c == 0x3000 || (c >= 0xe000 && c <= 0xf8ff) ||
         c >= 0xf0000;
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

inline std::string repr(std::string_view of) {
  const char quote = of.find('\'') != of.npos && of.find('"') == of.npos ? '"' : '\'';
  std::string printed{quote};
  for (std::size_t at = 0; at < of.size();) {
    const std::size_t begin = at;
    const char32_t c = text::next_character(of, at).value_or(0xfffd);  // all strings in parsed JSON are valid
    if (c == U'\\' || c == static_cast<unsigned char>(quote)) (printed += '\\') += static_cast<char>(c);
    else if (detail::is_escaped(c)) printed += text::escaped(c);
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

inline constexpr std::size_t width = 90;

/// Cuts a string that is too long for a line between words and after line ends. Python joins the parts again.
inline std::string pretty_string(std::string_view text, std::size_t indent, std::size_t behind, bool alone) {
  if (alone) {  // in parentheses
    ++indent;
    ++behind;
  }
  const auto fits = [&](const std::string& part, bool last) {
    return indent + detail::characters(part) + (last ? behind : 0) <= width;
  };
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    const bool last_line = line.size() == text.size();
    if (fits(repr(line), last_line)) {
      parts.push_back(repr(line));
      text.remove_prefix(line.size());
      continue;
    }
    for (std::size_t begin = 0, end = 0; begin < line.size(); begin = end) {
      for (std::size_t next = end; next < line.size();) {  // as many words as fit, but at least one
        next = std::min(line.find_first_of(" \t\n", next), line.size());
        next = std::min(line.find_first_not_of(" \t\n", next), line.size());
        if (end > begin && !fits(repr(line.substr(begin, next - begin)), last_line && next == line.size())) break;
        end = next;
      }
      parts.push_back(repr(line.substr(begin, end - begin)));
    }
    text.remove_prefix(line.size());
  }
  const auto whole = fmt::format("{}", fmt::join(parts, fmt::format("\n{:{}}", "", indent)));
  return alone && parts.size() > 1 ? fmt::format("({})", whole) : whole;
}

/// Writes a value as `pprint` does: a list or dict that does not fit into a line has one line per member. `indent` is
/// the column where the text begins. `behind` is the number of characters that follow the text in its last line.
inline std::string pretty(const json& value, std::size_t indent = 0, std::size_t behind = 0, bool alone = true) {
  std::string whole = repr(value);
  if (indent + detail::characters(whole) + behind <= width || value.empty()) return whole;
  if (value.is_string()) return pretty_string(value.get_ref<const std::string&>(), indent, behind, alone);
  const auto joined = [&](const auto& items, auto&& key_of, auto&& value_of) {
    std::string text;
    std::size_t left = items.size();
    for (const auto& item : items) {
      const std::string key = key_of(item);
      if (!text.empty()) text += fmt::format(",\n{:{}}", "", indent + 1);
      text += key + pretty(value_of(item), indent + 1 + detail::characters(key), --left == 0 ? behind + 1 : 1, false);
    }
    return text;
  };
  if (value.is_array())
    return fmt::format(
        "[{}]",
        joined(value, [](const json&) { return std::string{}; }, [](const json& e) -> const json& { return e; }));
  if (value.is_object())
    return fmt::format(
        "{{{}}}", joined(
                      sorted_members(value),
                      [](const auto* member) { return fmt::format("{}: ", repr(std::string_view{member->first})); },
                      [](const auto* member) -> const json& { return member->second; }));
  return whole;
}

/// Whether Python treats a value as false: 0, "", None, False and empty lists and dicts.
inline bool is_false(const json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.empty();
}

}  // namespace python
