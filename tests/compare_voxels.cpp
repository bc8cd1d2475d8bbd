#include "mrcz/compare_voxels.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <cstddef>
#include <limits>

#include <doctest/doctest.h>

#include "tests/whole_files.hpp"

namespace {

constexpr mrcz::shape extents{3, 5, 70};

template <class E>
mrcz::reader file_with(const E& voxels, const mrcz::write_options& options = {}) {
  return test::reader_of(test::file_with(voxels, options), {.threads = 1});
}

}  // namespace

TEST_CASE("files with the same values are equal, in any mode, codec and byte order") {
  const auto voxels = test::counts<std::int16_t>(extents);
  const auto one = file_with(voxels);
  for (const auto mode : {mrcz::mode::int8, mrcz::mode::int16, mrcz::mode::float32, mrcz::mode::complex64,
                          mrcz::mode::float16, mrcz::mode::uint4})
    for (const auto order : {std::endian::little, std::endian::big}) {
      const auto other =
          file_with(voxels, {.compression = {.codec = mrcz::codec::zstd}, .mode = mode, .byte_order = order});
      CHECK(mrcz::compare_voxels(one, other) == mrcz::voxel_differences{});
      CHECK(mrcz::compare_voxels(other, one) == mrcz::voxel_differences{});
    }
}

TEST_CASE("differences are counted, and the first of the largest is found") {
  auto voxels = test::counts<float>(extents);
  const auto one = file_with(voxels);
  voxels(0, 1, 2) += 0.5F;
  voxels(1, 4, 69) -= 3.0F;
  voxels(2, 0, 0) += 3.0F;
  for (const std::size_t threads : {1U, 3U}) {
    const auto found = mrcz::compare_voxels(one, file_with(voxels), threads);
    CHECK(found.count == 3);
    CHECK(found.largest == 3);
    CHECK(found.where == std::array<std::size_t, 3>{1, 4, 69});
    CHECK(found.rms == doctest::Approx(std::sqrt((0.25 + 9 + 9) / (3 * 5 * 70))));
  }
}

TEST_CASE("NaN equals NaN, and differs from all numbers by infinity") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  auto voxels = test::counts<float>(extents);
  voxels(0, 0, 0) = nan;
  voxels(0, 0, 1) = infinity;
  auto others = voxels;
  others(2, 4, 69) += 1;  // so that the bytes are not the same
  const auto one = file_with(voxels);
  CHECK(mrcz::compare_voxels(one, file_with(others)).largest == 1);
  others(1, 0, 0) = nan;
  const auto found = mrcz::compare_voxels(one, file_with(others));
  CHECK(found.count == 2);
  CHECK(found.largest == std::numeric_limits<double>::infinity());
  CHECK(found.where == std::array<std::size_t, 3>{1, 0, 0});
}

TEST_CASE("the difference of complex voxels is a modulus") {
  auto voxels = test::counts<std::complex<float>>(extents);
  const auto one = file_with(voxels);
  voxels(1, 1, 1) += std::complex<float>{3, -4};
  const auto found = mrcz::compare_voxels(one, file_with(voxels));
  CHECK(found.count == 1);
  CHECK(found.largest == 5);
}

TEST_CASE("files of other extents cannot be compared") {
  const auto one = file_with(test::counts<float>(extents));
  const auto other = file_with(test::counts<float>({3, 5, 71}));
  CHECK(test::failure_of([&] { mrcz::compare_voxels(one, other); })->code == mrcz::errc::shape_mismatch);
}
