/// Names metadata, for headers that only pass them on. Include `mrcz/metadata.hpp` to look inside.
#pragma once

#include "mrcz/core/json_fwd.hpp"

namespace mrcz {

/// A JSON value of nlohmann's library, with all its functions: `metadata.at("pixel_size").get<float>()`. It is null if
/// the file has no metadata.
using metadata = nlohmann::json;

namespace detail {

/// Reads and writes metadata for `reader` and `writer`. It is undefined without `mrcz/metadata.hpp`. So the compiler
/// names that header to a program that forgot it; otherwise the linker would miss functions.
template <class Json>
struct defined_in_mrcz_metadata_hpp;

}  // namespace detail

}  // namespace mrcz
