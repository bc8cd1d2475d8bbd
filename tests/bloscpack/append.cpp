#include "mrcz/bloscpack/append.hpp"

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/bloscpack/support.hpp"

using test::bytes;
using test::bp::append_options;
using test::bp::metadata;
using test::bp::pack_options;

namespace {

const bytes content = test::numbers(100'000);
const bytes more = test::numbers(100'000, 1'000'000);

bytes appended(const bytes& file, std::span<const std::byte> data, const append_options& options = {},
               const metadata& values = nullptr) {
  bytes longer;
  mrcz::memory_sink to{longer};
  test::bp::append(test::reader_of(file), mrcz::memory_source{data}, to, options, values);
  return longer;
}

std::string complaint(const bytes& file, std::size_t size, const metadata& values = nullptr) {
  return test::message_of([&] { appended(file, test::first(more, size), {}, values); });
}

/// Data that kill this process when a part of them is read.
class deadly_source final : public mrcz::byte_source {
 public:
  explicit deadly_source(std::uint64_t deadly) : deadly_{deadly} {}
  std::uint64_t size() const override { return more.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    if (offset + into.size() > deadly_) ::raise(SIGKILL);
    std::copy_n(more.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
  }
  std::string name() const override { return "deadly"; }

 private:
  std::uint64_t deadly_;
};

/// Ten bytes; calls a function when they are read.
class meddling_source final : public mrcz::byte_source {
 public:
  explicit meddling_source(std::function<void()> meddle) : meddle_{std::move(meddle)} {}
  std::uint64_t size() const override { return 10; }
  void read_at(std::uint64_t, std::span<std::byte>) const override { meddle_(); }
  std::string name() const override { return "meddling"; }

 private:
  std::function<void()> meddle_;
};

}  // namespace

TEST_CASE("whatever is appended to whatever reads as one after the other, at any place and in order") {
  for (const std::size_t size : {1U, 700U, 1000U, 1001U, 2000U, 4321U})
    for (const std::size_t added : {0U, 1U, 299U, 300U, 301U, 1000U, 5000U})
      for (const bool offsets : {true, false}) {
        const auto before = test::first(content, size);
        const auto data = test::first(more, added);
        const bytes file = test::packed_file(
            before,
            {.chunk_size = 1000, .offsets = offsets, .max_app_chunks = offsets ? std::optional{6000} : std::nullopt});
        const bytes longer = appended(file, data, {.threads = 2});
        const auto expected = test::joined(before, data);
        CHECK(test::unpacked(longer) == expected);
        CHECK(test::unpacked_in_order(longer) == expected);
        const auto in = test::reader_of(longer);
        CHECK(in.verify().empty());
        CHECK(in.chunks().from_offsets() == offsets);
        CHECK(in.header().chunk_size == test::reader_of(file).header().chunk_size);
        if (offsets) CHECK(*in.header().nchunks + in.header().max_app_chunks == test::reader_of(file).nchunks() + 6000);
      }
}

TEST_CASE("appending in the way the file was packed gives the file that packing all at once gives") {
  const auto before = test::first(content, 4321);
  const bytes file = test::packed_file(before, {.chunk_size = 1000, .max_app_chunks = 15});
  const auto all = test::joined(before, test::first(more, 7000));
  CHECK(appended(file, test::first(more, 7000)) == test::packed_file(all, {.chunk_size = 1000, .max_app_chunks = 8}));
}

TEST_CASE("appending many times, each time a little, is the same") {
  bytes file = test::packed_file(test::first(content, 500), {.chunk_size = 500, .max_app_chunks = 100});
  for (std::size_t at = 0; at < 3000; at += 70)
    file = appended(file, std::span{more}.subspan(at, std::min<std::size_t>(70, 3000 - at)));
  const auto all = test::joined(test::first(content, 500), test::first(more, 3000));
  CHECK(file == test::packed_file(all, {.chunk_size = 500, .max_app_chunks = 94}));
}

TEST_CASE("new chunks and the refilled one follow the options of the append, the others stay") {
  const bytes file =
      test::packed_file(test::first(content, 2500), {.chunk_size = 1000, .checksum = test::bp::checksum::sha1});
  const auto in = test::reader_of(appended(
      file, test::first(more, 3000), {.codec = mrcz::codec::zlib, .shuffle = mrcz::shuffle::none, .typesize = 4}));
  REQUIRE(in.nchunks() == 6);
  CHECK(in.header().checksum == test::bp::checksum::sha1);
  CHECK(in.header().typesize == 8);
  for (const std::uint64_t chunk : {0U, 1U}) CHECK(in.chunk_header(chunk).codec() == mrcz::codec::blosclz);
  for (const std::uint64_t chunk : {2U, 3U, 4U, 5U}) {
    CHECK(in.chunk_header(chunk).codec() == mrcz::codec::zlib);
    CHECK(in.chunk_header(chunk).typesize == 4);
  }
  CHECK(in.verify().empty());
}

TEST_CASE("bytes behind the last chunk are gone afterwards") {
  const auto before = test::first(content, 2500);
  const bytes file = test::packed_file(before, {.chunk_size = 1000});
  const bytes stale = test::joined(file, bytes(5000, std::byte{7}));
  CHECK(appended(stale, test::first(more, 100)) == appended(file, test::first(more, 100)));
  CHECK(appended(stale, test::first(more, 500)) == appended(file, test::first(more, 500)));
}

TEST_CASE("a stream can be appended to, and its size is known then") {
  for (const std::size_t size : {3000U, 3500U}) {
    test::memory_stream in{test::first(content, size)};
    test::collecting_sink out;
    test::bp::pack(in, out, {.chunk_size = 1000});
    const bytes longer = appended(out.content, test::first(more, 2000));
    CHECK(test::reader_of(longer).header().nchunks.has_value());
    CHECK(test::unpacked(longer) == test::joined(test::first(content, size), test::first(more, 2000)));
  }
}

TEST_CASE("what cannot be appended is refused before anything is written") {
  const bytes file = test::packed_file(test::first(content, 2500), {.chunk_size = 1000, .max_app_chunks = 2});
  CHECK(complaint(file, 2500).empty());
  CHECK(complaint(file, 2501) == "not enough space: 3 chunks would be added, but max_app_chunks is 2");
  CHECK(complaint(test::packed_file({}), 1).starts_with("the file holds nothing"));
  CHECK(complaint(file, 1, {{"a", 1}}) == "unable to seek to metadata if it does not exist");
  const bytes described = test::packed_file(test::first(content, 2500), {}, {{"a", 1}});
  CHECK(complaint(described, 1, {{"a", 1}}) == "you requested to update metadata, but this has not changed");
  CHECK(complaint(described, 1, {{"a", test::noise_text(200)}}).ends_with("but only 70 are reserved for them"));
}

TEST_CASE("a damaged last chunk is not packed again under a new digest") {
  bytes file = test::packed_file(test::first(content, 2500), {.chunk_size = 1000});
  file[file.size() - 20] ^= std::byte{1};
  CHECK(complaint(file, 10).starts_with("Checksum mismatch detected in chunk, expected: '"));
  CHECK(complaint(file, 0).starts_with("Checksum mismatch"));
}

TEST_CASE("metadata are replaced in the space reserved for them, with data or alone") {
  const auto before = test::first(content, 2500);
  const bytes file = test::packed_file(before, {.chunk_size = 1000, .metadata = {.checksum = test::bp::checksum::md5}},
                                       {{"a", 1}, {"text", "something"}});
  const metadata values{{"b", {1, 2, 3}}};
  for (const std::size_t added : {0U, 700U}) {
    const bytes changed = appended(file, test::first(more, added), {}, values);
    const auto in = test::reader_of(changed);
    CHECK(in.metadata() == values);
    CHECK(in.beginning().metadata->max_meta_size == test::reader_of(file).beginning().metadata->max_meta_size);
    CHECK(in.beginning().metadata->meta_checksum == test::bp::checksum::md5);
    CHECK(test::unpacked(changed) == test::joined(before, test::first(more, added)));
    CHECK(in.verify().empty());
  }
}

TEST_CASE("a file is appended to in one step, and keeps its permissions") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a.blp", test::packed_file(content, {.chunk_size = 7000}, {{"a", 1}}));
  test::write_bytes(folder / "more", more);
  std::filesystem::permissions(folder / "a.blp", std::filesystem::perms{0640});
  const auto h = test::bp::append_file(folder / "a.blp", folder / "more");
  CHECK(h == test::reader_of(test::bytes_of(folder / "a.blp")).header());
  CHECK(test::unpacked(test::bytes_of(folder / "a.blp")) == test::joined(content, more));
  CHECK(std::filesystem::status(folder / "a.blp").permissions() == std::filesystem::perms{0640});
  test::bp::update_metadata(folder / "a.blp", {{"b", 2}});
  CHECK(test::bp::reader{folder / "a.blp"}.metadata() == metadata{{"b", 2}});
  CHECK(test::code_of([&] { test::bp::update_metadata(folder / "a.blp", nullptr); }) == mrcz::errc::bad_option);
  CHECK(folder.files().size() == 2);
}

TEST_CASE("appending nothing changes nothing, also where nothing could be appended") {
  const test::scratch_folder folder;
  for (const bytes& file : {test::packed_file(content), test::packed_file({})}) {
    test::write_bytes(folder / "a.blp", file);
    test::write_bytes(folder / "nothing", {});
    const auto time = std::filesystem::last_write_time(folder / "a.blp");
    test::bp::append_file(folder / "a.blp", folder / "nothing");
    CHECK(test::bytes_of(folder / "a.blp") == file);
    CHECK(std::filesystem::last_write_time(folder / "a.blp") == time);
  }
}

TEST_CASE("a refused append leaves the file as it is, to the byte") {
  const test::scratch_folder folder;
  const bytes file = test::packed_file(content, {.chunk_size = 7000, .max_app_chunks = 1}, {{"a", 1}});
  test::write_bytes(folder / "a.blp", file);
  test::write_bytes(folder / "more", more);
  const auto refused = [&](auto&& action) {
    CHECK(test::failure_of(action));
    CHECK(test::bytes_of(folder / "a.blp") == file);
    CHECK(folder.files().size() == 2);
  };
  refused([&] { test::bp::append_file(folder / "a.blp", folder / "more"); });
  refused([&] { test::bp::append_file(folder / "a.blp", folder / "nothing"); });
  refused([&] { test::bp::append_file(folder / "a.blp", folder / "more", {.typesize = 0}); });
  refused([&] { test::bp::update_metadata(folder / "a.blp", {{"a", 1}}); });
  refused([&] { test::bp::update_metadata(folder / "a.blp", {{"a", test::noise_text(500)}}); });
}

TEST_CASE("an append that fails at any write publishes nothing") {
  const auto old = test::reader_of(test::packed_file(content, {.chunk_size = 7000}, {{"a", 1}}));
  int writes = 0;
  for (;; ++writes) {
    test::failing_sink to{writes};
    const auto failure = test::failure_of(
        [&] { test::bp::append(old, mrcz::memory_source{std::span{more}}, to, {.threads = 2}, {{"a", 2}}); });
    CHECK(to.published == !failure.has_value());
    if (!failure) break;
  }
  CHECK(writes > 30);
}

TEST_CASE("a process that is killed while it appends leaves a file that reads as before") {
  const test::scratch_folder folder;
  const bytes file = test::packed_file(content, {.chunk_size = 7000});
  test::write_bytes(folder / "a.blp", file);
  for (const std::uint64_t deadly : {0U, 10'000U, 50'000U, 99'000U}) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        test::bp::append(folder / "a.blp", deadly_source{deadly}, {.threads = 1});
      } catch (...) {
        ::_exit(2);
      }
      ::_exit(1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    CHECK(test::bytes_of(folder / "a.blp") == file);
  }
}

TEST_CASE("of two appends at the same time the later one fails") {
  const test::scratch_folder folder;
  const auto path = folder / "a.blp";
  test::write_bytes(path, test::packed_file(content, {.chunk_size = 7000}));
  int refused = 0;
  const meddling_source meddling{[&] {
    refused += test::message_of([&] {
                 test::bp::append(path, mrcz::memory_source{std::span{more}});
               }).find("somebody else is appending to it") != std::string::npos;
  }};
  test::bp::append(path, meddling);
  CHECK(refused > 0);
  CHECK(test::reader_of(test::bytes_of(path)).size() == content.size() + meddling.size());
  CHECK(folder.files().size() == 1);
}

TEST_CASE("a file that was replaced while data were appended stays as it is then") {
  const test::scratch_folder folder;
  const auto path = folder / "a.blp";
  test::write_bytes(path, test::packed_file(content, {.chunk_size = 7000}));
  const auto thrown = test::failure_of([&] {
    test::bp::append(path, meddling_source{[&] {
                       test::write_bytes(folder / "b", more);
                       std::filesystem::rename(folder / "b", path);
                     }});
  });
  REQUIRE(thrown);
  CHECK(thrown->mentions("another program replaced it meanwhile"));
  CHECK(test::bytes_of(path) == more);
  CHECK(folder.files().size() == 1);
}

TEST_CASE("appends in parallel lose nothing: each is refused or stays") {
  const test::scratch_folder folder;
  const auto path = folder / "a.blp";
  test::write_bytes(path, test::packed_file(content, {.chunk_size = 7000, .max_app_chunks = 10'000}));
  std::atomic<std::uint64_t> successes = 0;
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 8; ++i)
      writers.emplace_back([&] {
        for (int k = 0; k < 20; ++k) {
          if (test::failure_of([&] { test::bp::append(path, mrcz::memory_source{std::span{more}}, {.threads = 1}); }))
            continue;
          ++successes;
        }
      });
  }
  CHECK(successes > 0);
  CHECK(test::unpacked(test::bytes_of(path)).size() == content.size() + successes * more.size());
  CHECK(folder.files().size() == 1);
}
