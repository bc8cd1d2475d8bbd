#include "mrcz/bloscpack/stream_writer.hpp"

#include <atomic>

#include "tests/bloscpack/support.hpp"

using test::bytes;
using test::bp::pack_options;

namespace {

const bytes content = test::numbers(100'000);

/// A stream packed into a stream.
bytes streamed(const bytes& data, const pack_options& options, const test::bp::metadata& values = nullptr) {
  test::memory_stream in{data};
  test::collecting_sink out;
  test::bp::pack(in, out, options, values);
  return std::move(out.content);
}

/// A source that fails after some bytes.
class failing_source final : public mrcz::sequential_source {
 public:
  explicit failing_source(std::size_t good) : left_{good} {}
  std::size_t read(std::span<std::byte> into) override {
    if (left_ < into.size()) mrcz::detail::fail_system(EIO, "source");
    left_ -= into.size();
    std::ranges::fill(into, std::byte{1});
    return into.size();
  }
  std::string name() const override { return "source"; }

 private:
  std::size_t left_;
};

}  // namespace

TEST_CASE("a stream of any size comes back, with any number of threads") {
  for (const std::size_t size : {0U, 1U, 999U, 1000U, 1001U, 2000U, 2001U, 100'000U}) {
    const auto data = test::first(content, size);
    const bytes file = streamed(data, {.chunk_size = 1000, .threads = 1}, {{"a", 1}});
    CHECK(test::unpacked_in_order(file) == data);
    CHECK(test::unpacked(file) == data);
    CHECK(test::reader_of(file).metadata() == test::bp::metadata{{"a", 1}});
    for (const std::size_t threads : {2U, 5U})
      CHECK(streamed(data, {.chunk_size = 1000, .threads = threads}, {{"a", 1}}) == file);
  }
}

TEST_CASE("what is shorter than a chunk is packed as if its size had been known") {
  for (const std::size_t size : {0U, 1U, 999U}) {
    const auto data = test::first(content, size);
    CHECK(streamed(data, {.chunk_size = 1000}) == test::packed_file(data, {.chunk_size = 1000, .offsets = false}));
  }
}

TEST_CASE("a stream says -1 for what it does not know and ends with a shorter chunk") {
  const bytes file = streamed(test::first(content, 3000), {.chunk_size = 1000});
  const auto in = test::reader_of(file);
  CHECK_FALSE(in.header().nchunks.has_value());
  CHECK_FALSE(in.header().last_chunk.has_value());
  CHECK_FALSE(in.header().offsets);
  CHECK(in.header().chunk_size == 1000U);
  CHECK(in.nchunks() == 4);
  CHECK(in.chunks().last_chunk() == 0);
  CHECK(in.verify().empty());
}

TEST_CASE("a stream that is cut off anywhere is noticed") {
  for (const std::size_t size : {3000U, 3500U}) {
    const bytes file = streamed(test::first(content, size), {.chunk_size = 1000});
    for (std::size_t length = 0; length < file.size(); ++length) {
      CHECK(test::failure_of([&] { test::unpacked_in_order(test::first(file, length)); }));
      CHECK(test::failure_of([&] { test::unpacked(test::first(file, length)); }));
    }
  }
}

TEST_CASE("a stream packed into a file gives the file that a known size gives") {
  const test::scratch_folder folder;
  for (const std::size_t size : {0U, 1U, 999U, 1000U, 1001U, 2000U, 100'000U})
    for (const std::size_t threads : {1U, 3U})
      for (const bool offsets : {true, false}) {
        const auto data = test::first(content, size);
        const pack_options options{.chunk_size = 1000, .offsets = offsets, .threads = threads};
        test::memory_stream in{data};
        std::atomic<std::uint64_t> progress = 0;
        auto with_progress = options;
        with_progress.progress = &progress;
        const auto h = test::bp::pack_file(in, folder / "out", with_progress, {{"a", 1}});
        CHECK(test::bytes_of(folder / "out") == test::packed_file(data, options, {{"a", 1}}));
        CHECK(h == test::reader_of(test::bytes_of(folder / "out")).header());
        CHECK(progress == size);
      }
  CHECK(folder.files() == std::vector<std::string>{"out"});
}

TEST_CASE("a stream that fails leaves no file and changes none") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "old", test::to_bytes("old"));
  for (const char* name : {"old", "new"}) {
    failing_source in{5000};
    CHECK(test::code_of([&] { test::bp::pack_file(in, folder / name, {.chunk_size = 1000, .threads = 3}); }) ==
          std::errc::io_error);
    CHECK(folder.files() == std::vector<std::string>{"old"});
    CHECK(test::bytes_of(folder / "old") == test::to_bytes("old"));
  }
  failing_source in{5000};
  test::collecting_sink out;
  CHECK(test::code_of([&] { test::bp::pack(in, out, {.chunk_size = 1000, .threads = 3}); }) == std::errc::io_error);
  CHECK(test::failure_of([&] { test::unpacked_in_order(out.content); }));
}
