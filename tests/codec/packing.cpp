#include "mrcz/codec/packing.hpp"

#include <string_view>

#include <doctest/doctest.h>

#include "tests/packings.hpp"
#include "tests/support.hpp"

namespace {

using namespace std::string_view_literals;

mrcz::packing found(std::string_view bytes) { return mrcz::detail::packing_of(std::as_bytes(std::span{bytes})); }

}  // namespace

TEST_CASE("packings are known by the first bytes that their programs write") {
  for (const auto how : test::packings()) {
    CHECK(mrcz::detail::packing_of(test::packed_by(how, {})) == how);
    CHECK(mrcz::detail::packing_of(test::packed_by(how, std::vector<std::byte>(5000))) == how);
  }
  CHECK(found("\xfd\x37zXZ\0"sv) == mrcz::packing::xz);
  CHECK(found("BZh9"sv) == mrcz::packing::bzip2);
}

TEST_CASE("a file of zstd may begin with a frame that is to be skipped") {
  CHECK(found("\x50\x2a\x4d\x18"sv) == mrcz::packing::zstd);
  CHECK(found("\x5f\x2a\x4d\x18"sv) == mrcz::packing::zstd);
  CHECK(found("\x60\x2a\x4d\x18"sv) == mrcz::packing::none);
}

TEST_CASE("what no program begins with is not packed") {
  for (const auto bytes : {""sv, "\x1f"sv, "\x1f\x8b"sv, "BZ"sv, "\xfd\x37zXZ"sv, "\x28\xb5\x2f"sv, "MAP "sv, "blpk"sv})
    CHECK(found(bytes) == mrcz::packing::none);
}

TEST_CASE("packings have the names of their programs") {
  CHECK(mrcz::name_of(mrcz::packing::none) == "none");
  CHECK(mrcz::name_of(mrcz::packing::gzip) == "gzip");
  CHECK(mrcz::name_of(mrcz::packing::xz) == "xz");
  CHECK(mrcz::name_of(static_cast<mrcz::packing>(5)).empty());
}

TEST_CASE("a packing whose library is missing is refused, and the message names both") {
  const auto refused = [](mrcz::packing how) { return test::failure_of([&] { mrcz::detail::decoder_for(how); }); };
#ifndef MRCZ_BZIP2
  CHECK(refused(mrcz::packing::bzip2)->code == mrcz::errc::codec_unavailable);
  CHECK(refused(mrcz::packing::bzip2)
            ->mentions("is packed by bzip2, but mrcz was compiled without libbz2 (it lacks MRCZ_BZIP2); unpack it "
                       "first, for instance "
                       "with bzip2 -d"));
#endif
#ifndef MRCZ_XZ
  CHECK(refused(mrcz::packing::xz)->mentions("compiled without liblzma (it lacks MRCZ_XZ)"));
#endif
  CHECK_FALSE(refused(mrcz::packing::gzip));
}
