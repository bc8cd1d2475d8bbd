#include "mrcz/codec/shuffle_loops.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "tests/codec/support.hpp"
#include "tests/sanitized.hpp"

using namespace test;
using mrcz::detail::instructions;
using mrcz::detail::shuffled_block;

namespace {

using bytes = std::vector<std::byte>;

std::vector<instructions> instruction_sets() {
  std::vector<instructions> found;
  for (const auto set : {instructions::any, instructions::avx2, instructions::avx512, instructions::gfni})
    if (mrcz::detail::has(set)) found.push_back(set);
  return found;
}

/// The plain bytes of a block, one bit or byte after the other, as c-blosc's comments describe the shuffles.
bytes plain_bytes(std::span<const std::byte> block, mrcz::shuffle kind, std::size_t typesize) {
  bytes plain(block.begin(), block.end());
  const std::size_t n = block.size() / typesize;
  if (kind == mrcz::shuffle::byte && typesize > 1) {
    for (std::size_t j = 0; j < typesize; ++j)
      for (std::size_t i = 0; i < n; ++i) plain[i * typesize + j] = block[j * n + i];
  } else if (kind == mrcz::shuffle::bit && n % 8 == 0 && n > 0) {
    std::fill_n(plain.begin(), n * typesize, std::byte{0});
    for (std::size_t plane = 0; plane < 8 * typesize; ++plane)
      for (std::size_t i = 0; i < n; ++i) {
        const std::byte bit = block[plane * (n / 8) + i / 8] >> i % 8 & std::byte{1};
        plain[i * typesize + plane / 8] |= bit << plane % 8;
      }
  }
  return plain;
}

/// Unshuffles parts of a block. The block ends at a page that cannot be read, and each part at one that cannot be
/// written.
class checked_block {
 public:
  checked_block(std::span<const std::byte> content, mrcz::shuffle kind, std::size_t typesize)
      : source_{content.size()},
        destination_{margin + content.size()},
        plain_{plain_bytes(content, kind, typesize)},
        block_{source_.holding(content), kind, typesize} {
    std::ranges::fill(destination_.span(), untouched);
    REQUIRE(block_.size() == content.size());
    if (block_.is_plain()) REQUIRE(std::ranges::equal(block_.bytes(), plain_));
  }

  bool restores(std::size_t first, std::size_t count, instructions with) const {
    const auto before = destination_.span().last(margin + count).first(margin);
    const auto into = destination_.span().last(count);
    block_.unshuffle(first, count, into.data(), with);
    const bool same = std::ranges::equal(into, std::span{plain_}.subspan(first, count)) &&
                      std::ranges::count(before, untouched) == margin;
    std::ranges::fill(into, untouched);
    return same;
  }

  std::size_t size() const { return plain_.size(); }

 private:
  static constexpr std::size_t margin = 64;
  static constexpr std::byte untouched{0x5a};
  guarded source_;
  guarded destination_;
  bytes plain_;
  shuffled_block block_;
};

/// Numbers of elements around those at which another loop begins.
std::vector<std::size_t> element_counts() {
  std::vector<std::size_t> counts;
  for (const auto& [least, most] :
       {std::array<std::size_t, 2>{0, 70}, {120, 140}, {500, 530}, {1000, 1100}, {4088, 4104}})
    for (std::size_t n = least; n <= most; ++n)
      if (!MRCZ_TEST_SANITIZED || n < 70 || n % 8 < 2) counts.push_back(n);
  return counts;
}

}  // namespace

TEST_CASE("blocks of any shuffle, element size and number of elements are restored, whole and in parts") {
  const bytes content = noise(std::size_t{4104} * 16 + 15);
  const auto sets = instruction_sets();
  std::mt19937 random{3};
  for (const auto kind : shuffles)
    for (std::size_t typesize = 1; typesize <= 16; ++typesize)
      for (const std::size_t n : element_counts()) {
        const std::size_t rest = n % 3 == 0 ? 0 : n % 3 == 1 ? typesize - 1 : random() % typesize;
        const checked_block block{std::span{content}.first(n * typesize + rest), kind, typesize};
        for (const auto with : sets) {
          CAPTURE(mrcz::name_of(kind));
          CAPTURE(typesize);
          CAPTURE(n);
          CAPTURE(static_cast<int>(with));
          REQUIRE(block.restores(0, block.size(), with));
          for (const std::size_t step : {std::size_t{1}, typesize, 8 * typesize, 128 * typesize}) {
            const std::size_t first = random() % (block.size() / step + 1) * step;
            const std::size_t count = random() % (block.size() - first + 1);
            CAPTURE(first);
            CAPTURE(count);
            REQUIRE(block.restores(first, count, with));
            REQUIRE(block.restores(first, std::min(count, step), with));
          }
        }
      }
}

TEST_CASE("every part of a small block is restored") {
  const bytes content = noise(200);
  for (const auto kind : shuffles)
    for (const std::size_t typesize : {1U, 2U, 3U, 4U, 8U})
      for (const std::size_t n : {8U, 9U, 16U, 24U}) {
        const checked_block block{std::span{content}.first(n * typesize + typesize / 2), kind, typesize};
        if (MRCZ_TEST_SANITIZED && block.size() > 40) continue;
        for (const auto with : instruction_sets())
          for (std::size_t first = 0; first <= block.size(); ++first)
            for (std::size_t count = 0; count <= block.size() - first; ++count)
              REQUIRE(block.restores(first, count, with));
      }
}

TEST_CASE("parts that begin and end near the borders of tiles are restored") {
  const bytes content = noise(std::size_t{1200} * 16);
  for (const auto kind : {mrcz::shuffle::byte, mrcz::shuffle::bit})
    for (std::size_t typesize = 1; typesize <= 16; ++typesize) {
      const checked_block block{std::span{content}.first(1200 * typesize), kind, typesize};
      for (const auto with : instruction_sets())
        for (const std::size_t from : {0U, 7U, 8U, 128U, 505U})
          for (const std::size_t to : {8U, 127U, 128U, 136U, 512U, 520U, 633U, 641U, 1024U, 1200U})
            for (const std::size_t inside : {std::size_t{0}, std::size_t{1}, typesize - 1}) {
              const std::size_t first = from * typesize + inside;
              const std::size_t end = std::min(to * typesize + inside, block.size());
              if (first < end) REQUIRE(block.restores(first, end - first, with));
            }
    }
}

TEST_CASE("the block and its destination may lie at any address") {
  constexpr std::size_t elements = 512 + 128 + 16;
  constexpr std::size_t step = MRCZ_TEST_SANITIZED ? 5 : 1;
  const bytes content = noise(elements * 16);
  bytes source(content.size() + 16);
  for (const auto kind : shuffles)
    for (const std::size_t typesize : {1U, 2U, 3U, 4U, 8U, 16U}) {
      const std::size_t size = elements * typesize;
      const auto shuffled = std::span{content}.first(size);
      const bytes plain = plain_bytes(shuffled, kind, typesize);
      for (std::size_t from = 0; from < 16; from += step)
        for (std::size_t to = 0; to < 16; to += step) {
          std::ranges::copy(shuffled, source.begin() + static_cast<std::ptrdiff_t>(from));
          const shuffled_block block{std::span{source}.subspan(from, size), kind, typesize};
          for (const auto with : instruction_sets()) {
            bytes into(size + 32, std::byte{0x5a});
            block.unshuffle(0, size, into.data() + to, with);
            REQUIRE(std::ranges::equal(std::span{into}.subspan(to, size), plain));
            REQUIRE(std::ranges::count(std::span{into}.first(to), std::byte{0x5a}) == static_cast<std::ptrdiff_t>(to));
            REQUIRE(std::ranges::count(std::span{into}.subspan(to + size), std::byte{0x5a}) ==
                    static_cast<std::ptrdiff_t>(32 - to));
          }
        }
    }
}

TEST_CASE("bits are shuffled into the block that is restored to the same bytes, for any element size and length") {
  const bytes content = noise(std::size_t{4104} * 16 + 15);
  const guarded source{content.size()};
  const guarded destination{content.size() + 64};
  std::mt19937 random{4};
  for (std::size_t typesize = 1; typesize <= 16; ++typesize)
    for (const std::size_t n : element_counts()) {
      const std::size_t size = n * typesize + random() % typesize;
      const auto plain = source.holding(std::span{content}.first(size));
      const auto before = destination.span().last(64 + size).first(64);
      const auto into = destination.span().last(size);
      for (const auto with : instruction_sets()) {
        CAPTURE(typesize);
        CAPTURE(n);
        CAPTURE(static_cast<int>(with));
        std::ranges::fill(destination.span().last(64 + size), std::byte{0x5a});
        mrcz::detail::shuffle_bits(plain, typesize, into.data(), with);
        REQUIRE(std::ranges::equal(plain_bytes(into, mrcz::shuffle::bit, typesize), plain));
        REQUIRE(std::ranges::count(before, std::byte{0x5a}) == 64);
      }
    }
}

TEST_CASE("a block that blosc leaves as it is says so") {
  const bytes content = noise(100);
  const auto is_plain = [&](mrcz::shuffle kind, std::size_t size, std::size_t typesize) {
    return shuffled_block{std::span{content}.first(size), kind, typesize}.is_plain();
  };
  CHECK(is_plain(mrcz::shuffle::none, 64, 4));
  CHECK(is_plain(mrcz::shuffle::byte, 64, 1));
  CHECK_FALSE(is_plain(mrcz::shuffle::byte, 64, 2));
  CHECK_FALSE(is_plain(mrcz::shuffle::bit, 64, 1));
  CHECK_FALSE(is_plain(mrcz::shuffle::bit, 67, 8));
  CHECK(is_plain(mrcz::shuffle::bit, 63, 1));
  CHECK(is_plain(mrcz::shuffle::bit, 36, 4));
  CHECK(is_plain(mrcz::shuffle::bit, 3, 4));
  CHECK(shuffled_block{}.is_plain());
  CHECK(shuffled_block{}.size() == 0);
}

TEST_CASE("the fastest instructions are some that the processor has") {
  CHECK(mrcz::detail::has(mrcz::detail::fastest_for_unshuffle()));
}
