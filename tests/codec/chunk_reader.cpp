#include "mrcz/codec/chunk_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/codec/support.hpp"
#include "tests/support.hpp"

using namespace test;

namespace {

template <class ReadAt>
auto part_of(ReadAt&& read_at, std::uint64_t packed_bytes, std::size_t expected, std::size_t first, std::size_t count,
             mrcz::detail::unpack_memory& memory) {
  const auto by_reference = [&](std::uint64_t offset, std::span<std::byte> into) { read_at(offset, into); };
  mrcz::detail::chunk_reader reader{
      mrcz::detail::chunk_source{by_reference}, packed_bytes, expected, {first, first + count}, memory};
  return reader.bytes(first, count);
}

using bytes = std::vector<std::byte>;

struct chunk {
  std::vector<std::byte> plain;
  std::vector<std::byte> packed;
};

/// Compressible noise in a chunk of small blocks.
chunk make_chunk(std::size_t size, std::size_t typesize, const mrcz::compression& wanted, std::size_t threads = 1) {
  chunk made;
  std::mt19937 random{static_cast<unsigned>(size)};
  for (std::size_t i = 0; i < size; ++i) made.plain.push_back(static_cast<std::byte>(random() % 7));
  mrcz::detail::buffer memory;
  const auto packed = mrcz::detail::compress(made.plain, typesize, wanted, memory, threads);
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

void check_part(const chunk& c, std::size_t first, std::size_t count, mrcz::detail::unpack_memory& memory) {
  counted_reads reads{c};
  const auto part = part_of(reads, c.packed.size(), c.plain.size(), first, count, memory);
  REQUIRE(part.size() == count);
  CHECK(std::ranges::equal(part, std::span{c.plain}.subspan(first, count)));
}

/// Reads a chunk; a read outside it is an error that no damage to a chunk may cause.
auto reader_of(const bytes& chunk) {
  return [&chunk](std::uint64_t offset, std::span<std::byte> into) {
    if (offset > chunk.size() || into.size() > chunk.size() - offset)
      mrcz::detail::fail(mrcz::errc::truncated, "read of {} bytes at {}", into.size(), offset);
    std::ranges::copy(std::span{chunk}.subspan(static_cast<std::size_t>(offset), into.size()), into.begin());
  };
}

bytes part_of(const bytes& chunk, std::size_t expected, std::size_t first, std::size_t count) {
  mrcz::detail::unpack_memory memory;
  const auto found = part_of(reader_of(chunk), chunk.size(), expected, first, count, memory);
  return {found.begin(), found.end()};
}

bytes slice_of(const bytes& content, std::size_t first, std::size_t count) {
  const auto begin = content.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

std::uint32_t number_at(const bytes& chunk, std::size_t at) {
  return mrcz::detail::load<std::uint32_t>(chunk.data() + at, std::endian::little);
}

/// The same chunk with its blocks stored in another order, as several threads of c-blosc leave them.
bytes shuffled_blocks(const bytes& chunk, unsigned seed) {
  const auto blocks = static_cast<std::size_t>(header_of(chunk).blocks());
  std::vector<std::size_t> order(blocks);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), std::mt19937{seed});
  bytes result(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(16 + 4 * blocks));
  for (const std::size_t i : order) {
    const std::size_t begin = number_at(chunk, 16 + 4 * i);
    const std::size_t end = i + 1 < blocks ? number_at(chunk, 20 + 4 * i) : chunk.size();
    put(result, 16 + 4 * i, static_cast<std::uint32_t>(result.size()));
    const bytes block = slice_of(chunk, begin, end - begin);
    result.insert(result.end(), block.begin(), block.end());
  }
  return result;
}

/// The error of reading bytes 100 to 199 of a chunk of `expected` bytes; empty if it succeeds.
std::string complaint(const bytes& chunk, std::size_t expected) {
  const auto thrown = test::failure_of([&] { part_of(chunk, expected, 100, 100); });
  if (!thrown) return {};
  CHECK(thrown->code == mrcz::errc::bad_chunk);
  return thrown->message;
}

}  // namespace

TEST_CASE("any part of a chunk of any codec, shuffle and element size is the part of the plain bytes") {
  std::mt19937 random{5};
  mrcz::detail::unpack_memory memory;
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
  mrcz::detail::unpack_memory memory;
  for (int attempt = 0; attempt < 20; ++attempt) {
    const auto c =
        make_chunk(400'000 + static_cast<std::size_t>(attempt), 2, {.codec = mrcz::codec::lz4, .block_size = 4096}, 4);
    check_part(c, 150'000, 100'000, memory);
  }
}

TEST_CASE("a part costs its own blocks, not the chunk") {
  const auto c = make_chunk(1'000'000, 4, {.codec = mrcz::codec::zstd, .block_size = 10'000});
  mrcz::detail::unpack_memory memory;
  counted_reads reads{c};
  (void)part_of(reads, c.packed.size(), c.plain.size(), 500'000, 1000, memory);
  CHECK(reads.bytes < c.packed.size() / 20);
}

TEST_CASE("a part of a stored chunk is read as it is") {
  const auto c = make_chunk(5000, 4, {.codec = mrcz::codec::lz4, .level = 0});
  mrcz::detail::unpack_memory memory;
  check_part(c, 1234, 77, memory);
  counted_reads reads{c};
  (void)part_of(reads, c.packed.size(), c.plain.size(), 1234, 77, memory);
  CHECK(reads.bytes <= 16 + 77 + 2 * 64);  // in pieces of 64 bytes
}

TEST_CASE("an empty part is empty") {
  const auto c = make_chunk(5000, 4, {.codec = mrcz::codec::lz4});
  mrcz::detail::unpack_memory memory;
  check_part(c, 100, 0, memory);
}

TEST_CASE("every changed byte in header and block list gives an error or the right size, never a crash") {
  const auto whole = make_chunk(40'000, 2, {.codec = mrcz::codec::lz4, .block_size = 4096});
  const std::size_t listed = 16 + 4 * ((40'000 + 4095) / 4096);
  mrcz::detail::unpack_memory memory;
  for (std::size_t at = 0; at < listed; ++at)
    for (const unsigned change : {0x01U, 0x10U, 0x80U, 0xffU}) {
      auto damaged = whole;
      damaged.packed[at] ^= static_cast<std::byte>(change);
      counted_reads reads{damaged};
      const auto failure = test::failure_of([&] {
        const auto part = part_of(reads, damaged.packed.size(), damaged.plain.size(), 9000, 9000, memory);
        CHECK(part.size() == 9000);
      });
      if (failure) CHECK(failure->code == mrcz::errc::bad_chunk);
    }
  CHECK(memory.packed.capacity() + memory.plain.capacity() < 1'000'000);
}

TEST_CASE("blocks are found in whatever order they were stored") {
  constexpr std::size_t size = 10'100;
  const bytes content = image_like(size);
  for (const auto c : compressors) {
    const bytes chunk = packed(content, 16, {.codec = c, .block_size = 1024});
    REQUIRE(header_of(chunk).blocks() == 10);
    for (const unsigned seed : {1U, 2U, 3U}) {
      const bytes reordered = shuffled_blocks(chunk, seed);
      REQUIRE(reordered != chunk);
      bytes whole(size);
      mrcz::detail::decompress_with_blosc(reordered, whole);  // c-blosc agrees that it is the same chunk
      REQUIRE(whole == content);
      for (const std::size_t first : {0U, 1000U, 5000U, 9300U})
        for (const std::size_t count : {1U, 700U, 5000U})
          if (first + count <= size) REQUIRE(part_of(reordered, size, first, count) == slice_of(content, first, count));
    }
  }
}

TEST_CASE("a list of blocks that cannot be is refused, and the message says which block") {
  const bytes good = packed(image_like(4'000), 1, {.codec = mrcz::codec::zstd, .block_size = 1000});
  REQUIRE(header_of(good).blocks() == 4);
  const std::string last = std::to_string(good.size() - 1);
  const auto with_begin = [&](std::size_t block, std::uint32_t begin) {
    bytes chunk = good;
    put(chunk, 16 + 4 * block, begin);
    return complaint(chunk, 4'000);
  };
  CHECK(complaint(good, 4'000).empty());
  CHECK(with_begin(2, 31) == "block 2 of the chunk begins at byte 31, expected 32 to " + last);
  CHECK(with_begin(0, 0) == "block 0 of the chunk begins at byte 0, expected 32 to " + last);
  CHECK(with_begin(3, 0xffffffffU) == "block 3 of the chunk begins at byte 4294967295, expected 32 to " + last);
  CHECK(with_begin(1, static_cast<std::uint32_t>(good.size())) ==
        "block 1 of the chunk begins at byte " + std::to_string(good.size()) + ", expected 32 to " + last);
  CHECK(with_begin(1, 32) == "two blocks of the chunk begin at the same byte");
}

TEST_CASE("a chunk whose header is wrong is refused as when it is read whole") {
  const bytes good = packed(image_like(4'000), 1, {.block_size = 1000});
  CHECK(complaint(bytes(good.begin(), good.begin() + 15), 4'000) == "chunk has 15 bytes, expected at least 16");
  CHECK(complaint(good, 3'999) == "chunk holds 4000 bytes, expected 3999");
  bytes longer = good;
  longer.push_back(std::byte{0});
  CHECK(complaint(longer, 4'000) ==
        fmt::format("chunk says that it has {} packed bytes, expected {}", good.size(), longer.size()));
  bytes without_elements = good;
  without_elements[3] = std::byte{0};
  CHECK(complaint(without_elements, 4'000) == "chunk has elements of 0 bytes");
}

TEST_CASE("damage to a chunk of which a part is wanted is an error or leaves all bounds intact") {
  std::mt19937 random{11};
  const bytes content = image_like(4'000);
  mrcz::detail::unpack_memory memory;
  for (const auto c : compressors)
    for (const std::size_t typesize : {16U, 2U}) {
      const bytes good = packed(content, typesize, {.codec = c, .block_size = 1024});
      for (int round = 0; round < 3'000; ++round) {
        bytes chunk = good;
        const std::size_t changes = 1 + random() % 3;
        for (std::size_t i = 0; i < changes; ++i)
          chunk[random() % (round % 2 == 0 ? 40 : chunk.size())] = static_cast<std::byte>(random() & 0xffU);
        const std::size_t first = random() % content.size();
        const std::size_t count = 1 + random() % (content.size() - first);
        try {
          const auto found = part_of(reader_of(chunk), chunk.size(), content.size(), first, count, memory);
          REQUIRE(found.size() == count);
        } catch (const mrcz::error& e) {
          REQUIRE(e.code() == mrcz::errc::bad_chunk);  // and never a read outside the chunk, which is errc::truncated
        }
      }
    }
}

TEST_CASE("a source that fails is not asked again, and its error comes through") {
  const bytes content = image_like(4'000);
  const bytes chunk = packed(content, 1, {.block_size = 1000});
  for (const int fails_at : {1, 2, 3}) {
    int reads = 0;
    mrcz::detail::unpack_memory memory;
    const auto thrown = test::failure_of([&] {
      part_of(
          [&](std::uint64_t offset, std::span<std::byte> into) {
            if (++reads == fails_at) mrcz::detail::fail_system(EIO, "disk");
            std::ranges::copy(std::span{chunk}.subspan(static_cast<std::size_t>(offset), into.size()), into.begin());
          },
          chunk.size(), content.size(), 1500, 1000, memory);
    });
    REQUIRE(thrown);
    CHECK(thrown->code == std::errc::io_error);
    CHECK(reads == fails_at);
  }
}
