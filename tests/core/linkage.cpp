#include "mrcz/core/linkage.hpp"

#include <string_view>

#include <doctest/doctest.h>

#define MRCZ_TEST_TEXT_OF(...) #__VA_ARGS__
#define MRCZ_TEST_TEXT(...) MRCZ_TEST_TEXT_OF(__VA_ARGS__)

TEST_CASE("functions are inline unless they are compiled once") {
#ifdef MRCZ_SEPARATE_COMPILATION
  CHECK(std::string_view{MRCZ_TEST_TEXT(MRCZ_INLINE)}.empty());
#else
  CHECK(std::string_view{MRCZ_TEST_TEXT(MRCZ_INLINE)} == "inline");
#endif
}
