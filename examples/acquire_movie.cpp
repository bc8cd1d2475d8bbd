// Writes the movie of a simulated camera during the acquisition. The camera never waits: a pool of workers compresses
// the frames and writes them to disk. A second coroutine reports progress. Ctrl-C cancels the acquisition, and then
// there is no file.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include <fmt/core.h>
#include <asio/co_spawn.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include "mrcz/mrcz.hpp"

namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

/// Delivers a frame of 2048 x 2048 counts every 10 ms, and counts how often the program asked too late for the next
/// one.
class camera {
 public:
  camera(asio::any_io_executor executor, std::size_t frames) : clock_{std::move(executor)}, left_{frames} {
    std::mt19937 random{1};
    std::poisson_distribution<int> electrons{1.0};
    for (auto& pixel : noise_) pixel = static_cast<std::int8_t>(electrons(random));
  }

  asio::awaitable<std::optional<mrcz::image<std::int8_t>>> next() {
    if (left_-- == 0) co_return std::nullopt;
    due_ += 10ms;
    if (due_ < std::chrono::steady_clock::now()) {
      ++late_;
      due_ = std::chrono::steady_clock::now();
    }
    clock_.expires_at(due_);
    co_await clock_.async_wait(asio::use_awaitable);
    co_return noise_;
  }

  std::size_t late() const { return late_; }

 private:
  asio::steady_timer clock_;
  std::size_t left_;
  std::size_t late_ = 0;
  std::chrono::steady_clock::time_point due_ = std::chrono::steady_clock::now();
  mrcz::image<std::int8_t> noise_ = mrcz::detail::make_image<std::int8_t>(2048, 2048);
};

struct outcome {
  bool written = false;
  std::exception_ptr failure;
};

/// Does not throw but stores a failure in `result`, because `||` waits until one of its coroutines succeeds.
asio::awaitable<void> acquire(camera& cam, mrcz::async::writer& out, outcome& result) {
  try {
    while (auto frame = co_await cam.next()) co_await out.append(std::move(*frame));
    co_await out.close();
    result.written = true;
  } catch (...) {
    result.failure = std::current_exception();
  }
}

asio::awaitable<void> report(const mrcz::async::writer& out) {
  asio::steady_timer pause{co_await asio::this_coro::executor};
  for (;;) {
    pause.expires_after(250ms);
    co_await pause.async_wait(asio::use_awaitable);
    fmt::print(stderr, "{} frames are in the file\n", out.size());
  }
}

asio::awaitable<void> interruption() {
  asio::signal_set signals{co_await asio::this_coro::executor, SIGINT, SIGTERM};
  co_await signals.async_wait(asio::use_awaitable);
}

/// Returns whether the movie was finished. The first of the three coroutines to end cancels the others.
asio::awaitable<bool> take_movie(camera& cam, asio::any_io_executor workers, std::filesystem::path path) {
  mrcz::async::writer out{workers, path, {.compression = {.codec = mrcz::codec::zstd}}, {{"detector", "simulated"}}};
  outcome result;
  auto acquired = acquire(cam, out, result);
  auto reported = report(out);
  auto interrupted = interruption();
  const auto first = co_await (std::move(acquired) || std::move(reported) || std::move(interrupted));
  if (!result.written && first.index() == 0) std::rethrow_exception(result.failure);
  co_return result.written;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count < 2 || count > 3) {
    fmt::print(stderr, "usage: {} OUT.mrcz [FRAMES]\n", arguments[0]);
    return 2;
  }
  const std::filesystem::path path{arguments[1]};
  asio::io_context acquisition;
  asio::thread_pool workers{std::max(std::thread::hardware_concurrency(), 1U)};
  camera cam{acquisition.get_executor(), count == 3 ? std::stoul(arguments[2]) : 200};
  auto taken = asio::co_spawn(acquisition, take_movie(cam, workers.get_executor(), path), asio::use_future);
  acquisition.run();
  workers.join();
  if (!taken.get()) {
    fmt::print(stderr, "interrupted: {} was not written\n", path.string());
    return 1;
  }
  fmt::print("{}: {} frames, {:.1f} MB; the camera had to wait {} times\n", path.string(),
             mrcz::reader{path}.shape()[0], static_cast<double>(std::filesystem::file_size(path)) / 1e6, cam.late());
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
