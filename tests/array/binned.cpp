#include "mrcz/array/binned.hpp"

#include <complex>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include "tests/support.hpp"

using mrcz::errc;
using counts = mrcz::per_axis<std::size_t>;

namespace {

/// The mean of one block, computed voxel by voxel.
template <class Array>
float mean_of_block(const Array& all, std::size_t z, std::size_t y, std::size_t x, const counts& n) {
  double sum = 0;
  for (std::size_t k = 0; k < n.z; ++k)
    for (std::size_t j = 0; j < n.y; ++j)
      for (std::size_t i = 0; i < n.x; ++i) sum += static_cast<double>(all(z * n.z + k, y * n.y + j, x * n.x + i));
  return static_cast<float>(sum / static_cast<double>(n.x * n.y * n.z));
}

}  // namespace

TEST_CASE("each voxel is the mean of its block, and what does not fill a block is dropped") {
  const auto all = test::counts<std::int16_t>({5, 7, 9});
  for (const counts n : {counts{1, 1, 1}, counts{2, 2, 2}, counts{3, 2, 1}, counts{1, 4, 5}, counts{9, 7, 5}}) {
    CAPTURE(n.x);
    const auto binned = mrcz::binned(all, n);
    CHECK(mrcz::detail::shape_of(binned) == mrcz::shape{5 / n.z, 7 / n.y, 9 / n.x});
    for (std::size_t z = 0; z < 5 / n.z; ++z)
      for (std::size_t y = 0; y < 7 / n.y; ++y)
        for (std::size_t x = 0; x < 9 / n.x; ++x) CHECK(binned(z, y, x) == mean_of_block(all, z, y, x, n));
  }
}

TEST_CASE("arrays of every kind of voxel and of every form are binned") {
  const auto of_numbers = mrcz::binned(test::counts<float>({4, 4, 6}), {2, 2, 2});
  CHECK(mrcz::binned(test::counts<std::int8_t>({4, 4, 6}), {2, 2, 2}) == of_numbers);
  CHECK(mrcz::binned(test::counts<std::uint16_t>({4, 4, 6}), {2, 2, 2}) == of_numbers);
  CHECK(mrcz::binned(test::counts<std::int32_t>({4, 4, 6}), {2, 2, 2}) == of_numbers);
  CHECK(mrcz::binned(test::counts<mrcz::half>({4, 4, 6}), {2, 2, 2}) == of_numbers);
  CHECK(mrcz::binned(test::counts<float>({4, 4, 6}) + 1.0, {2, 2, 2}) == of_numbers + 1.0F);

  mrcz::volume<float> columns_first = xt::zeros<float>({6, 4, 4});
  const auto voxels = test::counts<float>({4, 4, 6});
  for (std::size_t z = 0; z < 4; ++z)
    for (std::size_t y = 0; y < 4; ++y)
      for (std::size_t x = 0; x < 6; ++x) columns_first(x, y, z) = voxels(z, y, x);
  CHECK(mrcz::binned(mrcz::view_of(columns_first.data(), {4, 4, 6}, {1, 4, 16}), {2, 2, 2}) == of_numbers);

  const mrcz::image<float> image{{0, 2, 4, 6, 100}, {2, 4, 6, 8, 100}};
  CHECK(mrcz::binned(image, {2, 2, 1}) == mrcz::volume<float>{{{2, 6}}});
}

TEST_CASE("sums are exact where float would lose voxels, and NaN stays in its block") {
  mrcz::volume<float> all = xt::ones<float>({1, 1, 4});
  all(0, 0, 0) = 16777216;
  CHECK(mrcz::binned(all, {4, 1, 1})(0, 0, 0) == 4194304.75F);
  all(0, 0, 0) = std::numeric_limits<float>::quiet_NaN();
  const auto halves = mrcz::binned(all, {2, 1, 1});
  CHECK(halves(0, 0, 0) != halves(0, 0, 0));
  CHECK(halves(0, 0, 1) == 1);
}

TEST_CASE("the extents fit those of the header") {
  mrcz::header h;
  h.nx = 9, h.ny = 7, h.nz = 5, h.ispg = 1;
  const auto binned = mrcz::binned(test::counts<float>({5, 7, 9}), {2, 3, 4});
  const auto header = mrcz::binned(h, {2, 3, 4});
  CHECK(mrcz::detail::shape_of(binned) == mrcz::shape{1, 2, 4});
  CHECK(mrcz::per_axis<int>{header.nx, header.ny, header.nz} == mrcz::per_axis<int>{4, 2, 1});
}

TEST_CASE("blocks that cannot be are refused") {
  const auto all = test::counts<float>({2, 3, 4});
  CHECK(test::failure_of([&] { mrcz::binned(all, {0, 1, 1}); })->code == errc::bad_option);
  CHECK(test::failure_of([&] { mrcz::binned(all, {1, 1, 3}); })->code == errc::out_of_range);
  CHECK(test::failure_of([&] { mrcz::binned(test::counts<std::complex<float>>({2, 3, 4}), {1, 1, 1}); })->code ==
        errc::bad_option);
}
