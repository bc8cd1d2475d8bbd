#include "mrcz/io/memory.hpp"

#include <type_traits>

#include <doctest/doctest.h>

#include "tests/io/support.hpp"

static_assert(!std::is_convertible_v<std::vector<std::byte>, mrcz::memory_source> &&
                  !std::is_convertible_v<std::span<const std::byte>, mrcz::memory_source>,
              "whether bytes are taken over or looked at is said in so many words");

using test::text;

TEST_CASE("a source shows the caller's bytes without copying them") {
  const auto content = text("0123456789");
  const mrcz::memory_source source{std::span{content}, "digits"};
  CHECK(source.size() == 10);
  CHECK(source.name() == "digits");
  CHECK(source.in_memory().data() == content.data());
  std::vector<std::byte> part(3);
  source.read_at(7, part);
  CHECK(part == text("789"));
}

TEST_CASE("a source that is given a vector keeps it") {
  auto content = text("0123456789");
  const auto* const where = content.data();
  const mrcz::memory_source source{std::move(content)};
  CHECK(source.in_memory().data() == where);
  CHECK(source.in_memory().size() == 10);
  CHECK(source.name() == "memory");
}

TEST_CASE("an empty source has nothing to read, and nothing can be read from it") {
  const mrcz::memory_source source{std::span<const std::byte>{}};
  CHECK(source.size() == 0);
  source.read_at(0, {});
  std::vector<std::byte> one(1);
  const auto thrown = test::failure_of([&] { source.read_at(0, one); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::truncated);
}

TEST_CASE("reading beyond the end of a source is refused and changes nothing") {
  const mrcz::memory_source source{text("0123456789"), "digits"};
  std::vector<std::byte> into = text("abcd");
  const auto thrown = test::failure_of([&] { source.read_at(7, into); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::truncated);
  CHECK(thrown->message == "digits: ends at byte 10, but 4 bytes at byte 7 were asked for");
  CHECK(into == text("abcd"));
  for (const std::uint64_t offset : {std::uint64_t{11}, ~std::uint64_t{0}, ~std::uint64_t{0} - 3})
    CHECK(test::failure_of([&] { source.read_at(offset, into); }));
  CHECK(test::failure_of([&] { source.read_at(11, {}); }));
  source.read_at(10, {});
  source.read_at(6, into);
  CHECK(into == text("6789"));
}

TEST_CASE("what is written to a sink appears when it is published, gaps as zeros") {
  std::vector<std::byte> destination = text("old");
  mrcz::memory_sink sink{destination, "here"};
  CHECK(sink.name() == "here");
  sink.write_at(6, text("tail"));
  sink.write_at(0, text("head"));
  sink.write_at(8, text("IL"));
  CHECK(destination == text("old"));
  sink.publish();
  CHECK(destination == text(std::string{"head\0\0taIL", 10}));
}

TEST_CASE("a sink that is not published leaves the destination alone") {
  std::vector<std::byte> destination = text("old");
  {
    mrcz::memory_sink sink{destination};
    sink.write_at(0, text("new content"));
    sink.keep_partial();
  }
  CHECK(destination == text("old"));
}

TEST_CASE("a position that no memory can have is refused, and what was written stays") {
  std::vector<std::byte> destination;
  mrcz::memory_sink sink{destination, "here"};
  sink.write_at(0, text("fine"));
  for (const std::uint64_t offset : {~std::uint64_t{0}, ~std::uint64_t{0} - 3, std::uint64_t{1} << 63U}) {
    const auto thrown = test::failure_of([&] { sink.write_at(offset, text("lost")); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::too_large);
    CHECK(thrown->message == fmt::format("here: 4 bytes at byte {} do not fit into memory", offset));
  }
  sink.publish();
  CHECK(destination == text("fine"));
}
