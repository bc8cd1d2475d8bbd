#include "mrcz/format/mode_word.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "tests/support.hpp"

using mrcz::codec;
using mrcz::mode;
using mrcz::detail::mode_word;

TEST_CASE("a mode word leads back to its mode and codec") {
  for (const mode m : mrcz::all_modes)
    for (const codec c : mrcz::all_codecs) {
      const mode_word w{m, c};
      const std::int32_t word = mrcz::encode(w);
      CAPTURE(word);
      CHECK(word == static_cast<std::int32_t>(m) + 1000 * static_cast<std::int32_t>(c));
      CHECK(mrcz::detail::decode_mode_word(word) == w);
      CHECK(mrcz::detail::require_mode_word(word) == w);
    }
}

TEST_CASE("the words of the specification mean what it says") {
  CHECK(mrcz::detail::decode_mode_word(2) == mode_word{mode::float32, codec::none});
  CHECK(mrcz::detail::decode_mode_word(1000) == mode_word{mode::int8, codec::blosclz});
  CHECK(mrcz::detail::decode_mode_word(2002) == mode_word{mode::float32, codec::lz4});
  CHECK(mrcz::detail::decode_mode_word(3001) == mode_word{mode::int16, codec::lz4hc});
  CHECK(mrcz::detail::decode_mode_word(4004) == mode_word{mode::complex64, codec::snappy});
  CHECK(mrcz::detail::decode_mode_word(5006) == mode_word{mode::uint16, codec::zlib});
  CHECK(mrcz::detail::decode_mode_word(6101) == mode_word{mode::uint4, codec::zstd});
}

TEST_CASE("python-mrcz 0.1 counted the codecs in ten thousands and in another order") {
  CHECK(mrcz::detail::decode_mode_word(10000) == mode_word{mode::int8, codec::zlib});
  CHECK(mrcz::detail::decode_mode_word(20001) == mode_word{mode::int16, codec::lz4});
  CHECK(mrcz::detail::decode_mode_word(30002) == mode_word{mode::float32, codec::lz4hc});
  CHECK(mrcz::detail::decode_mode_word(40004) == mode_word{mode::complex64, codec::blosclz});
  CHECK(mrcz::detail::decode_mode_word(50006) == mode_word{mode::uint16, codec::zstd});
}

TEST_CASE("words that no program writes are refused with their value and place") {
  for (const std::int32_t word : {-1,
                                  5,
                                  9,
                                  16,
                                  17,
                                  999,
                                  1005,
                                  1016,
                                  6005,
                                  7000,
                                  7002,
                                  9002,
                                  10005,
                                  11002,
                                  50016,
                                  60002,
                                  0x01000000,
                                  0x02000000,
                                  std::numeric_limits<std::int32_t>::max(),
                                  std::numeric_limits<std::int32_t>::min()}) {
    CAPTURE(word);
    CHECK_FALSE(mrcz::detail::decode_mode_word(word));
    const auto failure = test::failure_of([&] { mrcz::detail::require_mode_word(word); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::bad_mode);
    CHECK(failure->mentions("MODE is " + std::to_string(word)));
    CHECK(failure->mentions("byte 12"));
  }
}

TEST_CASE("no word of any value is taken for more than one meaning") {
  int understood = 0;
  for (std::int32_t word = -100; word < 70000; ++word) {
    const auto found = mrcz::detail::decode_mode_word(word);
    if (!found) continue;
    ++understood;
    CHECK(mrcz::is_known(found->mode));
    CHECK(!mrcz::name_of(found->codec).empty());
  }
  CHECK(understood == 10 * (7 + 5));  // ten modes with seven codecs, and with the five of python-mrcz 0.1
}

TEST_CASE("IMOD's colour images are refused by name") {
  const auto failure = test::failure_of([] { mrcz::detail::require_mode_word(16); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_mode);
  CHECK(failure->mentions(
      "MODE is 16, that of IMOD's colour images (RGB), which are no voxels of MRC (byte 12); IMOD's program "
      "clip splitrgb writes"));
}
