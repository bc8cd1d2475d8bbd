/// Free metadata as JSON in the extended header (MRCZ specification, "JSON extended meta-data").
#pragma once

#include <string_view>

#include "mrcz/core/json.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/metadata_fwd.hpp"

namespace mrcz {

/// Parses UTF-8 JSON into a `Json`, which may also be `nlohmann::ordered_json`. Accepts the NaN and infinities that
/// Python writes. Throws `errc::bad_metadata` for text that is not JSON, too deep or too large.
template <class Json = metadata>
Json parse_metadata(std::string_view json);

/// The metadata of a file; null unless EXTTYP is `json`.
template <class Json = metadata>
Json parse_metadata(const extended_header& from);

/// The extended header that holds `values`: an object, or null for none. Throws `errc::bad_metadata` for anything else,
/// for NaN and infinities (which standard JSON lacks), and for strings that are not UTF-8.
MRCZ_INLINE extended_header to_extended_header(const metadata& values);

namespace detail {

template <class Json>
struct defined_in_mrcz_metadata_hpp {
  static Json parse(const extended_header& from) { return parse_metadata<Json>(from); }
  static extended_header write(const Json& values) { return to_extended_header(values); }
};

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/metadata.ipp"
#endif
