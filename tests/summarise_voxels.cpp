#include "mrcz/summarise_voxels.hpp"

#include <algorithm>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "tests/whole_files.hpp"

namespace {

constexpr mrcz::shape extents{5, 20, 31};

template <class E>
mrcz::reader file_with(const E& voxels, const mrcz::write_options& options = {}) {
  return test::reader_of(test::file_with(voxels, options), {.threads = 1});
}

/// A percentile as numpy has it.
double percentile(std::vector<double> all, double p) {
  std::sort(all.begin(), all.end());
  const double rank = p / 100 * static_cast<double>(all.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const double above = all[std::min(below + 1, all.size() - 1)];
  return all[below] + (rank - static_cast<double>(below)) * (above - all[below]);
}

const std::vector<double> wanted{0, 0.1, 1, 25, 50, 75, 99, 99.9, 100};

template <class T>
void check_percentiles(T smallest, T largest) {
  std::mt19937 random{3};
  auto voxels = mrcz::detail::make_volume<T>(extents);
  std::vector<double> all;
  for (auto& v : voxels) {
    const double part = static_cast<double>(random()) / static_cast<double>(std::mt19937::max());
    v = static_cast<T>(static_cast<double>(smallest) +
                       part * (static_cast<double>(largest) - static_cast<double>(smallest)));
    all.push_back(static_cast<double>(v));
  }
  const auto in = file_with(voxels, {.compression = {.codec = mrcz::codec::zstd}});
  for (const std::size_t threads : {1U, 3U}) {
    const auto found = mrcz::summarise_voxels(in, {.percentiles = wanted, .bins = 7, .threads = threads});
    REQUIRE(found.percentiles.size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
      CHECK(found.percentiles[i] == doctest::Approx(percentile(all, wanted[i])).epsilon(1e-12));
    CHECK(found.all.of_finite.min == *std::min_element(all.begin(), all.end()));
    CHECK(found.all.of_finite.max == *std::max_element(all.begin(), all.end()));
    CHECK(std::accumulate(found.histogram.begin(), found.histogram.end(), std::uint64_t{0}) == all.size());
  }
}

}  // namespace

TEST_CASE("percentiles are those of numpy in every real type") {
  check_percentiles<std::int8_t>(-128, 127);
  check_percentiles<std::int16_t>(-32768, 32767);
  check_percentiles<std::uint16_t>(0, 65535);
  check_percentiles<std::int32_t>(-2147483647, 2147483647);
  check_percentiles<std::uint32_t>(0, 4294967295U);
  check_percentiles<float>(-1e-3F, 1e6F);
}

TEST_CASE("the statistics are those of the header, and each slice has its own") {
  const auto voxels = test::counts<std::int16_t>(extents);
  const auto in = file_with(voxels);
  const auto found = mrcz::summarise_voxels(in);
  CHECK(found.all.of_finite.min == in.statistics().min);
  CHECK(found.all.of_finite.max == in.statistics().max);
  CHECK(*found.all.of_finite.mean == doctest::Approx(*in.statistics().mean));
  CHECK(*found.all.of_finite.rms == doctest::Approx(*in.statistics().rms));
  REQUIRE(found.slices.size() == 5);
  const auto third = file_with(in.read_slice<float>(2));
  CHECK(*found.slices[2].of_finite.mean == doctest::Approx(*third.statistics().mean));
  CHECK(found.percentiles.empty());
  CHECK(found.histogram.empty());
}

TEST_CASE("NaN and infinities are counted and left out") {
  auto voxels = test::counts<float>({2, 3, 4});
  voxels(0, 0, 0) = std::numeric_limits<float>::quiet_NaN();
  voxels(1, 0, 0) = std::numeric_limits<float>::infinity();
  voxels(1, 0, 1) = -std::numeric_limits<float>::infinity();
  const auto in = file_with(voxels);
  const auto found = mrcz::summarise_voxels(in, {.percentiles = {0, 100}, .bins = 2});
  CHECK(found.all.nan == 1);
  CHECK(found.all.infinite == 2);
  CHECK(found.slices[0].nan == 1);
  CHECK(found.slices[1].infinite == 2);
  CHECK(found.all.of_finite.max.value() <= 7);
  CHECK(found.percentiles == std::vector<double>{*found.all.of_finite.min, *found.all.of_finite.max});
  CHECK(found.histogram[0] + found.histogram[1] == 21);
}

TEST_CASE("dark slices count as zeros") {
  auto voxels = test::counts<float>({2, 1, 2});
  voxels.fill(0);
  voxels(1, 0, 0) = 4;
  const auto found = mrcz::summarise_voxels(file_with(voxels));
  CHECK(found.slices[0].of_finite == mrcz::statistics{0, 0, 0, 0});
  CHECK(found.all.of_finite.mean == 1);
}

TEST_CASE("a file without a finite voxel has no percentiles") {
  auto voxels = test::counts<float>({1, 1, 2});
  voxels.fill(std::numeric_limits<float>::quiet_NaN());
  const auto found = mrcz::summarise_voxels(file_with(voxels), {.percentiles = {50}, .bins = 4});
  CHECK(found.all.nan == 2);
  CHECK_FALSE(found.all.of_finite.min);
  CHECK(found.percentiles.empty());
  CHECK(found.histogram.empty());
}

TEST_CASE("voxels of one value are in the first bin") {
  auto voxels = test::counts<float>({1, 2, 2});
  voxels.fill(3);
  const auto found = mrcz::summarise_voxels(file_with(voxels), {.percentiles = {50}, .bins = 3});
  CHECK(found.percentiles == std::vector<double>{3});
  CHECK(found.histogram == std::vector<std::uint64_t>{4, 0, 0});
}

TEST_CASE("complex voxels have an RMS alone") {
  const auto in = file_with(test::counts<std::complex<float>>(extents));
  const auto found = mrcz::summarise_voxels(in, {.percentiles = {50}, .bins = 4});
  CHECK(*found.all.of_finite.rms == doctest::Approx(*in.statistics().rms));
  CHECK_FALSE(found.all.of_finite.min);
  CHECK(found.percentiles.empty());
}

TEST_CASE("a percentile that is none is refused") {
  const auto in = file_with(test::counts<float>({1, 2, 2}));
  for (const double p : {-1.0, 100.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK(test::failure_of([&] { mrcz::summarise_voxels(in, {.percentiles = {p}}); })->code == mrcz::errc::bad_option);
}
