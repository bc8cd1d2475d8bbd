#include "mrcz/bloscpack/metadata.hpp"

#include <limits>
#include <string>

#include "tests/bloscpack/support.hpp"
#include "tests/sanitized.hpp"

using test::bytes;
using test::bp::encode_metadata;
using test::bp::metadata;
using test::bp::metadata_codec;
using test::bp::metadata_header;
using test::bp::to_text;

namespace {

metadata_header header_of(const bytes& section) {
  return test::bp::decode_metadata_header(std::span{section}.first<test::bp::metadata_header_size>());
}

/// The opposite of `encode_metadata`.
metadata decoded(const bytes& section) {
  const auto h = header_of(section);
  const auto whole = std::span{section};
  return decode_metadata(h, whole.subspan(32, h.meta_comp_size),
                         test::bp::digest{whole.last(test::bp::digest_size(h.meta_checksum))});
}

std::string refusal(const bytes& section) {
  return test::message_of([&] { decoded(section); });
}

const metadata repetitive{{"text", std::string(300, 'x')}, {"list", {1, 2.5, nullptr, true}}};

}  // namespace

TEST_CASE("metadata of every kind are read back the same and in the same order") {
  for (const metadata& values :
       {repetitive, metadata{1, "two", nullptr}, metadata(0), metadata(""), metadata::object(), metadata::array(),
        metadata{{"z", 1}, {"a", 2}, {"m", {{"y", 1}, {"b", 2}}}}, metadata("Größe \U0001F52C")}) {
    for (const auto c : test::bp::all_checksums) {
      const bytes section = encode_metadata(values, {.checksum = c});
      CHECK(decoded(section) == values);
      CHECK(section.size() == header_of(section).section_size());
    }
  }
}

TEST_CASE("JSON is written compactly, in ASCII, and keeps the order of its keys") {
  CHECK(to_text(metadata{{"z", {1, 2.5}}, {"a", "é\n"}}) == "{\"z\":[1,2.5],\"a\":\"\\u00e9\\n\"}");
  CHECK(to_text(metadata(1e16)) == "1e+16");
  CHECK(to_text(metadata(100000.0)) == "100000.0");
}

TEST_CASE("metadata are compressed where that makes them no larger, and the level stays either way") {
  const auto packed = header_of(encode_metadata(repetitive));
  CHECK(packed.meta_codec == metadata_codec::zlib);
  CHECK(packed.meta_comp_size < packed.meta_size);
  CHECK(packed.meta_level == 6);
  CHECK(packed.max_meta_size == 10 * packed.meta_size);
  const auto plain = header_of(encode_metadata(metadata{1, "two", nullptr}));
  CHECK(plain.meta_codec == metadata_codec::none);
  CHECK(plain.meta_comp_size == 14);
  CHECK(plain.meta_size == 14);
  CHECK(plain.max_meta_size == 140);
  CHECK(plain.meta_level == 6);
}

TEST_CASE("what is reserved can be stated, and must suffice") {
  const bytes section = encode_metadata(metadata{1}, {.checksum = test::bp::checksum::crc32, .max_meta_size = 1000});
  CHECK(section.size() == 32 + 1000 + 4);
  CHECK(std::all_of(section.begin() + 32 + 3, section.end() - 4, [](std::byte b) { return b == std::byte{0}; }));
  CHECK(test::message_of([] { encode_metadata(metadata{1, 2, 3}, {.max_meta_size = 6}); }) ==
        "metadata take 7 bytes, but only 6 are reserved for them");
}

TEST_CASE("JSON as people write it is read, also UTF-8 and what Python calls NaN") {
  CHECK(test::bp::parse_metadata(" { \"a\" : \"\u00e9\" }\n").at("a") == "\u00e9");
  CHECK(test::bp::parse_metadata("null").is_null());
  CHECK(test::bp::parse_metadata("[NaN]")[0].is_number_float());
  CHECK(test::code_of([] { test::bp::parse_metadata("{'a': 1}"); }) == mrcz::errc::bad_metadata);
  CHECK(test::code_of([] { test::bp::parse_metadata(std::string(200, '[')); }) == mrcz::errc::bad_metadata);
}

TEST_CASE("so many keys that reading them would take minutes are refused") {
  const auto object = [](int keys) {
    std::string text = "{\"x\":0";
    for (int i = 0; i < keys; ++i) text += ",\"" + std::to_string(i) + "\":0";
    return text + "}";
  };
  CHECK(test::bp::parse_metadata(object(2000)).size() == 2001);
  if (MRCZ_TEST_SANITIZED != 0) return;  // a sanitizer makes this too slow
  CHECK(test::message_of([&] { test::bp::parse_metadata(object(100'000)); }) ==
        "JSON metadata have objects of too many keys");
}

TEST_CASE("what JSON has no words for is not written") {
  CHECK(test::code_of([] { encode_metadata(metadata(std::numeric_limits<double>::infinity())); }) ==
        mrcz::errc::bad_metadata);
  CHECK(test::code_of([] { encode_metadata(metadata("\xff")); }) == mrcz::errc::bad_metadata);
}

TEST_CASE("each number of the header that cannot be true is refused") {
  const bytes good = encode_metadata(repetitive);
  const auto with = [&](std::size_t at, auto value) {
    bytes section = good;
    mrcz::detail::store(section.data() + at, value, std::endian::little);
    return refusal(section);
  };
  CHECK(with(0, '?') == R"(metadata have the format b'?SON\x00\x00\x00\x00', expected b'JSON')");
  CHECK(with(9, std::uint8_t{9}) == "the checksum of the metadata is 9, expected 0 to 8");
  CHECK(with(10, std::uint8_t{2}) == "the codec of the metadata is 2, expected 0 or 1");
  CHECK(with(10, std::uint8_t{0}).ends_with("but not compressed"));
  CHECK(with(12, std::uint32_t{1}).ends_with("do not hold 1 bytes (code -5)"));
  CHECK(with(12, ~std::uint32_t{0}) == "metadata have 4294967295 bytes, expected at most 67108864");
  CHECK(with(16, std::uint32_t{1}).ends_with("but only 1 are reserved for them"));
  CHECK(with(20, std::uint32_t{3}).starts_with("Checksum mismatch detected in metadata expected: '"));
  CHECK(with(4, ' ').empty());              // the document says blanks, the programs write NULs
  CHECK(with(8, std::uint8_t{1}).empty());  // these have no meaning yet
  CHECK(with(11, std::uint8_t{9}).empty());
  CHECK(with(24, 'u').empty());
}

TEST_CASE("any changed byte of the stored metadata is noticed") {
  const bytes good = encode_metadata(repetitive);
  const auto h = header_of(good);
  for (std::size_t at = 32; at < good.size(); ++at) {
    const bool covered = at < 32 + h.meta_comp_size || at >= good.size() - 4;  // not what is reserved
    bytes section = good;
    section[at] ^= std::byte{0x20};
    CHECK(refusal(section).empty() == !covered);
  }
}

TEST_CASE("metadata without a checksum that are cut off or too long are still noticed") {
  const bytes good = encode_metadata(repetitive, {.checksum = test::bp::checksum::none});
  const auto size = header_of(good).meta_comp_size;
  for (std::uint32_t wrong = 0; wrong < size + 20; ++wrong) {
    bytes section = good;
    mrcz::detail::store(section.data() + 20, wrong, std::endian::little);
    CHECK(refusal(section).empty() == (wrong == size));
  }
}
