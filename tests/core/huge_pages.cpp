#include "mrcz/core/huge_pages.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

TEST_CASE("advice leaves the content alone, whatever the size and address") {
  constexpr std::size_t size = std::size_t{9} << 20U;
  const auto memory = std::make_unique<std::byte[]>(size);
  std::fill_n(memory.get(), size, std::byte{7});
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, size - 10, size})
    mrcz::advise_huge_pages({memory.get() + offset, size - offset});
  CHECK(std::all_of(memory.get(), memory.get() + size, [](std::byte b) { return b == std::byte{7}; }));
  mrcz::advise_huge_pages({});
}
