/// The extents of a volume, and arithmetic of sizes that detects overflow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/text_formatter.hpp"

namespace mrcz {

/// Extents in voxels, slowest axis first: [nz, ny, nx], the order of an xtensor or numpy shape.
/// `auto [nz, ny, nx] = in.shape();`
using shape = std::array<std::size_t, 3>;

MRCZ_INLINE std::string to_string(const shape& extents);

namespace detail {

/// Returns a * b. Throws `errc::too_large` if the product overflows; `what` names it in the message.
MRCZ_INLINE std::size_t checked_multiply(std::size_t a, std::size_t b, const char* what);

/// Converts `bytes` to a size in memory. Throws `errc::too_large` if the program has too few addresses for it, as a
/// 32-bit program may have. `what` names the object in the message.
MRCZ_INLINE std::size_t size_in_memory(std::uint64_t bytes, const char* what);

}  // namespace detail

}  // namespace mrcz

/// Prints a shape as fmt/ranges.h prints arrays: [40, 3838, 3710]. If a program has included that header before this
/// one, that header prints shapes.
#ifndef FMT_RANGES_H_
template <>
struct fmt::formatter<mrcz::shape> : mrcz::detail::text_formatter {
  fmt::format_context::iterator format(const mrcz::shape& extents, fmt::format_context& context) const;
};
#endif

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/shape.ipp"
#endif
