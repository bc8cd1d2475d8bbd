#include "mrcz/bloscpack/reader.hpp"

#include <atomic>
#include <random>
#include <thread>

#include "mrcz/mrcz.hpp"
#include "tests/bloscpack/support.hpp"

using test::bytes;
using test::bp::reader;

namespace {

const bytes content = test::numbers(250'000);

/// A source that counts how many of its bytes were read.
class counting_source final : public mrcz::byte_source {
 public:
  explicit counting_source(bytes file) : file_{std::move(file)} {}
  std::uint64_t size() const override { return file_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    count += into.size();
    std::copy_n(file_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
  }
  std::string name() const override { return "counted"; }

  mutable std::atomic<std::size_t> count = 0;

 private:
  bytes file_;
};

}  // namespace

TEST_CASE("any part of a file is read as it was packed, from any source and with any number of threads") {
  std::mt19937 random{3};
  for (const std::size_t chunk_size : {999U, 4096U, 65536U, 1'000'000U})
    for (const bool offsets : {true, false}) {
      const bytes file = test::packed_file(content, {.chunk_size = chunk_size, .offsets = offsets});
      for (const std::size_t threads : {1U, 4U}) {
        const reader memory = test::reader_of(file, {.threads = threads, .cache_bytes = 100'000});
        const reader other{std::make_shared<counting_source>(file), {.threads = threads}};
        for (const reader* in : {&memory, &other}) {
          CHECK(in->size() == content.size());
          CHECK(test::content_of(*in) == content);
          for (int i = 0; i < 50; ++i) {
            const std::size_t from = random() % (content.size() + 1);
            bytes part(random() % (content.size() - from + 1) / (i % 2 == 0 ? 1 : 50));
            in->read_at(from, part);
            CHECK(std::equal(part.begin(), part.end(), content.begin() + static_cast<std::ptrdiff_t>(from)));
          }
        }
      }
    }
}

TEST_CASE("what lies outside is refused") {
  const reader in = test::reader_of(test::packed_file(content));
  bytes part(10);
  CHECK_NOTHROW(in.read_at(content.size(), std::span<std::byte>{}));
  CHECK_NOTHROW(in.read_at(content.size() - 10, part));
  CHECK(test::message_of([&] { in.read_at(content.size() - 9, part); }) ==
        "holds 250000 bytes, but 10 bytes at byte 249991 were asked for");
  CHECK(test::code_of([&] { in.read_at(~std::uint64_t{0}, part); }) == mrcz::errc::truncated);
  CHECK(test::code_of([&] { static_cast<void>(in.chunk_header(1)); }) == mrcz::errc::out_of_range);
}

TEST_CASE("a part costs its chunks and the 16 bytes before them, once") {
  const auto source = std::make_shared<counting_source>(test::packed_file(content, {.level = 0, .chunk_size = 1000}));
  const reader in{source, {.threads = 1}};
  source->count = 0;
  bytes part(10);
  in.read_at(100'100, part);
  CHECK(source->count == 16 + 16 + 1016 + 4);
  in.read_at(100'900, part);
  CHECK(source->count == 16 + 16 + 1016 + 4);
  in.read_at(100'995, part);
  CHECK(source->count == 2 * (16 + 16 + 1016 + 4));
}

TEST_CASE("many threads may read from one reader") {
  const reader in =
      test::reader_of(test::packed_file(content, {.chunk_size = 3000}), {.threads = 2, .cache_bytes = 9000});
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::mt19937 random{t};
      for (int i = 0; i < 200; ++i) {
        const std::size_t from = random() % content.size();
        bytes part(random() % std::min<std::size_t>(content.size() - from, 20'000));
        in.read_at(from, part);
        if (!std::equal(part.begin(), part.end(), content.begin() + static_cast<std::ptrdiff_t>(from))) ++wrong;
      }
    });
  threads.clear();
  CHECK(wrong == 0);
}

TEST_CASE("an MRC or MRCZ file inside a bloscpack file opens without being unpacked") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<float>({5, 40, 60});
  for (const std::string name : {"a.mrc", "a.mrcz"}) {
    mrcz::write(folder / name, voxels, {}, {{"name", "K2"}});
    test::bp::pack_file(folder / name, folder / (name + ".blp"), {.typesize = 4, .chunk_size = 4000});
    const mrcz::reader in{std::make_unique<reader>(folder / (name + ".blp"))};
    CHECK(in.read<float>() == voxels);
    CHECK(in.read_slice<float>(3) == mrcz::reader{folder / name}.read_slice<float>(3));
    CHECK(in.metadata().at("name") == "K2");
  }
}

TEST_CASE("metadata are read each time they are asked for") {
  const test::bp::metadata values{{"z", 1}, {"a", {1, 2}}};
  CHECK(test::reader_of(test::packed_file(content, {}, values)).metadata() == values);
  CHECK(test::reader_of(test::packed_file(content)).metadata().is_null());
  CHECK(test::reader_of(test::packed_file(content, {}, {{"b", 1}})).beginning().metadata->meta_size == 7);
}

TEST_CASE("a file is unpacked into another one by several threads at once, as in order") {
  const test::scratch_folder folder;
  for (const bool offsets : {true, false})
    for (const std::size_t threads : {1U, 2U, 5U}) {
      std::atomic<std::uint64_t> progress = 0;
      const reader in = test::reader_of(test::packed_file(content, {.chunk_size = 1234, .offsets = offsets}),
                                        {.threads = threads, .progress = &progress});
      mrcz::atomic_file to{folder / "plain", mrcz::durability::none, true};
      in.unpack(to);
      to.publish();
      CHECK(test::bytes_of(folder / "plain") == content);
      CHECK(progress == content.size());
    }
}

TEST_CASE("a damaged chunk does not hinder the others, and the message names file, chunk and byte") {
  bytes file = test::packed_file(content, {.chunk_size = 100'000});
  const auto second = static_cast<std::size_t>(test::reader_of(file).chunks().begins()[1]);
  file[second + 100] ^= std::byte{1};
  const reader in = test::reader_of(file);
  bytes part(1000);
  CHECK_NOTHROW(in.read_at(0, part));
  CHECK_NOTHROW(in.read_at(249'000, part));
  const auto thrown = test::failure_of([&] { in.read_at(150'000, part); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::bad_chunk);
  CHECK(thrown->message.starts_with("memory: Checksum mismatch detected in chunk, expected: '"));
  CHECK(thrown->message.ends_with("' (chunk 1, byte " + std::to_string(second) + ")"));
  const auto damage = in.verify();
  REQUIRE(damage.size() == 1);
  CHECK(damage[0].chunk == 1U);
  CHECK("memory: " + damage[0].message == thrown->message);
  test::collecting_sink out;
  CHECK(test::code_of([&] { in.unpack(out); }) == mrcz::errc::bad_chunk);
  CHECK(out.content == test::first(content, 100'000));
}

TEST_CASE("verify finds everything that is wrong, as much of it as was asked for") {
  bytes file = test::packed_file(content, {.chunk_size = 1000}, {{"a", 1}});
  CHECK(test::reader_of(file).verify().empty());
  const auto before = test::reader_of(file);
  for (const std::uint64_t chunk : {0U, 17U, 249U})
    file[static_cast<std::size_t>(before.chunks()[chunk].begin) + 20] ^= std::byte{0x80};
  file[64] ^= std::byte{1};
  std::atomic<std::uint64_t> progress = 0;
  const reader in = test::reader_of(file, {.threads = 3, .progress = &progress});
  const auto found = in.verify();
  REQUIRE(found.size() == 4);
  CHECK(found[0].chunk == std::nullopt);
  CHECK(found[0].message.starts_with("Checksum mismatch detected in metadata expected: '"));
  CHECK(found[1].chunk == 0U);
  CHECK(found[2].chunk == 17U);
  CHECK(found[3].chunk == 249U);
  CHECK(progress == content.size());
  CHECK(in.verify(2).size() == 2);
}

TEST_CASE("offsets that look right but are not where chunks begin give an error and never other data") {
  const bytes file = test::packed_file(content, {.chunk_size = 50'000});
  for (std::size_t chunk = 1; chunk < 5; ++chunk)
    for (const int shift : {-100, -1, 1, 8, 200}) {
      bytes damaged = file;
      const std::size_t at = 32 + 8 * chunk;
      mrcz::detail::store(damaged.data() + at,
                          mrcz::detail::load<std::int64_t>(file.data() + at, std::endian::little) + shift,
                          std::endian::little);
      const reader in = test::reader_of(damaged);
      CHECK(in.chunks().from_offsets());
      bytes part(10);
      CHECK(test::code_of([&] { in.read_at(chunk * 50'000 + 5, part); }) == mrcz::errc::bad_chunk);
      CHECK(test::code_of([&] { in.read_at((chunk - 1) * 50'000 + 5, part); }) == mrcz::errc::bad_chunk);
      CHECK_FALSE(in.verify().empty());
      CHECK(test::unpacked_in_order(damaged) == content);  // which does not look at them
    }
}

TEST_CASE("chunk headers are there to be shown") {
  const reader in = test::reader_of(test::packed_file(content, {.codec = mrcz::codec::lz4, .typesize = 4}));
  CHECK(in.chunk_header(0).bytes == content.size());
  CHECK(in.chunk_header(0).codec() == mrcz::codec::lz4);
  CHECK(in.chunk_header(0).typesize == 4);
  CHECK_NOTHROW(in.require_plausible());
}

TEST_CASE("what is no bloscpack file says so in bloscpack's words") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "zeros", bytes(100));
  const auto thrown = test::failure_of([&] { reader{folder / "zeros"}; });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::not_bloscpack);
  CHECK(thrown->message == (folder / "zeros").string() +
                               R"(: the magic marker b'blpk' is missing from the bloscpack header, instead we found: )"
                               R"(b'\x00\x00\x00\x00')");
  test::write_bytes(folder / "empty", {});
  CHECK(test::message_of([&] { reader{folder / "empty"}; }) ==
        "attempting to decode a bloscpack header of length '0', not '32'");
  CHECK(test::code_of([&] { reader{folder / "nothing"}; }) == std::errc::no_such_file_or_directory);
  CHECK(test::code_of([&] { test::reader_of(test::packed_file(content), {.threads = 0}); }) == mrcz::errc::bad_option);
}

TEST_CASE("a reader of MRC opens a bloscpack file where this header is included, by its content") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<float>({9, 40, 50});
  for (const char* const name : {"a.mrc", "a.mrcz"}) {
    mrcz::write(folder / name, voxels);
    test::bp::pack_file(folder / name, folder / "a.blp", {.chunk_size = 10'000, .replace = true});
    CHECK(mrcz::read<float>(folder / "a.blp") == voxels);
    const mrcz::reader in{folder / "a.blp"};
    CHECK(in.source().size() == std::filesystem::file_size(folder / name));
    CHECK(in.read_slice<float>(7) == xt::view(voxels, 7, xt::all(), xt::all()));
    CHECK(mrcz::read_header(folder / "a.blp").header == mrcz::reader{folder / name}.header());
    CHECK(mrcz::validate(folder / "a.blp").empty());
    CHECK(mrcz::reader{std::make_unique<mrcz::memory_source>(test::bytes_of(folder / "a.blp"))}.read<float>() ==
          voxels);
  }
  auto damaged = test::bytes_of(folder / "a.blp");
  damaged.resize(damaged.size() / 2);
  test::write_bytes(folder / "a.blp", damaged);
  const auto thrown = test::failure_of([&] { mrcz::read<float>(folder / "a.blp"); });
  REQUIRE(thrown);
  CHECK(thrown->mentions("a.blp: "));
  CHECK_FALSE(mrcz::validate(folder / "a.blp").empty());
  const auto appended = test::failure_of([&] { mrcz::append_to(folder / "a.blp", voxels); });
  REQUIRE(appended);
  CHECK(appended->mentions("is packed by bloscpack, so nothing can be appended to it; blpk decompress unpacks it"));
}
