/// JSON from untrusted sources: it is parsed within limits, and checked before it is written. The only header that
/// includes nlohmann/json.hpp. `core/json_fwd.hpp` declares the functions.
#pragma once

#include <nlohmann/json.hpp>

#include "mrcz/core/json_fwd.hpp"

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/json.ipp"
#endif
