#include "mrcz/core/shape.hpp"

#include <limits>

#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include "tests/support.hpp"

TEST_CASE("a shape is written slowest axis first and comes apart in that order") {
  const mrcz::shape extents{40, 3838, 3710};
  CHECK(mrcz::to_string(extents) == "40 x 3838 x 3710");
  const auto [nz, ny, nx] = extents;
  CHECK(nz == 40);
  CHECK(ny == 3838);
  CHECK(nx == 3710);
}

namespace {

/// The square of this number is one more than the largest size.
constexpr std::size_t half = std::size_t{1} << std::numeric_limits<std::size_t>::digits / 2;

}  // namespace

TEST_CASE("products up to the largest size are exact") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  CHECK(mrcz::detail::checked_multiply(0, most, "n") == 0);
  CHECK(mrcz::detail::checked_multiply(most, 0, "n") == 0);
  CHECK(mrcz::detail::checked_multiply(most, 1, "n") == most);
  CHECK(mrcz::detail::checked_multiply(1, most, "n") == most);
  CHECK(mrcz::detail::checked_multiply(most / 3, 3, "n") == most);  // 2^32 - 1 and 2^64 - 1 are divisible by 3
  CHECK(mrcz::detail::checked_multiply(half / 2, half, "n") == most - most / 2);
}

TEST_CASE("a product that does not fit is too large, and the message says of what") {
  const auto thrown = test::failure_of([] { mrcz::detail::checked_multiply(half, half, "size of a slice"); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::too_large);
  CHECK(thrown->message == fmt::format("size of a slice overflows: {} times {}", half, half));

  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  CHECK(test::failure_of([] { mrcz::detail::checked_multiply(most / 3 + 1, 3, "n"); }));
  CHECK(test::failure_of([] { mrcz::detail::checked_multiply(3, most / 3 + 1, "n"); }));
  CHECK(test::failure_of([] { mrcz::detail::checked_multiply(most, most, "n"); }));
}

TEST_CASE("a file may have more bytes than memory has addresses, which is said and not cut off") {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max());
  CHECK(mrcz::detail::size_in_memory(0, "a file") == 0);
  CHECK(mrcz::detail::size_in_memory(most, "a file") == most);
  for (const std::uint64_t size : {most + 1, std::numeric_limits<std::uint64_t>::max()}) {
    const auto thrown = test::failure_of([&] { mrcz::detail::size_in_memory(size, "a file"); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::too_large);
    CHECK(thrown->message ==
          fmt::format("a file of {} bytes does not fit into memory, which holds at most {}", size, most));
  }
}

TEST_CASE("fmt prints a shape as it prints arrays") {
  const mrcz::shape extents{40, 3838, 3710};
  CHECK(fmt::format("{}", extents) == "[40, 3838, 3710]");
}
