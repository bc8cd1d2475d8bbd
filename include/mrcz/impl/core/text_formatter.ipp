/// Texts with the options of fmt.
#pragma once

#include "mrcz/core/text_formatter.hpp"

#include <algorithm>
#include <string>

#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE fmt::format_context::iterator text_formatter::print(fmt::string_view text,
                                                                fmt::format_context& context) const {
  const std::string format = "{:" + std::string{options_.data(), options_.size()} + '}';
  const std::string printed = fmt::vformat(format, fmt::make_format_args(text));
  return std::copy(printed.begin(), printed.end(), context.out());
}

}  // namespace mrcz::detail
