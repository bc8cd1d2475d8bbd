#include "mrcz/bloscpack/offsets.hpp"

#include "tests/bloscpack/support.hpp"

using test::bp::beginning;

namespace {

beginning of(std::uint64_t nchunks, std::uint64_t max_app_chunks) {
  beginning b;
  b.header.nchunks = nchunks;
  b.header.max_app_chunks = max_app_chunks;
  b.header.chunk_size = b.header.last_chunk = 100;
  return b;
}

}  // namespace

TEST_CASE("a section has an entry for every chunk that may ever be, -1 for those that are not") {
  const std::vector<std::uint64_t> begins{0x180, 0x35d};
  CHECK(test::bp::detail::encode_offsets(begins, 0, 4) ==
        test::from_hex("8001000000000000 5d03000000000000 ffffffffffffffff ffffffffffffffff"));
  CHECK(test::bp::detail::encode_offsets(begins, 1, 2) == test::from_hex("5d03000000000000 ffffffffffffffff"));
  CHECK(test::bp::detail::encode_offsets(begins, 5, 1) == test::from_hex("ffffffffffffffff"));
}

TEST_CASE("a long section is written in pieces that together are the whole") {
  std::vector<std::uint64_t> begins(20'000);
  for (std::size_t i = 0; i < begins.size(); ++i) begins[i] = 3 * i;
  for (const std::uint64_t entries : {0U, 1U, 8191U, 8192U, 8193U, 40'000U}) {
    test::bytes section;
    test::bp::detail::write_offsets(begins, 8 * entries, [&](std::uint64_t at, std::span<const std::byte> piece) {
      CHECK(at == section.size());
      CHECK(piece.size() <= 65536);
      section = test::joined(std::move(section), piece);
    });
    CHECK(section == test::bp::detail::encode_offsets(begins, 0, static_cast<std::size_t>(entries)));
  }
}

TEST_CASE("offsets are read as they stand in the file") {
  const auto b = of(2, 1);
  auto file = test::bytes(32);
  file = test::joined(file, test::bp::detail::encode_offsets(std::vector<std::uint64_t>{56, 1ULL << 40U}, 0, 3));
  CHECK(test::bp::detail::read_offsets(mrcz::memory_source{std::span{file}}, b) ==
        std::vector<std::uint64_t>{56, 1ULL << 40U});
}

TEST_CASE("offsets are plausible if each chunk has room behind the one before") {
  const auto b = of(3, 0);
  const auto plausible = [&](std::vector<std::uint64_t> begins, std::uint64_t size = 1000) {
    return test::bp::detail::are_plausible(begins, b, size);
  };
  const std::uint64_t first = 32 + 24;
  CHECK(plausible({first, first + 20, first + 40}, first + 60));
  CHECK_FALSE(plausible({first, first + 20, first + 40}, first + 59));
  CHECK_FALSE(plausible({first + 1, first + 20, first + 40}));
  CHECK_FALSE(plausible({first, first + 19, first + 40}));
  CHECK_FALSE(plausible({first, first + 40, first + 20}));
  CHECK_FALSE(plausible({first, first + 20, first + 20}));
  CHECK_FALSE(plausible({first, first + 20, ~std::uint64_t{0}}));
  CHECK_FALSE(plausible({~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}}));
}

TEST_CASE("counts that the file has no room for are refused before memory is taken") {
  const auto b = of(3, 2);
  const std::uint64_t begin = 32 + 40;
  CHECK_NOTHROW(test::bp::detail::require_room(b, begin + 60));
  CHECK(test::message_of([&] { test::bp::detail::require_room(b, begin + 59); }) ==
        "file of 131 bytes has room for 2 chunks, expected 3");
  CHECK(test::message_of([&] { test::bp::detail::require_room(b, begin - 1); }) ==
        "file ends at byte 71, before its chunks begin at byte 72");
  CHECK(test::code_of([] { test::bp::detail::require_room(of(std::uint64_t{1} << 58U, 0), 1000); }) ==
        mrcz::errc::truncated);
}
