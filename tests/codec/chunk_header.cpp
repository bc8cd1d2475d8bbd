#include "mrcz/codec/chunk_header.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support.hpp"

namespace {

using mrcz::detail::chunk_header;

/// A chunk of 1000 bytes, zstd and bit shuffle, that was compressed to 200 bytes in 4 blocks.
constexpr chunk_header good{.version = 2,
                            .codec_version = 1,
                            .flags = 0x94,
                            .typesize = 2,
                            .bytes = 1000,
                            .block_size = 256,
                            .packed_bytes = 200};

/// The error of `check` for `h`; empty if there is none.
std::string complaint(const chunk_header& h, std::uint64_t packed = 200, std::uint64_t expected = 1000) {
  const auto thrown = test::failure_of([&] { mrcz::detail::check(h, packed, expected); });
  if (!thrown) return {};
  CHECK(thrown->code == mrcz::errc::bad_chunk);
  return thrown->message;
}

/// `good` with one change.
template <class Change>
chunk_header but(Change&& change) {
  chunk_header h = good;
  change(h);
  return h;
}

constexpr chunk_header with_flags(unsigned flags) {
  chunk_header h = good;
  h.flags = static_cast<std::uint8_t>(flags);
  return h;
}

constexpr chunk_header with_flags_and_elements_of_one_byte(unsigned flags) {
  chunk_header h = with_flags(flags);
  h.typesize = 1;
  return h;
}

static_assert(good.blocks() == 4);
static_assert(with_flags(0x00).codec() == mrcz::codec::blosclz);
static_assert(with_flags(0x20).codec() == mrcz::codec::lz4);
static_assert(with_flags(0x40).codec() == mrcz::codec::snappy);
static_assert(with_flags(0x60).codec() == mrcz::codec::zlib);
static_assert(with_flags(0x80).codec() == mrcz::codec::zstd);
static_assert(!with_flags(0xa0).codec() && !with_flags(0xc0).codec() && !with_flags(0xe0).codec());
static_assert(with_flags(0x80).shuffle() == mrcz::shuffle::none);
static_assert(with_flags(0x81).shuffle() == mrcz::shuffle::byte);
static_assert(with_flags(0x84).shuffle() == mrcz::shuffle::bit);
static_assert(with_flags(0x85).shuffle() == mrcz::shuffle::byte);
static_assert(with_flags_and_elements_of_one_byte(0x81).shuffle() == mrcz::shuffle::none);
static_assert(with_flags_and_elements_of_one_byte(0x85).shuffle() == mrcz::shuffle::bit);
static_assert(with_flags(0x82).stored() && !with_flags(0x9d).stored());

}  // namespace

TEST_CASE("the 16 bytes are little-endian numbers in the order of c-blosc") {
  constexpr std::array<unsigned char, 16> bytes{2,    1,    0x95, 4,    0x10, 0x20, 0x30, 0x40,
                                                0x01, 0x02, 0x03, 0x04, 0xff, 0xee, 0xdd, 0xcc};
  const auto h = chunk_header::decode(std::as_bytes(std::span{bytes}));
  CHECK(h.version == 2);
  CHECK(h.codec_version == 1);
  CHECK(h.flags == 0x95);
  CHECK(h.typesize == 4);
  CHECK(h.bytes == 0x40302010U);
  CHECK(h.block_size == 0x04030201U);
  CHECK(h.packed_bytes == 0xccddeeffU);
}

TEST_CASE("the number of blocks counts the last, shorter one") {
  const auto blocks = [](std::uint32_t bytes, std::uint32_t block_size) {
    return but([&](chunk_header& h) {
             h.bytes = bytes;
             h.block_size = block_size;
           })
        .blocks();
  };
  CHECK(blocks(0, 256) == 0);
  CHECK(blocks(1, 256) == 1);
  CHECK(blocks(256, 256) == 1);
  CHECK(blocks(257, 256) == 2);
  CHECK(blocks(1000, 0) == 0);
  CHECK(blocks(0xffffffffU, 1) == 0xffffffffU);
  CHECK(blocks(0xffffffffU, 0xffffffffU) == 1);
  CHECK(blocks(0xffffffffU, 2) == 0x80000000U);
}

TEST_CASE("a chunk whose numbers agree passes") {
  CHECK(complaint(good).empty());
  for (const unsigned format : {0U, 1U, 2U, 3U, 4U})
    for (const unsigned filter : {0x00U, 0x01U, 0x04U, 0x10U, 0x15U})
      CHECK(complaint(with_flags(format << 5U | filter)).empty());
  const auto stored = but([](chunk_header& h) {
    h.flags = 0x96;
    h.packed_bytes = 1016;
  });
  CHECK(complaint(stored, 1016).empty());
  const auto empty = but([](chunk_header& h) {
    h.bytes = 0;
    h.block_size = 0;
    h.packed_bytes = 16;
  });
  CHECK(complaint(empty, 16, 0).empty());
}

TEST_CASE("another version of the format is refused") {
  CHECK(complaint(but([](chunk_header& h) { h.version = 3; })) == "chunk has format version 3.1, expected 2.1");
  CHECK(complaint(but([](chunk_header& h) { h.version = 0; })) == "chunk has format version 0.1, expected 2.1");
  CHECK(complaint(but([](chunk_header& h) { h.codec_version = 2; })) == "chunk has format version 2.2, expected 2.1");
}

TEST_CASE("flags that mean no codec are refused") {
  CHECK(complaint(with_flags(0xa4)) == "chunk has flags 0xa4, which mean no codec");
  CHECK(complaint(with_flags(0xe0)) == "chunk has flags 0xe0, which mean no codec");
  CHECK(complaint(with_flags(0x9c)) == "chunk has flags 0x9c, which mean no codec");  // bit 3 is reserved
}

TEST_CASE("sizes that differ from what the file says are refused") {
  CHECK(complaint(good, 199) == "chunk says that it has 200 packed bytes, expected 199");
  CHECK(complaint(good, 201) == "chunk says that it has 200 packed bytes, expected 201");
  CHECK(complaint(good, (std::uint64_t{1} << 32U) + 200) ==
        "chunk says that it has 200 packed bytes, expected 4294967496");
  CHECK(complaint(good, 200, 999) == "chunk holds 1000 bytes, expected 999");
  CHECK(complaint(good, 200, (std::uint64_t{1} << 32U) + 1000) == "chunk holds 1000 bytes, expected 4294968296");
}

TEST_CASE("a size that no chunk can have is refused even where it is expected") {
  const auto huge = [](std::uint32_t bytes) {
    return complaint(but([&](chunk_header& h) {
                       h.bytes = bytes;
                       h.block_size = 1U << 20U;
                       h.packed_bytes = 100'000'000;
                     }),
                     100'000'000, bytes);
  };
  CHECK(huge(0x7fffffffU - 16).empty());
  CHECK(huge(0x7fffffffU - 15) == "chunk holds 2147483632 bytes, more than a chunk can");
  CHECK(huge(0xffffffffU) == "chunk holds 4294967295 bytes, more than a chunk can");
}

TEST_CASE("a packed size that c-blosc would take for a negative number is refused even where it is expected") {
  const auto packed = [](std::uint32_t bytes) {
    return complaint(but([&](chunk_header& h) { h.packed_bytes = bytes; }), bytes);
  };
  CHECK(packed(0x7fffffffU).empty());
  CHECK(packed(0x80000000U) == "chunk has 2147483648 packed bytes, more than a chunk can");
  CHECK(packed(0xffffffffU) == "chunk has 4294967295 packed bytes, more than a chunk can");
}

TEST_CASE("elements without a size are refused: c-blosc would divide by it") {
  CHECK(complaint(but([](chunk_header& h) { h.typesize = 0; })) == "chunk has elements of 0 bytes");
  CHECK(complaint(but([](chunk_header& h) { h.typesize = 255; })).empty());
}

TEST_CASE("blocks without a size, or larger than the chunk, are refused") {
  CHECK(complaint(but([](chunk_header& h) { h.block_size = 0; })) == "chunk has blocks of 0 bytes, expected 1 to 1000");
  CHECK(complaint(but([](chunk_header& h) { h.block_size = 1001; })) ==
        "chunk has blocks of 1001 bytes, expected 1 to 1000");
  CHECK(complaint(but([](chunk_header& h) { h.block_size = 0xffffffffU; })) ==
        "chunk has blocks of 4294967295 bytes, expected 1 to 1000");
  CHECK(complaint(but([](chunk_header& h) { h.block_size = 1000; })).empty());
  CHECK(complaint(but([](chunk_header& h) {
                    h.flags |= 0x02U;
                    h.block_size = 0;
                    h.packed_bytes = 1016;
                  }),
                  1016) == "chunk has blocks of 0 bytes, expected 1 to 1000");
}

TEST_CASE("blocks that are larger than those of c-blosc are refused") {
  const auto of_one_block = [](std::uint32_t bytes) {
    return complaint(but([&](chunk_header& h) {
                       h.bytes = h.block_size = bytes;
                       h.packed_bytes = 1'000'000;
                     }),
                     1'000'000, bytes);
  };
  CHECK(of_one_block(715'827'542).empty());
  CHECK(of_one_block(715'827'543) == "chunk has blocks of 715827543 bytes, expected 1 to 715827542");
}

TEST_CASE("a chunk that is too small for the table of its blocks is refused") {
  const auto with_blocks_of = [](std::uint32_t block_size) {
    return complaint(but([&](chunk_header& h) { h.block_size = block_size; }));
  };
  CHECK(with_blocks_of(22).empty());  // 46 blocks: 16 + 4 * 46 = 200
  CHECK(with_blocks_of(21) == "chunk of 200 bytes has no room for 48 blocks");
  CHECK(with_blocks_of(1) == "chunk of 200 bytes has no room for 1000 blocks");
  const auto overflowing = but([](chunk_header& h) {  // 4 times this many blocks is more than 32 bits hold
    h.bytes = 0x7fffffffU - 16;
    h.block_size = 1;
  });
  CHECK(complaint(overflowing, 200, overflowing.bytes) == "chunk of 200 bytes has no room for 2147483631 blocks");
}

TEST_CASE("a stored chunk has exactly its bytes and its header") {
  const auto stored = [](std::uint32_t packed) {
    return complaint(but([&](chunk_header& h) {
                       h.flags |= 0x02U;
                       h.packed_bytes = packed;
                     }),
                     packed);
  };
  CHECK(stored(1016).empty());
  CHECK(stored(1015) == "stored chunk has 1015 bytes, expected 1016");
  CHECK(stored(1017) == "stored chunk has 1017 bytes, expected 1016");
  CHECK(stored(16) == "stored chunk has 16 bytes, expected 1016");
}

TEST_CASE("a claim that no compressor can fulfil is refused before anything is allocated for it") {
  struct limit {
    unsigned format;
    std::uint32_t most;
  };
  const limit limits[] = {{0, 100 * 300}, {1, 100 * 300}, {2, 100 * 64}, {3, 100 * 1100}, {4, 100 * 33000}};
  for (const limit& of : limits)
    for (const std::uint32_t bytes : {of.most, of.most + 1}) {
      const auto said = complaint(but([&](chunk_header& h) {
                                    h.flags = static_cast<std::uint8_t>(of.format << 5U);
                                    h.packed_bytes = 100;
                                    h.bytes = bytes;
                                    h.block_size = bytes;
                                  }),
                                  100, bytes);
      if (bytes == of.most) CHECK(said.empty());
      else CHECK(said == fmt::format("chunk of 100 bytes cannot hold {} bytes", bytes));
    }
}

TEST_CASE("an empty chunk needs no blocks, but everything else must be right") {
  const auto empty = but([](chunk_header& h) {
    h.bytes = 0;
    h.packed_bytes = 16;
  });
  CHECK(complaint(empty, 16, 0).empty());
  CHECK(complaint(empty, 16, 1) == "chunk holds 0 bytes, expected 1");
  CHECK(complaint(empty, 17, 0) == "chunk says that it has 16 packed bytes, expected 17");
  auto without_elements = empty;
  without_elements.typesize = 0;
  CHECK(complaint(without_elements, 16, 0) == "chunk has elements of 0 bytes");
}

TEST_CASE("a run of 0xff is dangerous from the length at which a match of blosclz wraps") {
  constexpr std::size_t dangerous = 8'421'504;  // 6 + 255 * dangerous + 119 + 3 > 2^31 - 1
  std::vector<std::byte> chunk(dangerous + 100, std::byte{0});
  std::fill_n(chunk.begin() + 50, dangerous, std::byte{0xff});
  CHECK(mrcz::detail::may_wrap_blosclz(chunk));
  chunk[50] = std::byte{0xfe};  // one less
  CHECK_FALSE(mrcz::detail::may_wrap_blosclz(chunk));
  chunk[50 + dangerous] = std::byte{0xff};  // the same length, one further on
  CHECK(mrcz::detail::may_wrap_blosclz(chunk));
  chunk[dangerous / 2] = std::byte{0x7f};
  CHECK_FALSE(mrcz::detail::may_wrap_blosclz(chunk));
  CHECK_FALSE(mrcz::detail::may_wrap_blosclz({}));
  CHECK(mrcz::detail::may_wrap_blosclz(std::vector(dangerous, std::byte{0xff})));
  CHECK_FALSE(mrcz::detail::may_wrap_blosclz(std::vector(dangerous - 1, std::byte{0xff})));
}
