#include "mrcz/core/prefetch.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>

TEST_CASE("prefetching does no harm at the end of an array, of memory, or nowhere") {
  std::array<char, 64> last{};
  mrcz::prefetch_next_page(last.data());
  mrcz::prefetch_next_page(nullptr);
  mrcz::prefetch_next_page(reinterpret_cast<const void*>(std::numeric_limits<std::uintptr_t>::max()));
  CHECK(last == std::array<char, 64>{});
}
