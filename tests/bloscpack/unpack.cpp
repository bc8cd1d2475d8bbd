#include "mrcz/bloscpack/unpack.hpp"

#include <atomic>

#include "tests/bloscpack/support.hpp"

using test::bytes;

namespace {
const bytes content = test::numbers(100'000);
}  // namespace

TEST_CASE("a file read in order gives its content, its header and its metadata") {
  for (const bool offsets : {true, false})
    for (const std::size_t threads : {1U, 2U, 5U}) {
      const bytes file = test::packed_file(content, {.chunk_size = 1500, .offsets = offsets}, {{"z", 1}, {"a", 2}});
      test::memory_stream in{file};
      test::collecting_sink out;
      std::atomic<std::uint64_t> progress = 0;
      const auto found = test::bp::unpack_stream(in, out, {.threads = threads, .progress = &progress});
      CHECK(out.content == content);
      CHECK(progress == content.size());
      CHECK(found.header == test::reader_of(file).header());
      CHECK(found.metadata == test::bp::metadata{{"z", 1}, {"a", 2}});
    }
}

TEST_CASE("bytes behind a file with offsets are left in the stream") {
  const bytes file = test::packed_file(content);
  test::memory_stream in{test::joined(file, bytes(100))};
  test::collecting_sink out;
  test::bp::unpack_stream(in, out);
  CHECK(in.rest() == 100);
}

TEST_CASE("what was whole before the damage has been written, and the message says where it is") {
  bytes file = test::packed_file(content, {.chunk_size = 10'000});
  const auto third = static_cast<std::size_t>(test::reader_of(file).chunks().begins()[2]);
  file[third + 50] ^= std::byte{1};
  for (const std::size_t threads : {1U, 3U}) {
    test::memory_stream in{file};
    test::collecting_sink out;
    const auto thrown = test::failure_of([&] { test::bp::unpack_stream(in, out, {.threads = threads}); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::bad_chunk);
    CHECK(thrown->message.starts_with("stream: Checksum mismatch detected in chunk, expected: '"));
    CHECK(thrown->message.ends_with("(chunk 2, byte " + std::to_string(third) + ")"));
    CHECK(out.content == test::first(content, 20'000));
  }
}

TEST_CASE("damaged metadata are noticed before anything is written") {
  bytes file = test::packed_file(content, {}, {{"a", 1}});
  file[65] ^= std::byte{1};
  test::memory_stream in{file};
  test::collecting_sink out;
  CHECK(test::code_of([&] { test::bp::unpack_stream(in, out); }) == mrcz::errc::bad_metadata);
  CHECK(out.content.empty());
}

TEST_CASE("a file that is cut off anywhere is noticed, and no file is left") {
  const test::scratch_folder folder;
  const bytes file = test::packed_file(test::first(content, 3500), {.chunk_size = 1000}, {{"a", 1}});
  for (std::size_t length = 0; length < file.size(); ++length) {
    test::memory_stream in{test::first(file, length)};
    CHECK(test::failure_of([&] { test::bp::unpack_file(in, folder / "out"); }));
  }
  CHECK(folder.files().empty());
  test::memory_stream in{file};
  test::bp::unpack_file(in, folder / "out");
  CHECK(test::bytes_of(folder / "out") == test::first(content, 3500));
}

TEST_CASE("an announced size that does not arrive takes no memory of that size") {
  bytes file = test::packed_file(content, {.level = 0, .chunk_size = 100'000, .offsets = false});
  const std::uint32_t size = 2'000'000'000;
  mrcz::detail::store(file.data() + 8, size, std::endian::little);
  mrcz::detail::store(file.data() + 12, size, std::endian::little);
  mrcz::detail::store(file.data() + 32 + 4, size, std::endian::little);
  mrcz::detail::store(file.data() + 32 + 8, std::uint32_t{1000}, std::endian::little);
  mrcz::detail::store(file.data() + 32 + 12, size + 16, std::endian::little);
  CHECK(test::message_of([&] { test::unpacked_in_order(file); }).find("file ends before its chunk") == 0);
}
