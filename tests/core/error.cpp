#include "mrcz/core/error.hpp"

#include <doctest/doctest.h>

TEST_CASE("an error says what was found, and carries its code") {
  try {
    mrcz::fail(mrcz::errc::bad_mode, "MODE is {}", 5);
  } catch (const mrcz::error& e) {
    CHECK(e.code() == mrcz::errc::bad_mode);
    CHECK(std::string{e.what()} == "MODE is 5");
  }
}
