#include "mrcz/core/linkage.hpp"

#include <string>

#include <doctest/doctest.h>

#define MRCZ_TEST_TEXT_OF(...) #__VA_ARGS__
#define MRCZ_TEST_TEXT(macro) MRCZ_TEST_TEXT_OF(macro)

TEST_CASE("definitions are inline unless they are compiled once") {
#ifdef MRCZ_SEPARATE_COMPILATION
  CHECK(std::string{MRCZ_TEST_TEXT(MRCZ_INLINE)}.empty());
#else
  CHECK(std::string{MRCZ_TEST_TEXT(MRCZ_INLINE)} == "inline");
#endif
}
