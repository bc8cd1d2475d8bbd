#include "mrcz/core/shape.hpp"

#include <limits>

#include <doctest/doctest.h>

#include "tests/support.hpp"

TEST_CASE("a shape is written slowest axis first and comes apart in that order") {
  const mrcz::shape extents{40, 3838, 3710};
  CHECK(mrcz::to_string(extents) == "40 x 3838 x 3710");
  const auto [nz, ny, nx] = extents;
  CHECK(nz == 40);
  CHECK(ny == 3838);
  CHECK(nx == 3710);
}

TEST_CASE("products up to the largest size are exact") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  CHECK(mrcz::checked_multiply(0, most, "n") == 0);
  CHECK(mrcz::checked_multiply(most, 0, "n") == 0);
  CHECK(mrcz::checked_multiply(most, 1, "n") == most);
  CHECK(mrcz::checked_multiply(1, most, "n") == most);
  CHECK(mrcz::checked_multiply(most / 3, 3, "n") == most);  // 2^64 - 1 is divisible by 3
  CHECK(mrcz::checked_multiply(std::size_t{1} << 31U, std::size_t{1} << 32U, "n") == std::size_t{1} << 63U);
}

TEST_CASE("a product that does not fit is too large, and the message says of what") {
  constexpr std::size_t half = std::size_t{1} << 32U;
  const auto thrown = test::failure_of([] { mrcz::checked_multiply(half, half, "size of a slice"); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::too_large);
  CHECK(thrown->message == "size of a slice overflows: 4294967296 times 4294967296");

  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  CHECK(test::failure_of([] { mrcz::checked_multiply(most / 3 + 1, 3, "n"); }));
  CHECK(test::failure_of([] { mrcz::checked_multiply(3, most / 3 + 1, "n"); }));
  CHECK(test::failure_of([] { mrcz::checked_multiply(most, most, "n"); }));
}
