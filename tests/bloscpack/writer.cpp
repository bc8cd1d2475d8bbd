#include "mrcz/bloscpack/writer.hpp"

#include "tests/bloscpack/support.hpp"

using test::bytes;
using test::bp::writer;

namespace {

const bytes content = test::numbers(100'000);

/// Writes the bytes in pieces of growing size.
void write_pieces(writer& out, std::span<const std::byte> data) {
  for (std::size_t at = 0, size = 0; at < data.size(); at += size, size = size * 3 + 1)
    out.write(data.subspan(at, std::min(size, data.size() - at)));
}

}  // namespace

TEST_CASE("a file that is written piece by piece is the one that packing all at once gives") {
  const test::scratch_folder folder;
  for (const std::size_t size : {0U, 1U, 999U, 1000U, 1001U, 2000U, 5000U, 100'000U})
    for (const std::size_t threads : {1U, 3U})
      for (const bool offsets : {true, false}) {
        const auto data = test::first(content, size);
        const test::bp::options wanted{.chunk_size = 1000, .offsets = offsets, .threads = threads};
        writer out{folder / "a.blp", wanted, {{"a", 1}}};
        write_pieces(out, data);
        CHECK_FALSE(std::filesystem::exists(folder / "a.blp"));
        const auto h = out.close();
        const bytes file = test::bytes_of(folder / "a.blp");
        CHECK(file == test::packed_file(data, wanted, {{"a", 1}}));
        CHECK(h == test::reader_of(file).header());
        std::filesystem::remove(folder / "a.blp");
      }
  CHECK(folder.files().empty());
}

TEST_CASE("a stream that is written piece by piece is the one that packing a stream gives") {
  for (const std::size_t size : {0U, 1U, 999U, 1000U, 1001U, 2000U, 5000U, 100'000U})
    for (const std::size_t threads : {1U, 3U}) {
      const auto data = test::first(content, size);
      test::collecting_sink to;
      writer out{to, {.chunk_size = 1000, .threads = threads}, {{"a", 1}}};
      write_pieces(out, data);
      out.close();
      test::memory_stream in{data};
      test::collecting_sink expected;
      test::bp::pack_stream(in, expected, {.chunk_size = 1000}, {{"a", 1}});
      CHECK(to.content == expected.content);
    }
}

TEST_CASE("a writer that is not closed leaves nothing, and one that is closed takes nothing more") {
  const test::scratch_folder folder;
  {
    writer{folder / "a.blp", {.chunk_size = 1000}}.write(content);
  }
  CHECK(folder.files().empty());
  writer out{folder / "a.blp"};
  writer moved = std::move(out);
  moved.write(content);
  moved.close();
  CHECK(test::code_of([&] { moved.write(content); }) == mrcz::errc::closed);
  CHECK(test::code_of([&] { moved.close(); }) == mrcz::errc::closed);
  CHECK(test::unpacked(test::bytes_of(folder / "a.blp")) == content);
}

TEST_CASE("a writer that is stopped or refused publishes nothing") {
  const test::scratch_folder folder;
  std::stop_source source;
  const std::stop_token stop = source.get_token();
  writer out{folder / "a.blp", {.chunk_size = 1000, .stop = &stop}};
  out.write(content);
  source.request_stop();
  CHECK(test::code_of([&] { out.write(content); }) == mrcz::errc::stopped);
  CHECK(test::code_of([&] { out.close(); }) == mrcz::errc::closed);
  CHECK(test::code_of([&] { writer{folder / "a.blp", {.level = 11}}; }) == mrcz::errc::bad_option);
  test::collecting_sink to;
  CHECK(test::code_of([&] { writer{to, {.offsets = true}}; }) == mrcz::errc::bad_option);
  CHECK(folder.files().empty());
}
