// How a writer begins and ends: taken over, moved, cancelled, given up, or destroyed before the workers are done.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/steady_timer.hpp>

#include "mrcz/async/writer.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/lazy.hpp"
#include "tests/whole_files.hpp"

using namespace test;

namespace {

asio::awaitable<void> append_two(mrcz::async::writer& out) {
  for (std::size_t z = 0; z < 2; ++z) co_await out.append(frame(z));
}

/// Cancels a coroutine after `steps` steps; it then goes on and closes. Returns whether the file was published.
bool publishes_after_cancellation(std::size_t steps, bool& finished) {
  const scratch_folder folder;
  asio::io_context context;
  asio::cancellation_signal cancel;
  auto result = test::spawn(
      context,
      [](asio::any_io_executor workers, std::filesystem::path path) -> asio::awaitable<bool> {
        mrcz::async::writer out{workers, path, {.durability = mrcz::durability::none}, nullptr, {.slices = 1}};
        bool appended = false;
        try {
          co_await out.append(movie(3));
          appended = true;
        } catch (const std::system_error&) {
          appended = false;
        }
        co_await asio::this_coro::reset_cancellation_state();
        try {
          co_await out.close();
        } catch (const mrcz::error& e) {
          if (appended) CHECK(e.code() == asio::error::operation_aborted);
          else CHECK((e.code() == mrcz::errc::closed || e.code() == mrcz::errc::shape_mismatch));  // nothing appended
          co_return false;
        }
        CHECK(appended);
        co_return true;
      }(context.get_executor(), folder / "movie.mrcz"),
      cancel.slot());
  std::size_t done = 0;
  while (done < steps && context.run_one() != 0) ++done;
  finished = done < steps;
  cancel.emit(asio::cancellation_type::terminal);
  context.run();
  bool published = false;
  try {
    published = result.get();
  } catch (const std::system_error& e) {  // before it had begun
    CHECK(e.code() == asio::error::operation_aborted);
  }
  CHECK(folder.files().size() == (published ? 1 : 0));
  return published;
}

}  // namespace

TEST_CASE("a volume whose append was cancelled is never published in part") {
  bool finished = false;
  std::size_t refused = 0;
  for (std::size_t steps = 0; !finished; ++steps) {
    REQUIRE(steps < 1000);
    refused += publishes_after_cancellation(steps, finished) ? 0U : 1U;
  }
  CHECK(refused > 2);
}

TEST_CASE("the header can be set until the first slice is appended, and not after closing") {
  asio::thread_pool workers{1};
  bytes content;
  mrcz::async::writer out{workers.get_executor(), std::make_unique<mrcz::memory_sink>(content)};
  out.header().labels.add("before");
  run(out.append(frame(0)));
  CHECK(failure_of([&] { out.header(); })->code == mrcz::errc::closed);
  run(out.close());
  CHECK(failure_of([&] { out.header(); })->code == mrcz::errc::closed);
  CHECK(reader_of(content).header().labels[0] == "before");
}

TEST_CASE("a writer goes on where another one was prepared: with an extended header, or behind the slices of a file") {
  const scratch_folder folder;
  asio::thread_pool workers{2};
  mrcz::write(folder / "movie.mrcz", movie(2));
  {
    mrcz::async::writer out{workers.get_executor(), mrcz::writer::append_to(folder / "movie.mrcz")};
    CHECK(out.size() == 2);
    out.header().labels.add("continued");
    run(out.append(frame(2)));
    CHECK(failure_of([&] { out.header(); })->code == mrcz::errc::closed);
    run(out.close());
  }
  CHECK(mrcz::read<std::int16_t>(folder / "movie.mrcz") == movie(3));
}

namespace {

/// The errors of all coroutine members of an object without a file. They come from the `co_await`, not from the call.
template <class Object>
asio::awaitable<std::vector<std::error_code>> codes_of(Object& out) {
  std::vector<std::error_code> seen;
  auto appending = out.append(frame(0));
  auto borrowing = out.append(mrcz::borrowed(frame(0)));
  auto closing = out.close();
  for (auto* operation : {&appending, &borrowing, &closing}) {
    try {
      co_await std::move(*operation);
    } catch (const mrcz::error& e) {
      seen.push_back(e.code());
    }
  }
  co_return seen;
}

}  // namespace

TEST_CASE("a writer that was moved from is closed") {
  const scratch_folder folder;
  asio::thread_pool workers{1};
  mrcz::async::writer moved{workers.get_executor(), folder / "movie.mrcz"};
  mrcz::async::writer out{std::move(moved)};
  CHECK(run(codes_of(moved)) == std::vector<std::error_code>(3, make_error_code(mrcz::errc::closed)));  // NOLINT
  CHECK(failure_of([&] { moved.header(); })->code == mrcz::errc::closed);
  CHECK(failure_of([&] { static_cast<void>(moved.size()); })->code == mrcz::errc::closed);
  run(out.append(frame(0)));
  run(out.close());
  CHECK(mrcz::read<std::int16_t>(folder / "movie.mrcz") == movie(1));
}

TEST_CASE("a synchronous writer that is closed, or was moved from, cannot go on asynchronously") {
  asio::thread_pool workers{1};
  bytes content;
  mrcz::writer closed{std::make_unique<mrcz::memory_sink>(content)};
  closed.append(frame(0));
  closed.close();
  mrcz::writer moved{std::make_unique<mrcz::memory_sink>(content)};
  const mrcz::writer taken{std::move(moved)};
  for (auto* writer : {&closed, &moved}) {
    const auto failure = failure_of([&] { mrcz::async::writer{workers.get_executor(), std::move(*writer)}; });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::closed);
  }
}

namespace {

/// An array that clears a mark when it is destroyed, and an expression that checks the mark at each evaluation.
class watched {
 public:
  explicit watched(std::atomic<int>& uses_of_the_dead) : uses_of_the_dead_{&uses_of_the_dead} {}
  watched(const watched&) = delete;
  watched& operator=(const watched&) = delete;
  ~watched() { mark_->alive = false; }

  auto expression() {
    return xt::make_lambda_xfunction(
        [mark = mark_, dead = uses_of_the_dead_](float v) {
          if (mark->calls++ == 1) std::this_thread::sleep_for(std::chrono::milliseconds{30});  // the first of a worker
          if (!mark->alive) ++*dead;
          return v;
        },
        voxels_);
  }

  void wait_until_begun() const {
    while (mark_->calls < 2) std::this_thread::yield();
  }

 private:
  struct mark {
    std::atomic<bool> alive = true;
    std::atomic<int> calls = 0;
  };
  mrcz::volume<float> voxels_ = xt::ones<float>({3, 4, 5});
  std::shared_ptr<mark> mark_ = std::make_shared<mark>();
  std::atomic<int>* uses_of_the_dead_;
};

}  // namespace

TEST_CASE("a writer that is given up waits for a worker that evaluates an expression with state") {
  std::atomic<int> uses_of_the_dead = 0;
  asio::io_context context;
  asio::thread_pool workers{2};
  {
    std::optional<bytes> content;
    watched array{uses_of_the_dead};
    std::optional<mrcz::async::writer> out{std::in_place, workers.get_executor(),
                                           std::make_unique<published_sink>(content)};
    const auto pending = spawn(context, out->append(mrcz::borrowed(array.expression())));
    context.poll();  // posts the evaluation of the first slice
    array.wait_until_begun();
    out.reset();
    CHECK_FALSE(content.has_value());
  }
  workers.join();
  CHECK(uses_of_the_dead == 0);
  context.restart();
  context.run();
}

TEST_CASE("where the slices are that an asynchronous writer keeps is known, also after a failure") {
  const scratch_folder folder;
  asio::thread_pool workers{1};
  mrcz::async::writer out{workers.get_executor(), folder / "a.mrcz", {.keep_partial = true}};
  CHECK(out.partial_path().empty());
  run(out.append(frame(0)));
  run(out.append(frame(1)));
  while (out.size() < 2) std::this_thread::yield();
  const auto partial = out.partial_path();
  CHECK(mrcz::read<std::int16_t>(partial) == movie(2));
  CHECK(failure_of([&] { run(out.append(test::refusing(frame(2), frame(2).flat(0)))); }));
  CHECK(failure_of([&] { run(out.close()); }));
  CHECK(out.partial_path() == partial);
  CHECK(mrcz::read<std::int16_t>(partial) == movie(2));
}

TEST_CASE("a writer that is given up is not gone before the workers are done with what it borrowed") {
  for (const bool closing : {false, true}) {
    std::atomic<int> uses_of_the_dead = 0;
    failing_sink::history seen;  // the last worker removes the file, and may do so after the writer is gone
    asio::thread_pool workers{2};
    {
      std::optional<mrcz::async::writer> kept;
      watched array{uses_of_the_dead};
      mrcz::async::writer out{
          workers.get_executor(), std::make_unique<failing_sink>(0, seen), {.parallel_evaluation = true}};
      static_cast<void>(
          failure_of([&] { run(out.append(mrcz::borrowed(array.expression()))); }));  // the error may arrive here
      array.wait_until_begun();
      if (closing) {
        CHECK(failure_of([&] { run(out.close()); }));
        kept.emplace(std::move(out));  // the array is destroyed while the writer lives on
      }
    }
    workers.join();
    CHECK(uses_of_the_dead == 0);
  }
}

TEST_CASE("arrays that are borrowed are put from where they lie") {
  const auto voxels = movie(3);
  asio::thread_pool workers{2};
  std::optional<bytes> content;
  const auto write = [](asio::any_io_executor executor, const mrcz::volume<std::int16_t>& from,
                        std::optional<bytes>& to) -> asio::awaitable<void> {
    mrcz::async::writer out{executor, std::make_unique<published_sink>(to)};
    for (std::size_t z = 0; z < 3; ++z) co_await out.append(mrcz::borrowed(xt::view(from, z, xt::all(), xt::all())));
    co_await out.append(mrcz::borrowed(from));
    co_await out.close();
  };
  run(write(workers.get_executor(), voxels, content));
  REQUIRE(content);
  CHECK(reader_of(*content).read_slices<std::int16_t>({.first = 0, .count = 3}) == voxels);
  CHECK(reader_of(*content).read_slices<std::int16_t>({.first = 3, .count = 3}) == voxels);
}

TEST_CASE("a signal that comes after an append does not cancel who appends then") {
  asio::io_context context;
  asio::io_context workers;
  asio::cancellation_signal cancel;
  std::optional<bytes> content;
  mrcz::async::writer out{
      workers.get_executor(), std::make_unique<published_sink>(content), {}, nullptr, {.slices = 1}};
  bool appended = false;
  auto first = test::spawn(
      context,
      [](mrcz::async::writer& to, asio::io_context& idle, bool& done) -> asio::awaitable<void> {
        co_await append_two(to);  // the second frame has waited for room
        done = true;
        for (int i = 0; i < 100; ++i) co_await asio::post(idle, asio::use_awaitable);
      }(out, context, appended),
      cancel.slot());
  while (!appended) run_one_each(context, workers);
  auto second = test::spawn(context, append_two(out));
  context.restart();
  for (int i = 0; i < 10; ++i) context.poll_one();
  cancel.emit(asio::cancellation_type::terminal);
  run_both(context, workers);
  second.get();
  auto end = test::spawn(context, out.close());
  run_both(context, workers);
  end.get();
  CHECK(reader_of(*content).shape()[0] == 4);
}
