#include "mrcz/async/writer.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/steady_timer.hpp>

#include "mrcz/io/memory.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/lazy.hpp"
#include "tests/whole_files.hpp"

using namespace test;

namespace {

constexpr std::size_t frames = 6;

bytes expected_file(std::size_t count = frames, const mrcz::write_options& options = {}) {
  bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), options};
  for (std::size_t z = 0; z < count; ++z) out.append(frame(z));
  out.close();
  return content;
}

asio::awaitable<void> acquire(asio::any_io_executor workers, std::filesystem::path path, mrcz::async::window limits,
                              std::size_t count = frames) {
  mrcz::async::writer out{workers, path, {.durability = mrcz::durability::none}, nullptr, limits};
  for (std::size_t z = 0; z < count; ++z) co_await out.append(frame(z));
  co_await out.close();
}

asio::awaitable<void> acquire_into(asio::any_io_executor workers, std::optional<bytes>& content,
                                   mrcz::write_options options, mrcz::async::window limits) {
  mrcz::async::writer out{workers, std::make_unique<published_sink>(content), options, nullptr, limits};
  for (std::size_t z = 0; z < frames; ++z) co_await out.append(frame(z));
  co_await out.close();
}

/// Failures in the order in which they surface: of each append, of closing, and of two calls after that.
asio::awaitable<std::vector<failure>> failures_of(mrcz::async::writer out) {
  std::vector<failure> seen;
  for (std::size_t z = 0; z < frames + 3; ++z) {
    try {
      if (z < frames) co_await out.append(frame(z));
      else co_await out.close();
      if (z == frames) co_return seen;
    } catch (const mrcz::error& e) {
      seen.push_back({e.code(), e.what()});
    }
  }
  co_return seen;
}

void check_complete_or_absent(const scratch_folder& folder, const bytes& complete) {
  const auto left = folder.files();
  if (left.empty()) return;
  CHECK(left == std::vector<std::string>{"movie.mrcz"});
  CHECK(bytes_of(folder / "movie.mrcz") == complete);
}

}  // namespace

TEST_CASE("frames are written in order, as the synchronous writer does, whatever the workers do in between") {
  for (const auto& options : {mrcz::write_options{}, mrcz::write_options{.compression = {.codec = mrcz::codec::lz4}}}) {
    const auto expected = expected_file(frames, options);
    for (const std::size_t threads : {1U, 2U, 5U})
      for (const std::size_t slices : {1U, 2U, 5U, 100U}) {
        asio::thread_pool pool{threads};
        std::optional<bytes> content;
        const auto seed = static_cast<unsigned>(threads * 1000 + slices);
        run(acquire_into(delaying_executor{pool, seed}, content, options, {.slices = slices}));
        CHECK(content == expected);
      }
  }
}

namespace {

asio::awaitable<void> append_everything(asio::any_io_executor workers, bytes& content, const mrcz::image<float>& gain) {
  mrcz::async::writer out{
      workers, std::make_unique<mrcz::memory_sink>(content), {.compression = {.codec = mrcz::codec::zstd}}};
  out.header().labels.add("aligned");
  co_await out.append(mrcz::volume<float>{xt::cast<float>(movie(3))});
  co_await out.append(xt::cast<float>(frame(3)) * mrcz::image<float>{gain});
  co_await out.append(mrcz::borrowed(xt::cast<float>(movie(2)) * gain));
  co_await out.append(mrcz::borrowed(xt::view(gain, xt::all(), xt::all())));
  co_await out.close();
}

}  // namespace

TEST_CASE("images, volumes, views and lazy expressions are taken, as by the synchronous writer") {
  mrcz::image<float> gain = xt::cast<float>(frame(0)) * 0.5F + 1.0F;
  bytes expected;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(expected), {.compression = {.codec = mrcz::codec::zstd}}};
  out.header().labels.add("aligned");
  out.append(mrcz::volume<float>{xt::cast<float>(movie(3))});
  out.append(mrcz::image<float>{xt::cast<float>(frame(3)) * gain});
  out.append(mrcz::volume<float>{xt::cast<float>(movie(2)) * gain});
  out.append(gain);
  out.close();
  for (const std::size_t threads : {1U, 3U}) {
    asio::thread_pool workers{threads};
    bytes content;
    run(append_everything(workers.get_executor(), content, gain));
    CHECK(content == expected);
  }
}

TEST_CASE("many writers and their coroutines share one pool, also of one thread") {
  for (const std::size_t threads : {1U, 2U}) {
    const scratch_folder folder;
    asio::thread_pool pool{threads};
    std::vector<std::future<void>> pending;
    for (std::size_t i = 0; i < 8; ++i)
      pending.push_back(asio::co_spawn(
          pool, acquire(pool.get_executor(), folder / (std::to_string(i) + ".mrcz"), {.slices = 1 + i % 3}),
          asio::use_future));
    for (auto& one : pending) one.get();
    const auto expected = expected_file(frames, {.compression = {.codec = mrcz::codec::zstd}});
    for (std::size_t i = 0; i < 8; ++i) CHECK(bytes_of(folder / (std::to_string(i) + ".mrcz")) == expected);
  }
}

TEST_CASE("completion may be a future, a callback, or another coroutine") {
  const scratch_folder folder;
  asio::thread_pool pool{2};
  const auto ex = pool.get_executor();
  asio::co_spawn(ex, acquire(ex, folder / "future.mrcz", {}), asio::use_future).get();
  asio::io_context context;
  bool called = false;
  asio::co_spawn(context, acquire(ex, folder / "callback.mrcz", {}), [&](const std::exception_ptr& failure) {
    called = true;
    CHECK_FALSE(failure);
  });
  context.run();
  CHECK(called);
  run(acquire(ex, folder / "coroutine.mrcz", {}));
  CHECK(folder.files().size() == 3);
}

namespace {

/// Appends frames, and an array that does not fit before frame `at`. Returns what was refused.
template <class Array>
asio::awaitable<std::vector<failure>> append_with(Array wrong, std::size_t at, bytes& content) {
  asio::thread_pool workers{2};
  mrcz::async::writer out{workers.get_executor(), std::make_unique<mrcz::memory_sink>(content)};
  std::vector<failure> seen;
  for (std::size_t z = 0; z < frames; ++z) {
    try {
      if (z == at) co_await out.append(wrong);
    } catch (const mrcz::error& e) {
      seen.push_back({e.code(), e.what()});
    }
    co_await out.append(frame(z));
  }
  co_await out.close();
  co_return seen;
}

}  // namespace

TEST_CASE("an array of another shape, mode or rank is refused at once, which costs no other slice") {
  const auto check = [](const auto& wrong, mrcz::errc code) {
    for (std::size_t at = 1; at < frames; ++at) {
      bytes content;
      const auto seen = run(append_with(wrong, at, content));
      REQUIRE(seen.size() == 1);
      CHECK(seen[0].code == code);
      CHECK(content == expected_file());
    }
  };
  check(frame(0, 5, 5), mrcz::errc::shape_mismatch);
  check(movie(2, 12, 16), mrcz::errc::shape_mismatch);
  check(mrcz::image<float>{xt::ones<float>({12, 17})}, mrcz::errc::mode_mismatch);
  check(mrcz::detail::make_volume<std::int16_t>({0, 12, 17}), mrcz::errc::shape_mismatch);
  check(xt::xtensor<std::int16_t, 4>::from_shape({1, 1, 2, 2}), mrcz::errc::shape_mismatch);
}

TEST_CASE("a disk that fails at its n-th write surfaces once, whatever n is, and nothing is published") {
  asio::thread_pool workers{2};
  for (int good = 0; good < 20; ++good)
    for (const std::size_t slices : {1U, 3U}) {
      failing_sink::history seen;
      mrcz::async::writer out{
          workers.get_executor(), std::make_unique<failing_sink>(good, seen), {}, nullptr, {.slices = slices}};
      const auto failures = run(failures_of(std::move(out)));
      if (failures.empty()) {
        CHECK(seen.published);
        CHECK(good >= seen.calls);
        continue;
      }
      CHECK_FALSE(seen.published);
      CHECK(failures[0].code == std::errc::no_space_on_device);
      for (std::size_t i = 1; i < failures.size(); ++i) CHECK(failures[i].code == mrcz::errc::closed);
    }
}

TEST_CASE("an array that is refused first does not decide what the others look like") {
  asio::thread_pool workers{1};
  bytes content;
  mrcz::async::writer out{workers.get_executor(), std::make_unique<mrcz::memory_sink>(content)};
  CHECK(failure_of([&] { run(out.append(mrcz::detail::make_volume<float>({0, 2, 2}))); }));
  for (std::size_t z = 0; z < frames; ++z) run(out.append(frame(z)));
  run(out.close());
  CHECK(content == expected_file());
}

TEST_CASE("closing without a slice is refused") {
  const auto close_at_once = [](const scratch_folder& folder) -> asio::awaitable<void> {
    asio::thread_pool workers{1};
    mrcz::async::writer out{workers.get_executor(), folder / "movie.mrcz"};
    co_await out.close();
  };
  const scratch_folder folder;
  const auto failure = failure_of([&] { run(close_at_once(folder)); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::shape_mismatch);
  CHECK(folder.files().empty());
}

TEST_CASE("cancelled after any number of steps, a write leaves the complete file or nothing") {
  const auto complete = expected_file(3, {.compression = {.codec = mrcz::codec::zstd}});
  bool finished = false;
  std::size_t aborted = 0;
  for (std::size_t steps = 0; !finished; ++steps) {
    REQUIRE(steps < 1000);
    const scratch_folder folder;
    asio::io_context context;  // workers and caller alike
    asio::cancellation_signal cancel;
    auto result =
        test::spawn(context, acquire(context.get_executor(), folder / "movie.mrcz", {.slices = 1}, 3), cancel.slot());
    std::size_t done = 0;
    while (done < steps && context.run_one() != 0) ++done;
    finished = done < steps;
    cancel.emit(asio::cancellation_type::terminal);
    context.run();
    try {
      result.get();
      CHECK(folder.files().size() == 1);
    } catch (const std::system_error& e) {
      CHECK(e.code() == asio::error::operation_aborted);
      ++aborted;
    }
    check_complete_or_absent(folder, complete);
    if (finished) CHECK(folder.files().size() == 1);
  }
  CHECK(aborted > 5);
}

namespace {

asio::awaitable<bool> acquire_until(asio::any_io_executor workers, std::filesystem::path path,
                                    std::chrono::milliseconds limit) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer{co_await asio::this_coro::executor, limit};
  auto writing = acquire(workers, path, {.slices = 1}, 100'000);
  auto waiting = timer.async_wait(asio::use_awaitable);
  const auto first = co_await (std::move(writing) || std::move(waiting));
  co_return first.index() == 0;
}

asio::awaitable<void> go_on_after_cancellation(mrcz::async::writer& out, std::vector<std::error_code>& seen) {
  co_await asio::this_coro::throw_if_cancelled(false);
  for (std::size_t z = 0; z < 4; ++z) {
    try {
      co_await out.append(frame(z));
    } catch (const std::system_error& e) {
      seen.push_back(e.code());
    }
    co_await asio::this_coro::reset_cancellation_state();
  }
  co_await out.close();
}

}  // namespace

TEST_CASE("a timer beside it cancels a write, and the file is not there") {
  const scratch_folder folder;
  asio::thread_pool workers{2};
  CHECK_FALSE(run(acquire_until(workers.get_executor(), folder / "movie.mrcz", std::chrono::milliseconds{20})));
  workers.join();
  CHECK(folder.files().empty());
}

TEST_CASE("an append that waits for room and is cancelled drops its frame, and the coroutine goes on") {
  const scratch_folder folder;
  asio::io_context context;
  asio::io_context workers;
  asio::cancellation_signal cancel;
  mrcz::async::writer out{workers.get_executor(), folder / "movie.mrcz", {}, nullptr, {.slices = 1}};
  std::vector<std::error_code> seen;
  auto result = test::spawn(context, go_on_after_cancellation(out, seen), cancel.slot());
  context.poll();  // the second frame waits for room
  cancel.emit(asio::cancellation_type::terminal);
  run_both(context, workers);
  result.get();
  CHECK(seen == std::vector<std::error_code>{asio::error::operation_aborted});
  CHECK(mrcz::read<std::int16_t>(folder / "movie.mrcz") == xt::view(movie(4), xt::keep(0, 2, 3), xt::all(), xt::all()));
}

namespace {

asio::awaitable<void> append_two(mrcz::async::writer& out) {
  for (std::size_t z = 0; z < 2; ++z) co_await out.append(frame(z));
}

/// Appends a frame and one whose n-th voxel cannot be computed, and closes twice.
asio::awaitable<std::vector<mrcz::error>> append_what_throws(asio::any_io_executor workers, std::filesystem::path path,
                                                             std::size_t n, bool in_parallel) {
  mrcz::async::writer out{std::move(workers), path, {.parallel_evaluation = in_parallel}};
  std::vector<mrcz::error> thrown;
  co_await out.append(frame(0));
  try {
    co_await out.append(test::refusing(frame(1), frame(1).flat(n)));
  } catch (const mrcz::error& e) {
    thrown.push_back(e);
  }
  for (int i = 0; i < 2; ++i) {
    try {
      co_await out.close();
    } catch (const mrcz::error& e) {
      thrown.push_back(e);
    }
  }
  co_return thrown;
}

asio::awaitable<void> append_and_leave(asio::any_io_executor workers, std::filesystem::path path, std::size_t count) {
  mrcz::async::writer out{workers, path};
  for (std::size_t z = 0; z < count; ++z) co_await out.append(frame(z));
}

}  // namespace

TEST_CASE("a writer that is destroyed with slices on their way does not wait, publish or leave anything") {
  for (std::size_t count = 0; count < 5; ++count) {
    const scratch_folder folder;
    asio::thread_pool pool{2};
    run(append_and_leave(delaying_executor{pool, 3}, folder / "movie.mrcz", count));
    pool.join();
    CHECK(folder.files().empty());
  }
  const scratch_folder folder;
  asio::io_context workers;  // never run
  run(append_and_leave(workers.get_executor(), folder / "movie.mrcz", 2));
  CHECK(folder.files().empty());
}

TEST_CASE("a writer whose workers are destroyed reports that, and leaves nothing") {
  const scratch_folder folder;
  asio::io_context context;
  std::optional<asio::thread_pool> workers{std::in_place, 1};
  workers->stop();  // takes work but never does it
  auto result = test::spawn(context, acquire(workers->get_executor(), folder / "movie.mrcz", {.slices = 2}));
  context.poll();
  workers.reset();
  context.run();
  const auto failure = failure_of([&] { result.get(); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::closed);
  CHECK(failure->message == "the workers ended before the work was done");
  CHECK(folder.files().empty());
}

TEST_CASE("an executor that refuses work with an exception is reported like workers that are gone") {
  const bytes complete = expected_file(frames, {.compression = {.codec = mrcz::codec::zstd}});
  for (int accepted = 0;; ++accepted) {
    const scratch_folder folder;
    asio::io_context context;
    auto result =
        test::spawn(context, acquire(refusing_executor{context, accepted}, folder / "movie.mrcz", {.slices = 2}));
    context.run();
    const auto thrown = failure_of([&] { result.get(); });
    check_complete_or_absent(folder, complete);
    CHECK(folder.files().empty() == thrown.has_value());
    if (!thrown) break;
    CHECK(thrown->code == mrcz::errc::closed);
    CHECK(thrown->mentions("the workers ended before the work was done"));
    REQUIRE(accepted < 100);
  }
}

namespace {

asio::awaitable<void> append_slowly(mrcz::async::writer& out, std::size_t first, std::size_t count) {
  for (std::size_t z = first; z < first + count; ++z) co_await out.append(frame(z));
}

}  // namespace

TEST_CASE("coroutines that append to one writer take turns in the order of their calls, and closing waits for them") {
  const scratch_folder folder;
  asio::io_context context;
  asio::io_context workers;
  mrcz::async::writer out{workers.get_executor(), folder / "movie.mrcz", {}, nullptr, {.slices = 1}};
  auto first = test::spawn(context, append_slowly(out, 0, 2));
  auto second = test::spawn(context, append_slowly(out, 5, 1));
  auto volume = test::spawn(context, out.append(movie(3)));
  auto closing = test::spawn(context, out.close());
  context.poll();
  auto late = test::spawn(context, out.append(frame(9)));
  run_both(context, workers);
  second.get();
  volume.get();
  closing.get();
  const auto second_frame = failure_of([&] { first.get(); });  // it came after close
  REQUIRE(second_frame);
  CHECK(second_frame->code == mrcz::errc::closed);
  CHECK(failure_of([&] { late.get(); })->code == mrcz::errc::closed);
  const auto back = mrcz::read<std::int16_t>(folder / "movie.mrcz");
  REQUIRE(back.shape()[0] == 5);
  CHECK(xt::view(back, 0, xt::all(), xt::all()) == frame(0));
  CHECK(xt::view(back, 1, xt::all(), xt::all()) == frame(5));
  CHECK(xt::view(back, xt::range(2, 5), xt::all(), xt::all()) == movie(3));
}

TEST_CASE("closing twice at the same time publishes once") {
  const scratch_folder folder;
  asio::io_context context;
  asio::io_context workers;
  mrcz::async::writer out{workers.get_executor(), folder / "movie.mrcz"};
  auto appended = test::spawn(context, append_two(out));
  context.poll();
  auto first = test::spawn(context, out.close());
  auto second = test::spawn(context, out.close());
  run_both(context, workers);
  first.get();
  const auto refused = failure_of([&] { second.get(); });
  REQUIRE(refused);
  CHECK(refused->code == mrcz::errc::closed);
  CHECK(mrcz::read<std::int16_t>(folder / "movie.mrcz") == movie(2));
}

TEST_CASE("what evaluating a lazy expression throws reaches the writer's user once, with the slice and its cause") {
  for (const auto& [n, in_parallel] : {std::pair{0U, true}, {3U, true}, {3U, false}}) {
    const scratch_folder folder;
    const auto path = folder / "movie.mrcz";
    asio::thread_pool workers{2};
    const auto thrown = run(append_what_throws(workers.get_executor(), path, n, in_parallel));
    workers.join();
    // `append` completes behind the evaluation of an expression with state. Otherwise the failure may come earlier or
    // later.
    REQUIRE(thrown.size() >= (in_parallel ? 2U : 3U));
    CHECK(thrown[0].code() == mrcz::errc::caller_failed);
    CHECK(std::string{thrown[0].what()} ==
          fmt::format("{}: {} has no place (slice 1)", path.string(), frame(1).flat(n)));
    CHECK_THROWS_AS(std::rethrow_exception(thrown[0].cause()), std::domain_error);
    for (std::size_t i = 1; i < thrown.size(); ++i) CHECK(thrown[i].code() == mrcz::errc::closed);
    CHECK(folder.files().empty());
  }
}

TEST_CASE("what no file can hold, or what comes after a stop, is refused before it is evaluated") {
  const xt::xtensor<float, 2> one = xt::zeros<float>({1, 1});
  std::stop_source source;
  source.request_stop();
  const std::stop_token stopped = source.get_token();
  struct refusal {
    std::array<std::size_t, 2> extents;
    const std::stop_token* stop;
    mrcz::errc code;
  };
  for (const refusal& expected : {refusal{{1U << 16U, 1U << 13U}, nullptr, mrcz::errc::too_large},
                                  refusal{{4, 5}, &stopped, mrcz::errc::stopped}}) {
    asio::thread_pool workers{1};
    bytes content;
    std::atomic<std::size_t> evaluated = 0;
    const auto voxels = counting(xt::broadcast(one, expected.extents), evaluated);
    mrcz::async::writer out{workers.get_executor(),
                            std::make_unique<mrcz::memory_sink>(content),
                            {.compression = {.codec = mrcz::codec::lz4}, .stop = expected.stop}};
    const auto failure = failure_of([&] { run(out.append(mrcz::borrowed(voxels))); });
    REQUIRE(failure);
    CHECK(failure->code == expected.code);
    CHECK(failure->mentions("(slice 0)"));
    CHECK(evaluated == 0);
  }
}

/// Returns the numbers from 1 on, one per call. Detects two calls at the same time.
class counter {
 public:
  float operator()(float) const {
    if (kept_->busy.exchange(true)) kept_->asked_twice = true;
    std::this_thread::yield();
    const auto number = static_cast<float>(++kept_->calls);
    kept_->busy = false;
    return number;
  }
  bool asked_twice() const { return kept_->asked_twice; }

 private:
  struct kept {
    std::atomic<bool> busy = false;
    std::atomic<bool> asked_twice = false;
    int calls = 0;
  };
  std::shared_ptr<kept> kept_ = std::make_shared<kept>();
};

TEST_CASE("an expression with state is evaluated once, in the order of its slices and of the calls") {
  const mrcz::volume<float> zeros = xt::zeros<float>({5, 7, 8});
  mrcz::volume<float> expected = xt::zeros<float>({6, 7, 8});
  for (std::size_t i = 0; i < expected.size(); ++i) expected.data()[i] = static_cast<float>(i + 1);
  for (const std::size_t threads : {1U, 3U}) {
    const scratch_folder folder;
    const counter count;
    asio::thread_pool workers{threads};
    auto write = [&]() -> asio::awaitable<void> {
      mrcz::async::writer out{workers.get_executor(), folder / "a.mrcz", {.kind = mrcz::kind::volume}};
      const auto volume = xt::make_lambda_xfunction(counter{count}, zeros);
      const auto image = xt::make_lambda_xfunction(counter{count}, xt::view(zeros, 0, xt::all(), xt::all()));
      co_await out.append(mrcz::borrowed(volume));
      co_await out.append(mrcz::borrowed(image));
      co_await out.close();
    };
    run(write());
    workers.join();
    CHECK(mrcz::read<float>(folder / "a.mrcz") == expected);
    CHECK_FALSE(count.asked_twice());
  }
}

TEST_CASE("one executor that is destroyed in the middle of everything takes it all with it") {
  const scratch_folder folder;
  for (std::size_t steps = 0; steps < 40; ++steps) {
    asio::io_context context;
    test::spawn(context, acquire(context.get_executor(), folder / "movie.mrcz", {.slices = 2}, 1000));
    for (std::size_t step = 0; step < steps; ++step) context.run_one();
  }
  CHECK(folder.files().empty());
}

TEST_CASE("an executor that is none is refused") {
  bytes content;
  const auto failure = failure_of([&] { mrcz::async::writer{{}, std::make_unique<mrcz::memory_sink>(content)}; });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_option);
}
