#include "picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "printable.hpp"

namespace {

constexpr std::size_t gap = 2;  // pixels between two images of a sheet
constexpr auto nothing = std::numeric_limits<float>::quiet_NaN();

std::size_t divided_up(std::size_t count, std::size_t by) { return (count + by - 1) / by; }

/// The widths of the columns of a sheet and the heights of its rows.
struct grid {
  std::vector<std::size_t> heights;
  std::vector<std::size_t> widths;

  grid(const picture::sheet& of, std::size_t bin)
      : heights(divided_up(of.images.size(), of.columns)), widths(of.columns) {
    for (std::size_t i = 0; i < of.images.size(); ++i) {
      auto& height = heights[i / of.columns];
      auto& width = widths[i % of.columns];
      height = std::max(height, divided_up(of.images[i].rows, bin));
      width = std::max(width, divided_up(of.images[i].columns, bin));
    }
  }
};

/// Where the places in a row or column begin, and at last where they all end.
std::vector<std::size_t> begins(const std::vector<std::size_t>& lengths) {
  std::vector<std::size_t> found{0};
  for (const auto length : lengths) found.push_back(found.back() + length + gap);
  found.back() -= gap;
  return found;
}

/// As numpy: between two values where none has the rank.
float percentile(std::vector<float>& values, double percent) {
  const double rank = percent / 100 * static_cast<double>(values.size() - 1);
  const auto below = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), below, values.end());
  const auto above = below + 1 == values.end() ? below : std::min_element(below + 1, values.end());
  return static_cast<float>(*below + (rank - std::floor(rank)) * (*above - *below));
}

/// Seven rows of five pixels; the bit of the left one is the highest.
using glyph = std::array<std::uint8_t, 7>;

/// All that a label of a scale bar consists of.
glyph glyph_of(char32_t c) {
  switch (c) {
    case '0': return {0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110};
    case '1': return {0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110};
    case '2': return {0b01110, 0b10001, 0b00001, 0b00010, 0b00100, 0b01000, 0b11111};
    case '5': return {0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110};
    case '.': return {0, 0, 0, 0, 0, 0b01100, 0b01100};
    case 'n': return {0, 0, 0b10110, 0b11001, 0b10001, 0b10001, 0b10001};
    case 'm': return {0, 0, 0b11010, 0b10101, 0b10101, 0b10001, 0b10001};
    case U'Å': return {0b00100, 0b01010, 0b00100, 0b01010, 0b10001, 0b11111, 0b10001};
    default: return {};
  }
}

}  // namespace

picture::extents picture::sheet::size(std::size_t bin) const {
  const grid places{*this, bin};
  return {begins(places.heights).back(), begins(places.widths).back()};
}

std::size_t picture::sheet::binning(extents room) const {
  std::size_t most = 1;
  for (const auto& one : images) most = std::max({most, one.rows, one.columns});
  std::size_t bin = 1;
  for (auto taken = size(bin); bin < most && (taken.rows > room.rows || taken.columns > room.columns);
       taken = size(bin))
    ++bin;
  return bin;
}

mrcz::image<float> picture::binned(const mrcz::image<float>& voxels, std::size_t bin) {
  const std::size_t rows = voxels.shape(0);
  const std::size_t columns = voxels.shape(1);
  auto pixels = mrcz::image<float>::from_shape({divided_up(rows, bin), divided_up(columns, bin)});
  std::vector<double> sums(pixels.shape(1));
  std::vector<std::size_t> counts(pixels.shape(1));
  for (std::size_t row = 0; row < pixels.shape(0); ++row) {
    std::fill(sums.begin(), sums.end(), 0);
    std::fill(counts.begin(), counts.end(), 0);
    for (std::size_t y = row * bin; y < std::min((row + 1) * bin, rows); ++y)
      for (std::size_t x = 0; x < columns; ++x)
        if (const float voxel = voxels(y, x); std::isfinite(voxel)) {
          sums[x / bin] += static_cast<double>(voxel);
          ++counts[x / bin];
        }
    for (std::size_t i = 0; i < sums.size(); ++i)
      pixels(row, i) = counts[i] > 0 ? static_cast<float>(sums[i] / static_cast<double>(counts[i])) : nothing;
  }
  return pixels;
}

mrcz::image<float> picture::arranged(const sheet& places, std::size_t bin,
                                     const std::vector<mrcz::image<float>>& images) {
  const grid of{places, bin};
  const auto tops = begins(of.heights);
  const auto lefts = begins(of.widths);
  mrcz::image<float> pixels{{tops.back(), lefts.back()}, nothing};
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::size_t row = i / places.columns;
    const std::size_t bottom = tops[row] + of.heights[row] - 1;
    const std::size_t left = lefts[i % places.columns];
    for (std::size_t y = 0; y < images[i].shape(0); ++y)
      for (std::size_t x = 0; x < images[i].shape(1); ++x) pixels(bottom - y, left + x) = images[i](y, x);
  }
  return pixels;
}

picture::greys picture::greys_of(const mrcz::image<float>& pixels, const contrast& wanted) {
  std::vector<float> finite;
  std::copy_if(pixels.begin(), pixels.end(), std::back_inserter(finite), [](float v) { return std::isfinite(v); });
  greys found{{pixels.shape(0), pixels.shape(1)}, 0};
  if (finite.empty()) return found;
  const double low = percentile(finite, wanted.low);
  const double high = percentile(finite, wanted.high);
  const auto grey = [&](float value) -> std::uint8_t {
    if (!std::isfinite(value)) return 0;
    if (!(high > low)) return 128;
    const double part = std::clamp((static_cast<double>(value) - low) / (high - low), 0.0, 1.0);
    return static_cast<std::uint8_t>(std::lround(255 * std::pow(part, 1 / wanted.gamma)));
  };
  std::transform(pixels.begin(), pixels.end(), found.begin(), grey);
  return found;
}

std::optional<picture::scale_bar> picture::bar_for(std::size_t columns, double angstrom_per_pixel) {
  const double most = static_cast<double>(columns) / 4 * angstrom_per_pixel;
  if (!(most > 0 && std::isfinite(most))) return std::nullopt;
  double length = std::pow(10, std::floor(std::log10(most)));
  for (const double more : {5.0, 2.0})
    if (length * more <= most) {
      length *= more;
      break;
    }
  if (length < angstrom_per_pixel) return std::nullopt;
  return scale_bar{static_cast<std::size_t>(std::lround(length / angstrom_per_pixel)),
                   length < 10 ? fmt::format("{:g} Å", length) : fmt::format("{:.0f} nm", length / 10)};
}

picture::greys picture::with_bar(const greys& of, const scale_bar& bar) {
  constexpr std::size_t margin = 3;
  constexpr std::size_t letter = 6;  // columns, with the gap after it
  constexpr std::size_t height = glyph{}.size();
  std::vector<glyph> label;
  for (std::size_t at = 0; at < bar.label.size();) label.push_back(glyph_of(*text::next_character(bar.label, at)));
  const std::size_t label_at = margin + bar.pixels + margin;
  const std::size_t columns = std::max(of.shape(1), label_at + label.size() * letter + margin);
  greys with{{of.shape(0) + height + 2 * margin, columns}, 0};
  for (std::size_t y = 0; y < of.shape(0); ++y)
    for (std::size_t x = 0; x < of.shape(1); ++x) with(y, x) = of(y, x);
  const std::size_t top = of.shape(0) + margin;
  for (std::size_t y = 2; y + 2 < height; ++y)
    for (std::size_t x = 0; x < bar.pixels; ++x) with(top + y, margin + x) = 255;
  for (std::size_t i = 0; i < label.size(); ++i)
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x + 1 < letter; ++x)
        if ((label[i][y] >> (letter - 2 - x) & 1U) != 0) with(top + y, label_at + i * letter + x) = 255;
  return with;
}
