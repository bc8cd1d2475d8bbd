/// Free metadata as JSON in the extended header (MRCZ specification, "JSON extended meta-data"). The only header that
/// includes nlohmann/json.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "mrcz/core/error.hpp"
#include "mrcz/format/extended_header.hpp"

namespace mrcz {

/// `metadata.at("pixel_size").get<float>()` and everything else is nlohmann's own. null: the file has none.
using metadata = nlohmann::json;

inline constexpr std::size_t max_metadata_bytes = std::size_t{64} << 20U;  ///< larger JSON is refused
inline constexpr int max_metadata_depth = 100;                             ///< deeper nesting is refused

namespace detail {

/// What stands in for a number that JSON has no word for while it is parsed.
inline constexpr std::string_view not_a_number = "\\u0000NaN";
inline constexpr std::string_view plus_infinity = "\\u0000+Infinity";
inline constexpr std::string_view minus_infinity = "\\u0000-Infinity";

/// Python writes NaN, Infinity and -Infinity, which no JSON parser takes: turns them into marked strings.
inline std::string with_marked_specials(std::string_view text) {
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

/// The number behind a marker, if `value` is one.
inline void unmark_special(metadata& value) {
  using limits = std::numeric_limits<double>;
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr || text->empty() || text->front() != '\0') return;
  const std::string name = text->substr(1);  // a copy: `value` lets go of the text
  if (name == "NaN") value = limits::quiet_NaN();
  if (name == "+Infinity") value = limits::infinity();
  if (name == "-Infinity") value = -limits::infinity();
}

/// Whether JSON has words for everything in `value`: not for NaN, infinities and binary data.
inline bool is_expressible(const metadata& value) {
  if (value.is_number_float()) {
    const double number = value.get<double>();
    return number - number == 0;
  }
  if (value.is_binary() || value.is_discarded()) return false;
  if (!value.is_structured()) return true;
  for (const auto& child : value)
    if (!is_expressible(child)) return false;
  return true;
}

inline int depth_of(const metadata& value, int limit) {
  if (!value.is_structured() || limit < 0) return 0;
  int deepest = 0;
  for (const auto& child : value) {
    deepest = std::max(deepest, depth_of(child, limit - 1));
  }
  return deepest + 1;
}

}  // namespace detail

/// Parses UTF-8 JSON. NaN and the infinities that Python writes are read as such. Throws `errc::bad_metadata` for text
/// that is no JSON, is too deep, or too large.
inline metadata parse_metadata(std::string_view text) {
  if (text.size() > max_metadata_bytes)
    fail(errc::bad_metadata, "JSON metadata have {} bytes, expected at most {}", text.size(), max_metadata_bytes);
  text = labels::trimmed(text);
  const bool specials = text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos;
  using event_t = metadata::parse_event_t;
  const auto inspect = [&](int depth, event_t event, metadata& value) {
    const bool opens = event == event_t::object_start || event == event_t::array_start;
    if (depth + (opens ? 1 : 0) > max_metadata_depth)
      fail(errc::bad_metadata, "JSON metadata are nested deeper than {} levels", max_metadata_depth);
    if (specials && event == event_t::value) detail::unmark_special(value);
    return true;
  };
  try {
    return specials ? metadata::parse(detail::with_marked_specials(text), inspect) : metadata::parse(text, inspect);
  } catch (const nlohmann::json::exception& e) {
    fail(errc::bad_metadata, "JSON metadata (extended header, byte 1024) cannot be read: {}", e.what());
  }
}

/// The metadata of a file; null unless EXTTYP is `json`.
inline metadata parse_metadata(const extended_header& from) {
  if (!from.is_json()) return nullptr;
  return parse_metadata(std::string_view{reinterpret_cast<const char*>(from.bytes.data()), from.bytes.size()});
}

/// The extended header that holds `values`: an object, or null for none. Throws `errc::bad_metadata` for anything else,
/// for NaN and infinities (which standard JSON lacks), and for strings that are not UTF-8.
inline extended_header to_extended_header(const metadata& values) {
  if (values.is_null()) return {};
  if (!values.is_object()) fail(errc::bad_metadata, "metadata are a JSON {}, expected an object", values.type_name());
  if (detail::depth_of(values, max_metadata_depth) > max_metadata_depth)
    fail(errc::bad_metadata, "metadata are nested deeper than {} levels", max_metadata_depth);
  if (!detail::is_expressible(values))
    fail(errc::bad_metadata, "metadata hold a NaN, an infinity or binary data, for which JSON has no words");
  try {
    const std::string text = values.dump();
    if (text.size() > max_metadata_bytes)
      fail(errc::bad_metadata, "metadata take {} bytes as JSON, expected at most {}", text.size(), max_metadata_bytes);
    const auto bytes = std::as_bytes(std::span{text});
    return {exttyp_json, {bytes.begin(), bytes.end()}};
  } catch (const nlohmann::json::exception& e) {
    fail(errc::bad_metadata, "metadata cannot be written as JSON: {}", e.what());
  }
}

}  // namespace mrcz
