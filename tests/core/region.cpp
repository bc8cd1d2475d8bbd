#include "mrcz/core/region.hpp"

#include <limits>

#include <doctest/doctest.h>

#include "tests/support.hpp"

namespace {
constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
}

TEST_CASE("a region without limits is the whole volume") {
  const auto all = mrcz::detail::resolve(mrcz::region{}, {2, 3, 4});
  CHECK(all.shape() == mrcz::shape{2, 3, 4});
  CHECK(all.z.first == 0);
  CHECK(all.z.end() == 2);
  CHECK(all.x.end() == 4);
}

TEST_CASE("each axis is cut on its own") {
  const auto box = mrcz::detail::resolve(
      mrcz::region{.z = {.first = 1, .count = 1}, .y = {.count = 2}, .x = {.first = 3}}, {2, 3, 10});
  CHECK(box.shape() == mrcz::shape{1, 2, 7});
  CHECK(box.z.first == 1);
  CHECK(box.y.first == 0);
  CHECK(box.x.first == 3);
  CHECK(box.x.end() == 10);
}

TEST_CASE("a range may be empty anywhere, also at the very end") {
  for (const std::size_t first : {0U, 3U, 5U}) {
    const auto none = mrcz::detail::resolve(mrcz::range{.first = first, .count = 0}, 5, 'z');
    CHECK(none.first == first);
    CHECK(none.count == 0);
    CHECK(none.end() == first);
  }
  CHECK(mrcz::detail::resolve(mrcz::range{.first = 5}, 5, 'z').count == 0);
  CHECK(mrcz::detail::resolve(mrcz::range{}, 0, 'z').count == 0);
}

TEST_CASE("a range that leaves its axis is refused with all numbers") {
  const auto begins_behind = test::failure_of([] { mrcz::detail::resolve(mrcz::range{.first = 6}, 5, 'y'); });
  REQUIRE(begins_behind);
  CHECK(begins_behind->code == mrcz::errc::out_of_range);
  CHECK(begins_behind->message == "range along y begins at 6, but the extent is 5");

  const auto one_too_many =
      test::failure_of([] { mrcz::detail::resolve(mrcz::range{.first = 3, .count = 3}, 5, 'x'); });
  REQUIRE(one_too_many);
  CHECK(one_too_many->code == mrcz::errc::out_of_range);
  CHECK(one_too_many->message == "range along x spans 3 from 3, but the extent is 5");
}

TEST_CASE("a first and a count whose sum overflows are refused") {
  for (const mrcz::range wanted : {mrcz::range{.first = 1, .count = most}, mrcz::range{.first = most, .count = 2},
                                   mrcz::range{.first = most}, mrcz::range{.first = 0, .count = most}}) {
    const auto thrown = test::failure_of([&] { mrcz::detail::resolve(wanted, 5, 'z'); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::out_of_range);
  }
}

TEST_CASE("the message names the axis that is at fault") {
  const mrcz::shape extents{2, 3, 4};
  const auto axis = [&](const mrcz::region& wanted) {
    const auto thrown = test::failure_of([&] { mrcz::detail::resolve(wanted, extents); });
    return thrown ? thrown->message.substr(0, std::string{"range along z"}.size()) : std::string{};
  };
  CHECK(axis({.z = {.count = 3}}) == "range along z");
  CHECK(axis({.y = {.count = 4}}) == "range along y");
  CHECK(axis({.x = {.count = 5}}) == "range along x");
  CHECK(axis({.z = {.count = 2}, .y = {.count = 3}, .x = {.count = 4}}).empty());
}
