/// Comparing headers by their bytes.
#pragma once

#include "mrcz/format/header_bytes.hpp"

#include "mrcz/core/linkage.hpp"

namespace mrcz {

MRCZ_INLINE bool operator==(const header& a, const header& b) noexcept { return encode(a) == encode(b); }

}  // namespace mrcz
