/// Definitions of `compare_voxels.hpp`.
#pragma once

#include "mrcz/compare_voxels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/stored_slices.hpp"

namespace mrcz {

namespace detail {

/// The differences of some voxels that follow each other.
struct run_of_differences {
  std::uint64_t count = 0;
  double largest = 0;
  double squares = 0;
  std::uint64_t where = 0;  // the number of the first voxel with the largest difference
};

/// A few voxels as numbers.
struct numbers_of_voxels {
  static constexpr std::size_t most = 4096;
  std::array<double, most> real{};
  std::array<double, most> imaginary{};  // stays 0 for real voxels
};

MRCZ_INLINE double difference_of(std::complex<double> a, std::complex<double> b) noexcept {
  const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
  if (same(a.real(), b.real()) && same(a.imag(), b.imag())) return 0;
  const double size = std::hypot(same(a.real(), b.real()) ? 0 : a.real() - b.real(),
                                 same(a.imag(), b.imag()) ? 0 : a.imag() - b.imag());
  return std::isnan(size) ? std::numeric_limits<double>::infinity() : size;
}

MRCZ_INLINE run_of_differences compare(const slices& one, const slices& other) {
  const std::size_t count = one.extents[0] * one.extents[1] * one.extents[2];
  run_of_differences found;
  if (one.type == other.type && std::memcmp(one.in_place, other.in_place, count * one.type->bytes) == 0) return found;
  const auto a = std::make_unique<numbers_of_voxels>();
  const auto b = std::make_unique<numbers_of_voxels>();
  for (std::size_t first = 0; first < count; first += numbers_of_voxels::most) {
    const std::size_t some = std::min(numbers_of_voxels::most, count - first);
    one.type->to_numbers(one.in_place + first * one.type->bytes, a->real.data(), a->imaginary.data(), some);
    other.type->to_numbers(other.in_place + first * other.type->bytes, b->real.data(), b->imaginary.data(), some);
    for (std::size_t i = 0; i < some; ++i) {
      const double size = difference_of({a->real[i], a->imaginary[i]}, {b->real[i], b->imaginary[i]});
      if (size == 0) continue;
      ++found.count;
      found.squares += size * size;
      if (size > found.largest) found.largest = size, found.where = first + i;
    }
  }
  return found;
}

}  // namespace detail

MRCZ_INLINE voxel_differences compare_voxels(const reader& one, const reader& other,
                                             std::optional<std::size_t> threads) {
  const shape extents = one.shape();
  if (other.shape() != extents)
    detail::fail(errc::shape_mismatch, {.path = other.source().name(),
                                        .found = detail::text("has the shape {}", to_string(other.shape())),
                                        .expected = detail::text("{} as {}", to_string(extents), one.source().name())});
  const detail::stored_slices all_of_one{one};
  const detail::stored_slices all_of_other{other};
  detail::buffer_pool pool;
  const auto compare_slice = [&](std::size_t z) {
    auto memory = std::array{pool.take(), pool.take()};
    const auto found = detail::compare(all_of_one.read({z, 1}, memory[0]), all_of_other.read({z, 1}, memory[1]));
    for (auto& used : memory) pool.give_back(std::move(used));
    return found;
  };
  voxel_differences all;
  double squares = 0;
  std::size_t z = 0;
  const auto add = [&](detail::run_of_differences&& found) {
    all.count += found.count;
    squares += found.squares;
    if (found.largest > all.largest) {
      all.largest = found.largest;
      all.where = {z, static_cast<std::size_t>(found.where) / extents[2],
                   static_cast<std::size_t>(found.where) % extents[2]};
    }
    ++z;
  };
  detail::parallel_ordered<detail::run_of_differences>(extents[0], detail::thread_count(threads, extents[0]),
                                                       compare_slice, add);
  all.rms = std::sqrt(
      squares / (static_cast<double>(extents[0]) * static_cast<double>(extents[1]) * static_cast<double>(extents[2])));
  return all;
}

}  // namespace mrcz
