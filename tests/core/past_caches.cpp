#include "mrcz/core/past_caches.hpp"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

TEST_CASE("copying past the caches copies any number of bytes from anywhere to anywhere, and no byte more") {
  std::vector<std::byte> from(200);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(i + 1);
  for (std::size_t begin = 0; begin < 17; ++begin)
    for (std::size_t source = 0; source < 17; source += 5)
      for (std::size_t count = 0; count < 100; ++count) {
        std::vector<std::byte> to(200);
        mrcz::copy_past_caches(to.data() + begin, from.data() + source, count);
        mrcz::finish_past_caches();
        std::vector<std::byte> expected(200);
        std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(source), count,
                    expected.begin() + static_cast<std::ptrdiff_t>(begin));
        REQUIRE(to == expected);
      }
}
