#include "mrcz/codec/stream_encoder.hpp"

#include <doctest/doctest.h>

#include "mrcz/codec/zstd.hpp"
#include "tests/codec/support.hpp"
#include "tests/packings.hpp"

TEST_CASE("an encoder makes one stream of all pieces, however much room there is") {
  const auto content = test::image_like(30'000);
  for (const std::size_t threads : {1U, 2U})
    for (const std::size_t in : {100U, 30'000U})
      for (const std::size_t out : {1U, 100U, 50'000U}) {
        const auto encoder = mrcz::detail::make_zstd_encoder(3, content.size(), threads);
        REQUIRE(encoder);
        std::vector<std::byte> packed;
        std::vector<std::byte> room(out);
        for (std::size_t at = 0; at < content.size();) {
          auto piece = std::span{content}.subspan(at, std::min(in, content.size() - at));
          at += piece.size();
          for (bool ended = false; !piece.empty() || (at == content.size() && !ended);) {
            const auto done = encoder->encode(piece, at == content.size(), room);
            piece = piece.subspan(done.taken);
            packed.insert(packed.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(done.made));
            ended = done.ended;
          }
        }
        CHECK(test::decoded(*mrcz::detail::make_zstd_decoder(), packed) == content);
      }
}
