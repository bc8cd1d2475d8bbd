#include "mrcz/async/window.hpp"

#include <doctest/doctest.h>

#include "tests/support.hpp"

TEST_CASE("a window that lets nothing in is refused") {
  for (const mrcz::async::window nothing : {mrcz::async::window{.slices = 0}, mrcz::async::window{.bytes = 0}}) {
    const auto failure = test::failure_of([&] { static_cast<void>(mrcz::async::detail::limits_of(nothing)); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::bad_option);
  }
  const auto one = mrcz::async::detail::limits_of({.slices = 1, .bytes = 1});
  CHECK(one.items == 1);
  CHECK(one.bytes == 1);
}

TEST_CASE("a window that says nothing has a slice per processor and two more, and a gigabyte") {
  const auto limits = mrcz::async::detail::limits_of({});
  CHECK(limits.items == mrcz::detail::thread_count(std::nullopt) + 2);
  CHECK(limits.bytes == std::size_t{1} << 30U);
}
