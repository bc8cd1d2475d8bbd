/// Printing of modes.
#pragma once

#include "mrcz/format/mode.hpp"

#include "mrcz/core/linkage.hpp"

MRCZ_INLINE fmt::format_context::iterator fmt::formatter<mrcz::mode>::format(mrcz::mode m,
                                                                             fmt::format_context& context) const {
  const std::string_view name = mrcz::name_of(m);
  return print(name.empty() ? fmt::format("{}", static_cast<std::int32_t>(m)) : std::string{name}, context);
}
