/// Sizes in bytes as people write and read them: 1024 bytes are 1K.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace sizes {

inline constexpr std::array<std::pair<char, std::uint64_t>, 5> units{{{'T', std::uint64_t{1} << 40U},
                                                                      {'G', std::uint64_t{1} << 30U},
                                                                      {'M', std::uint64_t{1} << 20U},
                                                                      {'K', std::uint64_t{1} << 10U},
                                                                      {'B', 1}}};

/// For example 1.49G or 352.0B; 0B for 0 bytes.
inline std::string pretty(std::uint64_t bytes) {
  for (const auto& [letter, unit] : units) {
    if (bytes < unit) continue;
    auto number = fmt::format("{:.2f}", static_cast<double>(bytes) / static_cast<double>(unit));
    if (number.back() == '0') number.pop_back();
    return number + letter;
  }
  return "0B";
}

/// For example 1.49G (1600000000B).
inline std::string with_bytes(std::uint64_t bytes) { return fmt::format("{} ({}B)", pretty(bytes), bytes); }

template <class Number>
std::optional<Number> parsed(std::string_view text) {
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Reads a whole number of bytes, or any number with a unit; a fraction of a byte is cut off. Returns nothing for other
/// text.
inline std::optional<std::int64_t> parsed_with_unit(std::string_view text) {
  for (const auto& [letter, unit] : units) {
    if (text.empty() || text.back() != letter) continue;
    const auto number = parsed<double>(text.substr(0, text.size() - 1));
    if (!number) return std::nullopt;
    const double bytes = *number * static_cast<double>(unit);
    if (!(std::abs(bytes) < 9e18)) return std::nullopt;
    return static_cast<std::int64_t>(bytes);
  }
  return parsed<std::int64_t>(text);
}

}  // namespace sizes
