#include "mrcz/codec/bzip2.hpp"

#include <doctest/doctest.h>

#include "tests/codec/support.hpp"
#include "tests/packings.hpp"

TEST_CASE("bzip2 is decompressed over many of its blocks, if the library is there") {
  const auto decoder = mrcz::detail::make_bzip2_decoder();
#ifdef MRCZ_BZIP2
  REQUIRE(decoder);
  const auto content = test::image_like(2'000'000);
  CHECK(test::decoded(*decoder, test::packed_by(mrcz::packing::bzip2, content)) == content);
#else
  CHECK_FALSE(decoder);
#endif
}
