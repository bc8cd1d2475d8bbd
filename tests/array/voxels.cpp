#include "mrcz/array/voxels.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support.hpp"

namespace {

template <class T>
std::vector<T> counting(std::size_t count) {
  std::vector<T> all(count);
  std::iota(all.begin(), all.end(), T{0});
  return all;
}

/// Slice z as `slices` evaluates it.
template <class T>
std::vector<T> evaluated(const mrcz::slices& all, std::size_t z) {
  std::vector<T> slice(all.extents[1] * all.extents[2]);
  all.evaluate(all.array, z, reinterpret_cast<std::byte*>(slice.data()));
  return slice;
}

}  // namespace

TEST_CASE("a view without strides is dense, and its slices need not be evaluated") {
  const auto memory = counting<float>(24);
  const auto view = mrcz::view_of(memory.data(), {2, 3, 4});
  CHECK(view.rank == 3);
  CHECK(view.strides == std::array<std::ptrdiff_t, 3>{12, 4, 1});
  const auto all = mrcz::slices_of(view);
  CHECK(all.extents == mrcz::shape{2, 3, 4});
  CHECK(all.in_place == reinterpret_cast<const std::byte*>(memory.data()));
  CHECK(all.slice_bytes() == 48);
  CHECK(evaluated<float>(all, 1) == std::vector<float>(memory.begin() + 12, memory.end()));
}

TEST_CASE("an image has one slice, whether its extents come in braces or as an array") {
  auto memory = counting<std::int16_t>(12);
  for (const auto& view :
       {mrcz::view_of(memory.data(), {3, 4}), mrcz::view_of(memory.data(), std::array<std::size_t, 2>{3, 4}),
        mrcz::view_of(memory.data(), {3, 4}, {4, 1}),
        mrcz::view_of(memory.data(), std::array<std::size_t, 2>{3, 4}, std::array<std::ptrdiff_t, 2>{4, 1})}) {
    CHECK(view.rank == 2);
    CHECK(view.extents == mrcz::shape{1, 3, 4});
    CHECK(mrcz::voxels_of(view).is_dense());
    CHECK(mrcz::voxels_of(view).bytes() == 24);
    CHECK(mrcz::slices_of(view).in_place != nullptr);
  }
}

TEST_CASE("strides lead to the voxels of padded, transposed and flipped images") {
  const auto memory = counting<std::uint16_t>(20);  // 4 rows of 5
  struct {
    mrcz::voxel_view<const std::uint16_t> view;
    std::vector<std::uint16_t> expected;
  } const cases[] = {
      {mrcz::view_of(memory.data(), {3, 2}, {5, 1}), {0, 1, 5, 6, 10, 11}},  // rows with padding
      {mrcz::view_of(memory.data(), {2, 3}, {1, 5}), {0, 5, 10, 1, 6, 11}},  // column-major
      {mrcz::view_of(memory.data() + 15, {2, 5}, {-5, 1}), {15, 16, 17, 18, 19, 10, 11, 12, 13, 14}},  // upside down
      {mrcz::view_of(memory.data() + 4, {1, 3}, {5, -1}), {4, 3, 2}},                                  // left to right
      {mrcz::view_of(memory.data(), {2, 2}, {10, 2}), {0, 2, 10, 12}},                                 // every other
  };
  for (const auto& c : cases) {
    const auto all = mrcz::slices_of(c.view);
    CHECK(all.in_place == nullptr);
    CHECK(evaluated<std::uint16_t>(all, 0) == c.expected);
  }
}

TEST_CASE("extents and strides may be of any integral types, as other libraries have them") {
  const auto memory = counting<float>(24);
  const int rows = 3;
  const int columns = 4;
  const std::size_t step = 6;
  const auto padded = mrcz::view_of(memory.data(), {rows, columns}, {step, 1});  // OpenCV
  CHECK(padded.extents == mrcz::shape{1, 3, 4});
  CHECK(padded.strides == std::array<std::ptrdiff_t, 3>{1, 6, 1});
  const std::ptrdiff_t stride = 3;
  const auto column_major = mrcz::view_of(memory.data(), {rows, columns}, {std::ptrdiff_t{1}, stride});  // Eigen
  CHECK(evaluated<float>(mrcz::slices_of(column_major), 0) == std::vector<float>{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11});
  const std::size_t nx = 4;
  const auto upside_down = mrcz::view_of(memory.data() + 2 * nx, {3, nx}, {-static_cast<std::ptrdiff_t>(nx), 1});
  CHECK(evaluated<float>(mrcz::slices_of(upside_down), 0).front() == 8.0F);
}

TEST_CASE("every size of voxel is gathered and scattered with any strides") {
  const auto each = [](auto zero) {
    using T = decltype(zero);
    std::vector<T> memory(60);
    for (std::size_t i = 0; i < memory.size(); ++i)
      std::memset(static_cast<void*>(&memory[i]), static_cast<int>(i + 1), sizeof(T));
    std::vector<T> dense(6);
    mrcz::detail::gather(reinterpret_cast<const std::byte*>(memory.data()), 10 * std::ptrdiff_t{sizeof(T)},
                         3 * std::ptrdiff_t{sizeof(T)}, reinterpret_cast<std::byte*>(dense.data()), 2, 3, sizeof(T));
    const std::size_t from[] = {0, 3, 6, 10, 13, 16};
    for (std::size_t i = 0; i < 6; ++i) CHECK(dense[i] == memory[from[i]]);
    std::vector<T> back(60);
    mrcz::detail::scatter(reinterpret_cast<const std::byte*>(dense.data()), reinterpret_cast<std::byte*>(back.data()),
                          10 * std::ptrdiff_t{sizeof(T)}, 3 * std::ptrdiff_t{sizeof(T)}, 2, 3, sizeof(T));
    std::size_t touched = 0;
    for (std::size_t i = 0; i < 60; ++i) touched += back[i] == T{} ? 0U : 1U;
    CHECK(touched == 6);
    for (std::size_t i = 0; i < 6; ++i) CHECK(back[from[i]] == dense[i]);
  };
  each(std::int8_t{});
  each(std::int16_t{});
  each(std::int32_t{});
  each(std::complex<float>{});
  each(std::complex<double>{});
}

TEST_CASE("arrays that are neither images nor volumes are refused with their rank") {
  for (const std::size_t rank : {0U, 1U, 4U}) {
    const auto failure = test::failure_of([&] { mrcz::detail::require_rank(rank); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::shape_mismatch);
    CHECK(failure->mentions("rank " + std::to_string(rank)));
  }
  for (const std::size_t rank : {2U, 3U}) CHECK_NOTHROW(mrcz::detail::require_rank(rank));
}

TEST_CASE("negative extents, and more voxels than memory has addresses for, are refused on both sides") {
  std::int16_t voxel = 0;
  const auto refused = [&](const mrcz::voxel_view<std::int16_t>& view) {
    for (const bool writing : {true, false}) {
      const auto failure = test::failure_of([&] {
        if (writing) mrcz::detail::require_array(mrcz::slices_of(view));
        else mrcz::detail::require_array(mrcz::voxels_of(view));
      });
      REQUIRE(failure);
      CHECK(failure->code == mrcz::errc::too_large);
    }
  };
  refused(mrcz::view_of(&voxel, {-1, 10}));
  refused(mrcz::view_of(&voxel, {-1, -1}));
  refused(mrcz::view_of(&voxel, {-1, -1}, {10, 1}));  // the size of a cv::Mat of more than two dimensions
  refused(mrcz::view_of(&voxel, {-1, 4, 5}));
  refused(mrcz::view_of(&voxel, {std::size_t{1} << 62U, std::size_t{1}}));
  refused(mrcz::view_of(&voxel, {std::size_t{1} << 40U, std::size_t{1} << 40U, std::size_t{1}}));
}

TEST_CASE("voxels are not read into an array whose strides let them overlap") {
  std::array<std::int16_t, 64> memory{};
  const auto is_refused = [&](const mrcz::voxel_view<std::int16_t>& view) {
    const auto failure = test::failure_of([&] { mrcz::detail::require_array(mrcz::voxels_of(view)); });
    if (failure) CHECK(failure->code == mrcz::errc::bad_option);
    CHECK_NOTHROW(mrcz::detail::require_array(mrcz::slices_of(view)));  // reading them is no harm
    return failure.has_value();
  };
  auto* const p = memory.data();
  CHECK(is_refused(mrcz::view_of(p, {3, 4}, {0, 1})));
  CHECK(is_refused(mrcz::view_of(p, {3, 4}, {1, 1})));
  CHECK(is_refused(mrcz::view_of(p, {3, 4}, {3, 1})));
  CHECK(is_refused(mrcz::view_of(p, {2, 3, 4}, {11, 4, 1})));
  CHECK(is_refused(mrcz::view_of(p + 32, {3, 4}, {-3, 1})));
  CHECK_FALSE(is_refused(mrcz::view_of(p, {3, 4}, {4, 1})));
  CHECK_FALSE(is_refused(mrcz::view_of(p, {3, 4}, {1, 3})));
  CHECK_FALSE(is_refused(mrcz::view_of(p + 32, {3, 4}, {-4, 1})));
  CHECK_FALSE(is_refused(mrcz::view_of(p, {1, 4}, {0, 1})));
  CHECK_FALSE(is_refused(mrcz::view_of(p, {2, 3, 4}, {4, 8, 1})));
}
