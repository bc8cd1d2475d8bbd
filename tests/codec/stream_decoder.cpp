#include "mrcz/codec/stream_decoder.hpp"

#include <doctest/doctest.h>

#include "tests/codec/support.hpp"
#include "tests/packings.hpp"

namespace {

std::vector<std::byte> joined(std::vector<std::byte> a, std::span<const std::byte> b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<std::byte> unpacked(mrcz::packing how, std::span<const std::byte> packed, std::size_t in = SIZE_MAX,
                                std::size_t out = 100'000) {
  return test::decoded(*mrcz::detail::decoder_for(how), packed, in, out);
}

}  // namespace

TEST_CASE("each decoder makes the same content, however its input comes and however much room there is") {
  const auto content = test::image_like(20'000);
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    const auto packed = test::packed_by(how, content);
    for (const std::size_t in : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, std::size_t{SIZE_MAX}})
      for (const std::size_t out : {1U, 13U, 4096U, 100'000U}) CHECK(unpacked(how, packed, in, out) == content);
  }
}

TEST_CASE("streams that follow each other are one content, also empty ones") {
  const auto content = test::image_like(5'000);
  const auto more = test::noise(300);
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    const auto one = test::packed_by(how, content);
    const auto two = test::packed_by(how, more);
    const auto empty = test::packed_by(how, {});
    for (const std::size_t in : {std::size_t{1}, std::size_t{SIZE_MAX}}) {
      CHECK(unpacked(how, joined(one, two), in) == joined(content, more));
      CHECK(unpacked(how, joined(joined(empty, one), joined(empty, two)), in) == joined(content, more));
      CHECK(unpacked(how, joined(joined(two, one), empty), in) == joined(more, content));
    }
  }
}

TEST_CASE("a stream may end nowhere but at its end") {
  const auto content = test::image_like(600);
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    const auto packed = test::packed_by(how, content);
    for (std::size_t length = 0; length < packed.size(); ++length) {
      const auto decoder = mrcz::detail::decoder_for(how);
      test::decoded(*decoder, std::span{packed}.first(length));
      CHECK_FALSE(decoder->may_end());
    }
  }
}

TEST_CASE("what follows the last stream is ignored as the programs ignore it") {
  const auto content = test::image_like(600);
  const std::vector<std::byte> zeros(8);
  const std::vector<std::byte> garbage{std::byte{'x'}, std::byte{'y'}, std::byte{'z'}, std::byte{'!'}, std::byte{0}};
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    const auto packed = test::packed_by(how, content);
    const bool ignores_garbage = how == mrcz::packing::gzip || how == mrcz::packing::bzip2;
    const bool ignores_zeros = ignores_garbage || how == mrcz::packing::xz;
    for (const std::size_t in : {std::size_t{1}, std::size_t{SIZE_MAX}}) {
      CHECK((unpacked(how, joined(packed, zeros), in) == content) == ignores_zeros);
      CHECK((unpacked(how, joined(packed, garbage), in) == content) == ignores_garbage);
      for (std::size_t few = 1; few < 4; ++few)
        CHECK((unpacked(how, joined(packed, std::span{zeros}.first(few)), in) == content) == ignores_garbage);
    }
    CHECK(unpacked(how, garbage).empty());
    CHECK(unpacked(how, zeros).empty());
  }
}

TEST_CASE("each byte that changes is noticed, unless the content stays the same") {
  const auto content = test::image_like(600);
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    const auto packed = test::packed_by(how, content);
    for (std::size_t at = 0; at < packed.size(); ++at)
      for (const unsigned flipped : {0x01U, 0x10U, 0x80U, 0xffU}) {
        auto damaged = packed;
        damaged[at] ^= static_cast<std::byte>(flipped);
        const auto found = unpacked(how, damaged);
        if (!found.empty()) CHECK(found == content);
      }
  }
}
