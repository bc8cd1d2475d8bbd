#include "mrcz/codec/blosc.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/codec/support.hpp"
#include "tests/support.hpp"

using namespace test;

namespace {

using bytes = std::vector<std::byte>;

bytes unpacked(std::span<const std::byte> chunk, std::size_t size) {
  bytes content(size, std::byte{0x5a});
  mrcz::detail::decompress_with_blosc(chunk, content);
  return content;
}

/// The error of decompressing `chunk` to `size` bytes; empty if it succeeds.
std::string complaint(std::span<const std::byte> chunk, std::size_t size) {
  const auto thrown = test::failure_of([&] { unpacked(chunk, size); });
  if (!thrown) return {};
  CHECK(thrown->code == mrcz::errc::bad_chunk);
  return thrown->message;
}

/// Decompresses a chunk that may be damaged. Returns whether it succeeded. Errors of another kind are not caught.
bool survives(std::span<const std::byte> chunk, std::span<std::byte> into) {
  try {
    mrcz::detail::decompress_with_blosc(chunk, into);
    return true;
  } catch (const mrcz::error& e) {
    if (e.code() != mrcz::errc::bad_chunk) throw;
    return false;
  }
}

}  // namespace

TEST_CASE("every codec, shuffle, level and element size gives back what it was given") {
  mrcz::detail::buffer memory;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{127}, std::size_t{128}, std::size_t{1000}, std::size_t{70'001}}) {
    const bytes content = image_like(size);
    bytes back(size);
    for (const auto c : compressors)
      for (const auto s : shuffles)
        for (const int level : {0, 1, 5, 9})
          for (const std::size_t typesize : {1U, 2U, 4U, 8U}) {
            CAPTURE(size);
            CAPTURE(mrcz::name_of(c));
            CAPTURE(mrcz::name_of(s));
            CAPTURE(level);
            CAPTURE(typesize);
            const auto chunk = mrcz::detail::compress(
                content, typesize, {.codec = c, .level = level, .shuffle = s, .block_size = 16'384}, memory);
            std::ranges::fill(back, std::byte{0x5a});
            mrcz::detail::decompress_with_blosc(chunk, back);
            REQUIRE(back == content);

            const auto header = header_of(chunk);
            REQUIRE(header.codec() == (c == mrcz::codec::lz4hc ? mrcz::codec::lz4 : c));
            REQUIRE(header.typesize == typesize);
            REQUIRE(header.bytes == size);
            REQUIRE(header.packed_bytes == chunk.size());
            REQUIRE(header.stored() == (level == 0 || chunk.size() == size + 16));
            // c-blosc gives snappy its worst case of room, which a slice of few blocks does not have: it is stored
            if (size == 70'001 && level > 0 && c != mrcz::codec::snappy) REQUIRE(chunk.size() < size * 3 / 4);
          }
  }
}

TEST_CASE("small slices of any number of bytes come back") {
  const bytes all = image_like(200);
  for (const auto c : compressors)
    for (const auto s : shuffles)
      for (const std::size_t typesize : {1U, 2U, 3U, 4U, 8U, 16U, 255U})
        for (std::size_t size = 0; size <= all.size(); ++size) {
          const bytes content(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
          const bytes chunk = packed(content, typesize, {.codec = c, .shuffle = s});
          REQUIRE(chunk.size() <= size + 16);
          REQUIRE(unpacked(chunk, size) == content);
        }
}

TEST_CASE("an empty slice is a chunk of a header alone") {
  for (const auto c : compressors) {
    const bytes chunk = packed({}, 4, {.codec = c});
    CHECK(chunk.size() == 16);
    CHECK(header_of(chunk).bytes == 0);
    CHECK(unpacked(chunk, 0).empty());
    CHECK(complaint(chunk, 1) == "chunk holds 0 bytes, expected 1");
  }
}

TEST_CASE("what cannot be compressed is stored, at 16 bytes more") {
  const bytes content = noise(100'000);
  for (const auto c : compressors)
    for (const int level : {0, 1, 9}) {
      const bytes chunk = packed(content, 4, {.codec = c, .level = level});
      CHECK(chunk.size() == content.size() + 16);
      CHECK(header_of(chunk).stored());
      CHECK(unpacked(chunk, content.size()) == content);
    }
}

TEST_CASE("zeros compress as far as a codec can, and are still believed") {
  const bytes zeros(std::size_t{8} << 20U);
  for (const auto c : compressors)
    for (const std::size_t block_size : {mrcz::detail::default_block_size(c, 1), zeros.size()}) {
      const bytes chunk = packed(zeros, 1, {.codec = c, .level = 9, .block_size = block_size});
      CHECK(chunk.size() < zeros.size() / 15);
      CHECK(unpacked(chunk, zeros.size()) == zeros);
    }
}

TEST_CASE("shuffle says how the bytes of elements are rearranged") {
  const bytes content = image_like(10'000);
  for (const auto s : shuffles) CHECK(header_of(packed(content, 2, {.shuffle = s})).shuffle() == s);
}

TEST_CASE("blocks have the size that was asked for, or the default, or that of the slice") {
  const bytes content = image_like(std::size_t{1} << 20U);
  for (const std::size_t block_size : {std::size_t{4096}, std::size_t{65536}, std::size_t{1} << 20U}) {
    const bytes chunk = packed(content, 4, {.codec = mrcz::codec::zstd, .block_size = block_size});
    CHECK(header_of(chunk).block_size == block_size);
    CHECK(unpacked(chunk, content.size()) == content);
  }
  CHECK(header_of(packed(content, 4, {})).block_size == mrcz::detail::default_block_size(mrcz::codec::zstd, 4));
  const bytes little = image_like(1000);
  CHECK(header_of(packed(little, 4, {.block_size = 0x7fffffff})).block_size == 1000);
  for (const auto c : compressors) {
    const bytes chunk = packed(content, 4, {.codec = c, .block_size = 128});
    CHECK(unpacked(chunk, content.size()) == content);
  }
}

TEST_CASE("the codec is zstd unless another is stated") {
  CHECK(header_of(packed(image_like(1000), 1, {})).codec() == mrcz::codec::zstd);
}

TEST_CASE("default blocks are whole elements, within what a user may ask for") {
  for (const auto c : compressors)
    for (const std::size_t typesize : {1U, 2U, 4U, 8U}) {
      const std::size_t size = mrcz::detail::default_block_size(c, typesize);
      CHECK(size % typesize == 0);
      CHECK_NOTHROW(mrcz::detail::check(mrcz::compression{.block_size = size}));
    }
}

TEST_CASE("compressing again reuses the memory") {
  mrcz::detail::buffer memory;
  const auto large = mrcz::detail::compress(image_like(10'000), 4, {}, memory);
  const auto small = mrcz::detail::compress(image_like(5'000), 4, {}, memory);
  CHECK(small.data() == large.data());
  CHECK(memory.capacity() == 10'016);
}

TEST_CASE("a slice that no chunk can hold is refused without looking at it") {
  constexpr std::size_t size = 0x7fffffff - 16 + 1;
  void* const address = test::addresses(size, false);
  REQUIRE(address != nullptr);
  mrcz::detail::buffer memory;
  const auto thrown =
      test::failure_of([&] { mrcz::detail::compress({static_cast<const std::byte*>(address), size}, 1, {}, memory); });
  test::give_back(address, size);
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::too_large);
  CHECK(thrown->message ==
        "a slice of 2147483632 bytes does not fit a blosc chunk, which holds at most 2147483631; write it with codec "
        "none");
  CHECK(memory.capacity() == 0);
}

TEST_CASE("a value that is no codec is unavailable") {
  CHECK_FALSE(mrcz::available(static_cast<mrcz::codec>(7)));
  CHECK_FALSE(mrcz::available(static_cast<mrcz::codec>(-1)));
  CHECK(mrcz::available(mrcz::codec::none));
  CHECK(mrcz::available(mrcz::codec::zstd));
  CHECK_NOTHROW(mrcz::detail::require_available(mrcz::codec::blosclz));
  const bytes content = image_like(1000);
  mrcz::detail::buffer memory;
  const auto thrown =
      test::failure_of([&] { mrcz::detail::compress(content, 1, {.codec = static_cast<mrcz::codec>(7)}, memory); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::bad_option);
  CHECK(thrown->mentions("codec 7 is unknown"));
}

TEST_CASE("what cannot be handed to c-blosc is refused before it is") {
  const bytes content = image_like(1000);
  mrcz::detail::buffer memory;
  const auto refused = [&](std::size_t typesize, const mrcz::compression& wanted, const char* message) {
    const auto thrown = test::failure_of([&] { mrcz::detail::compress(content, typesize, wanted, memory); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::bad_option);
    CHECK(thrown->mentions(message));
  };
  refused(0, {}, "typesize is 0, expected 1 to 255");
  refused(256, {}, "typesize is 256");
  refused(1, {.level = 10}, "level is 10");
  refused(1, {.codec = mrcz::codec::none}, "codec none makes no chunks");
}

TEST_CASE("a chunk that is shorter than its header is refused") {
  const bytes chunk = packed(image_like(1000), 2, {});
  CHECK(complaint({}, 1000) == "chunk has 0 bytes, expected at least 16");
  CHECK(complaint(std::span{chunk}.first(15), 1000) == "chunk has 15 bytes, expected at least 16");
}

TEST_CASE("a chunk of another size than expected is refused and nothing is written") {
  const bytes chunk = packed(image_like(1000), 2, {});
  for (const std::size_t size : {0U, 1U, 999U, 1001U, 4000U}) {
    bytes into(size, std::byte{0x5a});
    const auto thrown = test::failure_of([&] { mrcz::detail::decompress_with_blosc(chunk, into); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::bad_chunk);
    CHECK(thrown->message == fmt::format("chunk holds 1000 bytes, expected {}", size));
    CHECK(std::ranges::all_of(into, [](std::byte b) { return b == std::byte{0x5a}; }));
  }
}

TEST_CASE("a chunk of another format version, or with an element size of 0, is refused before c-blosc sees it") {
  bytes chunk = packed(image_like(1000), 2, {});
  chunk[3] = std::byte{0};
  CHECK(complaint(chunk, 1000) == "chunk has elements of 0 bytes");
  chunk[0] = std::byte{5};
  CHECK(complaint(chunk, 1000) == "chunk has format version 5.1, expected 2.1");
}

TEST_CASE("a chunk whose content is damaged says so") {
  for (const auto c : compressors) {
    bytes chunk = packed(image_like(10'000), 2, {.codec = c});
    REQUIRE_FALSE(header_of(chunk).stored());
    std::fill(chunk.begin() + 16, chunk.end(), std::byte{0xff});
    CHECK(complaint(chunk, 10'000).starts_with("chunk does not decompress to 10000 bytes (c-blosc code "));
  }
}

TEST_CASE("any damage to the first 32 bytes of a chunk is an error or leaves all bounds intact") {
  // version, codec version, uncompressed and packed bytes: no other value can be right
  const auto must_fail = [](std::size_t at) { return at < 2 || (at >= 4 && at < 8) || (at >= 12 && at < 16); };
  std::size_t damaged = 0;
  std::size_t wrongly_decoded = 0;
  const bytes content = image_like(4000);
  const guarded into{content.size()};
  for (const auto c : compressors)
    for (const auto s : shuffles)
      for (const std::size_t typesize : {16U, 2U}) {
        const bytes good = packed(content, typesize, {.codec = c, .shuffle = s, .block_size = 1024});
        if (header_of(good).stored()) continue;
        // 4 blocks, so that bytes 16 to 31 say where they begin; a block of small elements is larger but split
        if (typesize == 16) REQUIRE(header_of(good).blocks() == 4);
        const guarded memory{good.size()};
        const auto chunk = memory.holding(good);
        for (std::size_t at = 0; at < 32; ++at) {
          for (unsigned value = 0; value < 256; ++value) {
            if (static_cast<std::byte>(value) == good[at]) continue;
            chunk[at] = static_cast<std::byte>(value);
            if (survives(chunk, into.span()) && must_fail(at)) ++wrongly_decoded;
          }
          chunk[at] = good[at];
        }
        REQUIRE(survives(chunk, into.span()));
        REQUIRE(std::ranges::equal(into.span(), content));
        ++damaged;
      }
  CHECK(wrongly_decoded == 0);
  CHECK(damaged >= compressors.size() * shuffles.size());
}

TEST_CASE("any damage to the header of a stored chunk is an error or leaves all bounds intact") {
  const bytes content = noise(300);
  const guarded into{content.size()};
  for (const auto c : compressors) {
    const bytes good = packed(content, 4, {.codec = c});
    REQUIRE(header_of(good).stored());
    const guarded memory{good.size()};
    const auto chunk = memory.holding(good);
    for (std::size_t at = 0; at < 16; ++at) {
      for (unsigned value = 0; value < 256; ++value) {
        chunk[at] = static_cast<std::byte>(value);
        survives(chunk, into.span());
      }
      chunk[at] = good[at];
    }
    REQUIRE(survives(chunk, into.span()));
    REQUIRE(std::ranges::equal(into.span(), content));
  }
}

TEST_CASE("a chunk that is cut short anywhere is an error, also if its header was adapted") {
  const bytes content = image_like(1000);
  const guarded into{content.size()};
  for (const auto c : compressors)
    for (const int level : {0, 5}) {
      const bytes good = packed(content, 4, {.codec = c, .level = level, .block_size = 256});
      const guarded memory{good.size()};
      for (std::size_t size = 0; size < good.size(); ++size) {
        const auto cut = memory.holding(std::span{good}.first(size));
        REQUIRE_FALSE(survives(cut, into.span()));
        if (size < 16) continue;
        mrcz::detail::store(cut.data() + 12, static_cast<std::uint32_t>(size), std::endian::little);
        REQUIRE_FALSE(survives(cut, into.span()));
      }
      const auto longer = guarded{good.size() + 1};
      const auto with_more = longer.holding(good);
      REQUIRE(survives(with_more, into.span()));
      REQUIRE_FALSE(survives(longer.span(), into.span()));
    }
}

TEST_CASE("random damage to the content of a chunk is an error or leaves all bounds intact") {
  std::mt19937 random{42};
  const bytes content = image_like(3000);
  const guarded into{content.size()};
  for (const auto c : compressors)
    for (const auto s : shuffles) {
      const bytes good = packed(content, 2, {.codec = c, .shuffle = s, .block_size = 1024});
      REQUIRE_FALSE(header_of(good).stored());
      const guarded memory{good.size()};
      for (int round = 0; round < 500; ++round) {
        const auto chunk = memory.holding(good);
        const std::size_t changes = 1 + random() % 8;
        for (std::size_t i = 0; i < changes; ++i)
          chunk[16 + random() % (chunk.size() - 16)] = static_cast<std::byte>(random() & 0xffU);
        survives(chunk, into.span());
      }
    }
}

TEST_CASE("random bytes behind a good header are an error or leave all bounds intact") {
  std::mt19937 random{43};
  const guarded into{4096};
  const guarded memory{600};
  for (unsigned format = 0; format < 5; ++format)
    for (int round = 0; round < 1000; ++round) {
      const auto chunk = memory.span();
      for (std::byte& b : chunk) b = static_cast<std::byte>(random() & 0xffU);
      bytes header(24);
      header[0] = std::byte{2};
      header[1] = std::byte{1};
      header[2] = static_cast<std::byte>(format << 5U | 0x10U);
      header[3] = std::byte{1};
      put(header, 4, 4096);
      put(header, 8, 4096);
      put(header, 12, 600);
      put(header, 16, 20);
      put(header, 20, 600 - 24);
      std::ranges::copy(header, chunk.begin());
      survives(chunk, into.span());
    }
}

TEST_CASE("a blosclz chunk whose match length would wrap is refused before c-blosc sees it") {
  // a literal, then a match whose length is 6 + 255 * run + last + 3
  const auto chunk_with = [](std::size_t run, unsigned last) {
    bytes chunk(24);
    chunk[0] = std::byte{2};
    chunk[1] = std::byte{1};
    chunk[2] = std::byte{0x10};
    chunk[3] = std::byte{1};
    for (const unsigned b : {0x00U, 0x07U, 0xe0U}) chunk.push_back(static_cast<std::byte>(b));
    chunk.resize(chunk.size() + run, std::byte{0xff});
    chunk.push_back(static_cast<std::byte>(last));
    chunk.resize(chunk.size() + 8);
    put(chunk, 4, 1U << 24U);
    put(chunk, 8, 1U << 24U);
    put(chunk, 12, static_cast<std::uint32_t>(chunk.size()));
    put(chunk, 16, 20);
    put(chunk, 20, static_cast<std::uint32_t>(chunk.size() - 24));
    return chunk;
  };
  constexpr std::size_t size = std::size_t{1} << 24U;
  for (const unsigned last : {0U, 119U, 254U})
    for (const std::size_t run : {8'421'504U, 8'421'505U, 9'000'000U})
      CHECK(complaint(chunk_with(run, last), size) == "chunk announces a run longer than a chunk can be");
  CHECK(complaint(chunk_with(8'421'503, 254), size).starts_with("chunk does not decompress to 16777216 bytes"));
}

TEST_CASE("a stored blosclz chunk may hold any run of 0xff") {
  const bytes content(9'000'000, std::byte{0xff});  // detector data of -1, for instance
  const bytes chunk = packed(content, 1, {.codec = mrcz::codec::blosclz, .level = 0});
  REQUIRE(header_of(chunk).stored());
  CHECK(unpacked(chunk, content.size()) == content);
}
