#include "mrcz/codec/chunk_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/codec/oracle.hpp"
#include "tests/codec/support.hpp"
#include "tests/guarded.hpp"
#include "tests/sanitized.hpp"
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
chunk make_chunk(std::size_t size, std::size_t typesize, const mrcz::compression& wanted) {
  chunk made;
  std::mt19937 random{static_cast<unsigned>(size)};
  for (std::size_t i = 0; i < size; ++i) made.plain.push_back(static_cast<std::byte>(random() % 7));
  mrcz::detail::buffer memory;
  const auto packed = mrcz::detail::compress(made.plain, typesize, wanted, memory);
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
  for (unsigned attempt = 0; attempt < 20; ++attempt) {
    auto c = make_chunk(400'000 + attempt, 2, {.codec = mrcz::codec::lz4, .block_size = 4096});
    c.packed = shuffled_blocks(c.packed, attempt);
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

// The library's own decoder against c-blosc

namespace {

constexpr std::array own_codecs{mrcz::codec::lz4, mrcz::codec::lz4hc, mrcz::codec::zstd};

/// Flags in the header of a chunk.
constexpr unsigned byte_shuffle = 0x01;
constexpr unsigned bit_shuffle = 0x04;
constexpr unsigned one_stream = 0x10;

/// Some blocks of 256 bytes compress well, some do not.
bytes mixed(std::size_t size) {
  bytes content = image_like(size);
  const bytes random = noise(size);
  for (std::size_t i = 0; i < size; ++i)
    if (i / 1024 % 3 == 1) content[i] = random[i];
  return content;
}

/// Any bytes are those of a shuffled block, so nothing is shuffled here. c-blosc makes the streams.
struct layout {
  mrcz::codec codec = mrcz::codec::zstd;
  std::size_t typesize = 1;
  std::size_t block_size = 1024;
  unsigned flags = one_stream;
  std::vector<std::size_t> order = {};  // of the blocks in the chunk; empty: that of their numbers
  std::size_t gap = 0;                  // bytes behind each block
};

/// A chunk, and where its header, the list of its blocks and the lengths of its streams are.
struct laid_out {
  bytes chunk;
  std::vector<std::size_t> numbers;  // offsets of bytes
};

/// A stream with its length in front.
bytes stream_of(mrcz::codec c, std::span<const std::byte> plain) {
  const bytes chunk = packed(
      {plain.begin(), plain.end()}, 1,
      {.codec = c, .level = 1, .shuffle = mrcz::shuffle::none, .block_size = std::max<std::size_t>(plain.size(), 128)});
  REQUIRE(header_of(chunk).block_size == plain.size());
  if (!header_of(chunk).stored()) return slice_of(chunk, 20, chunk.size() - 20);
  bytes stream(4);
  put(stream, 0, static_cast<std::uint32_t>(plain.size()));
  stream.insert(stream.end(), plain.begin(), plain.end());
  return stream;
}

laid_out lay_out(const bytes& plain, const layout& how) {
  const std::size_t blocks = (plain.size() + how.block_size - 1) / how.block_size;
  laid_out made{.chunk = bytes(16 + 4 * blocks), .numbers = std::vector<std::size_t>(16 + 4 * blocks)};
  std::iota(made.numbers.begin(), made.numbers.end(), std::size_t{0});
  auto& chunk = made.chunk;
  auto order = how.order;
  if (order.empty())
    for (std::size_t i = 0; i < blocks; ++i) order.push_back(i);
  for (const std::size_t i : order) {
    put(chunk, 16 + 4 * i, static_cast<std::uint32_t>(chunk.size()));
    const auto block =
        std::span{plain}.subspan(i * how.block_size).first(std::min(how.block_size, plain.size() - i * how.block_size));
    const bool split = (how.flags & one_stream) == 0 && block.size() == how.block_size && how.typesize <= 16 &&
                       block.size() / how.typesize >= 128;
    const std::size_t part = block.size() / (split ? how.typesize : 1);
    for (std::size_t at = 0; at + part <= block.size(); at += part) {
      for (std::size_t byte = 0; byte < 4; ++byte) made.numbers.push_back(chunk.size() + byte);
      const bytes stream = stream_of(how.codec, block.subspan(at, part));
      chunk.insert(chunk.end(), stream.begin(), stream.end());
    }
    chunk.resize(chunk.size() + how.gap);
  }
  const unsigned format = how.codec == mrcz::codec::zstd ? 4 : 1;
  chunk[0] = std::byte{2};
  chunk[1] = std::byte{1};
  chunk[2] = static_cast<std::byte>(format << 5U | how.flags);
  chunk[3] = static_cast<std::byte>(how.typesize);
  put(chunk, 4, static_cast<std::uint32_t>(plain.size()));
  put(chunk, 8, static_cast<std::uint32_t>(how.block_size));
  put(chunk, 12, static_cast<std::uint32_t>(chunk.size()));
  return made;
}

/// Gives chunks to both decoders. A chunk and what it is decompressed to end at pages that cannot be accessed.
class both_decoders {
 public:
  explicit both_decoders(std::size_t most_packed_bytes, std::size_t expected)
      : packed_{most_packed_bytes}, ours_{expected}, again_{expected}, theirs_{expected} {}

  verdict compare(std::span<const std::byte> chunk) {
    const auto seen = compare_with_blosc(packed_.holding(chunk), ours_.span(), theirs_.span(), memory_);
    // Its bytes are not in memory, but read.
    const auto read = [&](std::uint64_t offset, std::span<std::byte> into) {
      if (offset > chunk.size() || into.size() > chunk.size() - offset)
        mrcz::detail::fail(mrcz::errc::truncated, "read of {} bytes at {}", into.size(), offset);
      std::ranges::copy(chunk.subspan(static_cast<std::size_t>(offset), into.size()), into.begin());
    };
    const auto again = again_.span();
    const bool accepted = succeeds([&] {
      mrcz::detail::chunk_reader{
          mrcz::detail::chunk_source{read}, chunk.size(), again.size(), {0, again.size()}, memory_}
          .read(0, again);
    });
    const bool own = chunk.size() >= 16 && mrcz::detail::has_own_decoder(header_of(chunk));
    const bool same = seen == verdict::same_bytes;
    const auto places = places_of(chunk, again.size());
    if (own || (same && places && !blocks_share_bytes(chunk, *places)))
      if (accepted != same || (accepted && !std::ranges::equal(again, ours_.span()))) return verdict::wrong;
    ++counted_[static_cast<std::size_t>(seen)];
    return seen;
  }

  std::span<const std::byte> found() const { return ours_.span(); }
  std::size_t how_often(verdict v) const { return counted_[static_cast<std::size_t>(v)]; }

 private:
  guarded packed_;
  guarded ours_;
  guarded again_;
  guarded theirs_;
  mrcz::detail::unpack_memory memory_;
  std::array<std::size_t, 4> counted_{};
};

}  // namespace

TEST_CASE("chunks of c-blosc are decompressed as c-blosc does") {
  int number = 0;
  std::vector<std::size_t> typesizes(17);
  std::iota(typesizes.begin(), typesizes.end(), std::size_t{1});
  typesizes.insert(typesizes.end(), {32, 255});
  for (const std::size_t size : {1U, 127U, 2'051U, 8'192U, 30'000U, 140'003U}) {
    const bytes content = mixed(size);
    both_decoders decoders{size + 16, size};
    for (const auto c : own_codecs)
      for (const auto s : shuffles)
        for (const std::size_t typesize : typesizes)
          for (const std::size_t block_size : {128U, 4096U, 65'536U, 1'000'000U, 0U}) {
            ++number;
            if (size > 10'000 && number % (MRCZ_TEST_SANITIZED ? 16 : 4) != 0) continue;
            const int level = std::array{1, 5, 9, 0, 2}[static_cast<std::size_t>(number / 4) % 5];
            CAPTURE(size);
            CAPTURE(mrcz::name_of(c));
            CAPTURE(mrcz::name_of(s));
            CAPTURE(typesize);
            CAPTURE(block_size);
            CAPTURE(level);
            const bytes chunk =
                packed(content, typesize, {.codec = c, .level = level, .shuffle = s, .block_size = block_size});
            REQUIRE(decoders.compare(chunk) == verdict::same_bytes);
            REQUIRE(std::ranges::equal(decoders.found(), content));
          }
  }
}

TEST_CASE("split blocks, stored streams, blocks in any order and bytes behind blocks mean what they mean to c-blosc") {
  std::mt19937 random{9};
  for (const auto c : own_codecs)
    for (const unsigned shuffle : {0U, byte_shuffle, bit_shuffle, byte_shuffle | bit_shuffle})
      for (std::size_t typesize = 1; typesize <= 17; ++typesize)
        for (const unsigned streams : {0U, one_stream})
          for (const std::size_t elements : {127U, 128U, 136U, 520U}) {
            if (MRCZ_TEST_SANITIZED && (c == mrcz::codec::lz4hc || typesize % 4 == 3)) continue;
            layout how{.codec = c, .typesize = typesize, .block_size = elements * typesize, .flags = shuffle | streams};
            const bytes content = mixed(5 * how.block_size + random() % how.block_size);
            const std::size_t blocks = (content.size() + how.block_size - 1) / how.block_size;
            for (const bool in_order : {true, false}) {
              if (!in_order) {
                how.gap = random() % 8;
                how.order.resize(blocks);
                std::iota(how.order.begin(), how.order.end(), std::size_t{0});
                std::ranges::shuffle(how.order, random);
              }
              CAPTURE(mrcz::name_of(c));
              CAPTURE(how.flags);
              CAPTURE(typesize);
              CAPTURE(elements);
              const bytes chunk = lay_out(content, how).chunk;
              both_decoders decoders{chunk.size(), content.size()};
              REQUIRE(decoders.compare(chunk) == verdict::same_bytes);
            }
          }
}

TEST_CASE("zeros behind the last block do not matter: a chunk that is replaced in place keeps its packed size") {
  for (const auto c : own_codecs)
    for (const unsigned streams : {0U, one_stream}) {
      const bytes content = mixed(2'500);
      bytes chunk = lay_out(content, {.codec = c, .typesize = 2, .flags = bit_shuffle | streams}).chunk;
      both_decoders decoders{chunk.size() + 3'000, content.size()};
      for (const std::size_t more : {1U, 2U, 3U, 4U, 5U, 1'000U, 1'500U}) {
        chunk.resize(chunk.size() + more);
        put(chunk, 12, static_cast<std::uint32_t>(chunk.size()));
        REQUIRE(decoders.compare(chunk) == verdict::same_bytes);
      }
    }
}

TEST_CASE("a split block that is no whole number of elements is refused, because no stream holds its last bytes") {
  for (const auto c : own_codecs)
    for (const unsigned shuffle : {0U, byte_shuffle, bit_shuffle}) {
      const bytes content = mixed(2 * 1'001);
      const bytes chunk = lay_out(content, {.codec = c, .typesize = 2, .block_size = 1'001, .flags = shuffle}).chunk;
      both_decoders decoders{chunk.size(), content.size()};
      CHECK(decoders.compare(chunk) == verdict::both_refuse);
      if (mrcz::detail::has_own_decoder(header_of(chunk)))
        CHECK(complaint(chunk, content.size()) == "block 0 of the chunk has 1001 bytes, which 2 streams cannot hold");
    }
}

TEST_CASE("any damage to header, list of blocks and lengths of streams is what it is to c-blosc") {
  std::array<std::size_t, 4> counted{};
  for (const auto c : own_codecs)
    for (const unsigned shuffle : {0U, byte_shuffle, bit_shuffle})
      for (const std::size_t typesize : {1U, 2U, 3U, 4U, 8U})
        for (const unsigned streams : {0U, one_stream}) {
          if (MRCZ_TEST_SANITIZED && (c == mrcz::codec::lz4hc || typesize == 3 || shuffle == 0)) continue;
          const std::size_t block_size = 136 * typesize;
          const bytes content = mixed(2 * block_size + 40 * typesize + 1);
          const auto good = lay_out(
              content, {.codec = c, .typesize = typesize, .block_size = block_size, .flags = shuffle | streams});
          both_decoders decoders{good.chunk.size(), content.size()};
          CAPTURE(mrcz::name_of(c));
          CAPTURE(shuffle);
          CAPTURE(typesize);
          CAPTURE(streams);
          REQUIRE(decoders.compare(good.chunk) == verdict::same_bytes);
          bytes chunk = good.chunk;
          for (const std::size_t at : good.numbers)
            for (unsigned bit = 0; bit < 8; ++bit) {
              CAPTURE(at);
              CAPTURE(bit);
              chunk[at] ^= std::byte{1} << bit;
              REQUIRE(decoders.compare(chunk) != verdict::wrong);
              chunk[at] = good.chunk[at];
            }
          for (const auto v : {verdict::same_bytes, verdict::both_refuse})
            counted[static_cast<std::size_t>(v)] += decoders.how_often(v);
        }
  // A changed element size, for example, means other bytes to both.
  for (const auto v : {verdict::same_bytes, verdict::both_refuse}) CHECK(counted[static_cast<std::size_t>(v)] > 0);
}

TEST_CASE("blocks that share bytes are refused, even if c-blosc can decompress them") {
  for (const auto c : own_codecs) {
    const bytes second(1'024, std::byte{7});
    const bytes stream = stream_of(c, second);
    bytes content = noise(1'024);  // so the first block is stored, and what looks like the second block is in it
    std::ranges::copy(stream, content.begin() + 100);
    content.insert(content.end(), second.begin(), second.end());
    bytes chunk = lay_out(content, {.codec = c}).chunk;
    both_decoders decoders{chunk.size(), content.size()};
    REQUIRE(decoders.compare(chunk) == verdict::same_bytes);
    put(chunk, 20, number_at(chunk, 16) + 4 + 100);
    const bool own = mrcz::detail::has_own_decoder(header_of(chunk));
    CHECK(decoders.compare(chunk) == (own ? verdict::only_we_refuse : verdict::same_bytes));
    put(chunk, 20, number_at(chunk, 16));
    if (own) CHECK(decoders.compare(chunk) == verdict::both_refuse);
  }
}

TEST_CASE("a chunk that is cut short anywhere is refused, also if its header was adapted") {
  for (const auto c : own_codecs)
    for (const unsigned shuffle : {0U, byte_shuffle, bit_shuffle})
      for (const std::size_t typesize : {1U, 2U, 3U, 4U, 8U})
        for (const unsigned streams : {0U, one_stream}) {
          if (MRCZ_TEST_SANITIZED && (c == mrcz::codec::lz4hc || typesize == 3 || shuffle == 0)) continue;
          const std::size_t block_size = 136 * typesize;
          const bytes content = mixed(2 * block_size + 40 * typesize + 1);
          const bytes good =
              lay_out(content, {.codec = c, .typesize = typesize, .block_size = block_size, .flags = shuffle | streams})
                  .chunk;
          both_decoders decoders{good.size(), content.size()};
          for (std::size_t size = 0; size < good.size(); size += MRCZ_TEST_SANITIZED ? 5 : 1) {
            bytes cut = slice_of(good, 0, size);
            CAPTURE(size);
            REQUIRE(decoders.compare(cut) == verdict::both_refuse);
            if (size < 16) continue;
            put(cut, 12, static_cast<std::uint32_t>(size));
            REQUIRE(decoders.compare(cut) == verdict::both_refuse);
          }
        }
}

TEST_CASE("any sequence of parts, in order, overlapping and backwards, gives the plain bytes") {
  std::mt19937 random{13};
  for (const auto c : {mrcz::codec::lz4, mrcz::codec::zstd, mrcz::codec::zlib})
    for (const auto s : shuffles)
      for (const std::size_t typesize : {1U, 2U, 3U, 8U, 17U})
        for (const int level : {0, 5}) {
          const bool large = typesize == 2;  // more than what is read at once
          const bytes content = mixed(large ? 2'600'011 : 20'011);
          const bytes in_order = packed(
              content, typesize, {.codec = c, .level = level, .shuffle = s, .block_size = large ? 300'000U : 2048U});
          const bool reordered = random() % 2 == 0 && !header_of(in_order).stored();
          const bytes chunk = reordered ? shuffled_blocks(in_order, static_cast<unsigned>(typesize)) : in_order;
          const guarded memory{chunk.size()};
          const auto in_memory = memory.holding(chunk);
          const auto read = reader_of(chunk);
          const auto by_reference = [&](std::uint64_t offset, std::span<std::byte> into) { read(offset, into); };
          for (const bool from_memory : {true, false}) {
            const std::size_t wanted = random() % content.size();
            const std::size_t end = wanted + 1 + random() % (content.size() - wanted);
            mrcz::detail::unpack_memory work;
            mrcz::detail::chunk_reader reader{
                from_memory ? mrcz::detail::chunk_source{in_memory} : mrcz::detail::chunk_source{by_reference},
                chunk.size(),
                content.size(),
                {wanted, end},
                work};
            const guarded into{end - wanted};
            std::size_t first = wanted;
            for (int call = 0; call < 60; ++call) {
              const std::size_t most = std::array<std::size_t, 4>{1, 64, 3'000, content.size()}[random() % 4];
              const std::size_t count = std::min(random() % (most + 1), end - first);
              CAPTURE(first);
              CAPTURE(count);
              const auto expected = std::span{content}.subspan(first, count);
              if (random() % 2 == 0) {
                const auto part = into.span().last(count);
                reader.read(first, part);
                REQUIRE(std::ranges::equal(part, expected));
              } else {
                REQUIRE(std::ranges::equal(reader.bytes(first, count), expected));
              }
              if (call < 20 && first + count < end) first += count;  // in order
              else if (call < 40)
                first -= std::min<std::size_t>(first - wanted, 1 + random() % 2'000);  // backwards, or overlapping
              else first = wanted + random() % (end - wanted);
            }
          }
        }
}

TEST_CASE("after a call that failed, the next ones find what they ask for") {
  const bytes content = mixed(6'000);
  for (const auto c : {mrcz::codec::lz4, mrcz::codec::zstd, mrcz::codec::zlib})
    for (const auto s : {mrcz::shuffle::none, mrcz::shuffle::bit})
      for (const int level : {0, 5}) {
        const bytes chunk = packed(content, 2, {.codec = c, .level = level, .shuffle = s, .block_size = 1024});
        const auto source = reader_of(chunk);
        for (int fails_at = 1; fails_at <= 8; ++fails_at) {
          int calls = -100;
          const auto read = [&](std::uint64_t offset, std::span<std::byte> into) {
            if (++calls == fails_at) {
              std::ranges::fill(into, std::byte{0xee});
              mrcz::detail::fail_system(EIO, "disk");
            }
            source(offset, into);
          };
          mrcz::detail::unpack_memory work;
          mrcz::detail::chunk_reader reader{
              mrcz::detail::chunk_source{read}, chunk.size(), content.size(), {0, 6'000}, work};
          calls = 0;
          for (const std::size_t first : {1'000U, 3'000U, 0U, 5'990U, 2'048U, 1'000U, 4'000U})
            for (const bool whole_blocks : {false, true}) {
              const std::size_t count = std::min<std::size_t>(whole_blocks ? 3'000 : 10, content.size() - first);
              const auto attempt = [&] {
                bytes part(count);
                reader.read(first, part);
                REQUIRE(part == slice_of(content, first, count));
                const auto again = reader.bytes(first, count);
                REQUIRE(std::ranges::equal(again, part));
              };
              if (test::failure_of(attempt)) attempt();
            }
        }
      }
}

TEST_CASE("a damaged block is refused each time, and the blocks around it are read before and after that") {
  const bytes content = mixed(4 * 1024 + 500);
  for (const auto c : own_codecs)
    for (const unsigned shuffle : {0U, byte_shuffle, bit_shuffle})
      for (const unsigned streams : {0U, one_stream})
        for (const std::size_t number : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U}) {
          const std::size_t bad = number / 2;
          const bool late = number % 2 == 1;  // lz4 notices at the end of a block, after it has written bytes
          const layout how{.codec = c, .typesize = 4, .flags = shuffle | streams};
          bytes chunk = lay_out(content, how).chunk;
          bytes plain(content.size());
          mrcz::detail::decompress_with_blosc(chunk, plain);
          const std::size_t at = number_at(chunk, 16 + 4 * bad);
          put(chunk, at, late ? number_at(chunk, at) - 1 : 0x7fffffff);
          mrcz::detail::unpack_memory work;
          mrcz::detail::chunk_reader reader{
              mrcz::detail::chunk_source{chunk}, chunk.size(), content.size(), {0, content.size()}, work};
          std::mt19937 random{static_cast<unsigned>(bad)};
          for (int call = 0; call < 100; ++call) {
            const std::size_t first = random() % content.size();
            const std::size_t count = 1 + random() % std::min<std::size_t>(2'000, content.size() - first);
            const bool is_good = (first + count - 1) / 1024 < bad || first / 1024 > bad;
            bytes part(count);
            const bool directly = random() % 2 == 0;
            const bool read = succeeds([&] {
              if (directly) reader.read(first, part);
              else std::ranges::copy(reader.bytes(first, count), part.begin());
            });
            if (mrcz::detail::has_own_decoder(header_of(chunk))) REQUIRE(read == is_good);
            if (read) REQUIRE(part == slice_of(plain, first, count));
          }
        }
}
