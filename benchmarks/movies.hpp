/// The data of all measurements. The same seed always gives the same data.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "harness.hpp"
#include "mrcz/array/array.hpp"

namespace benchmark {

/// 4096 x 4096 voxels per slice; a quick run has a quarter of the slices.
inline mrcz::shape movie_shape(const settings& s, std::size_t voxel_bytes) {
  const std::size_t slices = 16 / voxel_bytes;
  return {s.quick ? std::max<std::size_t>(slices / 4, 2) : std::max<std::size_t>(slices, 4), 4096, 4096};
}

/// All rows are shifted copies of the same noise, because drawing 16 million random numbers per slice would take longer
/// than all measurements. No compressor looks further back than its block.
template <class T, class Draw>
mrcz::volume<T> repeated_noise(const mrcz::shape& extents, Draw draw) {
  auto movie = mrcz::detail::make_volume<T>(extents);
  std::vector<T> noise(std::size_t{1} << 20U);
  for (auto& value : noise) value = draw();
  std::mt19937 random{7};
  for (std::size_t row = 0; row < extents[0] * extents[1]; ++row) {
    const std::size_t shift = random() % (noise.size() - extents[2]);
    std::copy_n(noise.begin() + static_cast<std::ptrdiff_t>(shift), extents[2], movie.data() + row * extents[2]);
  }
  return movie;
}

/// A counting detector: one electron per voxel.
inline mrcz::volume<std::int8_t> counts(const mrcz::shape& extents) {
  std::mt19937 random{1};
  std::poisson_distribution<int> electrons{1.0};
  return repeated_noise<std::int8_t>(extents, [&] { return static_cast<std::int8_t>(electrons(random)); });
}

/// An integrating detector: some electrons of about 100 units each.
inline mrcz::volume<std::int16_t> integrated(const mrcz::shape& extents) {
  std::mt19937 random{2};
  std::poisson_distribution<int> electrons{3.0};
  std::normal_distribution<double> noise{0, 12};
  return repeated_noise<std::int16_t>(
      extents, [&] { return static_cast<std::int16_t>(std::lround(100 * electrons(random) + noise(random))); });
}

/// A counting detector with a long exposure: 30 electrons per voxel.
inline mrcz::volume<std::int16_t> many_counts(const mrcz::shape& extents) {
  std::mt19937 random{4};
  std::poisson_distribution<int> electrons{30.0};
  return repeated_noise<std::int16_t>(extents, [&] { return static_cast<std::int16_t>(electrons(random)); });
}

/// Counts, each multiplied by the gain of its voxel.
inline mrcz::volume<float> gain_corrected(const mrcz::shape& extents) {
  std::mt19937 random{3};
  std::poisson_distribution<int> electrons{1.0};
  std::normal_distribution<float> gain{1.0F, 0.05F};
  std::vector<float> gains(extents[1] * extents[2] / 16);
  for (auto& value : gains) value = gain(random);
  auto movie = repeated_noise<float>(extents, [&] { return static_cast<float>(electrons(random)); });
  for (std::size_t i = 0; i < movie.size(); ++i) movie.data()[i] *= gains[i % gains.size()];
  return movie;
}

inline mrcz::volume<std::int8_t> counts(const settings& s) { return counts(movie_shape(s, 1)); }
inline mrcz::volume<std::int16_t> integrated(const settings& s) { return integrated(movie_shape(s, 2)); }
inline mrcz::volume<float> gain_corrected(const settings& s) { return gain_corrected(movie_shape(s, 4)); }

}  // namespace benchmark
