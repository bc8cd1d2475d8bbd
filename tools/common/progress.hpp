/// A progress bar on a terminal, for work that takes more than a second.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "sizes.hpp"
#include "standard_streams.hpp"

/// Lives as long as the work. The destructor removes the bar from the terminal.
class progress_bar {
 public:
  /// `done` grows to `total` bytes, if that is known. A quiet bar shows nothing.
  explicit progress_bar(const std::atomic<std::uint64_t>& done, std::optional<std::uint64_t> total = std::nullopt,
                        bool quiet = false) {
    if (quiet || !standard_streams::is_terminal(standard_streams::error_descriptor)) return;
    painter_ = std::jthread{[&done, total](const std::stop_token& stop) { paint(stop, done, total); }};
  }

 private:
  static void paint(const std::stop_token& stop, const std::atomic<std::uint64_t>& done,
                    std::optional<std::uint64_t> total) {
    using namespace std::chrono_literals;
    std::mutex mutex;
    std::unique_lock lock{mutex};
    std::condition_variable_any sleep;
    const auto begin = std::chrono::steady_clock::now();
    auto pause = std::chrono::milliseconds{1000};
    while (!sleep.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
      pause = 100ms;
      const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
      std::fputs(fmt::format("\r{}\x1b[K", shown(done, total, passed.count())).c_str(), stderr);
      std::fflush(stderr);
    }
    if (pause == 100ms) std::fputs("\r\x1b[K", stderr);
  }

  static std::string shown(std::uint64_t done, std::optional<std::uint64_t> total, double seconds) {
    if (total.value_or(0) == 0) return fmt::format("{} ...", sizes::pretty(done));
    constexpr std::uint64_t width = 30;
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(*total));
    const auto filled = static_cast<std::size_t>(part * width);
    auto text =
        fmt::format("[{:<{}}] {:3.0f}% of {}", std::string(filled, '#'), width, 100 * part, sizes::pretty(*total));
    if (done == 0 || seconds <= 0) return text;
    text += fmt::format(", {}/s", sizes::pretty(static_cast<std::uint64_t>(static_cast<double>(done) / seconds)));
    const auto left = static_cast<std::uint64_t>(seconds * (1 / part - 1)) + 1;  // the seconds that remain
    return part < 1 ? text + fmt::format(", {}:{:02}:{:02} left", left / 3600, left / 60 % 60, left % 60) : text;
  }

  std::jthread painter_;
};
