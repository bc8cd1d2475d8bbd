#include "mrcz/codec/zstd.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "tests/codec/support.hpp"
#include "tests/packings.hpp"

using namespace test;

namespace {

using bytes = std::vector<std::byte>;

template <std::size_t Size>
bytes of(const std::array<unsigned char, Size>& values) {
  const auto from = std::as_bytes(std::span{values});
  return {from.begin(), from.end()};
}

// RFC 8878: magic number, descriptor of a single segment, content of 0 bytes, an empty last block.
const bytes empty_frame = of(std::array<unsigned char, 9>{0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00});
// Magic number of frames that are skipped, 3 bytes, and these.
const bytes skipped_frame = of(std::array<unsigned char, 11>{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'});

/// The one frame of a chunk of one block: it follows the chunk header, the begin of the block and its own length.
bytes frame_of(const bytes& content) {
  const bytes chunk = packed(content, 1, {.shuffle = mrcz::shuffle::none, .block_size = content.size()});
  REQUIRE_FALSE(header_of(chunk).stored());
  REQUIRE(header_of(chunk).blocks() == 1);
  return {chunk.begin() + 24, chunk.end()};
}

bytes operator+(bytes left, const bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

/// What frames decompress to, in memory whose end is guarded; empty if they are refused.
bytes decompressed(mrcz::detail::zstd_decoder& decoder, std::span<const std::byte> frames, std::size_t size) {
  const guarded from{frames.size()};
  const guarded into{size};
  if (!decoder.decompress(from.holding(frames), into.span())) return {};
  return {into.span().begin(), into.span().end()};
}

}  // namespace

TEST_CASE("what zstd compressed comes back, if the program has zstd") {
  mrcz::detail::zstd_decoder decoder;
  for (const std::size_t size : {std::size_t{200}, std::size_t{1000}, std::size_t{70'001}, std::size_t{300}}) {
    const bytes content = image_like(size);
    CHECK(decompressed(decoder, frame_of(content), size) == (mrcz::detail::has_zstd() ? content : bytes{}));
  }
}

TEST_CASE("a frame of zstd that holds more or less than was expected is refused, and the next one is not") {
  mrcz::detail::zstd_decoder decoder;
  const bytes content = image_like(1000);
  const bytes frame = frame_of(content);
  for (const std::size_t size : {0U, 1U, 999U, 1001U, 5000U}) {
    CHECK(decompressed(decoder, frame, size).empty());
    CHECK(decompressed(decoder, frame, 1000) == (mrcz::detail::has_zstd() ? content : bytes{}));
  }
}

TEST_CASE("frames of zstd that follow each other decompress to what they hold, one after the other") {
  mrcz::detail::zstd_decoder decoder;
  const bytes one = image_like(1000);
  const bytes two = image_like(300);
  const bytes frames = frame_of(one) + empty_frame + frame_of(two) + skipped_frame;
  CHECK(decompressed(decoder, frames, 1300) == (mrcz::detail::has_zstd() ? one + two : bytes{}));
  CHECK(decompressed(decoder, frames, 1000).empty());
  CHECK(decompressed(decoder, frames + bytes(1), 1300).empty());
}

TEST_CASE("frames of zstd that are cut short, or followed by other bytes, are refused") {
  mrcz::detail::zstd_decoder decoder;
  bytes frame = frame_of(image_like(1000));
  for (std::size_t size = 0; size < frame.size(); ++size)
    REQUIRE(decompressed(decoder, std::span{frame}.first(size), 1000).empty());
  frame.push_back(std::byte{0});
  CHECK(decompressed(decoder, frame, 1000).empty());
}

TEST_CASE("no bytes are an empty frame of zstd, a frame that is skipped, or no frame") {
  mrcz::detail::zstd_decoder decoder;
  std::byte nowhere{};
  for (const bytes& nothing : {empty_frame, skipped_frame, empty_frame + empty_frame, bytes{}}) {
    CHECK(decoder.decompress(nothing, std::span{&nowhere, 0}) == mrcz::detail::has_zstd());
    CHECK_FALSE(decoder.decompress(nothing, std::span{&nowhere, 1}));
  }
  CHECK(decoder.decompress({}, {}) == mrcz::detail::has_zstd());
}

TEST_CASE("a whole file of zstd may have frames that are to be skipped anywhere") {
  const auto content = image_like(1000);
  const auto frame = packed_by(mrcz::packing::zstd, content);
  const auto file = skipped_frame + frame + skipped_frame + empty_frame + frame + skipped_frame;
  for (const std::size_t at_once : {1U, 5U, 100'000U})
    CHECK(decoded(*mrcz::detail::make_zstd_decoder(), file, at_once) == content + content);
  const auto decoder = mrcz::detail::make_zstd_decoder();
  CHECK(decoded(*decoder, skipped_frame).empty());
  CHECK(decoder->may_end());
}

TEST_CASE("a damaged frame of zstd is refused or fills its memory, and leaves all bounds intact") {
  std::mt19937 random{5};
  mrcz::detail::zstd_decoder decoder;
  const bytes content = image_like(1000);
  const bytes good = frame_of(content);
  const guarded into{content.size()};
  const guarded memory{good.size()};
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto frame = memory.holding(good);
    const std::size_t changes = 1 + random() % 4;
    for (std::size_t i = 0; i < changes; ++i) frame[random() % frame.size()] = static_cast<std::byte>(random() & 0xffU);
    if (!decoder.decompress(frame, into.span())) ++refused;
  }
  CHECK(refused > 100);
  REQUIRE(decoder.decompress(memory.holding(good), into.span()) == mrcz::detail::has_zstd());
  if (mrcz::detail::has_zstd()) CHECK(std::ranges::equal(into.span(), content));
}

TEST_CASE("a frame is the same whatever its memory was used for before, and comes back") {
  const bytes content = image_like(70'001);
  const auto frame_with = [&](const mrcz::detail::zstd_search& search, mrcz::detail::zstd_memory& memory) {
    bytes frame(content.size());
    frame.resize(mrcz::detail::compress_zstd(content, frame, search, memory));
    return frame;
  };
  mrcz::detail::zstd_memory used;
  mrcz::detail::zstd_decoder decoder;
  for (int round = 0; round < 2; ++round)
    for (const mrcz::detail::zstd_search search : {mrcz::detail::zstd_search{1, 0},
                                                   {1, 16},
                                                   {1, mrcz::detail::no_search},
                                                   {5, 0},
                                                   mrcz::detail::search_of_level(2)}) {
      mrcz::detail::zstd_memory fresh;
      const bytes frame = frame_with(search, used);
      CHECK(frame == frame_with(search, fresh));
      CHECK(frame.empty() != mrcz::detail::has_zstd());
      if (!frame.empty()) CHECK(decompressed(decoder, frame, content.size()) == content);
    }
}

TEST_CASE("levels are those of c-blosc: the same bytes make the same frame") {
  const bytes content = image_like(70'001);
  for (const int level : {1, 2, 5, 8, 9}) {
    const bytes chunk =
        packed(content, 1, {.level = level, .shuffle = mrcz::shuffle::none, .block_size = content.size()});
    bytes frame(content.size());
    mrcz::detail::zstd_memory memory;
    frame.resize(mrcz::detail::compress_zstd(content, frame, mrcz::detail::search_of_level(level), memory));
    if (mrcz::detail::has_zstd()) CHECK(frame == bytes(chunk.begin() + 24, chunk.end()));
  }
}

TEST_CASE("a frame that does not fit is not made, and the next one is") {
  const bytes content = image_like(10'000);
  mrcz::detail::zstd_memory memory;
  const guarded into{content.size()};
  const std::size_t size = mrcz::detail::compress_zstd(content, into.span(), {}, memory);
  for (const std::size_t room : {std::size_t{0}, std::size_t{1}, size / 2})
    CHECK(mrcz::detail::compress_zstd(content, into.span().last(room), {}, memory) == 0);
  CHECK(mrcz::detail::compress_zstd(content, into.span().last(content.size() / 2), {}, memory) == size);
}

TEST_CASE("a program that is compiled with zstd names its version") {
  const auto version = mrcz::detail::zstd_version();
  CHECK(version.empty() != mrcz::detail::has_zstd());
  CHECK(version.find_first_not_of("0123456789.") == version.npos);
}
