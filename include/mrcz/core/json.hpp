/// JSON from untrusted sources: it is parsed within limits, and checked before it is written. The only header that
/// includes nlohmann/json.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace mrcz {

inline constexpr std::size_t max_metadata_bytes = std::size_t{64} << 20U;  ///< larger JSON is refused
inline constexpr int max_metadata_depth = 100;                             ///< deeper nesting is refused

namespace detail {

/// Parses UTF-8 JSON into a `nlohmann::json` or an `ordered_json`. It also reads NaN, Infinity and -Infinity, which
/// Python writes. Throws `errc::bad_metadata` for text that is not JSON, is nested too deep or is too large, and for an
/// `ordered_json` whose objects have too many keys. `what` names the text in messages.
template <class Json>
Json parse_json(std::string_view json, std::string_view what);

/// How `write_json` spells characters beyond ASCII.
enum class json_text : bool { utf8, ascii };

/// Writes compact JSON. Throws `errc::bad_metadata` for NaN, infinities and binary data (which standard JSON lacks),
/// for strings that are not UTF-8, for values that are nested too deep and for text that becomes too large.
template <class Json>
std::string write_json(const Json& value, json_text spelling);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/json.ipp"
#endif
