/// The behaviour with a c-blosc that is built without snappy. This program replaces a function of c-blosc to simulate
/// that.
#include "mrcz/codec/blosc.hpp"

#include <array>
#include <string_view>
#include <vector>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "tests/support.hpp"

extern "C" int blosc_compname_to_compcode(const char* name) {
  constexpr std::array<std::string_view, 6> codes{"blosclz", "lz4", "lz4hc", "(not built)", "zlib", "zstd"};
  for (std::size_t code = 0; code < codes.size(); ++code)
    if (codes[code] == name) return static_cast<int>(code);
  return -1;
}

namespace {

const std::vector<std::byte> content(1000, std::byte{3});

std::vector<std::byte> packed(mrcz::codec c) {
  mrcz::detail::buffer memory;
  const auto chunk = mrcz::detail::compress(content, 1, {.codec = c}, memory);
  return {chunk.begin(), chunk.end()};
}

}  // namespace

TEST_CASE("a codec that c-blosc was built without is unavailable, the others are not") {
  for (const auto c : mrcz::all_codecs) CHECK(mrcz::available(c) == (c != mrcz::codec::snappy));
}

TEST_CASE("compressing with a codec that is unavailable says which, and which there are") {
  const auto thrown = test::failure_of([] { packed(mrcz::codec::snappy); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::codec_unavailable);
  CHECK(thrown->mentions("was built without snappy; it has blosclz,"));
}

TEST_CASE("decompressing a chunk of a codec that is unavailable says which") {
  auto chunk = packed(mrcz::codec::lz4);
  chunk[2] = (chunk[2] & std::byte{0x1f}) | std::byte{2 << 5};  // the flags of snappy
  std::vector<std::byte> into(content.size());
  const auto thrown = test::failure_of([&] { mrcz::detail::decompress_with_blosc(chunk, into); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::codec_unavailable);
  CHECK(thrown->mentions("was built without snappy"));
}

TEST_CASE("the codecs that there are work as ever") {
  for (const auto c : {mrcz::codec::blosclz, mrcz::codec::lz4, mrcz::codec::zlib, mrcz::codec::zstd}) {
    std::vector<std::byte> into(content.size());
    mrcz::detail::decompress_with_blosc(packed(c), into);
    CHECK(into == content);
  }
}
