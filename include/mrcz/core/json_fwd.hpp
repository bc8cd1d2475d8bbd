/// JSON by its names alone: for headers that hand it on without looking inside. The only header that includes
/// nlohmann/json_fwd.hpp; whoever parses or writes JSON includes `core/json.hpp`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace mrcz {

inline constexpr std::size_t max_metadata_bytes = std::size_t{64} << 20U;  ///< larger JSON is refused
inline constexpr int max_metadata_depth = 100;                             ///< deeper nesting is refused

/// Parses UTF-8 JSON into a `nlohmann::json` or an `ordered_json`. NaN and the infinities that Python writes are read
/// as such. Throws `errc::bad_metadata` for text that is no JSON, is too deep, or too large; `what` names it in
/// messages.
template <class Json>
Json parse_json(std::string_view json, std::string_view what);

/// How `write_json` spells characters beyond ASCII.
enum class json_text : bool { utf8, ascii };

/// Compact JSON. Throws `errc::bad_metadata` for NaN and infinities (which standard JSON lacks), for strings that are
/// not UTF-8, for what is too deep and for what becomes too large.
template <class Json>
std::string write_json(const Json& value, json_text spelling);

}  // namespace mrcz
