/// Parsing and writing JSON within bounds.
#pragma once

#include "mrcz/core/json.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// These strings stand for numbers that JSON cannot express, until parsing ends.
inline constexpr std::string_view not_a_number = "\\u0000NaN";
inline constexpr std::string_view plus_infinity = "\\u0000+Infinity";
inline constexpr std::string_view minus_infinity = "\\u0000-Infinity";

/// Replaces NaN, Infinity and -Infinity by the strings above. Python writes these words, but JSON parsers refuse them.
MRCZ_INLINE std::string with_marked_specials(std::string_view text) {
  std::string marked;
  marked.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    const auto replace = [&](std::string_view word, std::string_view marker) {
      if (!text.substr(i).starts_with(word)) return false;
      marked.append("\"").append(marker).append("\"");
      i += word.size();
      return true;
    };
    const char c = text[i];
    if (in_string) {
      const std::size_t length = c == '\\' && i + 1 < text.size() ? 2 : 1;
      in_string = c != '"';
      marked.append(text.substr(i, length));
      i += length;
    } else if (!replace("NaN", not_a_number) && !replace("Infinity", plus_infinity) &&
               !replace("-Infinity", minus_infinity)) {
      in_string = c == '"';
      marked.push_back(c);
      ++i;
    }
  }
  return marked;
}

/// If `value` is one of these strings, replaces it by its number.
template <class Json>
void unmark_special(Json& value) {
  using limits = std::numeric_limits<double>;
  const auto* text = value.template get_ptr<const std::string*>();
  if (text == nullptr || text->empty() || text->front() != '\0') return;
  const std::string name = text->substr(1);  // a copy, because an assignment to `value` destroys the text
  if (name == "NaN") value = limits::quiet_NaN();
  if (name == "+Infinity") value = limits::infinity();
  if (name == "-Infinity") value = -limits::infinity();
}

/// Whether JSON can express all of `value`. It cannot express NaN, infinities and binary data.
template <class Json>
bool is_expressible(const Json& value) {
  if (value.is_number_float()) {
    const double number = value.template get<double>();
    return number - number == 0;
  }
  if (value.is_binary() || value.is_discarded()) return false;
  if (!value.is_structured()) return true;
  for (const auto& child : value)
    if (!is_expressible(child)) return false;
  return true;
}

template <class Json>
int depth_of(const Json& value, int limit) {
  if (!value.is_structured() || limit < 0) return 0;
  int deepest = 0;
  for (const auto& child : value) {
    deepest = std::max(deepest, depth_of(child, limit - 1));
  }
  return deepest + 1;
}

/// Limits the time that the keys of ordered objects take. Such an object compares each added key with all its other
/// keys. The comparisons in all objects together must take less than a second: as many as one object of 23000 keys
/// needs.
class key_costs {
 public:
  void open() { keys_.push_back(0); }
  void close() {
    if (!keys_.empty()) keys_.pop_back();
  }
  /// Counts a key of the innermost object. Returns false once there are too many.
  bool add() {
    if (keys_.empty()) return true;
    spent_ += keys_.back()++;
    return spent_ < limit;
  }

 private:
  static constexpr std::size_t limit = std::size_t{1} << 28U;
  std::vector<std::size_t> keys_;
  std::size_t spent_ = 0;
};

template <class Json>
Json parse_json(std::string_view json, std::string_view what) {
  if (json.size() > max_metadata_bytes)
    fail_expected(errc::bad_metadata, text("{} have {} bytes", what, json.size()),
                  text("at most {}", max_metadata_bytes));
  const bool specials = json.find("NaN") != std::string_view::npos || json.find("Infinity") != std::string_view::npos;
  using event_t = typename Json::parse_event_t;
  key_costs costs;  // NOLINT(misc-const-correctness): it is changed where Json keeps the order of its keys
  const auto inspect = [&](int depth, event_t event, Json& value) {
    const bool opens = event == event_t::object_start || event == event_t::array_start;
    if (depth + (opens ? 1 : 0) > max_metadata_depth)
      fail(errc::bad_metadata, "{} are nested deeper than {} levels", what, max_metadata_depth);
    if constexpr (std::is_same_v<Json, nlohmann::ordered_json>) {
      if (event == event_t::object_start) costs.open();
      if (event == event_t::object_end) costs.close();
      if (event == event_t::key && !costs.add()) fail(errc::bad_metadata, "{} have objects of too many keys", what);
    }
    if (specials && event == event_t::value) unmark_special(value);
    return true;
  };
  try {
    const std::string marked = specials ? with_marked_specials(json) : std::string{};
    return Json::parse(specials ? std::string_view{marked} : json, inspect);
  } catch (const nlohmann::json::exception& e) {
    fail(errc::bad_metadata, "{} cannot be read: {}", what, e.what());
  }
}

template <class Json>
std::string write_json(const Json& value, json_text spelling) {
  if (depth_of(value, max_metadata_depth) > max_metadata_depth)
    fail(errc::bad_metadata, "metadata are nested deeper than {} levels", max_metadata_depth);
  if (!is_expressible(value))
    fail(errc::bad_metadata, "metadata hold a NaN, an infinity or binary data, for which JSON has no words");
  try {
    std::string written = value.dump(-1, ' ', spelling == json_text::ascii);
    if (written.size() > max_metadata_bytes)
      fail_expected(errc::bad_metadata, text("metadata take {} bytes as JSON", written.size()),
                    text("at most {}", max_metadata_bytes));
    return written;
  } catch (const nlohmann::json::exception& e) {
    fail(errc::bad_metadata, "metadata cannot be written as JSON: {}", e.what());
  }
}

}  // namespace mrcz::detail
