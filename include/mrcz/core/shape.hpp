/// The extents of a volume, and arithmetic of sizes that detects overflow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "mrcz/core/linkage.hpp"

namespace mrcz {

/// Extents in voxels, slowest axis first: [nz, ny, nx], the order of an xtensor or numpy shape.
/// `auto [nz, ny, nx] = in.shape();` With <fmt/ranges.h> fmt prints it as any array: [40, 3838, 3710].
using shape = std::array<std::size_t, 3>;

/// The extents as messages print them.
MRCZ_INLINE std::string to_string(const shape& extents);

namespace detail {

/// Returns a * b. Throws `errc::too_large` if the product overflows; `what` names it in the message.
MRCZ_INLINE std::size_t checked_multiply(std::size_t a, std::size_t b, const char* what);

/// Converts `bytes` to a size in memory. Throws `errc::too_large` if the program has too few addresses for it, as a
/// 32-bit program may have. `what` names the object in the message.
MRCZ_INLINE std::size_t size_in_memory(std::uint64_t bytes, const char* what);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/shape.ipp"
#endif
