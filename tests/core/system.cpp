#include "mrcz/core/system.hpp"

#include <algorithm>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

TEST_CASE("there is always a processor to run on, and never more of them than the machine has") {
  const std::size_t allowed = mrcz::detail::allowed_processors();
  CHECK(allowed >= 1);
  CHECK(allowed <= std::max(std::thread::hardware_concurrency(), 1U));
}

TEST_CASE("advice about memory changes nothing in it") {
  std::vector<std::byte> memory(std::size_t{1} << 14U, std::byte{7});
  const auto address = reinterpret_cast<std::size_t>(memory.data());
  std::byte* const page = memory.data() + (4096 - address % 4096) % 4096;
  mrcz::detail::advise_huge(page, 4096);
  mrcz::detail::populate(page, 8192);
  CHECK(std::ranges::all_of(memory, [](std::byte b) { return b == std::byte{7}; }));
}
