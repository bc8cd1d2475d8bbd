#include "mrcz/bloscpack/append.hpp"

#include <atomic>
#include <csignal>
#include <functional>
#include <random>
#include <stop_token>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mrcz/io/locked_file.hpp"
#include "tests/bloscpack/support.hpp"
#include "tests/sanitized.hpp"

using test::bytes;
using test::bp::metadata;
using test::bp::options;

namespace {

const bytes content = test::numbers(100'000);
const bytes more = test::numbers(100'000, 1'000'000);

bytes appended(const bytes& file, std::span<const std::byte> data, const options& wanted = {},
               const metadata& values = nullptr) {
  bytes longer;
  mrcz::memory_sink to{longer};
  test::bp::append(test::reader_of(file), mrcz::memory_source{data}, to, wanted, values);
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
    test::bp::pack_stream(in, out, {.chunk_size = 1000});
    const bytes longer = appended(out.content, test::first(more, 2000));
    CHECK(test::reader_of(longer).header().nchunks.has_value());
    CHECK(test::unpacked(longer) == test::joined(test::first(content, size), test::first(more, 2000)));
  }
}

TEST_CASE("where there is no room for more offsets the file gets a new layout, with new room") {
  for (const bool described : {true, false}) {
    const bytes file = test::packed_file(test::first(content, 2500), {.chunk_size = 1000, .max_app_chunks = 2},
                                         described ? metadata{{"a", 1}} : metadata{});
    for (const std::size_t size : {2500U, 2501U, 9000U}) {
      const bytes longer = appended(file, test::first(more, size));
      const auto in = test::reader_of(longer);
      CHECK(test::unpacked(longer) == test::joined(test::first(content, 2500), test::first(more, size)));
      CHECK(in.verify().empty());
      CHECK(in.metadata() == (described ? metadata{{"a", 1}} : metadata{}));
      CHECK(in.header().max_app_chunks == (size == 2500 ? 0 : 10 * in.nchunks()));
    }
  }
}

TEST_CASE("where there is no room for the metadata the file gets a new layout, with new room") {
  const bytes file =
      test::packed_file(test::first(content, 2500), {.chunk_size = 1000, .metadata = {.no_reserve = true}}, {{"a", 1}});
  CHECK(test::reader_of(file).beginning().metadata->max_meta_size == 7);
  const metadata large{{"a", test::noise_text(200)}};
  for (const std::size_t added : {0U, 10U, 5000U}) {
    const bytes longer = appended(file, test::first(more, added), {}, large);
    const auto in = test::reader_of(longer);
    CHECK(in.metadata() == large);
    CHECK(in.beginning().metadata->max_meta_size == 10 * in.beginning().metadata->meta_size);
    CHECK(test::unpacked(longer) == test::joined(test::first(content, 2500), test::first(more, added)));
    CHECK(in.verify().empty());
  }
}

TEST_CASE("what is appended is compressed as the file is, unless something else is stated") {
  const bytes file =
      test::packed_file(test::first(content, 2500),
                        {.codec = mrcz::codec::zstd, .shuffle = mrcz::shuffle::bit, .typesize = 4, .chunk_size = 1000});
  for (const bool stated : {true, false}) {
    const auto in = test::reader_of(appended(
        file, test::first(more, 3000),
        stated ? options{.codec = mrcz::codec::zlib, .shuffle = mrcz::shuffle::byte, .typesize = 2} : options{}));
    CHECK(in.chunk_header(4).codec() == (stated ? mrcz::codec::zlib : mrcz::codec::zstd));
    CHECK(in.chunk_header(4).shuffle() == (stated ? mrcz::shuffle::byte : mrcz::shuffle::bit));
    CHECK(in.chunk_header(4).typesize == (stated ? 2 : 4));
  }
}

TEST_CASE("damaged metadata are refused when data are appended, and can be replaced") {
  const bytes file = test::packed_file(test::first(content, 2500), {.chunk_size = 1000}, {{"a", 1}});
  bytes digest = file;
  digest[66] ^= std::byte{1};
  bytes no_json = file;
  const auto junk = test::to_bytes("{\"a\" 1}");
  std::ranges::copy(junk, no_json.begin() + 64);
  const auto in = test::reader_of(file);
  const auto sum = test::bp::digest_of(test::bp::checksum::adler32, junk);
  std::ranges::copy(sum.bytes(), no_json.begin() + static_cast<std::ptrdiff_t>(in.beginning().offsets_begin() - 4));
  no_json[42] = std::byte{0};  // not compressed
  for (const bytes& damaged : {digest, no_json}) {
    CHECK_FALSE(complaint(damaged, 10).empty());
    CHECK_FALSE(complaint(damaged, 3000).empty());
    const bytes mended = appended(damaged, test::first(more, 3000), {}, {{"b", 2}});
    CHECK(test::reader_of(mended).metadata() == metadata{{"b", 2}});
    CHECK(test::reader_of(mended).verify().empty());
  }
}

TEST_CASE("what cannot be appended is refused before anything is written") {
  const bytes file = test::packed_file(test::first(content, 2500), {.chunk_size = 1000, .max_app_chunks = 2});
  CHECK(complaint(test::packed_file({}), 1).starts_with("the file holds nothing"));
  CHECK(complaint(file, 1, {{"a", 1}}) == "unable to seek to metadata if it does not exist");
  const bytes described = test::packed_file(test::first(content, 2500), {}, {{"a", 1}});
  CHECK(complaint(described, 1, {{"a", 1}}) == "you requested to update metadata, but this has not changed");
  CHECK(test::code_of([&] { appended(described, more, {.chunk_size = 5}); }) == mrcz::errc::bad_option);
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
  bytes file = test::packed_file(content, {.chunk_size = 7000}, {{"a", 1}});
  file[file.size() - 20] ^= std::byte{1};
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
  refused([&] { test::bp::append_file(folder / "a.blp", folder / "a.blp"); });
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

namespace {

/// Appends in place, whatever the size of the file.
test::bp::header append_in_place(const std::filesystem::path& path, std::span<const std::byte> data,
                                 const options& wanted = {}, const metadata& values = nullptr) {
  return test::bp::detail::append(path, mrcz::memory_source{data}, wanted, values, 0);
}

}  // namespace

TEST_CASE("an append in place gives the same file as one that writes a new file") {
  const test::scratch_folder folder;
  const auto path = folder / "a.blp";
  for (const bool offsets : {true, false})
    for (const std::size_t size : {1U, 999U, 1000U, 3500U})
      for (const std::size_t added : {0U, 1U, 500U, 501U, 4000U})
        for (const std::size_t junk : {0U, 700U})
          for (const bool described : {true, false}) {
            if (added == 0 && !described) continue;
            const bytes file =
                test::joined(test::packed_file(test::first(content, size),
                                               {.chunk_size = 1000,
                                                .offsets = offsets,
                                                .max_app_chunks = offsets ? std::optional{6000} : std::nullopt},
                                               {{"a", 1}}),
                             bytes(junk, std::byte{7}));
            const metadata values = described ? metadata{{"b", 2}} : metadata{};
            test::write_bytes(path, file);
            const auto before = mrcz::file{path, mrcz::file::access::read}.status().identity;
            append_in_place(path, test::first(more, added), {}, values);
            CHECK(test::bytes_of(path) == appended(file, test::first(more, added), {}, values));
            CHECK(mrcz::file{path, mrcz::file::access::read}.status().identity == before);
            CHECK(folder.files().size() == 1);
          }
}

TEST_CASE("a stream is changed in place too") {
  const test::scratch_folder folder;
  const auto path = folder / "a.blp";
  test::memory_stream in{test::first(content, 3500)};
  test::collecting_sink out;
  test::bp::pack_stream(in, out, {.chunk_size = 1000}, {{"a", 1}});
  test::write_bytes(path, out.content);
  append_in_place(path, {}, {}, {{"b", 2}});
  CHECK_FALSE(test::bp::reader{path}.header().nchunks);
  CHECK(test::bp::reader{path}.metadata() == metadata{{"b", 2}});
  append_in_place(path, test::first(more, 3000));
  CHECK(test::bp::reader{path}.nchunks() == 7);
  CHECK(test::content_of(test::bp::reader{path}) == test::joined(test::first(content, 3500), test::first(more, 3000)));
}

TEST_CASE("a failure of an append in place at any read or write leaves the old file") {
  const test::scratch_folder folder;
  const auto path = folder / "a.blp";
  const bytes file = test::packed_file(test::first(content, 33'300), {.chunk_size = 7000}, {{"a", 1}});
  std::stop_source source;
  const std::stop_token stop = source.get_token();
  for (const std::size_t after : {0U, 1U, 3U, 5U}) {
    test::write_bytes(path, file);
    std::size_t reads = 0;
    const meddling_source failing{[&] {
      CHECK(test::unpacked(file) == test::content_of(test::bp::reader{path}));  // as before, at any time
      if (reads++ == after) mrcz::detail::fail_system(EIO, "source");
    }};
    CHECK(test::failure_of([&] { test::bp::detail::append(path, failing, {.threads = 1}, nullptr, 0); }).has_value() ==
          (after == 0));
    if (after == 0) CHECK(test::bytes_of(path) == file);
    CHECK(folder.files().size() == 1);
  }
  test::write_bytes(path, file);
  source.request_stop();
  CHECK(test::code_of([&] { append_in_place(path, more, {.stop = &stop}); }) == mrcz::errc::stopped);
  CHECK(test::bytes_of(path) == file);
}

TEST_CASE("readers see the old content while a file is changed in place") {
  const test::scratch_folder folder;
  const auto path = folder / "a.blp";
  const auto old = test::first(content, 33'300);
  test::write_bytes(path, test::packed_file(old, {.chunk_size = 7000}, {{"a", 1}}));
  mrcz::detail::locked_file changing{path};
  const mrcz::detail::byte_range ranges[] = {{0, 100}, {200, changing.size() - 200}};
  changing.begin_change(ranges);
  changing.write_at(0, bytes(100));
  changing.write_at(200, bytes(50'000));
  CHECK(test::content_of(test::bp::reader{path}) == old);
  CHECK(test::bp::reader{path}.metadata() == metadata{{"a", 1}});
}

TEST_CASE("of a thousand appends and changes of metadata, of which many are killed, each is done or was never begun") {
  const test::scratch_folder folder;
  const auto path = folder / "a.blp";
  std::mt19937 random{15};
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  bytes expected = test::first(content, 700);
  metadata values{{"step", -1}};
  const auto restart = [&] {
    expected.resize(700);
    test::write_bytes(path, test::packed_file(expected,
                                              {.chunk_size = 100 + below(3000),
                                               .checksum = test::bp::all_checksums[1 + below(8)],
                                               .offsets = below(4) != 0,
                                               .metadata = {.no_reserve = below(2) == 0}},
                                              values));
  };
  restart();
  int kills = 0;
  int done = 0;
  const int steps = MRCZ_TEST_SANITIZED != 0 ? 100 : 1000;
  for (int step = 0; step < steps; ++step) {
    const bytes data = test::numbers(below(3) == 0 ? below(20'000) : below(50), static_cast<std::uint32_t>(random()));
    const metadata next = below(3) == 0 ? metadata{{"step", step}, {"text", std::string(below(300), 'x')}} : metadata{};
    const std::uint64_t in_place_from = below(5) == 0 ? ~std::uint64_t{0} : 0;
    const std::uint64_t size = std::filesystem::file_size(path);
    // a limit of the size kills within a write behind the old end, or never
    const bool deadly = below(3) == 0;
    const rlim_t limit = size + below(deadly ? 3000 : 1) + (deadly ? 0 : 100'000'000);
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        const rlimit bound{limit, limit};
        ::setrlimit(RLIMIT_FSIZE, &bound);
        std::signal(SIGXFSZ, SIG_DFL);
        test::bp::detail::append(path, mrcz::memory_source{std::span{data}},
                                 {.durability = mrcz::durability::none, .threads = 1}, next, in_place_from);
      } catch (...) {
        ::_exit(2);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const bool killed = WIFSIGNALED(status);
    REQUIRE((killed || WEXITSTATUS(status) == 0));
    kills += killed;
    done += !killed;
    if (!killed) {
      expected = test::joined(expected, data);
      if (!next.is_null()) values = next;
    }
    const test::bp::reader in{path};
    REQUIRE(test::content_of(in) == expected);
    REQUIRE(in.metadata() == values);
    REQUIRE(in.verify().empty());
    if (killed && below(2) == 0) {  // the next opening for writing clears up
      {
        const mrcz::detail::locked_file opened{path};
      }
      REQUIRE(folder.files().size() == 1);
      REQUIRE(test::content_of(test::bp::reader{path}) == expected);
    }
    if (expected.size() > 200'000) restart();
  }
  CHECK(kills > steps / 20);
  CHECK(done > steps / 2);
}
