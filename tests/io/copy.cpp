#include "mrcz/io/copy.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/io/memory.hpp"

TEST_CASE("any number of bytes is copied from any place to any other") {
  std::vector<std::byte> content((std::size_t{5} << 19U) + 3);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::byte>(i * 7 + i / 251);
  const mrcz::memory_source from{std::span<const std::byte>{content}};
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{1} << 20U, content.size() - 2}) {
    std::vector<std::byte> copied;
    mrcz::memory_sink into{copied};
    mrcz::detail::copy_in_pieces(from, 2, count, into, 3);
    into.publish();
    const auto expected = std::span{content}.subspan(2, count);
    REQUIRE(copied.size() == (count == 0 ? 0 : count + 3));
    if (count != 0) CHECK(std::equal(expected.begin(), expected.end(), copied.begin() + 3));
  }
}
