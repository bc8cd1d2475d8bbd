#include "mrcz/core/processor.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

TEST_CASE("AVX2 is there if the system says so") {
  std::ifstream in{"/proc/cpuinfo"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (text.empty()) {
    MESSAGE("skipped: no /proc/cpuinfo to compare with");
    return;
  }
  CHECK(mrcz::has_avx2() == (text.find(" avx2 ") != std::string::npos));
}
