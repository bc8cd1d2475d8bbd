#include "mrcz/bloscpack/chunk_table.hpp"

#include "tests/bloscpack/support.hpp"

using test::bytes;
using test::bp::detail::chunk_table;

namespace {

chunk_table table_of(const bytes& file) {
  const mrcz::memory_source source{std::span{file}};
  test::memory_stream in{file};
  return chunk_table{source, test::bp::read_beginning([&](std::span<std::byte> into) { return in.read(into); })};
}

std::string complaint(const bytes& file) {
  return test::message_of([&] { table_of(file); });
}

template <class T>
bytes patched(bytes file, std::size_t at, T value) {
  mrcz::detail::store(file.data() + at, value, std::endian::little);
  return file;
}

constexpr std::size_t chunk_size_at = 8;
constexpr std::size_t last_chunk_at = 12;
constexpr std::size_t nchunks_at = 16;

std::vector<std::uint64_t> begins_of(const chunk_table& table) {
  return {table.begins().begin(), table.begins().end()};
}

const bytes content = test::numbers(4500);

}  // namespace

TEST_CASE("offsets and a walk find the same chunks") {
  for (const std::size_t size : {0U, 1U, 999U, 1000U, 1001U, 2000U, 4500U}) {
    const auto data = test::first(content, size);
    const bytes file = test::packed_file(data, {.chunk_size = 1000});
    const auto believed = table_of(file);
    CHECK(believed.from_offsets());
    CHECK(believed.plain_size() == size);
    const bytes nonsense = patched(file, 32, std::uint64_t{5});
    const auto walked = table_of(nonsense);
    CHECK_FALSE(walked.from_offsets());
    CHECK(begins_of(walked) == begins_of(believed));
    CHECK(walked.plain_size() == size);
    CHECK(walked.last_chunk() == believed.last_chunk());
  }
}

TEST_CASE("what the header does not say the chunks do") {
  for (const bool offsets : {true, false})
    for (const std::size_t size : {700U, 2000U, 4500U}) {
      const bytes file = test::packed_file(test::first(content, size), {.chunk_size = 1000, .offsets = offsets});
      for (const bool no_chunk_size : {true, false})
        for (const bool no_last_chunk : {true, false}) {
          bytes copy = file;
          if (no_chunk_size) copy = patched(copy, chunk_size_at, std::int32_t{-1});
          if (no_last_chunk) copy = patched(copy, last_chunk_at, std::int32_t{-1});
          CHECK(table_of(copy).plain_size() == size);
          CHECK(test::unpacked(copy) == test::first(content, size));
          CHECK(test::unpacked_in_order(copy) == test::first(content, size));
        }
    }
}

TEST_CASE("chunks of a stream are counted to the end of the file") {
  const bytes file = test::packed_file(content, {.chunk_size = 1000, .offsets = false});
  bytes stream = patched(file, nchunks_at, std::int64_t{-1});
  CHECK(table_of(stream).count() == 5);
  CHECK(test::unpacked(stream) == content);
  stream = patched(stream, last_chunk_at, std::int32_t{-1});
  stream = patched(stream, chunk_size_at, std::int32_t{-1});
  CHECK(table_of(stream).plain_size() == 4500);
  CHECK(test::unpacked(stream) == content);
  CHECK(test::unpacked_in_order(stream) == content);
}

TEST_CASE("a stream that ends with a whole chunk may be cut off, unless the header knows that chunk") {
  const bytes file = patched(test::packed_file(test::first(content, 3000), {.chunk_size = 1000, .offsets = false}),
                             nchunks_at, std::int64_t{-1});
  CHECK(test::unpacked(file) == test::first(content, 3000));
  CHECK(table_of(file).is_certainly_whole());
  CHECK_FALSE(table_of(patched(file, last_chunk_at, std::int32_t{-1})).is_certainly_whole());
  CHECK(complaint(patched(file, last_chunk_at, std::int32_t{999})) ==
        "file ends with a chunk of 1000 bytes, expected 999");
}

TEST_CASE("only the last chunk of a stream may be shorter") {
  const auto part = [](std::size_t size) {
    return test::packed_file(test::first(content, size), {.chunk_size = 1000, .offsets = false});
  };
  bytes stream = patched(patched(part(1500), nchunks_at, std::int64_t{-1}), last_chunk_at, std::int32_t{-1});
  const bytes more = part(700);
  CHECK(test::unpacked(stream) == test::first(content, 1500));
  stream.insert(stream.end(), more.begin() + 32, more.end());
  CHECK(complaint(stream).starts_with("a chunk follows one of 500 bytes, expected only the last to be that short"));
}

TEST_CASE("chunks of other sizes than the header says are refused, and the message says which") {
  const bytes file = test::packed_file(content, {.chunk_size = 1000, .offsets = false});
  CHECK(complaint(patched(file, chunk_size_at, std::uint32_t{1001})) ==
        "chunk holds 1000 bytes, expected 1001 (chunk 0, byte 32)");
  CHECK(complaint(patched(file, last_chunk_at, std::uint32_t{499})).starts_with("chunk holds 500 bytes, expected 499"));
  CHECK(complaint(patched(file, nchunks_at, std::int64_t{6})).find("(chunk 4, byte") != std::string::npos);
}

TEST_CASE("a count that forgets chunks is noticed, with offsets and without") {
  const auto whole = test::first(content, 3000);
  for (const bool offsets : {true, false}) {
    const bytes file = test::packed_file(whole, {.chunk_size = 1000, .offsets = offsets});
    CHECK_FALSE(complaint(patched(file, nchunks_at, std::int64_t{2})).empty());
    CHECK_FALSE(complaint(patched(file, nchunks_at, std::int64_t{1})).empty());
  }
  const bytes file =
      patched(test::packed_file(whole, {.chunk_size = 1000, .offsets = false}), nchunks_at, std::int64_t{2});
  CHECK(complaint(file).starts_with("nchunks is 2, but another chunk follows at byte "));
  CHECK(test::message_of([&] {
          test::unpacked_in_order(file);
        }).starts_with("nchunks is 2, but another chunk follows at byte "));
}

TEST_CASE("bytes behind the last chunk belong to nobody") {
  for (const bool offsets : {true, false})
    for (const std::size_t more : {1U, 15U, 16U, 17U, 5000U}) {
      const bytes file = test::packed_file(content, {.chunk_size = 1000, .offsets = offsets});
      const bytes longer = test::joined(file, bytes(more, std::byte{0x55}));
      CHECK(test::unpacked(longer) == content);
      CHECK(test::unpacked_in_order(longer) == content);
    }
}

TEST_CASE("sizes whose sum cannot be counted are refused") {
  bytes file = test::packed_file(content, {.chunk_size = 1000});
  file = patched(file, nchunks_at, std::int64_t{1} << 40U);
  CHECK(test::code_of([&] { table_of(file); }) == mrcz::errc::truncated);
}
