#include "mrcz/bloscpack/chunk_walker.hpp"

#include "tests/bloscpack/support.hpp"

using test::bytes;
using test::bp::header;
using test::bp::detail::chunk_walker;

namespace {

const bytes content = test::numbers(10'000);

/// The bytes of a chunk with its digest.
bytes chunk_of(std::span<const std::byte> plain) {
  const auto packed = test::bp::detail::chunk_packer{{}, test::bp::checksum::adler32}.pack(plain);
  return test::joined({packed.bytes().begin(), packed.bytes().end()}, packed.digest().bytes());
}

struct hand_made {
  header h;
  std::vector<std::size_t> sizes{};  ///< of the chunks
  std::size_t gap = 0;               ///< bytes in front of the first chunk
};

/// A file that no program of ours writes. Its offsets are true.
bytes file_of(const hand_made& wanted) {
  const bytes first_bytes(wanted.gap, std::byte{0x5a});
  const auto front = test::bp::encode(wanted.h);
  bytes file{front.begin(), front.end()};
  const std::size_t entries =
      wanted.h.offsets ? static_cast<std::size_t>(*wanted.h.nchunks + wanted.h.max_app_chunks) : 0;
  std::uint64_t at = file.size() + 8 * entries + wanted.gap;
  bytes chunks;
  std::size_t plain = 0;
  std::vector<std::uint64_t> begins;
  for (const std::size_t size : wanted.sizes) {
    begins.push_back(at + chunks.size());
    chunks = test::joined(chunks, chunk_of(std::span{content}.subspan(plain, size)));
    plain += size;
  }
  if (wanted.h.offsets) file = test::joined(file, test::bp::detail::encode_offsets(begins, 0, entries));
  return test::joined(test::joined(file, first_bytes), chunks);
}

/// Reads the file at random places, in order and as a stream.
void check_content(const bytes& file, std::size_t size) {
  const auto expected = test::first(content, size);
  CHECK(test::unpacked_in_order(file) == expected);
  const auto in = test::reader_of(file, {.threads = 2, .cache_bytes = 500});
  REQUIRE(in.size() == size);
  CHECK(test::content_of(in) == expected);
  CHECK(in.verify().empty());
  test::collecting_sink out;
  in.unpack(out);
  CHECK(out.content == expected);
  for (std::size_t from = 0; from < size; from += 97)
    for (const std::size_t count : {1U, 100U, 3000U}) {
      bytes part(std::min<std::size_t>(count, size - from));
      in.read_at(from, part);
      CHECK(std::equal(part.begin(), part.end(), expected.begin() + static_cast<std::ptrdiff_t>(from)));
    }
}

const std::vector<std::size_t> sizes{700, 1, 0, 1500, 1500, 0, 20};
constexpr std::size_t total = 3721;

}  // namespace

TEST_CASE("chunks of different sizes are read where the header does not state their size") {
  for (const bool offsets : {true, false}) {
    const header known{.offsets = offsets, .nchunks = 7, .max_app_chunks = offsets ? 3U : 0U};
    check_content(file_of({known, sizes}), total);
    auto last_known = known;
    last_known.last_chunk = 20;
    check_content(file_of({last_known, sizes}), total);
    last_known.last_chunk = 21;
    CHECK(test::failure_of([&] { test::reader_of(file_of({last_known, sizes})); }));
  }
  const header stream{.offsets = false};
  check_content(file_of({stream, sizes}), total);
  const auto in = test::reader_of(file_of({stream, sizes}));
  CHECK_FALSE(in.is_certainly_whole());
  CHECK_FALSE(in.chunks().is_uniform());
  CHECK(in.chunks().chunk_size() == 1500);
  CHECK(in.chunks()[3].plain_begin == 701);
}

TEST_CASE("a known size of chunks holds for all but the last") {
  const header h{.offsets = false, .chunk_size = 1500, .nchunks = 7};
  CHECK(test::message_of([&] {
          test::reader_of(file_of({h, sizes}));
        }).starts_with("chunk holds 700 bytes, expected 1500 (chunk 0, byte 32)"));
}

TEST_CASE("a stream may end with a whole chunk, and says so") {
  const bytes file = file_of({{.offsets = false, .chunk_size = 1000}, {1000, 1000, 1000}});
  check_content(file, 3000);
  CHECK_FALSE(test::reader_of(file).is_certainly_whole());
  const bytes longer = file_of({{.offsets = false, .chunk_size = 1000}, {1000, 1000, 10}});
  CHECK(test::reader_of(longer).is_certainly_whole());
  const bytes stated = file_of({{.offsets = false, .chunk_size = 1000, .last_chunk = 1000}, {1000, 1000, 1000}});
  CHECK(test::reader_of(stated).is_certainly_whole());
  const bytes shorter = file_of({{.offsets = false, .chunk_size = 1000, .last_chunk = 10}, {1000, 1000, 1000}});
  CHECK(test::message_of([&] { test::reader_of(shorter); }) == "file ends with a chunk of 1000 bytes, expected 10");
}

TEST_CASE("a gap in front of the first chunk is skipped where the offsets are true") {
  const header h{.chunk_size = 1000, .last_chunk = 700, .nchunks = 4, .max_app_chunks = 2};
  for (const std::size_t gap : {1U, 8U, 15U, 16U, 17U, 100U, 5000U}) {
    CAPTURE(gap);
    check_content(file_of({h, {1000, 1000, 1000, 700}, gap}), 3700);
  }
  const header loose{.nchunks = 7};
  check_content(file_of({loose, sizes, 33}), total);
}

TEST_CASE("where there is a gap, another chunk after the last one shows that the header counts too few") {
  const header h{.chunk_size = 1000, .last_chunk = 1000, .nchunks = 2, .max_app_chunks = 2};
  const bytes file = test::joined(file_of({h, {1000, 1000}, 40}), chunk_of(test::first(content, 1000)));
  CHECK(test::message_of([&] { test::reader_of(file); }).starts_with("nchunks is 2, but another chunk follows"));
  CHECK(test::message_of([&] { test::unpacked_in_order(file); }).starts_with("nchunks is 2, but another chunk"));
}

TEST_CASE("data are appended to such files") {
  const auto more = test::numbers(4000, 999);
  const std::vector<bytes> files{
      file_of({{.nchunks = 7, .max_app_chunks = 5}, sizes}), file_of({{.nchunks = 7}, sizes, 40}),
      file_of({{.offsets = false}, sizes}), file_of({{.offsets = false, .chunk_size = 1861}, {1861, 1860}}),
      file_of(
          {{.chunk_size = 1000, .last_chunk = 721, .nchunks = 4, .max_app_chunks = 4}, {1000, 1000, 1000, 721}, 77})};
  for (const bytes& file : files) {
    bytes longer;
    mrcz::memory_sink to{longer};
    test::bp::append(test::reader_of(file), mrcz::memory_source{std::span{more}}, to);
    const auto in = test::reader_of(longer);
    CHECK(test::content_of(in) == test::joined(test::first(content, total), more));
    CHECK(test::unpacked_in_order(longer) == test::content_of(in));
    CHECK(in.verify().empty());
  }
}

TEST_CASE("a walk over bytes of a stream reads none of them twice") {
  const bytes file = file_of({{.chunk_size = 1000, .last_chunk = 500, .nchunks = 3}, {1000, 1000, 500}});
  test::bp::beginning b;
  b.header = test::bp::decode_header(test::first(file, 32));
  chunk_walker walker{b};
  std::uint64_t end = 0;
  std::vector<std::uint32_t> found;
  while (const auto chunk = walker.next([&](std::uint64_t at, std::span<std::byte> into) {
    CHECK(at >= end);
    end = at + into.size();
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(at), into.size(), into.begin());
    return into.size();
  }))
    found.push_back(chunk->header.bytes);
  CHECK(found == std::vector<std::uint32_t>{1000, 1000, 500});
  CHECK(walker.end_of_chunks() == file.size());
  CHECK(walker.is_certainly_whole());
}
