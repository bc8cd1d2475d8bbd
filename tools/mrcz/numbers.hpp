/// Numbers and ranges as users type them: 1.5 or 1,2,3 along x, y, z; 10:5 for five slices from slice 10 on.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "mrcz/core/region.hpp"
#include "mrcz/format/header.hpp"
#include "sizes.hpp"

namespace numbers {

inline std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0, end = 0; end != text.npos; begin = end + 1) {
    end = text.find(at, begin);
    parts.push_back(text.substr(begin, end - begin));
  }
  return parts;
}

template <class Number>
Number parsed(const char* option, std::string_view text) {
  const auto number = sizes::parsed<Number>(text);
  if (!number) throw CLI::ValidationError{option, fmt::format("'{}' is no such number", text)};
  return *number;
}

/// X,Y,Z, or one number for all three if `one_for_all`.
template <class Number>
mrcz::per_axis<Number> along_axes(const char* option, const std::string& text, bool one_for_all = false) {
  const auto parts = split(text, ',');
  if (one_for_all && parts.size() == 1) {
    const auto number = parsed<Number>(option, parts[0]);
    return {number, number, number};
  }
  if (parts.size() != 3) throw CLI::ValidationError{option, fmt::format("'{}' is not X,Y,Z", text)};
  return {parsed<Number>(option, parts[0]), parsed<Number>(option, parts[1]), parsed<Number>(option, parts[2])};
}

/// FIRST:COUNT, FIRST: for all from there on, or FIRST for one.
inline mrcz::range range(const char* option, std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() > 2) throw CLI::ValidationError{option, fmt::format("'{}' is not FIRST:COUNT", text)};
  mrcz::range found{.first = parsed<std::size_t>(option, parts[0]), .count = 1};
  if (parts.size() == 2) found.count.reset();
  if (parts.size() == 2 && !parts[1].empty()) found.count = parsed<std::size_t>(option, parts[1]);
  return found;
}

/// Z,Y,X, each a range; an empty one is the whole axis.
inline mrcz::region region(const char* option, const std::string& text) {
  const auto parts = split(text, ',');
  if (parts.size() != 3) throw CLI::ValidationError{option, fmt::format("'{}' is not Z,Y,X", text)};
  const auto axis = [&](std::size_t i) { return parts[i].empty() ? mrcz::range{} : range(option, parts[i]); };
  return {.z = axis(0), .y = axis(1), .x = axis(2)};
}

}  // namespace numbers
