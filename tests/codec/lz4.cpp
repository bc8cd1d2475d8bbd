#include "mrcz/codec/lz4.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "tests/codec/support.hpp"

using namespace test;

namespace {

using bytes = std::vector<std::byte>;

/// The one stream of a chunk of one block: it follows the chunk header, the begin of the block and its own length.
bytes stream_of(const bytes& content, mrcz::codec c) {
  const bytes chunk = packed(content, 1, {.codec = c, .shuffle = mrcz::shuffle::none, .block_size = content.size()});
  REQUIRE_FALSE(header_of(chunk).stored());
  REQUIRE(header_of(chunk).blocks() == 1);
  return {chunk.begin() + 24, chunk.end()};
}

/// What a stream decompresses to, in memory whose end is guarded; empty if it is refused.
bytes decompressed(std::span<const std::byte> stream, std::size_t size) {
  const guarded from{stream.size()};
  const guarded into{size};
  if (!mrcz::detail::decompress_lz4(from.holding(stream), into.span())) return {};
  return {into.span().begin(), into.span().end()};
}

}  // namespace

TEST_CASE("what lz4 and lz4hc compressed comes back, if the program has lz4") {
  for (const auto c : {mrcz::codec::lz4, mrcz::codec::lz4hc})
    for (const std::size_t size : {std::size_t{200}, std::size_t{1000}, std::size_t{70'001}}) {
      const bytes content = image_like(size);
      CHECK(decompressed(stream_of(content, c), size) == (mrcz::detail::has_lz4() ? content : bytes{}));
    }
}

TEST_CASE("a block of lz4 that holds more or less than was expected is refused") {
  const bytes stream = stream_of(image_like(1000), mrcz::codec::lz4);
  for (const std::size_t size : {0U, 1U, 999U, 1001U, 5000U}) CHECK(decompressed(stream, size).empty());
}

TEST_CASE("a block of lz4 that is cut short, or followed by other bytes, is refused") {
  bytes stream = stream_of(image_like(1000), mrcz::codec::lz4);
  for (std::size_t size = 0; size < stream.size(); ++size)
    REQUIRE(decompressed(std::span{stream}.first(size), 1000).empty());
  stream.push_back(std::byte{0});
  CHECK(decompressed(stream, 1000).empty());
}

TEST_CASE("no bytes are one byte of lz4, and no block at all is refused") {
  std::byte nowhere{};
  const bytes token{std::byte{0}};
  CHECK(mrcz::detail::decompress_lz4(token, std::span{&nowhere, 0}) == mrcz::detail::has_lz4());
  CHECK_FALSE(mrcz::detail::decompress_lz4(token, std::span{&nowhere, 1}));
  CHECK_FALSE(mrcz::detail::decompress_lz4({}, std::span{&nowhere, 0}));
  CHECK_FALSE(mrcz::detail::decompress_lz4({}, {}));
}

TEST_CASE("a damaged block of lz4 is refused or fills its memory, and leaves all bounds intact") {
  std::mt19937 random{3};
  const bytes content = image_like(1000);
  const bytes good = stream_of(content, mrcz::codec::lz4);
  const guarded into{content.size()};
  const guarded memory{good.size()};
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto stream = memory.holding(good);
    const std::size_t changes = 1 + random() % 4;
    for (std::size_t i = 0; i < changes; ++i)
      stream[random() % stream.size()] = static_cast<std::byte>(random() & 0xffU);
    if (!mrcz::detail::decompress_lz4(stream, into.span())) ++refused;
  }
  CHECK(refused > 100);
}

TEST_CASE("a program that is compiled with lz4 names its version") {
  const auto version = mrcz::detail::lz4_version();
  CHECK(version.empty() != mrcz::detail::has_lz4());
  CHECK(version.find_first_not_of("0123456789.") == version.npos);
}
