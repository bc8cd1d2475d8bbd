/// Printing values of this library with fmt.
#pragma once

#include "mrcz/core/error.hpp"

namespace mrcz::detail {

/// The common base of all formatters of this library. A formatter turns its value into a text, and this class prints
/// the text with the options that fmt has for texts: `{:>20}`, `{:.3}`.
class text_formatter {
 public:
  constexpr auto parse(fmt::format_parse_context& context) {
    const auto* const begin = context.begin();
    const auto* end = begin;
    while (end != context.end() && *end != '}') ++end;
    options_ = fmt::string_view{begin, static_cast<std::size_t>(end - begin)};
    return end;
  }

 protected:
  fmt::format_context::iterator print(fmt::string_view text, fmt::format_context& context) const;

 private:
  fmt::string_view options_;
};

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/text_formatter.ipp"
#endif
