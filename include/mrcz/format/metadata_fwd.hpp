/// Declares metadata, for headers that only pass them on. Include `mrcz/metadata.hpp` to look inside.
#pragma once

#include <string_view>

#include "mrcz/core/json_fwd.hpp"
#include "mrcz/format/extended_header.hpp"

namespace mrcz {

/// A JSON value of nlohmann's library, with all its functions: `metadata.at("pixel_size").get<float>()`. It is null if
/// the file has no metadata.
using metadata = nlohmann::json;

/// Parses UTF-8 JSON into a `Json`, which may also be `nlohmann::ordered_json`. Accepts the NaN and infinities that
/// Python writes. Throws `errc::bad_metadata` for text that is not JSON, too deep or too large.
template <class Json = metadata>
Json parse_metadata(std::string_view json);

/// The metadata of a file; null unless EXTTYP is `json`.
template <class Json = metadata>
Json parse_metadata(const extended_header& from);

/// The extended header that holds `values`: an object, or null for none. Throws `errc::bad_metadata` for anything else,
/// for NaN and infinities (which standard JSON lacks), and for strings that are not UTF-8.
extended_header to_extended_header(const metadata& values);

}  // namespace mrcz
