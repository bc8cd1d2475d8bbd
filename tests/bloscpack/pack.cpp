#include "mrcz/bloscpack/pack.hpp"

#include <atomic>
#include <stop_token>

#include "mrcz/bloscpack/append.hpp"
#include "tests/bloscpack/support.hpp"

using test::bytes;
using test::bp::options;

namespace {

const bytes content = test::numbers(100'000);

}  // namespace

TEST_CASE("data of every size around chunk boundaries come back, from memory and in order") {
  for (const std::size_t size : {0U, 1U, 7U, 8U, 999U, 1000U, 1001U, 1999U, 2000U, 2001U, 10'000U, 100'000U})
    for (const bool offsets : {true, false}) {
      const auto data = test::first(content, size);
      const bytes file = test::packed_file(data, {.chunk_size = 1000, .offsets = offsets});
      CHECK(test::unpacked(file) == data);
      CHECK(test::unpacked_in_order(file) == data);
      const auto in = test::reader_of(file);
      CHECK(in.nchunks() == std::max<std::size_t>((size + 999) / 1000, 1));
      CHECK(in.header().max_app_chunks == (offsets ? 10 * in.nchunks() : 0));
      CHECK(in.header().chunk_size == std::min<std::size_t>(size, 1000));
    }
}

TEST_CASE("a file without content has 140 bytes") {
  CHECK(test::packed_file({}).size() == 140);
  CHECK(test::unpacked(test::packed_file({})).empty());
}

TEST_CASE("the number of threads does not change a byte, for any sink") {
  for (const bool offsets : {true, false}) {
    const options wanted{.chunk_size = 1500, .offsets = offsets, .threads = 1};
    const bytes expected = test::packed_file(content, wanted, {{"a", 1}});
    for (const std::size_t threads : {2U, 5U}) {
      auto more = wanted;
      more.threads = threads;
      CHECK(test::packed_file(content, more, {{"a", 1}}) == expected);
    }
    if (offsets) continue;
    test::collecting_sink out;
    test::bp::pack_stream(mrcz::memory_source{std::span{content}}, out, wanted, {{"a", 1}});
    CHECK(out.content == expected);
  }
}

TEST_CASE("every option is what the header or the chunks say") {
  const options wanted{.codec = mrcz::codec::zstd,
                       .level = 3,
                       .shuffle = mrcz::shuffle::bit,
                       .typesize = 2,
                       .chunk_size = 5000,
                       .checksum = test::bp::checksum::sha384,
                       .max_app_chunks = 7,
                       .metadata = {.checksum = test::bp::checksum::md5, .level = 9, .max_meta_size = 500}};
  const auto in = test::reader_of(test::packed_file(content, wanted, {{"a", "b"}}));
  CHECK(in.header() == test::bp::header{true, true, test::bp::checksum::sha384, 2, 5000, 5000, 20, 7});
  CHECK(in.chunk_header(3).codec() == mrcz::codec::zstd);
  CHECK(in.chunk_header(3).shuffle() == mrcz::shuffle::bit);
  CHECK(in.chunk_header(3).typesize == 2);
  CHECK(in.beginning().metadata->max_meta_size == 500);
  CHECK(in.beginning().metadata->meta_checksum == test::bp::checksum::md5);
  CHECK(in.beginning().metadata->meta_level == 9);
  CHECK(test::content_of(in) == content);
}

TEST_CASE("files are packed and unpacked, and progress is what was done") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", content);
  std::atomic<std::uint64_t> progress = 0;
  const auto h = test::bp::pack_file(folder / "a", folder / "a.blp", {.chunk_size = 3000, .progress = &progress});
  CHECK(h.nchunks == 34U);
  CHECK(progress == content.size());
  CHECK(test::bytes_of(folder / "a.blp") == test::packed_file(content, {.chunk_size = 3000}));
  progress = 0;
  test::bp::unpack_file(folder / "a.blp", folder / "b", {.progress = &progress});
  CHECK(progress == content.size());
  CHECK(test::bytes_of(folder / "b") == content);
  CHECK(folder.files().size() == 3);
}

TEST_CASE("input and output must not be the same file, whatever it is called") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", content);
  std::filesystem::create_hard_link(folder / "a", folder / "hard");
  std::filesystem::create_symlink(folder / "a", folder / "soft");
  for (const char* out : {"a", "hard", "soft"}) {
    CHECK(test::message_of([&] { test::bp::pack_file(folder / "a", folder / out); }) ==
          "is the input and cannot be the output too");
    CHECK(test::bytes_of(folder / "a") == content);
  }
  test::bp::pack_file(folder / "a", folder / "a.blp");
  CHECK(test::code_of([&] { test::bp::unpack_file(folder / "a.blp", folder / "a.blp"); }) == mrcz::errc::bad_option);
}

TEST_CASE("what is refused or fails leaves no file and changes none") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", content);
  test::write_bytes(folder / "old", test::to_bytes("old"));
  const auto refused = [&](auto&& action) {
    CHECK(test::failure_of(action));
    CHECK(folder.files().size() == 2);
    CHECK(test::bytes_of(folder / "old") == test::to_bytes("old"));
  };
  using test::bp::pack_file;
  using test::bp::unpack_file;
  refused([&] { pack_file(folder / "nothing", folder / "old"); });
  refused([&] { pack_file(folder / "a", folder / "old", {.typesize = 256}); });
  refused([&] { pack_file(folder / "a", folder / "old", {.replace = false}); });
  refused([&] { pack_file(folder / "a", folder / "old", {.metadata = {.max_meta_size = 3}}, {{"a", 1}}); });
  refused([&] { pack_file(folder / "a", folder / "new", {}, test::bp::metadata("\xff")); });
  refused([&] { unpack_file(folder / "a", folder / "old"); });
  refused([&] { unpack_file(folder / "nothing", folder / "new"); });
  bytes damaged = test::packed_file(content, {.chunk_size = 1000});
  damaged.back() ^= std::byte{1};
  test::write_bytes(folder / "a", damaged);
  refused([&] { unpack_file(folder / "a", folder / "old"); });
  refused([&] { unpack_file(folder / "a", folder / "new"); });
}

TEST_CASE(
    "packing, unpacking, verifying and appending stop when their caller asks for it, and leave everything as it was") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", content);
  test::bp::pack_file(folder / "a", folder / "a.blp", {.chunk_size = 1000});
  const auto packed = test::bytes_of(folder / "a.blp");
  std::stop_source source;
  const std::stop_token stop = source.get_token();
  test::bp::unpack_file(folder / "a.blp", folder / "same", {.stop = &stop});
  source.request_stop();
  for (const std::size_t threads : {1U, 3U}) {
    const auto stopped = [&](auto&& action) {
      const auto failure = test::failure_of(action);
      REQUIRE(failure);
      CHECK(failure->code == mrcz::errc::stopped);
      CHECK(folder.files().size() == 3);
    };
    stopped([&] { test::bp::pack_file(folder / "a", folder / "new", {.threads = threads, .stop = &stop}); });
    stopped([&] { test::bp::unpack_file(folder / "a.blp", folder / "new", {.threads = threads, .stop = &stop}); });
    stopped([&] { test::bp::append_file(folder / "a.blp", folder / "a", {.threads = threads, .stop = &stop}); });
    stopped([&] { test::bp::reader{folder / "a.blp", {.threads = threads, .stop = &stop}}.verify(); });
    mrcz::file_source whole{folder / "a"};
    mrcz::detail::source_in_order plain{whole};
    mrcz::file_source chunks{folder / "a.blp"};
    mrcz::detail::source_in_order stream{chunks};
    bytes written;
    mrcz::memory_sink sink{written};
    mrcz::detail::sink_in_order to{sink};
    stopped([&] { test::bp::pack_stream(plain, to, {.threads = threads, .stop = &stop}); });
    stopped([&] { test::bp::unpack_stream(stream, to, {.threads = threads, .stop = &stop}); });
    CHECK(test::bytes_of(folder / "a.blp") == packed);
  }
}

TEST_CASE("a sink that fails is never published") {
  int writes = 0;
  for (;; ++writes) {
    test::failing_sink to{writes};
    const auto failure = test::failure_of([&] {
      test::bp::pack(mrcz::memory_source{std::span{content}}, to, {.chunk_size = 10'000, .threads = 2}, {{"a", 1}});
    });
    CHECK(to.published == !failure.has_value());
    if (!failure) break;
    CHECK(failure->code == std::errc::no_space_on_device);
  }
  CHECK(writes == 10 * 2 + 3);
}

namespace {

/// A stream packed into a stream.
bytes streamed(const bytes& data, const options& wanted, const test::bp::metadata& values = nullptr) {
  test::memory_stream in{data};
  test::collecting_sink out;
  test::bp::pack_stream(in, out, wanted, values);
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
    const auto whole = test::reader_of(file);
    const auto begins = whole.chunks().begins();
    for (std::size_t length = 0; length < file.size(); ++length) {
      const bytes cut = test::first(file, length);
      if (std::ranges::find(begins.begin() + 1, begins.end(), length) == begins.end()) {
        CHECK(test::failure_of([&] { test::unpacked_in_order(cut); }));
        CHECK(test::failure_of([&] { test::unpacked(cut); }));
      } else {  // the format allows streams that end with a whole chunk
        test::memory_stream in{cut};
        test::collecting_sink out;
        CHECK_FALSE(test::bp::unpack_stream(in, out).certainly_whole);
        CHECK_FALSE(test::reader_of(cut).is_certainly_whole());
      }
    }
    CHECK(test::reader_of(file).is_certainly_whole());
  }
}

TEST_CASE("a stream packed into a file gives the file that a known size gives") {
  const test::scratch_folder folder;
  for (const std::size_t size : {0U, 1U, 999U, 1000U, 1001U, 2000U, 100'000U})
    for (const std::size_t threads : {1U, 3U})
      for (const bool offsets : {true, false}) {
        const auto data = test::first(content, size);
        const options wanted{.chunk_size = 1000, .offsets = offsets, .threads = threads};
        test::memory_stream in{data};
        std::atomic<std::uint64_t> progress = 0;
        auto with_progress = wanted;
        with_progress.progress = &progress;
        const auto h = test::bp::pack_file(in, folder / "out", with_progress, {{"a", 1}});
        CHECK(test::bytes_of(folder / "out") == test::packed_file(data, wanted, {{"a", 1}}));
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
  CHECK(test::code_of([&] { test::bp::pack_stream(in, out, {.chunk_size = 1000, .threads = 3}); }) ==
        std::errc::io_error);
  CHECK_FALSE(test::reader_of(out.content).is_certainly_whole());
}
