// mrcz stats: statistics, percentiles and a histogram of the voxels.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/summarise_voxels.hpp"
#include "printable.hpp"

namespace {

struct arguments {
  std::vector<std::string> paths;
  std::vector<double> percentiles{1, 25, 50, 75, 99};
  std::size_t bins = 16;
  bool slices = false;
};

std::string shown(const mrcz::voxel_statistics& of, bool complex) {
  const auto number = [](const std::optional<double>& value) { return value ? fmt::format("{:g}", *value) : "-"; };
  const auto& s = of.of_finite;
  if (complex) return fmt::format("rms {}; complex numbers have no minimum, maximum and mean here", number(s.rms));
  std::string text =
      fmt::format("min {}, max {}, mean {}, rms {}", number(s.min), number(s.max), number(s.mean), number(s.rms));
  if (of.nan > 0) text += fmt::format(", {} NaN", of.nan);
  if (of.infinite > 0) text += fmt::format(", {} infinite", of.infinite);
  return text;
}

void print_histogram(const mrcz::voxel_summary& found) {
  const auto most = *std::max_element(found.histogram.begin(), found.histogram.end());
  const double min = *found.all.of_finite.min;
  const double width = (*found.all.of_finite.max - min) / static_cast<double>(found.histogram.size());
  for (std::size_t i = 0; i < found.histogram.size(); ++i) {
    constexpr double columns = 50;
    const auto part = static_cast<double>(found.histogram[i]) / static_cast<double>(most);
    const auto bar = std::string(static_cast<std::size_t>(std::ceil(part * columns)), '#');
    fmt::print("  {:>12.6g} {:>12} {}\n", min + static_cast<double>(i) * width, found.histogram[i], bar);
  }
}

void print(const std::string& path, const arguments& given) {
  const mrcz::reader in{path, {.threads = 1}};
  const auto found = mrcz::summarise_voxels(in, {.percentiles = given.percentiles, .bins = given.bins});
  const bool complex = mrcz::detail::is_complex_mode(in.mode());
  fmt::print("{}\n  {}\n", text::printable(path), shown(found.all, complex));
  for (std::size_t i = 0; i < found.percentiles.size(); ++i)
    fmt::print("  {:g} % of the voxels are at most {:g}\n", given.percentiles[i], found.percentiles[i]);
  if (!found.histogram.empty()) print_histogram(found);
  if (!given.slices) return;
  for (std::size_t z = 0; z < found.slices.size(); ++z)
    fmt::print("  slice {}: {}\n", z, shown(found.slices[z], complex));
}

}  // namespace

command::action command::add_stats(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub =
      program.add_subcommand("stats", "Show minimum, maximum, mean, rms, percentiles and a histogram of voxels");
  sub->add_option("FILE", given->paths, "MRC or MRCZ files")->required();
  sub->add_option("--percentiles", given->percentiles, "Show these percentiles")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0.0, 100.0))
      ->default_str("1,25,50,75,99");
  sub->add_option("--bins", given->bins, "The number of bars of the histogram; 0: no histogram")
      ->check(CLI::Range(0, 10000))
      ->capture_default_str();
  sub->add_flag("--slices", given->slices, "Also show each slice");
  sub->footer("Example:\n  mrcz stats --slices --bins 0 movie.mrcz");
  return [given] { return manners::for_each(given->paths, [&](const std::string& path) { print(path, *given); }); };
}
