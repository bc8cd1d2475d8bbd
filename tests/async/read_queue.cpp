#include "mrcz/async/read_queue.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/async/reader.hpp"
#include "mrcz/io/memory.hpp"
#include "tests/async/support.hpp"
#include "tests/async/tokens.hpp"
#include "tests/whole_files.hpp"

using namespace test;
namespace async = mrcz::async;

namespace {

using slice = std::optional<mrcz::image<std::int16_t>>;
using next_calls = calls<slice>;

async::reader opened(asio::any_io_executor workers, bytes file) {
  return {std::move(workers), std::make_unique<mrcz::memory_source>(std::move(file))};
}

const slice& slice_of(const next_calls& seen) { return std::get<0>(*seen.result); }

}  // namespace

TEST_CASE("slices are read ahead as far as the window says, in slices and in bytes, and always one") {
  constexpr std::size_t slice_bytes = 12 * 17 * sizeof(std::int16_t);
  struct bound {
    async::window ahead;
    std::uint64_t slices;
  };
  for (const auto& [ahead, slices] : {bound{{.slices = 1}, 1}, bound{{.slices = 4}, 4},
                                      bound{{.bytes = 3 * slice_bytes}, 3}, bound{{.bytes = 4 * slice_bytes - 1}, 3},
                                      bound{{.bytes = 1}, 1}, bound{{.slices = 2, .bytes = 5 * slice_bytes}, 2}}) {
    asio::io_context context;
    std::atomic<std::uint64_t> read = 0;
    const async::reader in{context.get_executor(), std::make_unique<counting_source>(file_with(movie(20)), read)};
    auto stream = in.slices<std::int16_t>({}, {.slices = ahead.slices.value_or(100), .bytes = ahead.bytes});
    read = 0;
    context.run();
    CHECK(read == 0);  // nothing before the first `next`
    next_calls seen;
    stream.next(noting(seen));
    context.restart();
    context.run();
    CHECK(seen.succeeded());
    CHECK(read == (slices + 1) * slice_bytes);  // the slice that was handed over, and those ahead of it
  }
}

TEST_CASE("a voxel counts as it is in memory, not as it is in the file") {
  asio::io_context context;
  std::atomic<std::uint64_t> read = 0;
  const async::reader in{context.get_executor(), std::make_unique<counting_source>(file_with(movie(20)), read)};
  auto stream = in.slices<float>({}, {.slices = 100, .bytes = 3 * 12 * 17 * sizeof(float)});
  read = 0;
  calls<std::optional<mrcz::image<float>>> seen;
  stream.next(noting(seen));
  context.run();
  CHECK(read == 4 * 12 * 17 * sizeof(std::int16_t));
}

TEST_CASE("operations get the slices in the order in which they began, and one that is cancelled loses none") {
  for (const auto type : {asio::cancellation_type::total, asio::cancellation_type::partial,
                          asio::cancellation_type::terminal, asio::cancellation_type::all})
    for (const bool by_slot : {true, false}) {
      asio::io_context workers;
      asio::io_context caller;
      asio::cancellation_signal signal;
      auto stream = opened(workers.get_executor(), file_with(movie(3))).slices<std::int16_t>();
      next_calls first;
      next_calls cancelled;
      next_calls third;
      stream.next(noting(first));
      stream.next(noting(cancelled, caller.get_executor(), signal.slot()));
      if (by_slot) signal.emit(type);
      else stream.cancel();
      stream.next(noting(third));
      caller.run();
      CHECK(cancelled.was_cancelled());
      CHECK_FALSE(slice_of(cancelled));
      workers.run();
      if (by_slot) CHECK(slice_of(first) == frame(0));
      else CHECK(first.was_cancelled());
      CHECK(slice_of(third) == frame(by_slot ? 1 : 0));
    }
}

TEST_CASE("a slice that has arrived is handed over, whatever is asked for after it") {
  asio::io_context caller;
  asio::io_context workers;
  asio::cancellation_signal signal;
  auto stream = opened(workers.get_executor(), file_with(movie(2))).slices<std::int16_t>();
  next_calls seen;
  stream.next(noting(seen, caller.get_executor(), signal.slot()));
  workers.run();
  signal.emit(asio::cancellation_type::terminal);
  caller.run();
  CHECK(seen.succeeded());
  CHECK(slice_of(seen) == frame(0));
}

TEST_CASE("operations behind the last slice get nothing, at once") {
  asio::io_context workers;
  auto stream = opened(workers.get_executor(), file_with(movie(1))).slices<std::int16_t>();
  std::array<next_calls, 3> seen;
  for (auto& one : seen) stream.next(noting(one));
  workers.run();
  CHECK(slice_of(seen[0]) == frame(0));
  CHECK(seen[1].succeeded());
  CHECK_FALSE(slice_of(seen[1]));
  CHECK(seen[2].succeeded());
  CHECK_FALSE(slice_of(seen[2]));
}

TEST_CASE("operations of a stream that is destroyed are cancelled") {
  asio::io_context workers;
  std::array<next_calls, 3> seen;
  {
    auto stream = opened(workers.get_executor(), file_with(movie(5))).slices<std::int16_t>({}, {.slices = 1});
    for (auto& one : seen) stream.next(noting(one));
  }
  workers.run();
  for (const auto& one : seen) CHECK(one.was_cancelled());
}

TEST_CASE("an executor that refuses a read reports it in the place of its slice, once each") {
  for (int accepted = 0; accepted < 12; ++accepted) {
    asio::io_context caller;
    asio::io_context workers;
    auto stream =
        opened(refusing_executor{workers, accepted}, file_with(movie(3))).slices<std::int16_t>({}, {.slices = 2});
    std::array<next_calls, 4> seen;
    for (auto& one : seen) stream.next(noting(one, caller.get_executor()));
    workers.run();
    caller.run();
    for (std::size_t z = 0; z < 3; ++z) {
      CHECK(seen[z].count == 1);
      if (static_cast<int>(z) < accepted) CHECK(slice_of(seen[z]) == frame(z));
      else CHECK(seen[z].failed_with(mrcz::errc::closed));
    }
    CHECK(seen[3].succeeded());
    CHECK_FALSE(slice_of(seen[3]));
  }
}

TEST_CASE("an executor that runs work inside post serves a stream") {
  asio::io_context context;
  auto stream = opened(inline_executor{context}, file_with(movie(50))).slices<std::int16_t>();
  for (std::size_t z = 0; z < 51; ++z) {
    next_calls seen;
    stream.next(noting(seen));
    REQUIRE(seen.succeeded());
    if (z < 50) CHECK(slice_of(seen) == frame(z));
    else CHECK_FALSE(slice_of(seen));
  }
}
