/// Definitions of `format/symmetry_operators.hpp`.
#pragma once

#include "mrcz/format/symmetry_operators.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "mrcz/core/error.hpp"
#include "mrcz/format/labels.hpp"
#include "mrcz/format/record_layout.hpp"

namespace mrcz {

namespace detail {

inline constexpr std::size_t symmetry_line = 80;

}  // namespace detail

MRCZ_INLINE std::vector<ccp4> ccp4::all_in(const extended_header& from) {
  if (from.exttyp != exttyp && !(from.type().empty() && from.is_symmetry_text())) detail::fail_no_records(from, "CCP4");
  std::vector<ccp4> all;
  const std::string_view text{reinterpret_cast<const char*>(from.bytes.data()), from.bytes.size()};
  for (std::size_t at = 0; at < text.size(); at += detail::symmetry_line)
    if (const auto line = labels::trimmed(text.substr(at, detail::symmetry_line)); !line.empty())
      all.push_back({std::string{line}});
  return all;
}

MRCZ_INLINE void ccp4::replace_in(extended_header& to, std::span<const ccp4> all) {
  std::string text;
  for (const ccp4& one : all) {
    const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
    if (one.line.size() > detail::symmetry_line || !std::all_of(one.line.begin(), one.line.end(), is_printable))
      detail::fail_expected(errc::bad_option,
                            detail::text("a line of symmetry operators has {} characters", one.line.size()),
                            detail::text("at most {}, all printable ASCII", detail::symmetry_line));
    text += one.line + std::string(detail::symmetry_line - one.line.size(), ' ');
  }
  const auto bytes = std::as_bytes(std::span{text});
  to = {.exttyp = exttyp, .bytes = {bytes.begin(), bytes.end()}, .sections = to.sections};
}

}  // namespace mrcz
