#include "mrcz/async/offload.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <asio/detached.hpp>
#include <asio/this_coro.hpp>

#include "tests/async/support.hpp"

namespace {

asio::awaitable<std::thread::id> thread_of_work(asio::any_io_executor workers) {
  co_return co_await mrcz::async::offload(workers, std::this_thread::get_id);
}

/// Whether the coroutine is on its own thread before and after.
asio::awaitable<bool> comes_back(asio::any_io_executor workers) {
  const auto before = std::this_thread::get_id();
  const auto there = co_await thread_of_work(workers);
  co_return std::this_thread::get_id() == before&& there != before;
}

asio::awaitable<std::string> message_of(asio::any_io_executor workers) {
  auto fail = [] { throw std::runtime_error{"no film"}; };
  try {
    co_await mrcz::async::offload(workers, std::move(fail));
  } catch (const std::runtime_error& e) {
    co_return e.what();
  }
  co_return "nothing was thrown";
}

asio::awaitable<std::unique_ptr<int>> movable(asio::any_io_executor workers) {
  auto make = [] { return std::make_unique<int>(42); };
  co_return co_await mrcz::async::offload(workers, std::move(make));
}

asio::awaitable<void> count_each(asio::any_io_executor workers, std::vector<std::atomic<int>>& counts) {
  auto count = [&](std::size_t i) { ++counts[i]; };
  co_await mrcz::async::for_each(workers, counts.size(), std::move(count));
}

}  // namespace

TEST_CASE("work is done on the workers, and the coroutine goes on on its own executor") {
  asio::thread_pool workers{2};
  CHECK(test::run(comes_back(workers.get_executor())));
}

TEST_CASE("results may be movable only, and exceptions come through") {
  asio::thread_pool workers{1};
  CHECK(*test::run(movable(workers.get_executor())) == 42);
  CHECK(test::run(message_of(workers.get_executor())) == "no film");
}

TEST_CASE("for_each runs each task once, whatever the number of threads, none included") {
  for (const std::size_t threads : {1U, 2U, 5U})
    for (const std::size_t tasks : {0U, 1U, 2U, 100U}) {
      asio::thread_pool workers{threads};
      std::vector<std::atomic<int>> counts(tasks);
      test::run(count_each(workers.get_executor(), counts));
      for (const auto& count : counts) CHECK(count == 1);
    }
}

TEST_CASE("for_each reports the failure of the lowest index and starts nothing more") {
  asio::thread_pool workers{1};
  std::vector<std::size_t> begun;
  auto task = [&](std::size_t i) {
    begun.push_back(i);
    if (i >= 3) throw mrcz::error{make_error_code(mrcz::errc::bad_chunk), std::to_string(i)};
  };
  const auto failure =
      test::failure_of([&] { test::run(mrcz::async::for_each(workers.get_executor(), 10, std::move(task))); });
  REQUIRE(failure);
  CHECK(failure->message == "3");
  CHECK(begun == std::vector<std::size_t>{0, 1, 2, 3});
}

TEST_CASE("cancellation stops for_each between two tasks") {
  asio::io_context context;  // workers and caller alike, one step at a time
  asio::cancellation_signal cancel;
  std::size_t done = 0;
  auto task = [&](std::size_t) { ++done; };
  auto result =
      test::spawn(context, mrcz::async::for_each(context.get_executor(), 100, std::move(task)), cancel.slot());
  while (done < 7) context.run_one();
  cancel.emit(asio::cancellation_type::terminal);
  context.run();
  CHECK(done == 7);
  const auto failure = test::failure_of([&] { result.get(); });
  REQUIRE(failure);
  CHECK(failure->code == asio::error::operation_aborted);
}

TEST_CASE("cancellation after the last task has begun changes nothing") {
  asio::io_context context;
  asio::cancellation_signal cancel;
  bool done = false;
  auto work = [&] {
    cancel.emit(asio::cancellation_type::terminal);
    done = true;
    return 5;
  };
  auto result = test::spawn(context, mrcz::async::offload(context.get_executor(), std::move(work)), cancel.slot());
  context.run();
  CHECK(done);
  CHECK(result.get() == 5);
}

TEST_CASE("a coroutine whose workers are destroyed is told so") {
  asio::io_context context;
  std::optional<asio::thread_pool> workers{std::in_place, 1};
  workers->stop();  // takes work but never does it
  bool ran = false;
  auto work = [&] { ran = true; };
  auto result = test::spawn(context, mrcz::async::offload(workers->get_executor(), std::move(work)));
  context.poll();
  workers.reset();
  context.run();
  const auto failure = test::failure_of([&] { result.get(); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::closed);
  CHECK(failure->message == "the workers ended before the work was done");
  CHECK_FALSE(ran);
}

TEST_CASE("a coroutine that is destroyed together with its workers leaves nothing") {
  auto context = std::make_unique<asio::io_context>();
  auto alive = std::make_shared<int>(1);
  auto work = [alive] { return *alive; };
  asio::co_spawn(*context, mrcz::async::offload(context->get_executor(), std::move(work)), asio::detached);
  context->run_one();
  CHECK(alive.use_count() > 1);
  context.reset();
  CHECK(alive.use_count() == 1);
}
