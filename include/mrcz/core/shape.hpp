/// The extents of a volume, and sizes that cannot overflow unnoticed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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

/// `bytes`, which `what` has, as a size of something in memory. Throws `errc::too_large` where there are not as many
/// addresses, as in 32-bit programs.
inline std::size_t size_in_memory(std::uint64_t bytes, const char* what) {
  if (bytes > static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max()))
    fail(errc::too_large, "{} of {} bytes does not fit into memory, which holds at most {}", what, bytes,
         std::numeric_limits<std::ptrdiff_t>::max());
  return static_cast<std::size_t>(bytes);
}

}  // namespace mrcz
