/// The extents of a volume, and products of extents that cannot overflow unnoticed.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string>

#include "mrcz/core/error.hpp"

namespace mrcz {

/// Extents in voxels, slowest axis first: [nz, ny, nx], the order of an xtensor or numpy shape.
/// `auto [nz, ny, nx] = in.shape();`
using shape = std::array<std::size_t, 3>;

inline std::string to_string(const shape& extents) {
  return fmt::format("{} x {} x {}", extents[0], extents[1], extents[2]);
}

/// a * b, or `errc::too_large` naming `what`.
inline std::size_t checked_multiply(std::size_t a, std::size_t b, const char* what) {
  if (a != 0 && b > std::numeric_limits<std::size_t>::max() / a)
    fail(errc::too_large, "{} overflows: {} times {}", what, a, b);
  return a * b;
}

}  // namespace mrcz
