#include "terminal.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

#include "standard_streams.hpp"

std::optional<picture::extents> terminal::room() {
  const auto window = standard_streams::window();
  if (!window) return std::nullopt;
  constexpr std::size_t other_lines = 2;  // the bar and the prompt
  const std::size_t lines = std::max(window->lines, other_lines + 1) - other_lines;
  return picture::extents{2 * lines, window->columns};
}

std::string terminal::in_half_blocks(const picture::greys& pixels) {
  const std::size_t rows = pixels.shape(0);
  std::string text;
  for (std::size_t y = 0; y < rows; y += 2) {
    int upper = -1;  // the colours that are set
    int lower = -1;
    for (std::size_t x = 0; x < pixels.shape(1); ++x) {
      if (const int grey = pixels(y, x); grey != upper) text += fmt::format("\x1b[38;2;{0};{0};{0}m", upper = grey);
      if (y + 1 < rows)
        if (const int grey = pixels(y + 1, x); grey != lower)
          text += fmt::format("\x1b[48;2;{0};{0};{0}m", lower = grey);
      text += "▀";
    }
    text += "\x1b[0m\n";
  }
  return text;
}

std::string terminal::in_characters(const picture::greys& pixels) {
  constexpr std::string_view ramp = " .:-=+*#%@";
  const std::size_t rows = pixels.shape(0);
  std::string text;
  for (std::size_t y = 0; y < rows; y += 2) {
    for (std::size_t x = 0; x < pixels.shape(1); ++x) {
      const unsigned grey = (pixels(y, x) + unsigned{pixels(std::min(y + 1, rows - 1), x)}) / 2;
      text += ramp[grey * ramp.size() / 256];
    }
    text += '\n';
  }
  return text;
}

std::string terminal::drawn(const picture::scale_bar& bar) {
  std::string line;
  for (std::size_t i = 0; i < bar.pixels; ++i) line += "━";
  return line + " " + bar.label + "\n";
}
