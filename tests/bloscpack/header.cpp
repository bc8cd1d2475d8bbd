#include "mrcz/bloscpack/header.hpp"

#include <cstdint>
#include <limits>

#include "tests/bloscpack/support.hpp"

using test::bp::header;

namespace {

header example() {
  header h;
  h.chunk_size = 1024;
  h.last_chunk = 352;
  h.nchunks = 3;
  h.max_app_chunks = 30;
  return h;
}

test::bytes encoded(const header& h) {
  const auto raw = test::bp::encode(h);
  return {raw.begin(), raw.end()};
}

/// The message of the header with one field overwritten.
template <class T>
std::string complaint(std::size_t at, T value) {
  auto raw = encoded(example());
  mrcz::detail::store(raw.data() + at, value, std::endian::little);
  return test::message_of([&] { test::bp::decode_header(raw); });
}

}  // namespace

TEST_CASE("the header of 2400 bytes in chunks of 1024 has the bytes that bloscpack writes") {
  CHECK(encoded(example()) == test::from_hex("626c706b 03010108 00040000 60010000 0300000000000000 1e00000000000000"));
}

TEST_CASE("every header that can be written is read back the same") {
  for (const auto c : test::bp::all_checksums)
    for (const unsigned bits : {0U, 1U, 2U, 3U}) {
      header h = example();
      h.offsets = (bits & 1U) != 0;
      h.metadata = (bits & 2U) != 0;
      h.checksum = c;
      h.typesize = 255;
      CHECK(test::bp::decode_header(encoded(h)) == h);
    }
  header unknown;
  CHECK(test::bp::decode_header(encoded(unknown)) == unknown);
  header largest = example();
  largest.chunk_size = largest.last_chunk = 2147483631;
  largest.nchunks = 1;
  largest.max_app_chunks = std::numeric_limits<std::int64_t>::max() - 1;
  CHECK(test::bp::decode_header(encoded(largest)) == largest);
}

TEST_CASE("what is unknown stands as -1") {
  const auto raw = encoded(header{});
  CHECK(mrcz::detail::load<std::int32_t>(raw.data() + 8, std::endian::little) == -1);
  CHECK(mrcz::detail::load<std::int32_t>(raw.data() + 12, std::endian::little) == -1);
  CHECK(mrcz::detail::load<std::int64_t>(raw.data() + 16, std::endian::little) == -1);
}

TEST_CASE("what is no header of bloscpack is refused in bloscpack's words") {
  const auto text = [](const test::bytes& raw) { return test::message_of([&] { test::bp::decode_header(raw); }); };
  CHECK(text({}) == "attempting to decode a bloscpack header of length '0', not '32'");
  CHECK(text(test::bytes(31)) == "attempting to decode a bloscpack header of length '31', not '32'");
  CHECK(text(test::bytes(32)) ==
        R"(the magic marker b'blpk' is missing from the bloscpack header, instead we found: b'\x00\x00\x00\x00')");
  CHECK(complaint<std::uint8_t>(3, '\'').ends_with("b\"blp'\""));
  CHECK(complaint<std::uint8_t>(0, '\\').ends_with(R"(b'\\lpk')"));
  CHECK(complaint<std::uint32_t>(0, 0x270a0d22).ends_with(R"(b'"\r\n\'')"));
  CHECK(complaint<std::uint8_t>(4, 2) == "format version of file was not '3' as expected, but '2'");
  CHECK(test::code_of([] { test::bp::decode_header(test::bytes(32)); }) == mrcz::errc::not_bloscpack);
}

TEST_CASE("impossible values are refused, and the message says what was found and expected") {
  CHECK(complaint<std::uint8_t>(5, 4) == "the options are 0x04, of which only 0x03 have a meaning");
  CHECK(complaint<std::uint8_t>(5, 0x81) == "the options are 0x81, of which only 0x03 have a meaning");
  CHECK(complaint<std::uint8_t>(6, 9) == "the checksum of the chunks is 9, expected 0 to 8");
  CHECK(complaint<std::int32_t>(8, -2) == "chunk_size is -2, expected -1 to 2147483631");
  CHECK(complaint<std::int32_t>(8, 2147483632) == "chunk_size is 2147483632, expected -1 to 2147483631");
  CHECK(complaint<std::int32_t>(12, -2) == "last_chunk is -2, expected -1 to 2147483631");
  CHECK(complaint<std::int32_t>(12, 1025) == "last_chunk is 1025, expected at most the chunk_size 1024");
  CHECK(complaint<std::int64_t>(16, -2) == "nchunks is -2, expected at least -1");
  CHECK(complaint<std::int64_t>(24, -1) == "max_app_chunks is -1, expected at least 0");
  CHECK(complaint<std::int64_t>(16, -1) == "max_app_chunks is 30 although nchunks is -1, expected 0");
  CHECK(complaint<std::int64_t>(24, std::numeric_limits<std::int64_t>::max() - 2).ends_with("more than 2**63 - 1"));
  CHECK(complaint<std::int64_t>(24, std::numeric_limits<std::int64_t>::max() - 3).empty());
  CHECK(complaint<std::uint8_t>(7, 0).empty());
}

TEST_CASE("an impossible header is not written") {
  header h = example();
  h.last_chunk = 1025;
  CHECK(test::code_of([&] { test::bp::encode(h); }) == mrcz::errc::bad_header);
}

TEST_CASE("data are cut into whole chunks and a rest") {
  const auto cut = [](std::uint64_t size, std::size_t wanted) {
    const auto c = test::bp::chunks_of(size, wanted);
    return std::array<std::uint64_t, 3>{c.chunk_size, c.last_chunk, c.nchunks};
  };
  using expected = std::array<std::uint64_t, 3>;
  CHECK(cut(0, 100) == expected{0, 0, 1});
  CHECK(cut(1, 100) == expected{1, 1, 1});
  CHECK(cut(99, 100) == expected{99, 99, 1});
  CHECK(cut(100, 100) == expected{100, 100, 1});
  CHECK(cut(101, 100) == expected{100, 1, 2});
  CHECK(cut(200, 100) == expected{100, 100, 2});
  CHECK(cut(2400, 1024) == expected{1024, 352, 3});
  CHECK(cut(std::uint64_t{1} << 62U, 1) == expected{1, 1, std::uint64_t{1} << 62U});
  CHECK(cut(5, test::bp::max_chunk_size) == expected{5, 5, 1});
}

TEST_CASE("chunk sizes out of range are refused in bloscpack's words") {
  CHECK(test::message_of([] { test::bp::chunks_of(10, 0); }) ==
        "'chunk_size' must be in the range 1 <= n <= 2147483631, not '0'");
  CHECK(test::message_of([] { test::bp::chunks_of(10, 2147483632); }) ==
        "'chunk_size' must be in the range 1 <= n <= 2147483631, not '2147483632'");
}
