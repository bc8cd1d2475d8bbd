// mrcz view: draws voxels as a PNG file or on the terminal.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/reader.hpp"
#include "names.hpp"
#include "numbers.hpp"
#include "overrides.hpp"
#include "picture.hpp"
#include "png.hpp"
#include "power_spectrum.hpp"
#include "progress.hpp"
#include "signals.hpp"
#include "standard_streams.hpp"
#include "terminal.hpp"

namespace {

struct arguments {
  std::string path;
  std::optional<std::string> out;
  std::optional<std::size_t> slice;
  bool mean = false;
  bool maximum = false;
  bool sections = false;
  std::optional<std::string> montage;
  bool power = false;
  std::string contrast = "1,99";
  double gamma = 1;
  std::size_t size = 1024;
  bool force = false;
  manners::overrides overrides;
};

/// Of complex numbers, the amplitude.
template <class Voxel>
float shown(Voxel voxel) {
  if constexpr (std::is_same_v<Voxel, mrcz::complex_int16>)
    return std::hypot(static_cast<float>(voxel.re), static_cast<float>(voxel.im));
  else if constexpr (std::is_same_v<Voxel, std::complex<float>>) return std::abs(voxel);
  else if constexpr (std::is_same_v<Voxel, mrcz::half>) return mrcz::to_float(voxel);
  else return static_cast<float>(voxel);
}

/// Combines slices voxel by voxel, in the memory of one slice and of the result.
template <class Combine>
mrcz::image<float> along_z(const mrcz::reader& in, const mrcz::range& z, float first, Combine combine) {
  return in.visit([&]<class Voxel>(std::type_identity<Voxel>) {
    const auto wanted =
        mrcz::detail::with_context(in.source().name(), [&] { return mrcz::detail::resolve(z, in.shape()[0], 'z'); });
    auto slice = mrcz::image<Voxel>::from_shape({in.shape()[1], in.shape()[2]});
    mrcz::image<float> found{{slice.shape(0), slice.shape(1)}, first};
    for (std::size_t i = wanted.first; i < wanted.end(); ++i) {
      in.read_slice(i, slice);
      std::transform(found.begin(), found.end(), slice.begin(), found.begin(),
                     [&](float so_far, Voxel voxel) { return combine(so_far, shown(voxel)); });
    }
    return found;
  });
}

mrcz::image<float> slice(const mrcz::reader& in, std::size_t z) {
  return along_z(in, {.first = z, .count = 1}, 0, std::plus<float>{});
}

mrcz::image<float> mean(const mrcz::reader& in) {
  auto sum = along_z(in, {}, 0, std::plus<float>{});
  sum /= static_cast<float>(in.shape()[0]);
  return sum;
}

mrcz::image<float> maximum(const mrcz::reader& in) {
  return along_z(in, {}, -std::numeric_limits<float>::infinity(), [](float a, float b) { return std::max(a, b); });
}

/// A box that is one voxel thick along y or x. The rows of the image follow z.
mrcz::image<float> upright(const mrcz::reader& in, const mrcz::region& box) {
  return in.visit([&]<class Voxel>(std::type_identity<Voxel>) {
    const auto voxels = in.read_region<Voxel>(box);
    auto found = mrcz::image<float>::from_shape({voxels.shape(0), voxels.shape(1) * voxels.shape(2)});
    std::transform(voxels.begin(), voxels.end(), found.begin(), shown<Voxel>);
    return found;
  });
}

mrcz::image<float> turned(const mrcz::image<float>& of) {
  auto found = mrcz::image<float>::from_shape({of.shape(1), of.shape(0)});
  for (std::size_t y = 0; y < found.shape(0); ++y)
    for (std::size_t x = 0; x < found.shape(1); ++x) found(y, x) = of(x, y);
  return found;
}

/// The images that are shown. Each is read when it is wanted.
struct contents {
  picture::sheet places;
  std::vector<std::function<mrcz::image<float>()>> images{};
};

contents sections(const mrcz::reader& in) {
  const auto [nz, ny, nx] = in.shape();
  return {{.columns = 2, .images = {{nz, nx}, {0, 0}, {ny, nx}, {ny, nz}}},
          {[&in, y = ny / 2] { return upright(in, {.y = {.first = y, .count = 1}}); },
           [] { return mrcz::image<float>{}; }, [&in, z = nz / 2] { return slice(in, z); },
           [&in, x = nx / 2] { return turned(upright(in, {.x = {.first = x, .count = 1}})); }}};
}

/// Slices at equal distances; fewer if there are not as many.
contents montage(const mrcz::reader& in, const std::string& text) {
  const auto parts = numbers::split(text, 'x');
  if (parts.size() != 2) throw CLI::ValidationError{"--montage", fmt::format("'{}' is not COLSxROWS", text)};
  const auto columns = numbers::parsed<std::uint16_t>("--montage", parts[0]);
  const auto rows = numbers::parsed<std::uint16_t>("--montage", parts[1]);
  if (columns == 0 || rows == 0) throw CLI::ValidationError{"--montage", fmt::format("'{}' has no place", text)};
  const auto [nz, ny, nx] = in.shape();
  const std::size_t count = std::min(std::size_t{columns} * rows, nz);
  contents all{{.columns = std::min<std::size_t>(columns, count)}};
  for (std::size_t i = 0; i < count; ++i) {
    all.places.images.push_back({ny, nx});
    all.images.emplace_back([&in, z = i * nz / count] { return slice(in, z); });
  }
  return all;
}

contents wanted_of(const mrcz::reader& in, const arguments& given) {
  if (given.sections) return sections(in);
  if (given.montage) return montage(in, *given.montage);
  contents one{{.images = {{in.shape()[1], in.shape()[2]}}}};
  if (given.mean) one.images.emplace_back([&in] { return mean(in); });
  else if (given.maximum) one.images.emplace_back([&in] { return maximum(in); });
  else one.images.emplace_back([&in, z = given.slice.value_or(in.shape()[0] / 2)] { return slice(in, z); });
  return one;
}

/// Along the columns of the file; nothing if the file does not say.
std::optional<double> angstrom_per_voxel(const mrcz::reader& in) {
  const auto size = in.voxel_size();
  if (!size) return std::nullopt;
  const auto& h = in.header();
  return h.has_axes() && h.mapc != 1 ? (h.mapc == 2 ? size->y : size->z) : size->x;
}

picture::contrast contrast_of(const arguments& given) {
  const auto parts = numbers::split(given.contrast, ',');
  if (parts.size() != 2) throw CLI::ValidationError{"--contrast", fmt::format("'{}' is not LOW,HIGH", given.contrast)};
  const picture::contrast found{.low = numbers::parsed<double>("--contrast", parts[0]),
                                .high = numbers::parsed<double>("--contrast", parts[1]),
                                .gamma = given.gamma};
  if (!(found.low >= 0 && found.low < found.high && found.high <= 100))
    throw CLI::ValidationError{"--contrast", fmt::format("'{}' is no range within 0 to 100", given.contrast)};
  if (!(given.gamma >= 0.01 && given.gamma <= 100))
    throw CLI::ValidationError{"--gamma", fmt::format("{} is not 0.01 to 100", given.gamma)};
  return found;
}

struct drawing {
  picture::greys pixels;
  std::optional<picture::scale_bar> bar{};
};

drawing draw(const arguments& given, picture::extents room, const std::stop_token* stop) {
  const auto contrast = contrast_of(given);
  std::atomic<std::uint64_t> done = 0;
  auto options = given.overrides.options();
  options.stop = stop;
  options.progress = &done;
  const mrcz::reader in{given.path, options};
  const auto wanted = wanted_of(in, given);
  const std::size_t bin = wanted.places.binning(room);
  std::vector<mrcz::image<float>> images;
  {
    const bool all_slices = given.mean || given.maximum;
    const auto total = in.shape()[0] * std::uint64_t{in.stored_format().bytes()};
    const progress_bar bar{done, all_slices ? std::optional{total} : std::nullopt};
    for (const auto& read : wanted.images)
      images.push_back(picture::binned(given.power ? power_spectrum(read()) : read(), bin));
  }
  signals::throw_if_interrupted();
  drawing made{picture::greys_of(picture::arranged(wanted.places, bin, images), contrast)};
  if (const auto size = angstrom_per_voxel(in); size && !given.power)
    made.bar = picture::bar_for((in.shape()[2] + bin - 1) / bin, *size * static_cast<double>(bin));
  return made;
}

void write(const arguments& given, const std::stop_token* stop) {
  if (!standard_streams::is_meant_by(*given.out) && !names::is_png(*given.out))
    throw manners::refusal{fmt::format("{}: does not end in .png, but PNG would be written", *given.out)};
  if (!png::is_available()) throw manners::refusal{"mrcz was compiled without libpng, which writes PNG files"};
  manners::require_no_input({given.path}, *given.out);
  const auto out = manners::open_sink(*given.out, given.force);
  const auto made = draw(given, {given.size, given.size}, stop);
  out->write_at(0, png::encoded(made.bar ? picture::with_bar(made.pixels, *made.bar) : made.pixels));
  out->publish();
}

void print(const arguments& given, picture::extents room, const std::stop_token* stop) {
  const auto made = draw(given, {std::min(room.rows, given.size), std::min(room.columns, given.size)}, stop);
  const char* no_colour = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  const bool in_colour = no_colour == nullptr || *no_colour == '\0';
  fmt::print("{}", in_colour ? terminal::in_half_blocks(made.pixels) : terminal::in_characters(made.pixels));
  if (made.bar) fmt::print("{}", terminal::drawn(*made.bar));
}

int view(const arguments& given) {
  const auto room = terminal::room();
  if (!given.out && !room) throw CLI::ValidationError{"-o", "must name a PNG file, as standard output is no terminal"};
  if (given.power && !has_power_spectrum())
    throw manners::refusal{"mrcz was compiled without kissfft, which --power needs"};
  signals::handle();
  const signals::stop by_signal;
  if (given.out) write(given, by_signal.token());
  else print(given, *room, by_signal.token());
  return manners::done;
}

}  // namespace

command::action command::add_view(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("view", "Draw voxels as a PNG file, or on the terminal");
  sub->add_option("FILE", given->path, "The file to read, also a packed one")->required();
  sub->add_option("-o,--output", given->out,
                  "The PNG file to write; - is standard output; not stated: draws on the terminal");
  auto* slice = sub->add_option("--slice", given->slice, "Show this slice; not stated: the middle one");
  auto* mean = sub->add_flag("--mean", given->mean, "Show the mean along z")->excludes(slice);
  auto* maximum = sub->add_flag("--maximum", given->maximum, "Show the maximum along z");
  maximum->excludes(slice)->excludes(mean);
  auto* sections = sub->add_flag("--sections", given->sections, "Show the three sections through the middle");
  sections->excludes(slice)->excludes(mean)->excludes(maximum);
  auto* montage = sub->add_option("--montage", given->montage, "COLSxROWS: show so many slices at equal distances");
  montage->excludes(slice)->excludes(mean)->excludes(maximum)->excludes(sections);
  sub->add_flag("--power", given->power, "Show the logarithm of the power spectrum of each image")->excludes(sections);
  sub->add_option("--contrast", given->contrast,
                  "LOW,HIGH: these percentiles of the pixels, and what is beyond them, are black and white")
      ->capture_default_str();
  sub->add_option("--gamma", given->gamma, "0.01 to 100; more than 1 brightens what is dark")->capture_default_str();
  sub->add_option("--size", given->size, "The most pixels along x and y; larger images are binned")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  given->overrides.add_to(*sub);
  manners::add_force(*sub, given->force);
  sub->footer(
      "The first row is at the bottom. Of complex voxels the amplitude is shown. NO_COLOR draws with characters.\n"
      "Example:\n  mrcz view --montage 5x4 -o sheet.png particles.mrcs");
  return [given] { return view(*given); };
}
