/// JSON that nobody vouches for: parsed within bounds, and checked before it is written. The only header that includes
/// nlohmann/json.hpp. `core/json_fwd.hpp` declares what there is.
#pragma once

#include <nlohmann/json.hpp>

#include "mrcz/core/json_fwd.hpp"

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/json.ipp"
#endif
