#include "mrcz/bloscpack/checksum.hpp"

#include <set>

#include "tests/bloscpack/support.hpp"

using test::bp::checksum;

static_assert(static_cast<int>(checksum::adler32) == 1 && static_cast<int>(checksum::sha512) == 8,
              "the values are written to files");
static_assert(test::bp::checksum_named("sha256") == checksum::sha256);
static_assert(test::bp::digest_size(checksum::none) == 0);

TEST_CASE("every checksum has a name of its own, by which it is found again") {
  std::set<std::string_view> names;
  for (const checksum c : test::bp::all_checksums) {
    CHECK(test::bp::checksum_named(test::bp::name_of(c)) == c);
    names.insert(test::bp::name_of(c));
  }
  CHECK(names ==
        std::set<std::string_view>{"None", "adler32", "crc32", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"});
}

TEST_CASE("names that are almost a checksum's are none") {
  for (const std::string_view name : {"", "none", "NONE", "Adler32", "sha", "sha256 ", "md4"})
    CHECK_FALSE(test::bp::checksum_named(name).has_value());
  CHECK(test::bp::name_of(static_cast<checksum>(9)).empty());
  CHECK(test::bp::digest_size(static_cast<checksum>(200)) == 0);
}

TEST_CASE("a number that is no checksum is refused, and the message says where it stands") {
  CHECK(test::bp::detail::require_checksum(8, "x") == checksum::sha512);
  CHECK(test::message_of([] { test::bp::detail::require_checksum(9, "the checksum of the chunks"); }) ==
        "the checksum of the chunks is 9, expected 0 to 8");
}

TEST_CASE("the digests of a text are those that the programs for them print") {
  const auto digest = [](checksum c) { return to_string(test::bp::digest_of(c, test::to_bytes("abc"))); };
  CHECK(digest(checksum::none).empty());
  CHECK(digest(checksum::adler32) == "27014d02");  // 0x024d0127, little-endian
  CHECK(digest(checksum::crc32) == "c2412435");    // 0x352441c2, little-endian
  CHECK(digest(checksum::md5) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(digest(checksum::sha1) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(digest(checksum::sha224) == "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
  CHECK(digest(checksum::sha256) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest(checksum::sha384) ==
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  CHECK(digest(checksum::sha512) ==
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce8"
        "0e2a9ac94fa54ca49f");
}

TEST_CASE("a digest has the size that the file reserves for it, also of nothing") {
  for (const checksum c : test::bp::all_checksums)
    CHECK(test::bp::digest_of(c, {}).bytes().size() == test::bp::digest_size(c));
}

TEST_CASE("digests are equal if their bytes are") {
  const auto digest = [](const char* text) { return test::bp::digest{test::to_bytes(text)}; };
  CHECK(digest("abcd") == digest("abcd"));
  CHECK(digest("abcd") != digest("abce"));
  CHECK(digest("abcd") != digest("abc"));
  CHECK(digest("") == test::bp::digest{});
}
