#include "mrcz/format/integer_sums.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace {

template <class T>
concept summable = requires(const T* voxels) { mrcz::sums_of(voxels, 1); };
static_assert(summable<std::int8_t> && summable<std::uint8_t> && summable<std::int16_t> && summable<std::uint16_t>);
static_assert(!summable<std::int32_t> && !summable<bool> && !summable<float>);

template <class T>
void check_against_one_by_one(const std::vector<T>& voxels, std::size_t first) {
  const auto found = mrcz::sums_of(voxels.data() + first, voxels.size() - first);
  std::int32_t min = voxels[first];
  std::int32_t max = voxels[first];
  std::int64_t sum = 0;
  std::int64_t squares = 0;
  for (std::size_t i = first; i < voxels.size(); ++i) {
    const std::int32_t v = voxels[i];
    min = v < min ? v : min;
    max = v > max ? v : max;
    sum += v - found.shift;
    squares += std::int64_t{v - found.shift} * (v - found.shift);
  }
  CHECK(found.min == min);
  CHECK(found.max == max);
  CHECK(found.sum == sum);
  CHECK(found.squares == squares);
}

}  // namespace

TEST_CASE_TEMPLATE("sums are those of adding one by one, for every length and address", T, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t) {
  std::mt19937 random{11};
  for (std::size_t size = 1; size < 120; ++size) {
    std::vector<T> voxels(size);
    for (auto& v : voxels) v = static_cast<T>(random());
    for (std::size_t first = 0; first < std::min<std::size_t>(size, 5); ++first)
      check_against_one_by_one(voxels, first);
  }
}

TEST_CASE_TEMPLATE("the largest block of the most extreme values does not overflow", T, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t) {
  for (const T value : {std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max(), T{0}, T{1}})
    check_against_one_by_one(std::vector<T>(std::size_t{1} << 15U, value), 0);
}

#if defined(__SSE2__) && defined(__GNUC__)
TEST_CASE_TEMPLATE("registers of 16 and of 32 bytes add up to the same", T, std::int8_t, std::uint8_t, std::int16_t,
                   std::uint16_t) {
  if (!mrcz::detail::has_avx2()) {
    MESSAGE("skipped: this processor has no AVX2");
    return;
  }
  std::mt19937 random{12};
  for (std::size_t bytes = 32; bytes <= 32768; bytes *= 2) {
    const std::size_t count = bytes / sizeof(T);
    std::vector<T> voxels(count);
    for (auto& v : voxels) v = static_cast<T>(random());
    mrcz::integer_sums narrow;
    mrcz::integer_sums wide;
    mrcz::detail::add_lanes<T>(narrow, mrcz::detail::sum_lanes(voxels.data(), bytes / 16), count);
    mrcz::detail::add_lanes<T>(wide, mrcz::detail::sum_wide_lanes(voxels.data(), bytes / 32), count);
    CHECK(wide.min == narrow.min);
    CHECK(wide.max == narrow.max);
    CHECK(wide.sum == narrow.sum);
    CHECK(wide.squares == narrow.squares);
  }
}
#endif
