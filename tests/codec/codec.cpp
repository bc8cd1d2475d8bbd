#include "mrcz/codec/codec.hpp"

#include <limits>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "tests/support.hpp"

static_assert(static_cast<int>(mrcz::codec::none) == 0 && static_cast<int>(mrcz::codec::blosclz) == 1 &&
                  static_cast<int>(mrcz::codec::lz4) == 2 && static_cast<int>(mrcz::codec::lz4hc) == 3 &&
                  static_cast<int>(mrcz::codec::snappy) == 4 && static_cast<int>(mrcz::codec::zlib) == 5 &&
                  static_cast<int>(mrcz::codec::zstd) == 6,
              "the values are written to files");
static_assert(mrcz::codec_named("zstd") == mrcz::codec::zstd, "names are known when compiling");
static_assert(mrcz::compression{}.shuffle == mrcz::shuffle::bit && mrcz::compression{}.level == 1);

TEST_CASE("every codec has a name of its own, by which it is found again") {
  std::set<std::string_view> names;
  for (const mrcz::codec c : mrcz::all_codecs) {
    const std::string_view name = mrcz::name_of(c);
    CHECK_FALSE(name.empty());
    CHECK(mrcz::codec_named(name) == c);
    CHECK(name.data()[name.size()] == '\0');  // c-blosc is given the pointer alone
    names.insert(name);
  }
  CHECK(names == std::set<std::string_view>{"none", "blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"});
}

TEST_CASE("names that are almost a codec's are none") {
  for (const std::string_view name : {"", " ", "ZSTD", "zstd ", " zstd", "zst", "lz4h", "lz4hcc", "7"})
    CHECK_FALSE(mrcz::codec_named(name).has_value());
}

TEST_CASE("a value that is no codec or shuffle has no name") {
  for (const std::int32_t value : {-1, 7, 100, std::numeric_limits<std::int32_t>::min()}) {
    CHECK(mrcz::name_of(static_cast<mrcz::codec>(value)).empty());
    CHECK(*mrcz::name_of(static_cast<mrcz::codec>(value)).data() == '\0');
  }
  CHECK(mrcz::name_of(static_cast<mrcz::shuffle>(3)).empty());
  CHECK(mrcz::name_of(mrcz::shuffle::none) == "none");
  CHECK(mrcz::name_of(mrcz::shuffle::byte) == "byte");
  CHECK(mrcz::name_of(mrcz::shuffle::bit) == "bit");
}

TEST_CASE("every legal compression passes") {
  mrcz::detail::check(mrcz::compression{});
  for (const mrcz::codec c : mrcz::all_codecs)
    for (int level = 0; level <= 9; ++level)
      for (const auto s : {mrcz::shuffle::none, mrcz::shuffle::byte, mrcz::shuffle::bit})
        CHECK_NOTHROW(mrcz::detail::check({.codec = c, .level = level, .shuffle = s}));
  for (int level = 0; level <= 9; ++level) {
    CHECK_NOTHROW(mrcz::detail::check({.level = level, .planes = true}));
    CHECK_NOTHROW(mrcz::detail::check({.codec = mrcz::codec::zstd, .level = level, .block_size = 128, .planes = true}));
  }
  CHECK_NOTHROW(mrcz::detail::check({.block_size = 0}));
  CHECK_NOTHROW(mrcz::detail::check({.block_size = 128}));
  CHECK_NOTHROW(mrcz::detail::check({.block_size = 0x7fffffff}));
}

TEST_CASE("each illegal value is a bad option, and the message says which and what would be legal") {
  const auto complaint = [](const mrcz::compression& wanted) {
    const auto thrown = test::failure_of([&] { mrcz::detail::check(wanted); });
    if (!thrown) return std::string{"none"};
    CHECK(thrown->code == mrcz::errc::bad_option);
    return thrown->message;
  };
  CHECK(complaint({.level = -1}) == "level is -1, expected 0 to 9");
  CHECK(complaint({.level = 10}) == "level is 10, expected 0 to 9");
  CHECK(complaint({.codec = static_cast<mrcz::codec>(7)}) == "codec 7 is unknown");
  CHECK(complaint({.codec = static_cast<mrcz::codec>(-1)}) == "codec -1 is unknown");
  CHECK(complaint({.shuffle = static_cast<mrcz::shuffle>(3)}) == "shuffle 3 is unknown");
  CHECK(complaint({.block_size = 1}) == "block_size is 1, expected 128 to 2147483647 bytes or 0");
  CHECK(complaint({.block_size = 127}) == "block_size is 127, expected 128 to 2147483647 bytes or 0");
  CHECK(complaint({.codec = mrcz::codec::lz4, .planes = true}) ==
        "planes is true for codec lz4; only zstd ends its blocks at planes of bits");
  CHECK(complaint({.codec = mrcz::codec::none, .planes = true}) ==
        "planes is true for codec none; only zstd ends its blocks at planes of bits");
  CHECK(complaint({.shuffle = mrcz::shuffle::byte, .planes = true}) ==
        "planes is true for shuffle byte; only bit makes planes of bits");
  CHECK(complaint({.block_size = 0, .planes = true}) ==
        "planes is true for block_size 0, but c-blosc, which would choose it, has no part in it");
  CHECK(complaint({.block_size = 0x80000000}) == "block_size is 2147483648, expected 128 to 2147483647 bytes or 0");
}
