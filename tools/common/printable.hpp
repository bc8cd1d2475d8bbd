/// Makes text from files and users fit for a terminal and for one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace text {

/// Returns the UTF-8 character that begins at `at`, and moves `at` to the next one. If no valid character begins there,
/// it returns nothing and moves `at` by one byte. Not valid are characters with missing bytes, bytes in the wrong
/// place, encodings that are longer than necessary, halves of surrogate pairs, and characters beyond U+10FFFF.
inline std::optional<char32_t> next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::size_t begin = at++;
  const std::uint32_t first = byte(begin);
  if (first < 0x80) return first;
  const std::size_t more = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;
  if (more == 0 || text.size() - at < more) return std::nullopt;
  std::uint32_t character = first & (0x3fU >> more);
  for (std::size_t i = 0; i < more; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80) return std::nullopt;
    character = character << 6U | (byte(at + i) & 0x3fU);
  }
  constexpr std::uint32_t least[] = {0, 0x80, 0x800, 0x10000};
  if (character < least[more] || (character >= 0xd800 && character < 0xe000) || character > 0x10ffff)
    return std::nullopt;
  at += more;
  return character;
}

/// Whether a character moves the cursor, controls the terminal, breaks the line, changes the direction of the text
/// around it, or cannot be seen. The zero-width joiner and non-joiner are not hidden, because scripts and emoji need
/// them.
inline bool is_hidden(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e || c == 0x200b || c == 0x200e ||
         c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

/// Writes a character as C and Python do: \x1b, \u202e, \U000e0041.
inline std::string escaped(char32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  const auto number = static_cast<std::uint32_t>(c);
  return c < 0x100     ? fmt::format("\\x{:02x}", number)
         : c < 0x10000 ? fmt::format("\\u{:04x}", number)
                       : fmt::format("\\U{:08x}", number);
}

/// Writes a character as JSON does inside a string: \u001b, \udb40\udc41.
inline std::string escaped_in_json(char32_t c) {
  const auto number = static_cast<std::uint32_t>(c);
  if (c < 0x10000) return fmt::format("\\u{:04x}", number);
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd7c0 + (number >> 10U), 0xdc00 + (number & 0x3ffU));
}

/// Escapes hidden characters and bytes that are not UTF-8, so that the text is always one line. Everything else stays
/// as it is, backslashes too: the result is for people and cannot be parsed.
inline std::string printable(std::string_view text) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const auto c = next_character(text, at);
    if (!c) shown += escaped(static_cast<unsigned char>(text[begin]));
    else if (is_hidden(*c)) shown += escaped(*c);
    else shown += text.substr(begin, at - begin);
  }
  return shown;
}

/// As `printable`, for JSON in valid UTF-8. The result is the same JSON: hidden characters are only possible in its
/// strings, except for the ends of lines, which stay.
inline std::string printable_json(std::string_view json) {
  std::string shown;
  for (std::size_t at = 0; at < json.size();) {
    const std::size_t begin = at;
    const auto c = next_character(json, at);
    if (c && *c != '\n' && is_hidden(*c)) shown += escaped_in_json(*c);
    else shown += json.substr(begin, at - begin);
  }
  return shown;
}

}  // namespace text
