#include "mrcz/bloscpack/chunk.hpp"

#include <blosc.h>

#include "mrcz/codec/blosc.hpp"
#include "tests/bloscpack/support.hpp"

using test::bp::checksum;
using test::bp::detail::chunk_options;
using test::bp::detail::chunk_packer;
using test::bp::detail::unpack_chunk;

TEST_CASE("a chunk of every codec, level, shuffle and checksum unpacks to what it was") {
  const auto plain = test::numbers(10'000);
  std::size_t tried = 0;
  for (const auto codec : mrcz::all_codecs) {
    if (codec == mrcz::codec::none || !mrcz::available(codec)) continue;
    for (const int level : {0, 1, 7, 9})
      for (const auto shuffle : {mrcz::shuffle::none, mrcz::shuffle::byte, mrcz::shuffle::bit})
        for (const checksum c : test::bp::all_checksums) {
          const chunk_packer packer{{.codec = codec, .level = level, .shuffle = shuffle, .typesize = 4}, c};
          auto packed = packer.pack(plain);
          CHECK(packed.plain_size() == plain.size());
          CHECK(packed.size() == packed.bytes().size() + test::bp::digest_size(c));
          CHECK(packed.digest() == test::bp::digest_of(c, packed.bytes()));
          test::bytes to(plain.size());
          test::bp::detail::unpack_chunk(packed.bytes(), c, packed.digest().bytes(), to);
          CHECK(to == plain);
          packer.recycle(std::move(packed));
          ++tried;
        }
  }
  CHECK(tried >= 5 * 4 * 3 * 9);
}

TEST_CASE("a chunk of nothing is a header and a digest") {
  const chunk_packer packer{{}, checksum::adler32};
  const auto packed = packer.pack({});
  CHECK(packed.bytes().size() == 16);
  CHECK_NOTHROW(test::bp::detail::unpack_chunk(packed.bytes(), checksum::adler32, packed.digest().bytes(), {}));
}

TEST_CASE("block sizes are those that c-blosc chooses, as in files of bloscpack") {
  const auto plain = test::numbers(std::size_t{1} << 20U);
  const chunk_packer packer{{}, checksum::none};
  const auto packed = packer.pack(plain);
  test::bytes reference(plain.size() + 16);
  const int size =
      blosc_compress_ctx(7, 1, 8, plain.size(), plain.data(), reference.data(), reference.size(), "blosclz", 0, 1);
  reference.resize(static_cast<std::size_t>(size));
  CHECK(std::ranges::equal(packed.bytes(), reference));
}

TEST_CASE("a changed byte of a chunk is a mismatch in bloscpack's words") {
  const auto plain = test::numbers(1000);
  const chunk_packer packer{{}, checksum::crc32};
  const auto packed = packer.pack(plain);
  for (std::size_t at = 0; at < packed.bytes().size(); ++at) {
    test::bytes damaged{packed.bytes().begin(), packed.bytes().end()};
    damaged[at] ^= std::byte{1};
    test::bytes to(plain.size());
    const auto thrown = test::failure_of(
        [&] { test::bp::detail::unpack_chunk(damaged, checksum::crc32, packed.digest().bytes(), to); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::bad_chunk);
    CHECK(thrown->message == "Checksum mismatch detected in chunk, expected: '" + to_string(packed.digest()) +
                                 "', received: '" + to_string(test::bp::digest_of(checksum::crc32, damaged)) + "'");
  }
}

TEST_CASE("options that no chunk can have are refused") {
  const auto complaint = [](const chunk_options& wanted) { return test::message_of([&] { check(wanted); }); };
  CHECK(complaint({}).empty());
  CHECK(complaint({.typesize = 255}).empty());
  CHECK(complaint({.typesize = 0}) == "typesize is 0, expected 1 to 255");
  CHECK(complaint({.typesize = 256}) == "typesize is 256, expected 1 to 255");
  CHECK(complaint({.level = 10}) == "level is 10, expected 0 to 9");
  CHECK(complaint({.level = -1}) == "level is -1, expected 0 to 9");
  CHECK(complaint({.codec = mrcz::codec::none}).starts_with("codec none makes no chunks"));
}

TEST_CASE("a chunk header of another size, or of one that cannot be, is refused") {
  const auto raw = [](std::uint32_t bytes, std::uint32_t block, std::uint32_t packed) {
    std::array<std::byte, 16> header{};
    header[0] = std::byte{2};
    header[1] = std::byte{1};
    header[3] = std::byte{8};
    mrcz::detail::store(header.data() + 4, bytes, std::endian::little);
    mrcz::detail::store(header.data() + 8, block, std::endian::little);
    mrcz::detail::store(header.data() + 12, packed, std::endian::little);
    return header;
  };
  const auto complaint = [](const std::array<std::byte, 16>& header, std::optional<std::uint32_t> expected,
                            std::uint32_t largest) {
    return test::message_of([&] { test::bp::detail::decode_chunk_header(header, expected, largest); });
  };
  CHECK(complaint(raw(1000, 1000, 100), 1000, 5000).empty());
  CHECK(complaint(raw(1000, 1000, 100), std::nullopt, 5000).empty());
  CHECK(complaint(raw(1000, 1000, 100), 1001, 5000) == "chunk holds 1000 bytes, expected 1001");
  CHECK(complaint(raw(1000, 1000, 100), std::nullopt, 999) == "chunk holds 1000 bytes, expected at most 999");
  CHECK(complaint(raw(1000, 1000, 1017), 1000, 5000) ==
        "chunk says that it has 1017 packed bytes, expected 16 to 1016");
  CHECK(complaint(raw(0, 0, 0), 0, 5000) == "chunk says that it has 0 packed bytes, expected 16 to 16");
  CHECK(complaint(raw(100'000, 1000, 20), 100'000, 100'000).ends_with("has no room for 100 blocks"));
}

TEST_CASE("large chunks are those of c-blosc, however many threads share them, and are unpacked by many too") {
  const std::size_t size = (std::size_t{9} << 20U) + 12'345;
  test::bytes compressible = test::numbers(size);
  test::bytes noise(size);
  std::minstd_rand random{7};
  for (auto& b : noise) b = static_cast<std::byte>(random() >> 8U);
  test::bytes mixed = compressible;
  for (std::size_t at = 0; at + 3'000'000 < size; at += 4'000'000)
    std::copy_n(noise.begin(), 1'500'000, mixed.begin() + static_cast<std::ptrdiff_t>(at));
  for (const auto codec : mrcz::all_codecs) {
    if (codec == mrcz::codec::none || !mrcz::available(codec)) continue;
    CAPTURE(name_of(codec));
    for (const std::size_t typesize : {1U, 3U, 8U})
      for (const auto* plain : {&compressible, &noise, &mixed}) {
        const chunk_options wanted{.codec = codec,
                                   .level = typesize == 8 && codec != mrcz::codec::zlib ? 5 : 1,
                                   .shuffle = typesize == 3 ? mrcz::shuffle::bit : mrcz::shuffle::byte,
                                   .typesize = typesize};
        mrcz::detail::buffer memory;
        const auto expected = mrcz::detail::compress(
            *plain, typesize, {.codec = codec, .level = wanted.level, .shuffle = wanted.shuffle, .block_size = 0},
            memory);
        const chunk_packer packer{wanted, checksum::adler32};
        for (const std::size_t threads : {1U, 3U}) {
          const auto packed = packer.pack(*plain, {threads, nullptr});
          CHECK(std::ranges::equal(packed.bytes(), expected));
          test::bytes back(size);
          unpack_chunk(packed.bytes(), checksum::adler32, packed.digest().bytes(), back, {threads, nullptr});
          CHECK(back == *plain);
        }
      }
  }
}

TEST_CASE("a stop ends the work within a large chunk") {
  const test::bytes plain = test::numbers(std::size_t{9} << 20U);
  const auto packed = chunk_packer{{}, checksum::none}.pack(plain);
  std::stop_source source;
  const std::stop_token stop = source.get_token();
  source.request_stop();
  for (const std::size_t threads : {1U, 3U}) {
    CHECK(test::code_of([&] { chunk_packer{{}, checksum::none}.pack(plain, {threads, &stop}); }) ==
          mrcz::errc::stopped);
    test::bytes back(plain.size());
    CHECK(test::code_of([&] { unpack_chunk(packed.bytes(), checksum::none, {}, back, {threads, &stop}); }) ==
          mrcz::errc::stopped);
  }
}
