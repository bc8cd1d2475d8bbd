#include "mrcz/codec/chunk_part.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <vector>

#include "tests/support.hpp"

namespace {

struct chunk {
  std::vector<std::byte> plain;
  std::vector<std::byte> packed;
};

/// Compressible noise in a chunk of small blocks.
chunk make_chunk(std::size_t size, std::size_t typesize, const mrcz::compression& wanted, int threads = 1) {
  chunk made;
  std::mt19937 random{static_cast<unsigned>(size)};
  for (std::size_t i = 0; i < size; ++i) made.plain.push_back(static_cast<std::byte>(random() % 7));
  mrcz::buffer memory;
  const auto packed = mrcz::compress(made.plain, typesize, wanted, memory, threads);
  made.packed.assign(packed.begin(), packed.end());
  return made;
}

/// Counts what is read of a chunk.
struct counted_reads {
  const chunk& source;
  std::size_t bytes = 0;

  void operator()(std::uint64_t offset, std::span<std::byte> into) {
    REQUIRE(offset + into.size() <= source.packed.size());
    std::memcpy(into.data(), source.packed.data() + offset, into.size());
    bytes += into.size();
  }
};

void check_part(const chunk& c, std::size_t first, std::size_t count, mrcz::unpack_memory& memory) {
  counted_reads reads{c};
  const auto part = mrcz::decompress_part(reads, c.packed.size(), c.plain.size(), first, count, memory);
  REQUIRE(part.size() == count);
  CHECK(std::memcmp(part.data(), c.plain.data() + first, count) == 0);
}

}  // namespace

TEST_CASE("any part of a chunk of any codec, shuffle and element size is the part of the plain bytes") {
  std::mt19937 random{5};
  mrcz::unpack_memory memory;
  for (const auto codec : mrcz::all_codecs) {
    if (codec == mrcz::codec::none) continue;
    for (const auto shuffle : {mrcz::shuffle::none, mrcz::shuffle::byte, mrcz::shuffle::bit})
      for (const std::size_t typesize : {1U, 2U, 4U, 8U})
        for (const std::size_t size : {100'000U, 65'536U, 65'536U + 8U}) {
          CAPTURE(mrcz::name_of(codec));
          CAPTURE(typesize);
          const auto c =
              make_chunk(size, typesize, {.codec = codec, .level = 5, .shuffle = shuffle, .block_size = 8192});
          check_part(c, 0, size, memory);
          check_part(c, size - 1, 1, memory);  // in the shorter last block, where there is one
          check_part(c, 8191, 2, memory);
          for (int i = 0; i < 5; ++i) {
            const std::size_t first = random() % size;
            check_part(c, first, 1 + random() % (size - first), memory);
          }
        }
  }
}

TEST_CASE("blocks that c-blosc's threads wrote out of order are found") {
  mrcz::unpack_memory memory;
  for (int attempt = 0; attempt < 20; ++attempt) {
    const auto c =
        make_chunk(400'000 + static_cast<std::size_t>(attempt), 2, {.codec = mrcz::codec::lz4, .block_size = 4096}, 4);
    check_part(c, 150'000, 100'000, memory);
  }
}

TEST_CASE("a part costs its own blocks, not the chunk") {
  const auto c = make_chunk(1'000'000, 4, {.codec = mrcz::codec::zstd, .block_size = 10'000});
  mrcz::unpack_memory memory;
  counted_reads reads{c};
  (void)mrcz::decompress_part(reads, c.packed.size(), c.plain.size(), 500'000, 1000, memory);
  CHECK(reads.bytes < c.packed.size() / 20);
}

TEST_CASE("a part of a stored chunk is read as it is") {
  const auto c = make_chunk(5000, 4, {.codec = mrcz::codec::lz4, .level = 0});
  mrcz::unpack_memory memory;
  check_part(c, 1234, 77, memory);
  counted_reads reads{c};
  (void)mrcz::decompress_part(reads, c.packed.size(), c.plain.size(), 1234, 77, memory);
  CHECK(reads.bytes == 16 + 77);
}

TEST_CASE("an empty part is empty") {
  const auto c = make_chunk(5000, 4, {.codec = mrcz::codec::lz4});
  mrcz::unpack_memory memory;
  check_part(c, 100, 0, memory);
}

TEST_CASE("every changed byte in header and block list gives an error or the right size, never a crash") {
  const auto whole = make_chunk(40'000, 2, {.codec = mrcz::codec::lz4, .block_size = 4096});
  const std::size_t listed = 16 + 4 * ((40'000 + 4095) / 4096);
  mrcz::unpack_memory memory;
  for (std::size_t at = 0; at < listed; ++at)
    for (const unsigned change : {0x01U, 0x10U, 0x80U, 0xffU}) {
      auto damaged = whole;
      damaged.packed[at] ^= static_cast<std::byte>(change);
      counted_reads reads{damaged};
      const auto failure = test::failure_of([&] {
        const auto part = mrcz::decompress_part(reads, damaged.packed.size(), damaged.plain.size(), 9000, 9000, memory);
        CHECK(part.size() == 9000);
      });
      if (failure) CHECK(failure->code == mrcz::errc::bad_chunk);
    }
  CHECK(memory.packed.capacity() + memory.plain.capacity() < 1'000'000);
}

TEST_CASE("blocks that begin at the same byte, or outside the chunk, are refused") {
  const auto whole = make_chunk(40'000, 2, {.codec = mrcz::codec::lz4, .block_size = 4096});
  mrcz::unpack_memory memory;
  const auto with_begin = [&](std::size_t block, std::uint32_t begin) {
    auto damaged = whole;
    mrcz::store(damaged.packed.data() + 16 + 4 * block, begin, std::endian::little);
    return test::failure_of([&] {
      counted_reads reads{damaged};
      (void)mrcz::decompress_part(reads, damaged.packed.size(), damaged.plain.size(), 0, 10, memory);
    });
  };
  const auto first = mrcz::load<std::uint32_t>(whole.packed.data() + 16, std::endian::little);
  for (const auto& [block, begin] :
       {std::pair{std::size_t{3}, first}, std::pair{std::size_t{2}, 16U}, std::pair{std::size_t{2}, 4'000'000'000U}}) {
    const auto failure = with_begin(block, begin);
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::bad_chunk);
    CHECK(failure->mentions("begin"));
  }
}
