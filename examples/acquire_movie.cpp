// Writes the movie of a camera whose driver calls the program from a thread of the driver and never waits. The callback
// copies the frame out of the driver's ring buffer and hands it over with try_append; if the window is full, it drops
// the frame and counts it. A pool of workers compresses the frames and writes them.
//
// Ctrl-C stops the camera, but keeps the frames: nobody can expose the specimen again. A second Ctrl-C ends the program
// at once, and then there is no file.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <random>
#include <stop_token>
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

constexpr std::size_t edge = 2048;  // pixels
constexpr auto frame_time = 10ms;

/// Stands for the driver of a camera. Its thread calls `on_frame` for each frame, with the address of one of the
/// buffers of a ring. Four frames later the driver uses this buffer again, whether or not the program is done with it.
class camera {
 public:
  camera() {
    std::mt19937 random{1};
    std::poisson_distribution<int> electrons{1.0};
    auto counts = mrcz::image<std::int8_t>::from_shape({edge, edge});
    for (auto& pixel : counts) pixel = static_cast<std::int8_t>(electrons(random));
    ring_.fill(counts);
  }

  void start(std::function<void(const std::int8_t*)> on_frame) {
    thread_ = std::jthread{[this, on_frame = std::move(on_frame)](const std::stop_token& stopped) {
      auto due = std::chrono::steady_clock::now();
      for (std::size_t i = 0; !stopped.stop_requested(); ++i) {
        std::this_thread::sleep_until(due += frame_time);
        on_frame(ring_[i % ring_.size()].data());
      }
    }};
  }

  /// After this, the driver does not call any more.
  void stop() { thread_ = {}; }

 private:
  std::array<mrcz::image<std::int8_t>, 4> ring_;
  std::jthread thread_;
};

/// What the program does in the callback, and what it knows of it.
class recording {
 public:
  recording(mrcz::async::writer& out, std::size_t frames) : out_{out}, frames_{frames} {}

  /// Called on the thread of the driver. Neither waits nor throws.
  void take(const std::int8_t* pixels) noexcept {
    if (is_over()) return;
    try {
      auto frame = mrcz::image<std::int8_t>::from_shape({edge, edge});
      std::copy_n(pixels, frame.size(), frame.data());
      if (!out_.try_append(std::move(frame))) ++dropped_;
      ++seen_;
    } catch (...) {  // for example, the disk is full
      failure_ = std::current_exception();
      failed_ = true;
    }
  }

  bool is_over() const { return failed_ || seen_ == frames_; }
  std::size_t dropped() const { return dropped_; }

  /// To be called when the driver does not call any more.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  mrcz::async::writer& out_;
  std::size_t frames_;
  std::atomic<std::size_t> seen_ = 0;
  std::atomic<std::size_t> dropped_ = 0;
  std::atomic<bool> failed_ = false;
  std::exception_ptr failure_;
};

asio::awaitable<void> report(const mrcz::async::writer& out, const recording& taken) {
  asio::steady_timer pause{co_await asio::this_coro::executor};
  while (!taken.is_over()) {
    pause.expires_after(100ms);
    co_await pause.async_wait(asio::use_awaitable);
    const auto waiting = out.in_window();
    fmt::print(stderr, "{} frames in the file, {} wait ({} MB), {} dropped\n", out.size(), waiting.slices,
               waiting.bytes / 1'000'000, taken.dropped());
  }
}

asio::awaitable<void> interruption() {
  asio::signal_set signals{co_await asio::this_coro::executor, SIGINT, SIGTERM};
  co_await signals.async_wait(asio::use_awaitable);
}

/// Returns the number of dropped frames.
asio::awaitable<std::size_t> take_movie(asio::any_io_executor workers, std::filesystem::path path, std::size_t frames) {
  const mrcz::write_options options{.compression = {.codec = mrcz::codec::zstd}};
  const mrcz::metadata about{{"detector", "simulated"}};
  const mrcz::async::window one_second{.slices = 1s / frame_time};
  auto out = co_await mrcz::async::create(workers, path, options, about, one_second);

  recording taken{out, frames};
  camera cam;
  cam.start([&](const std::int8_t* pixels) { taken.take(pixels); });
  auto over = report(out, taken);
  auto interrupted = interruption();
  co_await (std::move(over) || std::move(interrupted));
  cam.stop();
  taken.rethrow();
  co_await out.close();
  co_return taken.dropped();
}

}  // namespace

int main(int count, char** arguments) try {
  if (count < 2 || count > 3) {
    fmt::print(stderr, "usage: {} OUT.mrcz [FRAMES]\n", arguments[0]);
    return 2;
  }
  const std::filesystem::path path{arguments[1]};
  const std::size_t frames = count == 3 ? std::stoul(arguments[2]) : 200;
  asio::thread_pool workers{std::max(std::thread::hardware_concurrency(), 1U)};
  asio::io_context control;
  auto taken = asio::co_spawn(control, take_movie(workers.get_executor(), path, frames), asio::use_future);
  control.run();
  const std::size_t dropped = taken.get();
  fmt::print("{}: {} frames, {:.1f} MB; {} frames were dropped\n", path.string(), mrcz::reader{path}.shape()[0],
             static_cast<double>(std::filesystem::file_size(path)) / 1e6, dropped);
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
