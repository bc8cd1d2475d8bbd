#include "mrcz/bloscpack/writer.hpp"

#include <atomic>
#include <stop_token>

#include "mrcz/bloscpack/append.hpp"
#include "mrcz/bloscpack/stream_reader.hpp"
#include "mrcz/bloscpack/stream_writer.hpp"
#include "tests/bloscpack/support.hpp"

using test::bytes;
using test::bp::pack_options;

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
    const pack_options options{.chunk_size = 1500, .offsets = offsets, .threads = 1};
    const bytes expected = test::packed_file(content, options, {{"a", 1}});
    for (const std::size_t threads : {2U, 5U}) {
      auto more = options;
      more.threads = threads;
      CHECK(test::packed_file(content, more, {{"a", 1}}) == expected);
    }
    if (offsets) continue;
    test::collecting_sink out;
    test::bp::pack(mrcz::memory_source{std::span{content}}, out, options, {{"a", 1}});
    CHECK(out.content == expected);
  }
}

TEST_CASE("every option is what the header or the chunks say") {
  const pack_options options{.codec = mrcz::codec::zstd,
                             .level = 3,
                             .shuffle = mrcz::shuffle::bit,
                             .typesize = 2,
                             .chunk_size = 5000,
                             .checksum = test::bp::checksum::sha384,
                             .max_app_chunks = 7,
                             .metadata = {.checksum = test::bp::checksum::md5, .level = 9, .max_meta_size = 500}};
  const auto in = test::reader_of(test::packed_file(content, options, {{"a", "b"}}));
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
    stopped([&] { test::bp::pack(plain, to, {.threads = threads, .stop = &stop}); });
    stopped([&] { test::bp::unpack(stream, to, {.threads = threads, .stop = &stop}); });
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
