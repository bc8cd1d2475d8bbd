#include "mrcz/codec/zlib.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "tests/packings.hpp"
#include "tests/support.hpp"

namespace {

using bytes = std::vector<std::byte>;

/// Compressible bytes without two equal stretches.
bytes numbers(std::size_t size) {
  bytes content(size);
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<std::byte>((i / 4 * 3U) >> (8 * (i % 4)));
  return content;
}

bytes to_bytes(std::string_view text) {
  const auto content = std::as_bytes(std::span{text});
  return {content.begin(), content.end()};
}

bytes joined(bytes a, std::span<const std::byte> b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

template <class Action>
std::error_code code_of(Action&& action) {
  const auto failure = test::failure_of(action);
  return failure ? failure->code : std::error_code{};
}

}  // namespace

TEST_CASE("the checksums of zlib are those of the examples that everybody knows") {
  CHECK(mrcz::detail::adler32_of({}) == 1);
  CHECK(mrcz::detail::crc32_of({}) == 0);
  CHECK(mrcz::detail::adler32_of(to_bytes("Wikipedia")) == 0x11e60398);
  CHECK(mrcz::detail::crc32_of(to_bytes("123456789")) == 0xcbf43926);
}

TEST_CASE("what was deflated inflates to the same bytes") {
  for (const std::size_t size : {0U, 1U, 100U, 100'000U})
    for (const int level : {1, 6, 9}) {
      const bytes plain = numbers(size);
      CHECK(mrcz::detail::inflated(mrcz::detail::deflated(plain, level), size) == plain);
    }
}

TEST_CASE("levels that zlib does not have are refused") {
  for (const int level : {-1, 0, 10})
    CHECK(code_of([&] { mrcz::detail::deflated({}, level); }) == mrcz::errc::bad_option);
}

TEST_CASE("a zlib stream that is damaged, cut off, too long or of another size is refused") {
  const bytes plain = numbers(1000);
  const bytes packed = mrcz::detail::deflated(plain, 6);
  const auto refused = [](const bytes& from, std::size_t size) {
    return code_of([&] { mrcz::detail::inflated(from, size); }) == mrcz::errc::bad_metadata;
  };
  for (std::size_t length = 0; length < packed.size(); ++length)
    CHECK(refused(bytes(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(length)), 1000));
  CHECK(refused(joined(packed, to_bytes("x")), 1000));
  CHECK(refused(packed, 999));
  CHECK(refused(packed, 1001));
  CHECK(refused(packed, 0));
  for (std::size_t at = 0; at < packed.size(); ++at) {
    bytes damaged = packed;
    damaged[at] ^= std::byte{0x10};
    if (!refused(damaged, 1000)) CHECK(mrcz::detail::inflated(damaged, 1000) == plain);
  }
}

TEST_CASE("a size that no stream of this length can have takes no memory") {
  CHECK(code_of([] { mrcz::detail::inflated(bytes(100), SIZE_MAX / 16); }) == mrcz::errc::bad_metadata);
  const bytes zeros(4'000'000);
  CHECK(mrcz::detail::inflated(mrcz::detail::deflated(zeros, 9), zeros.size()) ==
        zeros);  // the best ratio that there is
}

TEST_CASE("parts that were deflated apart are one stream") {
  const bytes plain = numbers(10'000);
  for (const std::size_t part : {1'000U, 3'333U, 10'000U}) {
    bytes gzip(10);
    const unsigned char header[]{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    std::copy(std::begin(header), std::end(header), reinterpret_cast<unsigned char*>(gzip.data()));
    std::uint32_t crc = mrcz::detail::crc32_of({});
    for (std::size_t at = 0; at < plain.size(); at += part) {
      const auto piece = std::span{plain}.subspan(at, std::min(part, plain.size() - at));
      gzip = joined(std::move(gzip), mrcz::detail::deflated_part(piece, 6, at + part >= plain.size()));
      crc = mrcz::detail::crc32_of_both(crc, mrcz::detail::crc32_of(piece), piece.size());
    }
    CHECK(crc == mrcz::detail::crc32_of(plain));
    for (const std::uint32_t number : {crc, 10'000U})
      for (unsigned shift = 0; shift < 32; shift += 8) gzip.push_back(static_cast<std::byte>(number >> shift));
    CHECK(test::decoded(*mrcz::detail::make_gzip_decoder(), gzip) == plain);
  }
}
