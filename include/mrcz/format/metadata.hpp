/// Free metadata as JSON in the extended header (MRCZ specification, "JSON extended meta-data").
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "mrcz/core/error.hpp"
#include "mrcz/core/json.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header.hpp"

namespace mrcz {

/// `metadata.at("pixel_size").get<float>()` and everything else is nlohmann's own. null: the file has none.
using metadata = nlohmann::json;

/// Parses UTF-8 JSON. NaN and the infinities that Python writes are read as such. Throws `errc::bad_metadata` for text
/// that is no JSON, is too deep, or too large.
template <class Json = metadata>
Json parse_metadata(std::string_view json) {
  try {
    if (json.size() > max_metadata_bytes)
      fail_expected(errc::bad_metadata, text("JSON metadata have {} bytes", json.size()),
                    text("at most {}", max_metadata_bytes));
    return parse_json<Json>(labels::trimmed(json), "JSON metadata (extended header)");
  } catch (...) {
    detail::rethrow_with({.byte = header_size});
  }
}

/// The metadata of a file; null unless EXTTYP is `json`.
template <class Json = metadata>
Json parse_metadata(const extended_header& from) {
  if (!from.is_json()) return nullptr;
  return parse_metadata<Json>(std::string_view{reinterpret_cast<const char*>(from.bytes.data()), from.bytes.size()});
}

/// JSON is followed by blanks up to a multiple of 16 bytes, so that voxels of every type can be used where they stand
/// in a mapped file. Other extended headers stay as they are.
inline extended_header padded(extended_header extended) {
  constexpr std::size_t step = 16;
  static_assert(header_size % step == 0);
  if (extended.is_json()) extended.bytes.resize((extended.bytes.size() + step - 1) / step * step, std::byte{' '});
  return extended;
}

/// The extended header that holds `values`: an object, or null for none. Throws `errc::bad_metadata` for anything else,
/// for NaN and infinities (which standard JSON lacks), and for strings that are not UTF-8.
inline extended_header to_extended_header(const metadata& values) {
  if (values.is_null()) return {};
  if (!values.is_object())
    fail_expected(errc::bad_metadata, text("metadata are a JSON {}", values.type_name()), "an object");
  const std::string text = write_json(values, json_text::utf8);
  const auto bytes = std::as_bytes(std::span{text});
  return padded({exttyp_json, {bytes.begin(), bytes.end()}});
}

}  // namespace mrcz
