/// The size of a slice, and printing of modes.
#pragma once

#include "mrcz/format/mode.hpp"

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"

namespace mrcz {

MRCZ_INLINE std::size_t slice_bytes(mode m, std::size_t ny, std::size_t nx) {
  return detail::checked_multiply(ny, detail::size_in_memory(row_bytes(m, nx), "a row"), "the size of a slice");
}

}  // namespace mrcz

MRCZ_INLINE fmt::format_context::iterator fmt::formatter<mrcz::mode>::format(mrcz::mode m,
                                                                             fmt::format_context& context) const {
  const std::string_view name = mrcz::name_of(m);
  return print(name.empty() ? fmt::format("{}", static_cast<std::int32_t>(m)) : std::string{name}, context);
}
