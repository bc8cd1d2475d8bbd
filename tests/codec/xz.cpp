#include "mrcz/codec/xz.hpp"

#include <string>

#include <doctest/doctest.h>

#include "tests/codec/support.hpp"
#include "tests/packings.hpp"

TEST_CASE("xz is decompressed, if the library is there") {
  const auto decoder = mrcz::detail::make_xz_decoder();
#ifdef MRCZ_XZ
  REQUIRE(decoder);
  const auto content = test::image_like(2'000'000);
  CHECK(test::decoded(*decoder, test::packed_by(mrcz::packing::xz, content)) == content);
#else
  CHECK_FALSE(decoder);
#endif
}

#ifdef MRCZ_XZ
TEST_CASE("a stream of xz that needs much memory is refused before it gets any") {
  lzma_options_lzma options{};
  REQUIRE_FALSE(lzma_lzma_preset(&options, 6));
  options.dict_size = 1U << 30U;
  const lzma_filter filters[]{{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  // A header of a stream and a header of a block that names the filter
  std::vector<std::byte> packed(LZMA_STREAM_HEADER_SIZE + 100);
  auto* const begin = reinterpret_cast<std::uint8_t*>(packed.data());
  lzma_stream_flags flags{};
  flags.check = LZMA_CHECK_CRC32;
  REQUIRE(lzma_stream_header_encode(&flags, begin) == LZMA_OK);
  lzma_block block{};
  block.check = LZMA_CHECK_CRC32;
  block.compressed_size = LZMA_VLI_UNKNOWN;
  block.uncompressed_size = LZMA_VLI_UNKNOWN;
  block.filters = const_cast<lzma_filter*>(filters);
  REQUIRE(lzma_block_header_size(&block) == LZMA_OK);
  REQUIRE(lzma_block_header_encode(&block, begin + LZMA_STREAM_HEADER_SIZE) == LZMA_OK);
  std::vector<std::byte> room(100);
  const auto piece = mrcz::detail::make_xz_decoder()->decode(packed, room);
  REQUIRE(piece.damage);
  CHECK(std::string{piece.damage} == "it needs more than 256 MiB of memory");
}

TEST_CASE("zeros between streams of xz come in fours") {
  const auto content = test::image_like(500);
  const auto packed = test::packed_by(mrcz::packing::xz, content);
  for (std::size_t zeros = 0; zeros < 9; ++zeros) {
    auto two = packed;
    two.insert(two.end(), zeros, std::byte{});
    two.insert(two.end(), packed.begin(), packed.end());
    const auto found = test::decoded(*mrcz::detail::make_xz_decoder(), two);
    CHECK(found.size() == (zeros % 4 == 0 ? 1000 : 0));
  }
}
#endif
