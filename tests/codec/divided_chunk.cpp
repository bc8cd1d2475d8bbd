#include "mrcz/codec/divided_chunk.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/codec/blosc.hpp"
#include "tests/codec/support.hpp"
#include "tests/support.hpp"

using namespace test;
using namespace mrcz::detail;

namespace {

using bytes = std::vector<std::byte>;

/// Does the parts of each stage in a random order.
void do_in_random_order(divided_chunk& work, unsigned seed) {
  std::mt19937 random{seed};
  while (const std::size_t parts = work.next_stage()) {
    std::vector<std::size_t> order(parts);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t part : order) work.do_part(part);
  }
}

bytes divided(const bytes& content, std::size_t typesize, const mrcz::compression& wanted, unsigned seed,
              std::size_t* pieces = nullptr) {
  buffer memory;
  const std::size_t block_size = blosc_block_size(content.size(), typesize, wanted);
  const auto work = divide_for_blosc(content, typesize, wanted, block_size, memory);
  do_in_random_order(*work, seed);
  if (pieces != nullptr) *pieces = chunk_of_pieces{content, typesize, wanted, block_size}.size();
  const auto chunk = work->finish();
  return {chunk.begin(), chunk.end()};
}

/// Compressible, with a part that is not.
bytes mixed(std::size_t size) {
  bytes content = image_like(size);
  const bytes incompressible = noise(size / 3);
  std::ranges::copy(incompressible, content.begin() + static_cast<std::ptrdiff_t>(size / 4));
  return content;
}

}  // namespace

TEST_CASE("a chunk of pieces is the chunk that c-blosc makes, whatever the order of the parts") {
  const std::size_t size = (std::size_t{3} << 20U) + 12'344;
  const std::array contents{image_like(size), noise(size), mixed(size)};
  unsigned seed = 0;
  for (const auto codec : compressors) {
    if (!mrcz::available(codec)) continue;
    CAPTURE(name_of(codec));
    for (const std::size_t typesize : {1U, 8U})
      for (const auto& content : contents) {
        const mrcz::compression wanted{.codec = codec, .level = typesize == 8 && codec != mrcz::codec::zlib ? 5 : 1};
        std::size_t pieces = 0;
        CHECK(divided(content, typesize, wanted, ++seed, &pieces) == packed(content, typesize, wanted));
        CHECK(pieces == 3);
      }
  }
}

TEST_CASE("blocks of any size make pieces, also blocks that are larger than a piece, and the whole as one block") {
  const bytes content = mixed((std::size_t{4} << 20U) + 77'777);
  for (const auto codec : {mrcz::codec::lz4, mrcz::codec::zstd})
    for (const std::size_t block_size : {std::size_t{0}, std::size_t{128}, std::size_t{1000}, std::size_t{700'000},
                                         std::size_t{2} << 20U, std::size_t{3'000'000}, std::size_t{1} << 30U})
      for (const auto shuffle : shuffles) {
        CAPTURE(block_size);
        const mrcz::compression wanted{.codec = codec, .shuffle = shuffle, .block_size = block_size};
        CHECK(divided(content, 4, wanted, 1) == packed(content, 4, wanted));
      }
}

TEST_CASE("pieces that c-blosc would pack in another way are not put together") {
  const bytes content = image_like(std::size_t{4} << 20U);
  const mrcz::compression wanted{.codec = mrcz::codec::lz4, .block_size = 65'536};
  chunk_of_pieces chunk{content, 4, wanted, 131'072};  // which is not what c-blosc chooses
  bytes memory(chunk.most_bytes());
  bytes piece(chunk.room_of(0));
  CHECK_FALSE(chunk.put(chunk.compress(0, piece), memory));
  CHECK(chunk.finish(memory).empty());
  buffer into;
  const auto work = divide_for_blosc(content, 4, wanted, 131'072, into);
  do_in_random_order(*work, 1);
  CHECK(std::ranges::equal(work->finish(), packed(content, 4, wanted)));
}

TEST_CASE("threads share the parts of a chunk") {
  const bytes content = mixed(std::size_t{6} << 20U);
  const mrcz::compression wanted{.codec = mrcz::codec::zstd};
  for (const std::size_t threads : {1U, 3U, 100U}) {
    buffer into;
    const auto work = divide_for_blosc(content, 2, wanted, blosc_block_size(content.size(), 2, wanted), into);
    do_all_parts(*work, threads);
    CHECK(std::ranges::equal(work->finish(), packed(content, 2, wanted)));
  }
}
