/// Arithmetic of sizes that detects overflow.
#pragma once

#include "mrcz/core/shape.hpp"

#include <limits>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz {

MRCZ_INLINE std::string to_string(const shape& extents) {
  return fmt::format("{} x {} x {}", extents[0], extents[1], extents[2]);
}

namespace detail {

MRCZ_INLINE std::size_t checked_multiply(std::size_t a, std::size_t b, const char* what) {
  if (a != 0 && b > std::numeric_limits<std::size_t>::max() / a)
    fail(errc::too_large, "{} overflows: {} times {}", what, a, b);
  return a * b;
}

MRCZ_INLINE std::size_t size_in_memory(std::uint64_t bytes, const char* what) {
  if (bytes > static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max()))
    fail(errc::too_large, "{} of {} bytes does not fit into memory, which holds at most {}", what, bytes,
         std::numeric_limits<std::ptrdiff_t>::max());
  return static_cast<std::size_t>(bytes);
}

}  // namespace detail

}  // namespace mrcz
