#include "mrcz/io/sequential.hpp"

#include <array>
#include <chrono>
#include <thread>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

#include <doctest/doctest.h>

#include "mrcz/io/memory.hpp"
#include "tests/io/support.hpp"

using test::text;

namespace {

#if defined(_WIN32)
bool make_pipe(int* ends) { return ::_pipe(ends, 4096, _O_BINARY) == 0; }
void close_end(int end) { ::_close(end); }
constexpr bool may_block[] = {true};
void do_not_block(int) {}
#else
bool make_pipe(int* ends) { return ::pipe(ends) == 0; }
void close_end(int end) { ::close(end); }
constexpr bool may_block[] = {true, false};
void do_not_block(int end) { REQUIRE(::fcntl(end, F_SETFL, O_NONBLOCK) == 0); }
#endif

struct pipe_ends {
  pipe_ends() { REQUIRE(make_pipe(ends.data())); }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
  ~pipe_ends() {
    close_in();
    close_end(ends[0]);
  }
  void close_in() {
    if (ends[1] >= 0) close_end(std::exchange(ends[1], -1));
  }
  std::array<int, 2> ends{};
};

std::string read_some(mrcz::sequential_source& from, std::size_t count) {
  std::string into(count, '?');
  into.resize(from.read(std::as_writable_bytes(std::span{into})));
  return into;
}

}  // namespace

TEST_CASE("a pipe is read to its end, however its bytes arrive, also without blocking") {
  for (const bool blocking : may_block) {
    pipe_ends p;
    if (!blocking) do_not_block(p.ends[0]);
    std::jthread writer{[&] {
      for (const char* piece : {"one ", "two ", "three"}) {
        mrcz::descriptor_sink{p.ends[1], "pipe"}.write(text(piece));
        std::this_thread::sleep_for(std::chrono::milliseconds{3});
      }
      p.close_in();
    }};
    mrcz::descriptor_source in{p.ends[0], "pipe"};
    CHECK(read_some(in, 5) == "one t");
    CHECK(read_some(in, 100) == "wo three");
    CHECK(read_some(in, 100).empty());
  }
}

TEST_CASE("more than a pipe holds is written, also without blocking") {
  for (const bool blocking : may_block) {
    pipe_ends p;
    if (!blocking) do_not_block(p.ends[1]);
    const std::string many(1'000'000, 'x');
    std::string got;
    std::jthread reader{[&] {
      mrcz::descriptor_source in{p.ends[0], "pipe"};
      got = read_some(in, 2'000'000);
    }};
    mrcz::descriptor_sink{p.ends[1], "pipe"}.write(text(many));
    p.close_in();
    reader.join();
    CHECK(got == many);
  }
}

TEST_CASE("a descriptor that cannot be used is the system's error, with its name") {
  const auto read = test::failure_of([] {
    mrcz::descriptor_source in{-1, "standard input"};
    read_some(in, 1);
  });
  REQUIRE(read);
  CHECK(read->code == std::errc::bad_file_descriptor);
  CHECK(read->mentions("standard input: cannot read"));
  const auto write = test::failure_of([] { mrcz::descriptor_sink{-1, "standard output"}.write(text("x")); });
  REQUIRE(write);
  CHECK(write->mentions("standard output: cannot write"));
}

TEST_CASE("bytes that were read before come back, and then the rest of the source") {
  const mrcz::memory_source source{text("defg"), "letters"};
  for (const std::size_t at_once : {1U, 2U, 3U, 4U, 5U, 7U, 100U}) {
    mrcz::detail::source_in_order rest{source};
    mrcz::detail::rejoined_source in{text("abc"), rest};
    CHECK(in.name() == "letters");
    std::string all;
    for (std::string some; !(some = read_some(in, at_once)).empty();) all += some;
    CHECK(all == "abcdefg");
  }
}

TEST_CASE("sources and sinks with positions are used from their beginning to their end") {
  const mrcz::memory_source source{text("abcdefg"), "letters"};
  mrcz::detail::source_in_order in{source};
  CHECK(in.name() == "letters");
  CHECK(read_some(in, 3) == "abc");
  CHECK(read_some(in, 10) == "defg");
  CHECK(read_some(in, 10).empty());

  std::vector<std::byte> content;
  mrcz::memory_sink sink{content};
  mrcz::detail::sink_in_order out{sink, 2};
  out.write(text("one"));
  out.write(text("two"));
  CHECK(out.position() == 8);
  sink.publish();
  CHECK(content == text(std::string{"\0\0onetwo", 8}));
}
