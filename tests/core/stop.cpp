#include "mrcz/core/stop.hpp"

#include <doctest/doctest.h>

#include "tests/support.hpp"

TEST_CASE("a call goes on until its caller asks it to stop") {
  std::stop_source source;
  const std::stop_token token = source.get_token();
  CHECK_NOTHROW(mrcz::detail::throw_if_stopped(nullptr));
  CHECK_NOTHROW(mrcz::detail::throw_if_stopped(&token));
  source.request_stop();
  CHECK_NOTHROW(mrcz::detail::throw_if_stopped(nullptr));
  const auto failure = test::failure_of([&] { mrcz::detail::throw_if_stopped(&token); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::stopped);
  CHECK(failure->mentions("stopped"));
}
