#include "mrcz/async/job.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/async/support.hpp"
#include "tests/async/tokens.hpp"

using namespace test;
namespace detail = mrcz::async::detail;

namespace {

/// Does so many parts, each with a function of the test. The result is the number of parts.
class counted_job final : public detail::job {
 public:
  counted_job(asio::any_io_executor workers, std::size_t parts, std::function<void(std::size_t)> part)
      : job{std::move(workers)}, parts_{parts}, part_{std::move(part)} {}

 private:
  std::size_t prepare() override { return parts_; }
  void do_part(std::size_t part) override { part_(part); }
  void* result() noexcept override { return &parts_; }

  std::size_t parts_;
  std::function<void(std::size_t)> part_;
};

template <class Token>
auto do_parts(asio::any_io_executor workers, std::size_t parts, std::function<void(std::size_t)> part, Token&& token) {
  return detail::initiate_job<std::size_t>(workers, std::forward<Token>(token),
                                           [=] { return std::make_shared<counted_job>(workers, parts, part); });
}

template <class Make, class Token>
auto make_one(asio::any_io_executor workers, Make make, Token&& token) {
  return detail::initiate_making<std::invoke_result_t<Make>>(workers, std::forward<Token>(token), std::move(make));
}

}  // namespace

TEST_CASE("a thing is made on the workers, and its maker's exception comes through") {
  asio::thread_pool workers{1};
  const auto there = make_one(workers.get_executor(), std::this_thread::get_id, asio::use_future).get();
  CHECK(there != std::this_thread::get_id());
  auto fail = []() -> int { mrcz::detail::fail(mrcz::errc::caller_failed, "no film"); };
  const auto failure = failure_told([&](auto handler) { make_one(workers.get_executor(), fail, std::move(handler)); });
  REQUIRE(failure);
  CHECK(failure->message == "no film");
}

TEST_CASE("an executor that is none is refused by the operation") {
  const auto failure = failure_told([](auto handler) { make_one({}, [] { return 1; }, std::move(handler)); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_option);
}

TEST_CASE("each part is done once, whatever the number of threads and of parts") {
  for (const std::size_t threads : {1U, 2U, 5U})
    for (const std::size_t parts : {0U, 1U, 2U, 100U}) {
      asio::thread_pool workers{threads};
      std::vector<std::atomic<int>> counts(parts);
      const auto count = [&](std::size_t part) { ++counts[part]; };
      CHECK(do_parts(workers.get_executor(), parts, count, asio::use_future).get() == parts);
      for (const auto& one : counts) CHECK(one == 1);
    }
}

TEST_CASE("the failure of the lowest part is reported, and no part begins after it") {
  asio::thread_pool workers{1};
  std::vector<std::size_t> begun;
  const auto part = [&](std::size_t i) {
    begun.push_back(i);
    if (i >= 3) throw mrcz::error{make_error_code(mrcz::errc::bad_chunk), std::to_string(i)};
  };
  const auto failure =
      failure_told([&](auto handler) { do_parts(workers.get_executor(), 10, part, std::move(handler)); });
  REQUIRE(failure);
  CHECK(failure->message == "3");
  workers.join();
  CHECK(begun == std::vector<std::size_t>{0, 1, 2, 3});
}

TEST_CASE("a cancellation of any type completes a job at once, and no part begins after it") {
  for (const auto type :
       {asio::cancellation_type::total, asio::cancellation_type::partial, asio::cancellation_type::terminal}) {
    asio::io_context caller;
    asio::io_context workers;
    asio::cancellation_signal signal;
    std::size_t done = 0;
    calls<std::size_t> seen;
    do_parts(
        workers.get_executor(), 100, [&](std::size_t) { ++done; }, noting(seen, caller.get_executor(), signal.slot()));
    while (done < 7) workers.run_one();
    signal.emit(type);
    caller.run();
    CHECK(seen.was_cancelled());
    workers.run();
    CHECK(done == 7);
    CHECK(seen.count == 1);
  }
}

TEST_CASE("a cancellation during the last part comes too late or counts, and completes the job once") {
  asio::io_context context;
  asio::cancellation_signal signal;
  calls<std::size_t> seen;
  do_parts(
      context.get_executor(), 1, [&](std::size_t) { signal.emit(asio::cancellation_type::terminal); },
      noting(seen, context.get_executor(), signal.slot()));
  context.run();
  CHECK(seen.was_cancelled());
}

TEST_CASE("a job whose workers are destroyed is reported, and never runs") {
  asio::io_context caller;
  std::optional<asio::thread_pool> workers{std::in_place, 1};
  workers->stop();  // takes work but never does it
  bool ran = false;
  calls<std::size_t> seen;
  do_parts(workers->get_executor(), 1, [&](std::size_t) { ran = true; }, noting(seen, caller.get_executor()));
  workers.reset();
  caller.run();
  CHECK(seen.failed_with(mrcz::errc::closed));
  CHECK(seen.message == "the workers ended before the work was done");
  CHECK_FALSE(ran);
}

TEST_CASE("an executor that refuses any of the posts of a job ends it once") {
  for (int accepted = 0;; ++accepted) {
    asio::io_context caller;
    asio::io_context workers;
    std::size_t done = 0;
    calls<std::size_t> seen;
    do_parts(
        refusing_executor{workers, accepted}, 3, [&](std::size_t) { ++done; }, noting(seen, caller.get_executor()));
    workers.run();
    caller.run();
    REQUIRE(seen.count == 1);
    if (!seen.code) {
      CHECK(done == 3);
      break;
    }
    CHECK(seen.code == mrcz::errc::closed);
    REQUIRE(accepted < 100);
  }
}

TEST_CASE("an executor that runs work inside post does all parts") {
  std::size_t done = 0;
  asio::io_context context;
  calls<std::size_t> seen;
  do_parts(inline_executor{context}, 1000, [&](std::size_t) { ++done; }, noting(seen));
  CHECK(seen.succeeded());
  CHECK(done == 1000);
}

TEST_CASE("a job that is destroyed together with its workers and its handler leaves nothing") {
  auto alive = std::make_shared<int>(1);
  {
    asio::io_context context;
    do_parts(context.get_executor(), 2, [alive](std::size_t) {}, [alive](const std::exception_ptr&, std::size_t) {});
    context.run_one();
    CHECK(alive.use_count() > 1);
  }
  CHECK(alive.use_count() == 1);
}
