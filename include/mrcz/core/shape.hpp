/// The extents of a volume, and sizes that cannot overflow unnoticed.
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

/// a * b, or `errc::too_large` naming `what`.
MRCZ_INLINE std::size_t checked_multiply(std::size_t a, std::size_t b, const char* what);

/// `bytes`, which `what` has, as a size of something in memory. Throws `errc::too_large` where there are not as many
/// addresses, as in 32-bit programs.
MRCZ_INLINE std::size_t size_in_memory(std::uint64_t bytes, const char* what);

}  // namespace mrcz

/// Prints a shape as fmt/ranges.h prints arrays: [40, 3838, 3710]. Where a program has included that, it does.
#ifndef FMT_RANGES_H_
template <>
struct fmt::formatter<mrcz::shape> : mrcz::detail::text_formatter {
  fmt::format_context::iterator format(const mrcz::shape& extents, fmt::format_context& context) const;
};
#endif

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/shape.ipp"
#endif
