/// Converts metadata to an extended header and back.
#pragma once

#include "mrcz/format/metadata.hpp"

#include <cstddef>
#include <span>
#include <string>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/labels.hpp"

namespace mrcz {

template <class Json>
Json parse_metadata(std::string_view json) {
  try {
    if (json.size() > max_metadata_bytes)
      detail::fail_expected(errc::bad_metadata, detail::text("JSON metadata have {} bytes", json.size()),
                            detail::text("at most {}", max_metadata_bytes));
    return detail::parse_json<Json>(labels::trimmed(json), "JSON metadata (extended header)");
  } catch (...) {
    detail::rethrow_with({.byte = header_size});
  }
}

template <class Json>
Json parse_metadata(const extended_header& from) {
  if (!from.is_json()) return nullptr;
  return parse_metadata<Json>(std::string_view{reinterpret_cast<const char*>(from.bytes.data()), from.bytes.size()});
}

MRCZ_INLINE extended_header to_extended_header(const metadata& values) {
  if (values.is_null()) return {};
  if (!values.is_object())
    detail::fail_expected(errc::bad_metadata, detail::text("metadata are a JSON {}", values.type_name()), "an object");
  const std::string json = detail::write_json(values, detail::json_text::utf8);
  const auto bytes = std::as_bytes(std::span{json});
  return detail::padded({exttyp_json, {bytes.begin(), bytes.end()}});
}

}  // namespace mrcz
