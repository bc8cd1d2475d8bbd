/// Metadata by their name alone: for headers that hand them on. Whoever looks inside includes `mrcz/metadata.hpp`.
#pragma once

#include <string_view>

#include "mrcz/core/json_fwd.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"

namespace mrcz {

/// `metadata.at("pixel_size").get<float>()` and everything else is nlohmann's own. null: the file has none.
using metadata = nlohmann::json;

/// Parses UTF-8 JSON, into an `ordered_json` if that is asked for. NaN and the infinities that Python writes are read
/// as such. Throws `errc::bad_metadata` for text that is no JSON, is too deep, or too large.
template <class Json = metadata>
Json parse_metadata(std::string_view json);

/// The metadata of a file; null unless EXTTYP is `json`.
template <class Json = metadata>
Json parse_metadata(const extended_header& from);

/// The extended header that holds `values`: an object, or null for none. Throws `errc::bad_metadata` for anything else,
/// for NaN and infinities (which standard JSON lacks), and for strings that are not UTF-8.
MRCZ_INLINE extended_header to_extended_header(const metadata& values);

}  // namespace mrcz
