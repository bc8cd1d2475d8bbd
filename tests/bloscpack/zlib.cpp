#include "mrcz/bloscpack/zlib.hpp"

#include "tests/bloscpack/support.hpp"

using test::bytes;

TEST_CASE("the checksums of zlib are those of the examples that everybody knows") {
  CHECK(test::bp::detail::adler32_of({}) == 1);
  CHECK(test::bp::detail::crc32_of({}) == 0);
  CHECK(test::bp::detail::adler32_of(test::to_bytes("Wikipedia")) == 0x11e60398);
  CHECK(test::bp::detail::crc32_of(test::to_bytes("123456789")) == 0xcbf43926);
}

TEST_CASE("what was deflated inflates to the same bytes") {
  for (const std::size_t size : {0U, 1U, 100U, 100'000U})
    for (const int level : {1, 6, 9}) {
      const bytes plain = test::numbers(size);
      CHECK(test::bp::detail::inflated(test::bp::detail::deflated(plain, level), size) == plain);
    }
}

TEST_CASE("levels that zlib does not have are refused") {
  for (const int level : {-1, 0, 10})
    CHECK(test::code_of([&] { test::bp::detail::deflated({}, level); }) == mrcz::errc::bad_option);
}

TEST_CASE("a zlib stream that is damaged, cut off, too long or of another size is refused") {
  const bytes plain = test::numbers(1000);
  const bytes packed = test::bp::detail::deflated(plain, 6);
  const auto refused = [](const bytes& from, std::size_t size) {
    return test::code_of([&] { test::bp::detail::inflated(from, size); }) == mrcz::errc::bad_metadata;
  };
  for (std::size_t length = 0; length < packed.size(); ++length) CHECK(refused(test::first(packed, length), 1000));
  CHECK(refused(test::joined(packed, test::to_bytes("x")), 1000));
  CHECK(refused(packed, 999));
  CHECK(refused(packed, 1001));
  CHECK(refused(packed, 0));
  for (std::size_t at = 0; at < packed.size(); ++at) {
    bytes damaged = packed;
    damaged[at] ^= std::byte{0x10};
    if (!refused(damaged, 1000)) CHECK(test::bp::detail::inflated(damaged, 1000) == plain);
  }
}

TEST_CASE("a size that no stream of this length can have takes no memory") {
  CHECK(test::code_of([] { test::bp::detail::inflated(bytes(100), std::size_t{1} << 60U); }) ==
        mrcz::errc::bad_metadata);
  const bytes zeros(4'000'000);
  CHECK(test::bp::detail::inflated(test::bp::detail::deflated(zeros, 9), zeros.size()) ==
        zeros);  // the best ratio that there is
}
