#include "mrcz/array/floats_past_caches.hpp"

#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/core/past_caches.hpp"

TEST_CASE_TEMPLATE("every value becomes the same float, at any address and in any number", T, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t) {
  std::vector<T> values;
  for (int v = std::numeric_limits<T>::min(); v <= std::numeric_limits<T>::max(); ++v)
    values.push_back(static_cast<T>(v));
  const std::size_t few = 50;
  for (std::size_t skipped = 0; skipped < 5; ++skipped)
    for (const std::size_t misplaced : {0U, 1U})
      for (std::size_t count = 0; count <= values.size(); count += count < few ? 1 : values.size() - few) {
        std::vector<std::byte> from(misplaced + count * sizeof(T));
        if (count > 0) std::memcpy(from.data() + misplaced, values.data() + values.size() - count, count * sizeof(T));
        std::vector<float> expected(skipped + count + 5, 0.5F);
        std::vector<float> to = expected;
        for (std::size_t i = 0; i < count; ++i)
          expected[skipped + i] = static_cast<float>(values[values.size() - count + i]);
        mrcz::floats_past_caches<T>(from.data() + misplaced, to.data() + skipped, count);
        mrcz::finish_past_caches();
        REQUIRE(to == expected);
      }
}
