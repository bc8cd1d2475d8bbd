/// Starts an operation with each kind of completion token.
#pragma once

#include <deque>
#include <exception>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <doctest/doctest.h>
#include <asio/detached.hpp>
#include <asio/strand.hpp>

#include "mrcz/async/reader.hpp"
#include "mrcz/async/writer.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/async/tokens.hpp"

namespace test {

/// What operations work on: a file of three frames, and writers and streams that live until the workers are done.
class workshop {
 public:
  workshop() { mrcz::write(file(), movie(3)); }
  ~workshop() { workers_.join(); }
  workshop(const workshop&) = delete;
  workshop& operator=(const workshop&) = delete;

  asio::any_io_executor workers() { return workers_.get_executor(); }
  asio::thread_pool& pool() { return workers_; }
  std::filesystem::path file() const { return folder_ / "movie.mrcz"; }
  std::filesystem::path new_file() { return folder_ / (std::to_string(++files_) + ".mrcz"); }
  mrcz::async::writer& new_writer() { return writers_.emplace_back(workers(), new_file()); }
  mrcz::async::writer& writer_of_one_frame() {
    auto& out = new_writer();
    out.append(frame(0), asio::detached);
    return out;
  }
  mrcz::async::reader reader() { return {workers(), file()}; }
  mrcz::async::slice_stream<std::int16_t>& new_stream() {
    return streams_.emplace_back(reader().slices<std::int16_t>());
  }

 private:
  scratch_folder folder_;
  int files_ = 0;
  asio::thread_pool workers_{2};
  std::deque<mrcz::async::writer> writers_;
  std::deque<mrcz::async::slice_stream<std::int16_t>> streams_;
};

// The handlers depend on the results alone, so operations with the same results share what is compiled for them.

/// Hands the arguments of a handler to a future, and can only be moved.
template <class... Result>
class promising {
 public:
  std::future<std::tuple<Result...>> get_future() { return promise_.get_future(); }
  void operator()(std::exception_ptr failure, Result... result) {
    if (failure) promise_.set_exception(std::move(failure));
    else promise_.set_value({std::move(result)...});
  }

 private:
  std::promise<std::tuple<Result...>> promise_;
};

/// Tells whether it is called without a failure on its strand.
template <class... Result>
struct calls_on_strand {
  asio::strand<asio::thread_pool::executor_type> strand;
  std::promise<bool>* there;
  void operator()(const std::exception_ptr& failure, const Result&...) const {
    there->set_value(!failure && strand.running_in_this_thread());
  }
};

/// Fails if it is not called on the workers.
template <class... Result>
struct calls_on_workers {
  asio::thread_pool* workers;
  promising<Result...> inner;
  void operator()(std::exception_ptr failure, Result... result) {
    if (!workers->get_executor().running_in_this_thread()) failure = std::make_exception_ptr(0);
    inner(std::move(failure), std::move(result)...);
  }
};

/// Hands a tuple of all arguments to a future.
template <class... Result>
struct keeps_tuple {
  std::promise<std::tuple<std::exception_ptr, Result...>>* promise;
  void operator()(std::tuple<std::exception_ptr, Result...> arguments) const {
    promise->set_value(std::move(arguments));
  }
};

/// `start(tokens...)` starts the operation, and `check(result...)` checks a result.
template <class... Result, class Start, class Check>
void with_each_token(workshop& shop, Start start, Check check) {
  const auto check_tuple = [&](const auto& arguments) {
    CHECK_FALSE(std::get<0>(arguments));
    std::apply([&](const std::exception_ptr&, const auto&... result) { check(result...); }, arguments);
  };
  SUBCASE("awaited by default") {
    if constexpr (sizeof...(Result) == 0) run(start());
    else check(run(start()));
  }
  SUBCASE("a future") {
    if constexpr (sizeof...(Result) == 0) start(asio::use_future).get();
    else check(start(asio::use_future).get());
  }
  SUBCASE("a handler that can only be moved") {
    promising<Result...> handler;
    auto done = handler.get_future();
    start(std::move(handler));
    std::apply(check, done.get());
  }
  SUBCASE("a handler with a name, on a strand of the pool") {
    const auto strand = asio::make_strand(shop.pool().get_executor());
    std::promise<bool> there;
    const auto bound = asio::bind_executor(strand, calls_on_strand<Result...>{strand, &there});
    start(bound);
    CHECK(there.get_future().get());
  }
  SUBCASE("a handler with a cancellation slot, and one without an executor runs on the workers") {
    asio::cancellation_signal signal;
    calls_on_workers<Result...> handler{&shop.pool(), {}};
    auto done = handler.inner.get_future();
    start(asio::bind_cancellation_slot(signal.slot(), std::move(handler)));
    std::apply(check, done.get());
  }
  SUBCASE("nobody waits") { start(asio::detached); }
  SUBCASE("deferred: nothing begins before it is launched") {
    auto operation = start(deferred);
    promising<Result...> handler;
    auto done = handler.get_future();
    std::move(operation)(std::move(handler));
    std::apply(check, done.get());
  }
  SUBCASE("a tuple with the failure, in a handler") {
    std::promise<std::tuple<std::exception_ptr, Result...>> promise;
    start(as_tuple(keeps_tuple<Result...>{&promise}));
    check_tuple(promise.get_future().get());
  }
  SUBCASE("a tuple with the failure, awaited") { check_tuple(run(start(as_tuple(asio::use_awaitable)))); }
}

}  // namespace test
