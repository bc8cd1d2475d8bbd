#include "mrcz/codec/plane_encoder.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/codec/chunk_reader.hpp"
#include "mrcz/core/hardware.hpp"
#include "tests/codec/support.hpp"
#include "tests/sanitized.hpp"
#include "tests/support.hpp"

using namespace test;
using mrcz::detail::bit_plane;
using mrcz::detail::instructions;

namespace {

using bytes = std::vector<std::byte>;

constexpr mrcz::compression by_planes{.codec = mrcz::codec::zstd, .planes = true};

mrcz::compression with(mrcz::compression wanted, bool planes) {
  wanted.planes = planes;
  return wanted;
}

bytes plane_chunk(std::span<const std::byte> content, std::size_t typesize, const mrcz::compression& wanted) {
  mrcz::detail::buffer into;
  mrcz::detail::pool<mrcz::detail::pack_memory> memory;
  const auto chunk = mrcz::detail::compress_planes(content, typesize, wanted, into, memory);
  return {chunk.begin(), chunk.end()};
}

bytes plane_chunk_by(std::size_t threads, std::span<const std::byte> content, std::size_t typesize,
                     const mrcz::compression& wanted) {
  mrcz::detail::buffer into;
  mrcz::detail::pool<mrcz::detail::pack_memory> memory;
  const auto work = mrcz::detail::divide_for_planes(content, typesize, wanted, into, memory);
  mrcz::detail::do_all_parts(*work, threads);
  const auto chunk = work->finish();
  return {chunk.begin(), chunk.end()};
}

/// Whether c-blosc and this library decompress a chunk to `content`.
bool holds(const bytes& chunk, const bytes& content) {
  bytes by_blosc(content.size(), std::byte{0x5a});
  mrcz::detail::decompress_with_blosc(chunk, by_blosc);
  bytes by_us(content.size(), std::byte{0x5a});
  mrcz::detail::unpack_memory memory;
  mrcz::detail::decompress(chunk, by_us, memory);
  return by_blosc == content && by_us == content;
}

template <class T, class Draw>
bytes voxels(std::size_t count, Draw draw) {
  bytes content(count * sizeof(T));
  for (std::size_t i = 0; i < count; ++i) {
    const auto voxel = static_cast<T>(draw());
    std::memcpy(content.data() + i * sizeof(T), &voxel, sizeof(T));
  }
  return content;
}

/// A counting detector: one electron per voxel.
bytes counts_of(std::size_t count) {
  std::mt19937 random{1};
  std::poisson_distribution<int> electrons{1.0};
  return voxels<std::int8_t>(count, [&] { return electrons(random); });
}

/// An integrating detector: some electrons of about 100 units each, and noise, which is negative where there are none.
bytes integrated(std::size_t count) {
  std::mt19937 random{2};
  std::poisson_distribution<int> electrons{3.0};
  std::normal_distribution<double> noise_of_readout{0, 12};
  return voxels<std::int16_t>(count, [&] { return std::lround(100 * electrons(random) + noise_of_readout(random)); });
}

/// Counts, each multiplied by the gain of its voxel.
bytes gain_corrected(std::size_t count) {
  std::mt19937 random{3};
  std::poisson_distribution<int> electrons{1.0};
  std::normal_distribution<float> gain{1.0F, 0.05F};
  return voxels<float>(count, [&] { return static_cast<float>(electrons(random)) * gain(random); });
}

/// Numbers of few labels in areas, so that planes of bits have much in common, and some noise.
bytes labelled(std::size_t size) {
  std::mt19937 random{4};
  bytes content(size);
  for (std::size_t i = 0; i < size; ++i)
    content[i] = static_cast<std::byte>(i / 700 % 6 + (random() % 300 == 0 ? 1 : 0));
  return content;
}

/// What planes of one kind or another look like to the encoder.
std::string kinds_of(std::span<const bytes> planes, int level = 1) {
  std::string kinds;
  std::vector<bit_plane> judged(planes.size());
  for (std::size_t i = 0; i < planes.size(); ++i) {
    judged[i].bytes = planes[i];
    mrcz::detail::judge(judged[i], i > 0 ? &judged[i - 1] : nullptr, level);
    kinds += judged[i].like_previous ? '=' : "cnkr"[static_cast<std::size_t>(judged[i].kind)];
  }
  return kinds;
}

std::vector<instructions> instruction_sets() {
  std::vector<instructions> found;
  for (const auto set : {instructions::any, instructions::avx2, instructions::avx512, instructions::gfni})
    if (mrcz::detail::has(set)) found.push_back(set);
  return found;
}

}  // namespace

TEST_CASE("planes come back through c-blosc and through this library, for any element size, length, block and level") {
  const bytes all = labelled(140'000);
  const bytes noisy = noise(140'000);
  for (const bytes& source : {all, noisy})
    for (std::size_t typesize = 1; typesize <= 16; ++typesize)
      for (const std::size_t size :
           {std::size_t{0}, std::size_t{1}, typesize, std::size_t{127}, std::size_t{128}, std::size_t{1000},
            std::size_t{4096} * 3, std::size_t{70'001}, 8192 * typesize + 1})
        for (const std::size_t block_size : {128U, 4096U, 10'000U, 65'536U}) {
          if (block_size == 128 && size > 10'000) continue;
          CAPTURE(typesize);
          CAPTURE(size);
          CAPTURE(block_size);
          const bytes content(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(size));
          const int level = 1 + static_cast<int>((size + typesize) % (MRCZ_TEST_SANITIZED ? 2 : 6));
          const bytes chunk =
              plane_chunk(content, typesize,
                          {.codec = mrcz::codec::zstd, .level = level, .block_size = block_size, .planes = true});
          REQUIRE(chunk.size() <= size + 16);
          REQUIRE(holds(chunk, content));
        }
}

TEST_CASE("every number of bytes of a small slice comes back") {
  const bytes all = image_like(600);
  for (const std::size_t typesize : {1U, 2U, 3U, 4U, 8U, 16U})
    for (std::size_t size = 0; size <= all.size(); ++size) {
      const bytes content(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
      const bytes chunk = plane_chunk(content, typesize, with({.block_size = 256}, true));
      REQUIRE(chunk.size() <= size + 16);
      REQUIRE(holds(chunk, content));
    }
}

TEST_CASE("the header of a chunk of planes is the one that c-blosc writes") {
  const bytes content = counts_of(300'000);
  for (const std::size_t typesize : {1U, 2U, 3U, 4U, 8U, 16U})
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{5}, std::size_t{200}, std::size_t{70'001}, content.size()})
      for (const std::size_t block_size : {128U, 1000U, 65'536U, 0x7fffffffU})
        for (const int level : {0, 1, 4}) {
          const auto part = std::span{content}.first(size);
          const mrcz::compression wanted{.codec = mrcz::codec::zstd, .level = level, .block_size = block_size};
          const bytes ours = plane_chunk(part, typesize, with(wanted, true));
          const bytes theirs = packed({part.begin(), part.end()}, typesize, wanted);
          CAPTURE(typesize);
          CAPTURE(size);
          CAPTURE(block_size);
          CAPTURE(level);
          REQUIRE(std::equal(ours.begin(), ours.begin() + 12, theirs.begin()));
        }
}

TEST_CASE("what does not shrink is stored, as c-blosc stores it") {
  const bytes content = noise(200'000);
  for (const std::size_t typesize : {1U, 2U, 4U})
    CHECK(plane_chunk(content, typesize, by_planes) == packed(content, typesize, {.codec = mrcz::codec::zstd}));
  const bytes compressible = counts_of(200'000);
  const mrcz::compression level_0{.codec = mrcz::codec::zstd, .level = 0};
  CHECK(plane_chunk(compressible, 1, with(level_0, true)) == packed(compressible, 1, level_0));
  CHECK(plane_chunk(std::span{compressible}.first(127), 1, by_planes).size() == 127 + 16);
  CHECK(plane_chunk({}, 4, by_planes) == packed({}, 4, {.codec = mrcz::codec::zstd}));
}

TEST_CASE("blocks that do not shrink are stored between blocks that do") {
  bytes content = counts_of(300'000);
  const bytes noisy = noise(100'000);
  std::ranges::copy(noisy, content.begin() + 100'000);
  const bytes chunk = plane_chunk(content, 1, with({.block_size = 50'000}, true));
  CHECK_FALSE(header_of(chunk).stored());
  CHECK(chunk.size() < 160'000);
  CHECK(holds(chunk, content));
}

TEST_CASE("the bytes of a chunk depend neither on the number of threads nor on the instructions") {
  for (const auto& [content, typesize] :
       {std::pair{counts_of(1'000'003), std::size_t{1}}, std::pair{integrated(400'001), std::size_t{2}},
        std::pair{gain_corrected(200'000), std::size_t{4}}, std::pair{noise(300'000), std::size_t{3}}})
    for (const int level : {1, 3}) {
      const mrcz::compression wanted{.level = level, .block_size = 16'384, .planes = true};
      const bytes expected = plane_chunk(content, typesize, wanted);
      REQUIRE(holds(expected, content));
      for (const std::size_t threads : {1U, 2U, 4U})
        CHECK(plane_chunk_by(threads, content, typesize, wanted) == expected);
      for (const auto set : instruction_sets()) {
        mrcz::detail::buffer into;
        mrcz::detail::pool<mrcz::detail::pack_memory> memory;
        const auto chunk = mrcz::detail::compress_planes_with(set, content, typesize, wanted, into, memory);
        CHECK(std::ranges::equal(chunk, expected));
      }
    }
}

TEST_CASE("the bytes of a chunk do not depend on what the memory was used for before") {
  const bytes content = integrated(150'000);
  const bytes expected = plane_chunk(content, 2, by_planes);
  mrcz::detail::pool<mrcz::detail::pack_memory> memory;
  mrcz::detail::buffer into;
  for (const int level : {1, 2, 3, 5}) {
    mrcz::detail::compress_planes(labelled(100'000), 1, with({.level = level}, true), into, memory);
    CHECK(memory.size() == 1);
    CHECK(std::ranges::equal(mrcz::detail::compress_planes(content, 2, by_planes, into, memory), expected));
  }
}

TEST_CASE("counts become smaller than with c-blosc, and no data of detectors become larger, at any level") {
  struct movie {
    bytes content;
    std::size_t typesize;
    double most_at_quick_levels;  // part of what c-blosc makes of it
  };
  for (const movie& m :
       {movie{counts_of(std::size_t{1} << 20U), 1, 0.975}, movie{integrated(std::size_t{1} << 19U), 2, 0.988},
        movie{gain_corrected(std::size_t{1} << 18U), 4, 1.001}})
    for (int level = 1; level <= (MRCZ_TEST_SANITIZED ? 3 : 9); ++level) {
      const mrcz::compression wanted{.codec = mrcz::codec::zstd, .level = level};
      const auto ours = static_cast<double>(plane_chunk(m.content, m.typesize, with(wanted, true)).size());
      const auto theirs = static_cast<double>(packed(m.content, m.typesize, wanted).size());
      CAPTURE(m.typesize);
      CAPTURE(level);
      CHECK(ours <= theirs * (level <= 2 ? m.most_at_quick_levels : 1.001));
    }
}

TEST_CASE("a few bits in an otherwise empty block come back, wherever they are") {
  for (unsigned seed = 0; seed < 400; ++seed) {
    std::mt19937 random{seed};
    bytes content(std::size_t{16'384} * (1 + seed % 2));
    const unsigned bits = 1U << random() % 8 | 1U << random() % 8;
    for (unsigned i = 0; i < 1U << seed % 9; ++i) content[random() % content.size()] = static_cast<std::byte>(bits);
    const std::size_t typesize = std::size_t{1} << seed % 3;
    CAPTURE(seed);
    for (const int level : {1, 2, 3})
      REQUIRE(holds(plane_chunk(content, typesize, with({.level = level}, true)), content));
  }
}

TEST_CASE("blocks in which planes have much in common are compressed as a whole") {
  const bytes content = labelled(std::size_t{1} << 20U);
  for (const int level : {1, 2, 3, 5}) {
    const mrcz::compression wanted{.codec = mrcz::codec::zstd, .level = level};
    const bytes ours = plane_chunk(content, 1, with(wanted, true));
    CHECK(static_cast<double>(ours.size()) <= 1.001 * static_cast<double>(packed(content, 1, wanted).size()));
    CHECK(holds(ours, content));
  }
}

TEST_CASE("zeros compress as far as a chunk may claim") {
  const bytes zeros(std::size_t{8} << 20U);
  for (const std::size_t block_size : {std::size_t{65'536}, std::size_t{524'288}, zeros.size()}) {
    const bytes chunk = plane_chunk(zeros, 4, with({.block_size = block_size}, true));
    CHECK(chunk.size() < zeros.size() / 1000);
    CHECK(holds(chunk, zeros));
  }
}

TEST_CASE("planes of more bytes than a block of zstd come back") {
  bytes content = noise(std::size_t{4} << 20U);
  for (std::size_t i = 0; i < content.size(); ++i)  // planes of noise, of few bits, and empty ones
    content[i] &= i % 7 == 0 ? std::byte{0x1f} : std::byte{0x07};
  for (const int level : {1, 2}) {
    const bytes chunk = plane_chunk(content, 1, with({.level = level, .block_size = content.size()}, true));
    CHECK(chunk.size() < content.size() * 11 / 16);
    CHECK(holds(chunk, content));
  }
}

TEST_CASE("a plane is constant, noise, skewed, repetitive, or like the one before it") {
  std::mt19937 random{9};
  const auto plane_of = [&](auto draw) {
    bytes plane(4096);
    for (auto& b : plane) b = static_cast<std::byte>(draw());
    return plane;
  };
  const bytes constant = plane_of([] { return 7; });
  const bytes noisy = plane_of([&] { return random(); });
  const bytes skewed = plane_of([&] { return random() & random(); });
  const bytes sparse = plane_of([&] { return random() % 30 == 0 ? 1 : 0; });
  bytes runs = noisy;
  for (std::size_t i = 0; i < runs.size(); ++i) runs[i] = noisy[i / 4];
  const bytes nearly_noise = plane_of([&] { return random() % 225; });
  CHECK(kinds_of(std::array{constant, noisy, skewed, sparse, runs}) == "cnkrr");
  CHECK(kinds_of(std::array{sparse, sparse, sparse, noisy, noisy, constant, constant}) == "r==n=cc");
  CHECK(kinds_of(std::array{nearly_noise}, 2) == "n");
  CHECK(kinds_of(std::array{nearly_noise}, 3) == "k");
  for (const std::size_t size : {1U, 2U, 64U, 65U, 1000U, 1025U}) {
    CHECK(kinds_of(std::array{bytes(size)}) == "c");
    CHECK(kinds_of(std::array{bytes(noisy.begin(), noisy.begin() + static_cast<std::ptrdiff_t>(size))}).size() == 1);
  }
}

TEST_CASE("planes share a frame where one set of codes suits them, or where they repeat the plane before them") {
  std::mt19937 random{9};
  const auto plane_of = [&](std::size_t size, auto draw) {
    bytes plane(size);
    for (auto& b : plane) b = static_cast<std::byte>(draw());
    return plane;
  };
  const auto rare_ones = [&] { return random() & random(); };
  const auto rare_zeros = [&] { return random() | random(); };
  const auto runs_of = [](std::span<const bytes> planes) {
    std::vector<bit_plane> judged(planes.size());
    for (std::size_t i = 0; i < planes.size(); ++i) {
      judged[i].bytes = planes[i];
      mrcz::detail::judge(judged[i], i > 0 ? &judged[i - 1] : nullptr, 1);
    }
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < planes.size(); i = ends.back()) ends.push_back(mrcz::detail::end_of_run(judged, i));
    return ends;
  };
  const bytes zeros(1000);
  const bytes ones(1000, std::byte{0xff});
  const auto noisy = [&] { return plane_of(1000, random); };
  using ends = std::vector<std::size_t>;
  CHECK(runs_of(std::array{zeros, zeros, ones, ones, zeros}) == ends{2, 4, 5});
  CHECK(runs_of(std::array{noisy(), noisy(), noisy(), zeros}) == ends{3, 4});
  CHECK(runs_of(std::array{plane_of(4096, rare_ones), plane_of(4096, rare_ones), plane_of(4096, rare_zeros)}) ==
        ends{2, 3});
  const bytes repeated = plane_of(4096, rare_ones);
  CHECK(runs_of(std::array{plane_of(4096, rare_ones), repeated, repeated, repeated, plane_of(4096, rare_ones)}) ==
        ends{1, 4, 5});
  constexpr std::size_t large = 50'000;  // two of them are less than a block of zstd
  CHECK(runs_of(std::array{plane_of(large, rare_ones), plane_of(large, rare_ones), plane_of(large, rare_ones)}) ==
        ends{2, 3});
}

TEST_CASE("what planes cannot do is refused before anything is compressed") {
  const bytes content = counts_of(1000);
  const auto complaint = [&](std::size_t typesize, const mrcz::compression& wanted) {
    const auto thrown = test::failure_of([&] { plane_chunk(content, typesize, wanted); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::bad_option);
    return thrown->message;
  };
  CHECK(complaint(0, by_planes) == "typesize is 0, expected 1 to 16 where planes is true");
  CHECK(complaint(17, by_planes) == "typesize is 17, expected 1 to 16 where planes is true");
  CHECK(complaint(1, {.level = 10, .planes = true}) == "level is 10, expected 0 to 9");

  constexpr std::size_t size = 0x7fffffff - 16 + 1;
  void* const address = test::addresses(size, false);
  REQUIRE(address != nullptr);
  const auto thrown =
      test::failure_of([&] { plane_chunk({static_cast<const std::byte*>(address), size}, 1, by_planes); });
  test::give_back(address, size);
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::too_large);
}
