#include "mrcz/async/window.hpp"

#include <doctest/doctest.h>

#include "tests/support.hpp"

TEST_CASE("a window that lets nothing in is refused") {
  for (const mrcz::async::window nothing : {mrcz::async::window{.slices = 0}, mrcz::async::window{.bytes = 0}}) {
    const auto failure = test::failure_of([&] { mrcz::async::detail::check(nothing); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::bad_option);
  }
  mrcz::async::detail::check(mrcz::async::window{});
  mrcz::async::detail::check(mrcz::async::window{.slices = 1, .bytes = 1});
}
