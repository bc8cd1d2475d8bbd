#include "mrcz/bloscpack/salvage.hpp"

#include "tests/bloscpack/support.hpp"

using test::bytes;

namespace {

const bytes content = test::numbers(10'000);

struct outcome {
  bytes content;
  test::bp::salvaged saved;
};

outcome salvaged(const bytes& file) {
  test::collecting_sink out;
  auto saved = test::bp::salvage(mrcz::memory_source{std::span{file}}, out);
  return {std::move(out.content), std::move(saved)};
}

bytes file_of(std::size_t size, bool offsets, const test::bp::metadata& values = nullptr) {
  return test::packed_file(test::first(content, size), {.chunk_size = 1000, .offsets = offsets}, values);
}

/// The content with zeros in place of one chunk.
bytes without_chunk(std::size_t size, std::size_t chunk) {
  bytes expected = test::first(content, size);
  std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(1000 * chunk), 1000, std::byte{0});
  return expected;
}

std::size_t begin_of(const bytes& file, std::size_t chunk) {
  const auto in = test::reader_of(file);
  return static_cast<std::size_t>(in.chunks().begins()[chunk]);
}

}  // namespace

TEST_CASE("of a sound file everything is saved, and nothing is missing") {
  for (const bool offsets : {true, false})
    for (const std::size_t size : {0U, 1U, 1000U, 4000U, 4321U}) {
      const auto found = salvaged(file_of(size, offsets, {{"a", 1}}));
      CHECK(found.content == test::first(content, size));
      CHECK(found.saved.missing.empty());
      CHECK(found.saved.metadata == test::bp::metadata{{"a", 1}});
      CHECK(found.saved.chunks == std::max<std::size_t>((size + 999) / 1000, 1));
    }
}

TEST_CASE("of a file that is cut off anywhere every whole chunk is saved") {
  for (const bool offsets : {true, false}) {
    const bytes file = file_of(4321, offsets);
    const auto whole = test::reader_of(file);
    for (std::size_t length = begin_of(file, 0); length < file.size(); ++length) {
      std::size_t chunks = 0;
      while (chunks + 1 < 5 && whole.chunks()[chunks].end <= length) ++chunks;
      const auto found = salvaged(test::first(file, length));
      CHECK(found.content == test::first(content, 1000 * chunks));
      CHECK(found.saved.chunks == chunks);
      CHECK_FALSE(found.saved.missing.empty());
    }
  }
}

TEST_CASE("a chunk of which any byte is damaged becomes zeros, and all others are saved") {
  for (const bool offsets : {true, false}) {
    const bytes file = file_of(4321, offsets);
    const std::size_t begin = begin_of(file, 2);
    for (std::size_t at = begin; at < begin_of(file, 3); at += at < begin + 20 ? 1 : 37) {
      CAPTURE(at - begin);
      bytes damaged = file;
      damaged[at] ^= std::byte{0x81};
      const auto found = salvaged(damaged);
      CHECK(found.content == without_chunk(4321, 2));
      CHECK(found.saved.chunks == 4);
      CHECK(found.saved.zeros == 1000);
      REQUIRE(found.saved.missing.size() == 1);
      CHECK(found.saved.missing[0].chunk == 2U);
    }
  }
}

TEST_CASE("damaged metadata are said, and the content is saved") {
  bytes file = file_of(3000, true, {{"a", 1}});
  file[66] ^= std::byte{1};
  const auto found = salvaged(file);
  CHECK(found.content == test::first(content, 3000));
  CHECK(found.saved.metadata.is_null());
  REQUIRE(found.saved.missing.size() == 1);
  CHECK(found.saved.missing[0].message.starts_with("Checksum mismatch detected in metadata"));
}

TEST_CASE("what another program has appended without finishing the header is saved too") {
  for (const bool offsets : {true, false}) {
    const bytes old = file_of(3300, offsets);
    bytes grown;
    mrcz::memory_sink to{grown};
    test::bp::append(test::reader_of(old), mrcz::memory_source{std::span{content}.subspan(3300, 2200)}, to);
    std::copy_n(old.begin(), begin_of(old, 0), grown.begin());  // as Python's program leaves it if it is killed
    CHECK(test::failure_of([&] { test::unpacked(grown); }));
    const auto found = salvaged(grown);
    CHECK(found.content == test::first(content, 5500));
    CHECK(found.saved.chunks == 6);
    REQUIRE(found.saved.missing.size() == 1);
    CHECK(found.saved.missing[0].message == "the header counts 4 chunks, but there are 6: data were being appended");
  }
}

TEST_CASE("of a stream the whole chunks are saved") {
  test::memory_stream in{test::first(content, 3300)};
  test::collecting_sink out;
  test::bp::pack_stream(in, out, {.chunk_size = 1000});
  CHECK(salvaged(out.content).saved.missing.empty());
  const auto cut = salvaged(test::first(out.content, out.content.size() - 1));
  CHECK(cut.content == test::first(content, 3000));
  CHECK_FALSE(cut.saved.missing.empty());
  const auto between = salvaged(test::first(out.content, begin_of(out.content, 3)));
  CHECK(between.content == test::first(content, 3000));
  REQUIRE(between.saved.missing.size() == 1);
  CHECK(between.saved.missing[0].message.starts_with("the stream ends with a whole chunk"));
}

TEST_CASE("a file that looks like chunks everywhere does not take forever") {
  bytes file = test::packed_file(content, {.level = 0, .chunk_size = 10'000, .offsets = false});
  bytes header(file.begin() + 32, file.begin() + 48);
  mrcz::detail::store(header.data() + 12, std::uint32_t{10'000}, std::endian::little);
  header[2] &= ~std::byte{0x02};
  for (int i = 0; i < 2000; ++i) file.insert(file.begin() + 32, header.begin(), header.end());
  const auto found = salvaged(file);
  REQUIRE_FALSE(found.saved.missing.empty());
  CHECK(std::ranges::any_of(found.saved.missing, [](const auto& damage) {
    return damage.message.ends_with("the search for more was given up");
  }));
}

TEST_CASE("a file is saved as a whole, and what is no bloscpack file is refused") {
  const test::scratch_folder folder;
  const bytes whole = file_of(3000, true);
  test::write_bytes(folder / "cut.blp", test::first(whole, whole.size() - 1));
  std::filesystem::permissions(folder / "cut.blp", std::filesystem::perms{0600});
  CHECK_FALSE(test::bp::salvage_file(folder / "cut.blp", folder / "out").missing.empty());
  CHECK(test::bytes_of(folder / "out") == test::first(content, test::bytes_of(folder / "out").size()));
  CHECK(std::filesystem::status(folder / "out").permissions() == std::filesystem::perms{0600});
  test::write_bytes(folder / "zeros.blp", bytes(1000));
  CHECK(test::code_of([&] { test::bp::salvage_file(folder / "zeros.blp", folder / "no"); }) ==
        mrcz::errc::not_bloscpack);
  CHECK_FALSE(std::filesystem::exists(folder / "no"));
}
