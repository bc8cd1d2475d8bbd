#include "mrcz/bloscpack/beginning.hpp"

#include "tests/bloscpack/support.hpp"

using test::bp::beginning;
using test::bp::header;

namespace {

beginning read(const test::bytes& file) {
  test::memory_stream in{file};
  return test::bp::read_beginning([&](std::span<std::byte> into) { return in.read(into); });
}

test::bytes encoded(const header& h) {
  const auto raw = test::bp::encode(h);
  return {raw.begin(), raw.end()};
}

header three_chunks() {
  header h;
  h.chunk_size = 10;
  h.last_chunk = 5;
  h.nchunks = 3;
  h.max_app_chunks = 30;
  return h;
}

}  // namespace

TEST_CASE("chunks begin behind the metadata and the offsets, where there are any") {
  header h = three_chunks();
  CHECK(read(encoded(h)).offsets_begin() == 32);
  CHECK(read(encoded(h)).data_begin() == 32 + 8 * 33);
  h.offsets = false;
  CHECK(read(encoded(h)).data_begin() == 32);
  h.offsets = h.metadata = true;
  const auto section = test::bp::encode_metadata({{"a", 1}});
  const auto found = read(test::joined(encoded(h), section));
  CHECK(found.metadata->meta_size == 7);
  CHECK(found.offsets_begin() == 32 + 32 + 70 + 4);
  CHECK(found.data_begin() == found.offsets_begin() + 8 * 33);
}

TEST_CASE("a beginning that is cut off says what is missing") {
  header h = three_chunks();
  h.metadata = true;
  const auto whole = test::joined(encoded(h), test::bp::encode_metadata({{"a", 1}}));
  for (std::size_t size = 0; size < 32; ++size)
    CHECK(test::code_of([&] { read(test::first(whole, size)); }) == mrcz::errc::not_bloscpack);
  for (std::size_t size = 32; size < 64; ++size)
    CHECK(test::code_of([&] { read(test::first(whole, size)); }) == mrcz::errc::truncated);
  CHECK_NOTHROW(read(test::first(whole, 64)));
}

TEST_CASE("headers that no file can have are refused") {
  header none = three_chunks();
  none.nchunks = 0;
  CHECK(test::message_of([&] { read(encoded(none)); }) == "nchunks is 0, expected at least 1");
  header unknown;
  unknown.offsets = true;
  CHECK(test::message_of([&] { read(encoded(unknown)); }).starts_with("nchunks is -1 although there are offsets"));
  header huge = three_chunks();
  huge.nchunks = std::uint64_t{1} << 61U;
  CHECK(test::message_of([&] { read(encoded(huge)).data_begin(); }).ends_with("do not fit a file"));
}
