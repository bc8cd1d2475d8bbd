// What mrcz view draws: from voxels to grey pixels, and from those to a terminal.
#include "picture.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "png.hpp"
#include "power_spectrum.hpp"
#include "terminal.hpp"

namespace {

constexpr auto NaN = std::numeric_limits<float>::quiet_NaN();

using image = mrcz::image<float>;
using picture::greys;

std::vector<int> values_of(const greys& pixels) { return {pixels.begin(), pixels.end()}; }

}  // namespace

TEST_CASE("a pixel is the average of its voxels, also at an edge where there are fewer") {
  const image voxels{{0, 2, 5}, {4, 6, 7}, {1, 3, 9}};
  CHECK(picture::binned(voxels, 1) == voxels);
  CHECK(picture::binned(voxels, 2) == image{{3, 6}, {2, 9}});
  CHECK(picture::binned(voxels, 3) == image{{37.0F / 9}});
}

TEST_CASE("voxels that are not finite do not count, and a pixel that has no others is NaN") {
  const auto pixels = picture::binned(image{{NaN, 2, NaN, NaN}, {INFINITY, 4, NaN, NaN}}, 2);
  CHECK(pixels(0, 0) == 3);
  CHECK(std::isnan(pixels(0, 1)));
}

TEST_CASE("a sheet is binned until it fits, and no further than one pixel per image") {
  const picture::sheet one{.images = {{4096, 3000}}};
  CHECK(one.binning({5000, 5000}) == 1);
  CHECK(one.binning({1024, 1024}) == 4);
  CHECK(one.size(4) == picture::extents{1024, 750});
  CHECK(one.binning({1023, 5000}) == 5);
  const picture::sheet four{.columns = 2, .images = {{10, 20}, {10, 20}, {10, 20}, {10, 20}}};
  CHECK(four.size() == picture::extents{22, 42});
  CHECK(four.binning({12, 22}) == 2);
  CHECK(four.binning({1, 1}) == 20);
}

TEST_CASE("the first row of voxels is at the bottom of a picture") {
  const picture::sheet place{.images = {{2, 2}}};
  CHECK(picture::arranged(place, 1, {image{{1, 2}, {3, 4}}}) == image{{3, 4}, {1, 2}});
}

TEST_CASE("images of different extents stand at the lower left of their places, two pixels apart") {
  const picture::sheet places{.columns = 2, .images = {{1, 2}, {0, 0}, {1, 1}, {2, 1}}};
  const auto sheet = picture::arranged(places, 1, {image{{1, 2}}, image{}, image{{3}}, image{{4}, {5}}});
  REQUIRE(places.size() == picture::extents{5, 5});
  const image expected{{1, 2, 0, 0, 0}, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 5}, {3, 0, 0, 0, 4}};
  for (std::size_t y = 0; y < 5; ++y)
    for (std::size_t x = 0; x < 5; ++x) CHECK((std::isnan(sheet(y, x)) ? 0 : sheet(y, x)) == expected(y, x));
}

TEST_CASE("percentiles become black and white, and what is beyond them too") {
  const image ramp{{0, 1, 2, 3, 4}};
  CHECK(values_of(picture::greys_of(ramp, {.low = 0, .high = 100})) == std::vector{0, 64, 128, 191, 255});
  CHECK(values_of(picture::greys_of(ramp, {.low = 25, .high = 75})) == std::vector{0, 0, 128, 255, 255});
  CHECK(values_of(picture::greys_of(ramp, {.low = 12.5, .high = 87.5})) == std::vector{0, 43, 128, 213, 255});
}

TEST_CASE("gamma brightens what is dark and keeps black and white") {
  CHECK(values_of(picture::greys_of(image{{0, 1, 4}}, {.low = 0, .high = 100, .gamma = 2})) ==
        std::vector{0, 128, 255});
}

TEST_CASE("pixels that are not finite are black and do not change the contrast; equal pixels are grey") {
  CHECK(values_of(picture::greys_of(image{{NaN, 1, INFINITY, 3}}, {.low = 0, .high = 100})) ==
        std::vector{0, 0, 0, 255});
  CHECK(values_of(picture::greys_of(image{{NaN, NaN}}, {})) == std::vector{0, 0});
  CHECK(values_of(picture::greys_of(image{{7, 7}}, {})) == std::vector{128, 128});
}

TEST_CASE("a scale bar has a round length of a quarter of the image or less") {
  const auto bar = [](std::size_t columns, double angstrom) {
    const auto found = picture::bar_for(columns, angstrom);
    return found ? found->label + " " + std::to_string(found->pixels) : "none";
  };
  CHECK(bar(1000, 1) == "20 nm 200");
  CHECK(bar(100, 0.4) == "1 nm 25");
  CHECK(bar(100, 0.399) == "5 Å 13");
  CHECK(bar(100, 0.02) == "0.5 Å 25");
  CHECK(bar(1000, 80) == "2000 nm 250");
  CHECK(bar(5, 1) == "1 Å 1");
  CHECK(bar(3, 1) == "none");
  CHECK(bar(1000, 0) == "none");
  CHECK(bar(1000, -1) == "none");
  CHECK(bar(1000, NaN) == "none");
}

TEST_CASE("the bar is below the picture, which stays as it is, and its label has room") {
  const auto with = picture::with_bar(greys{{9, 8, 7}}, {.pixels = 2, .label = "5 Å"});
  CHECK(with.shape(0) == 1 + 13);
  CHECK(with.shape(1) == 3 + 2 + 3 + 3 * 6 + 3);
  CHECK((with(0, 0) == 9 && with(0, 2) == 7 && with(0, 3) == 0));
  CHECK((with(7, 2) == 0 && with(7, 3) == 255 && with(7, 4) == 255 && with(7, 5) == 0));
  CHECK(picture::with_bar(greys{{100, 200}, 0}, {.pixels = 50, .label = "5 Å"}).shape(1) == 200);
}

TEST_CASE("a wave becomes two peaks beside frequency zero, in even and odd extents") {
  if (!has_power_spectrum()) return;
  for (const std::size_t rows : {8U, 9U})
    for (const std::size_t columns : {16U, 15U}) {
      auto wave = image::from_shape({rows, columns});
      for (std::size_t y = 0; y < rows; ++y)
        for (std::size_t x = 0; x < columns; ++x) {
          const double phase = 3.0 * static_cast<double>(x) / static_cast<double>(columns) +
                               2.0 * static_cast<double>(y) / static_cast<double>(rows);
          wave(y, x) = static_cast<float>(std::cos(2 * 3.14159265358979 * phase));
        }
      wave(0, 0) = NaN;  // counts as zero
      const auto power = power_spectrum(wave);
      REQUIRE((power.shape(0) == rows && power.shape(1) == columns));
      for (std::size_t y = 0; y < rows; ++y)
        for (std::size_t x = 0; x < columns; ++x) {
          const bool peak = (y == rows / 2 + 2 && x == columns / 2 + 3) || (y == rows / 2 - 2 && x == columns / 2 - 3);
          CHECK((power(y, x) > 2) == peak);
        }
    }
}

TEST_CASE("two rows of pixels are one line on a terminal, and colours are set where they change") {
  CHECK(terminal::in_half_blocks(greys{{0, 0}, {255, 9}, {3, 3}}) ==
        "\x1b[38;2;0;0;0m\x1b[48;2;255;255;255m▀\x1b[48;2;9;9;9m▀\x1b[0m\n"
        "\x1b[38;2;3;3;3m▀▀\x1b[0m\n");
}

TEST_CASE("without colours brighter characters are brighter pixels") {
  CHECK(terminal::in_characters(greys{{0, 255, 255}, {0, 255, 0}, {128, 26, 25}}) == " @=\n+. \n");
}

TEST_CASE("a PNG begins as one, and says how many pixels it has") {
  if (!png::is_available()) return;
  const auto bytes = png::encoded(greys{{0, 1, 2}, {3, 4, 5}});
  REQUIRE(bytes.size() > 33);
  CHECK(std::string{reinterpret_cast<const char*>(bytes.data()), 8} == "\x89PNG\r\n\x1a\n");
  CHECK((bytes[19] == std::byte{3} && bytes[23] == std::byte{2}));
}
