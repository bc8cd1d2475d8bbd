#include "mrcz/async/slice_stream.hpp"

#include <algorithm>
#include <atomic>
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
#include "tests/whole_files.hpp"

namespace {

mrcz::async::reader opened(asio::any_io_executor workers, test::bytes file) {
  return {std::move(workers), std::make_unique<mrcz::memory_source>(std::move(file))};
}

/// Returns how many slices arrive; 0 if one of them is not the right frame.
asio::awaitable<std::size_t> stream(mrcz::async::reader in, mrcz::range z, mrcz::async::window ahead) {
  auto slices = in.slices<std::int16_t>(z, ahead);
  std::size_t next = z.first;
  while (auto slice = co_await slices.next()) {
    if (*slice != test::frame(next)) co_return 0;
    ++next;
  }
  const auto behind = co_await slices.next();
  co_return behind ? 0 : next - z.first;
}

/// Counts how many reads of voxels run between the first and the last.
class counting_source final : public mrcz::byte_source {
 public:
  counting_source(test::bytes content, std::atomic<int>& reads) : content_{std::move(content)}, reads_{&reads} {}
  std::uint64_t size() const override { return content_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    if (offset >= mrcz::header_size) ++*reads_;
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
  }
  std::string name() const override { return "counted"; }

 private:
  test::bytes content_;
  std::atomic<int>* reads_;
};

asio::awaitable<void> take(mrcz::async::slice_stream<std::int16_t>& slices, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) static_cast<void>(co_await slices.next());
}

asio::awaitable<std::vector<int>> outcomes(mrcz::async::reader in) {
  auto slices = in.slices<std::int16_t>();
  std::vector<int> result;
  for (;;) {
    try {
      const auto slice = co_await slices.next();
      if (!slice) break;
      result.push_back(1);
    } catch (const mrcz::error&) {
      result.push_back(0);
    }
  }
  co_return result;
}

}  // namespace

TEST_CASE("slices come in order, all of them or those of a range, whoever reads them and however far ahead") {
  const auto file = test::file_with(test::movie(7));
  for (const std::size_t threads : {1U, 3U}) {
    asio::thread_pool workers{threads};
    for (const mrcz::async::window ahead :
         {mrcz::async::window{}, {.slices = 1}, {.slices = 2}, {.slices = 100}, {.bytes = 3 * 12 * 17 * 2}}) {
      CHECK(test::run(stream(opened(workers.get_executor(), file), {}, ahead)) == 7);
      CHECK(test::run(stream(opened(workers.get_executor(), file), {.first = 3, .count = 2}, ahead)) == 2);
      CHECK(test::run(stream(opened(workers.get_executor(), file), {.first = 7}, ahead)) == 0);
    }
  }
  asio::thread_pool pool{4};
  for (unsigned seed = 0; seed < 5; ++seed)
    CHECK(test::run(stream(opened(test::delaying_executor{pool, seed}, file), {}, {.slices = 5})) == 7);
}

TEST_CASE("a stream runs on the one thread that also does its work") {
  asio::thread_pool pool{1};
  const auto file = test::file_with(test::movie(7));
  CHECK(asio::co_spawn(pool, stream(opened(pool.get_executor(), file), {}, {.slices = 3}), asio::use_future).get() ==
        7);
}

TEST_CASE("no more slices are read ahead than was said") {
  std::atomic<int> reads = 0;
  asio::io_context context;
  const mrcz::async::reader in{context.get_executor(),
                               std::make_unique<counting_source>(test::file_with(test::movie(50)), reads)};
  auto slices = in.slices<std::int16_t>({}, {.slices = 4});
  reads = 0;
  test::spawn(context, take(slices, 3));
  context.run();
  CHECK(reads == 7);
}

TEST_CASE("a damaged slice is reported in its turn, and those behind it still come") {
  auto file = test::file_with(test::movie(4), {.compression = {.codec = mrcz::codec::zstd}});
  const auto place = test::reader_of(file).slices()[1];
  file[static_cast<std::size_t>(place.offset) + 17] = std::byte{99};  // where the first block begins
  asio::thread_pool workers{2};
  CHECK(test::run(outcomes(opened(workers.get_executor(), file))) == std::vector<int>{1, 0, 1, 1});
}

TEST_CASE("a stream that is dropped while slices are read leaves nothing behind") {
  const auto file = test::file_with(test::movie(20));
  asio::thread_pool workers{2};
  for (std::size_t taken = 0; taken < 5; ++taken) {
    const auto in = opened(workers.get_executor(), file);
    auto slices = in.slices<std::int16_t>({}, {.slices = 10});
    test::run(take(slices, taken));
  }
  workers.join();
}

TEST_CASE("a cancelled next can be asked again") {
  asio::io_context context;
  const auto in = opened(context.get_executor(), test::file_with(test::movie(3)));
  auto slices = in.slices<std::int16_t>({}, {.slices = 1});
  asio::cancellation_signal cancel;
  auto first = test::spawn(context, slices.next(), cancel.slot());
  context.run_one();  // begins and waits
  cancel.emit(asio::cancellation_type::terminal);
  context.run();
  const auto failure = test::failure_of([&] { first.get(); });
  REQUIRE(failure);
  CHECK(failure->code == asio::error::operation_aborted);
  context.restart();
  auto again = test::spawn(context, slices.next());
  context.run();
  CHECK(again.get() == test::frame(0));
}

TEST_CASE("a stream whose workers are destroyed is told so") {
  asio::io_context context;
  std::optional<asio::thread_pool> workers{std::in_place, 1};
  workers->stop();
  auto slices = opened(workers->get_executor(), test::file_with(test::movie(3))).slices<std::int16_t>();
  auto first = test::spawn(context, slices.next());
  context.poll();
  workers.reset();
  context.run();
  const auto failure = test::failure_of([&] { first.get(); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::closed);
}

TEST_CASE(
    "who waits for a slice of a stream that is destroyed is cancelled, but a slice that has arrived is handed over") {
  asio::io_context context;
  asio::io_context workers;
  const auto in = opened(workers.get_executor(), test::file_with(test::movie(3)));
  for (const bool arrived : {true, false}) {
    std::optional<mrcz::async::slice_stream<std::int16_t>> slices{in.slices<std::int16_t>()};
    auto first = test::spawn(context, slices->next());
    context.restart();
    context.poll();
    workers.restart();
    if (arrived) workers.poll();
    slices.reset();
    test::run_both(context, workers);
    std::optional<mrcz::image<std::int16_t>> slice;
    const auto failure = test::failure_of([&] { slice = first.get(); });
    CHECK(slice.has_value() == arrived);
    CHECK(failure.has_value() != arrived);
    if (failure) CHECK(failure->code == asio::error::operation_aborted);
  }
}

TEST_CASE("an operation that was made before its stream was destroyed, and begins after it, is cancelled") {
  asio::thread_pool workers{1};
  std::optional<mrcz::async::slice_stream<std::int16_t>> slices{
      opened(workers.get_executor(), test::file_with(test::movie(3))).slices<std::int16_t>()};
  auto late = slices->next();
  slices.reset();
  const auto failure = test::failure_of([&] { test::run(std::move(late)); });
  REQUIRE(failure);
  CHECK(failure->code == asio::error::operation_aborted);
}

TEST_CASE("coroutines that ask one stream get its slices in the order in which they asked") {
  asio::io_context context;
  asio::io_context workers;
  const auto in = opened(workers.get_executor(), test::file_with(test::movie(3)));
  auto slices = in.slices<std::int16_t>();
  auto first = test::spawn(context, slices.next());
  auto second = test::spawn(context, slices.next());
  context.poll();
  workers.poll();
  auto third = test::spawn(context, slices.next());
  auto fourth = test::spawn(context, slices.next());
  test::run_both(context, workers);
  CHECK(first.get() == test::frame(0));
  CHECK(second.get() == test::frame(1));
  CHECK(third.get() == test::frame(2));
  CHECK_FALSE(fourth.get());
}

TEST_CASE("a stream that was moved from is closed, which the co_await says") {
  asio::thread_pool workers{1};
  auto moved = opened(workers.get_executor(), test::file_with(test::movie(2))).slices<std::int16_t>();
  auto slices = std::move(moved);
  auto next = moved.next();  // NOLINT(bugprone-use-after-move)
  const auto failure = test::failure_of([&] { test::run(std::move(next)); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::closed);
  CHECK(test::run(slices.next()) == test::frame(0));
}

TEST_CASE("a signal that comes after a slice does not cancel who waits for the next one") {
  asio::io_context context;
  asio::io_context workers;
  asio::cancellation_signal cancel;
  auto slices = opened(workers.get_executor(), test::file_with(test::movie(3))).slices<std::int16_t>({}, {.slices = 1});
  bool taken = false;
  auto first = test::spawn(
      context,
      [](mrcz::async::slice_stream<std::int16_t>& from, asio::io_context& idle, bool& done) -> asio::awaitable<void> {
        co_await take(from, 1);
        done = true;
        for (int i = 0; i < 100; ++i) co_await asio::post(idle, asio::use_awaitable);
      }(slices, context, taken),
      cancel.slot());
  while (!taken) test::run_one_each(context, workers);
  auto second = test::spawn(context, take(slices, 2));
  context.restart();
  for (int i = 0; i < 10; ++i) context.poll_one();
  cancel.emit(asio::cancellation_type::terminal);
  test::run_both(context, workers);
  second.get();
}

TEST_CASE("one executor that is destroyed in the middle of a stream takes it all with it") {
  for (std::size_t steps = 0; steps < 12; ++steps) {
    asio::io_context context;
    test::spawn(context, stream(opened(context.get_executor(), test::file_with(test::movie(4))), {}, {.slices = 2}));
    for (std::size_t step = 0; step < steps; ++step) context.run_one();
  }
}
