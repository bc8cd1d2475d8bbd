/// A long call of the library: it stops on a signal, shows its progress and counts what is done.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "mrcz/bloscpack/options.hpp"
#include "progress.hpp"
#include "session.hpp"
#include "signals.hpp"

class running {
 public:
  explicit running(const session& s) : session_{s} {}

  /// `total`: the uncompressed bytes that will be done, if that is known.
  void show_progress(std::optional<std::uint64_t> total = std::nullopt) {
    if (!session_.quiet) bar_.emplace(done_, total);
  }

  /// Sets the options about how the work is done.
  mrcz::bloscpack::options set(mrcz::bloscpack::options wanted = {}) {
    wanted.threads = session_.threads;
    wanted.memory = session_.memory;
    wanted.stop = stop_.token();
    wanted.progress = &done_;
    return wanted;
  }

  std::uint64_t done() const noexcept { return done_; }
  void add(std::uint64_t bytes) noexcept { done_ += bytes; }

  /// The call has returned: takes the bar from the terminal.
  void end() {
    bar_.reset();
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

  /// For --verbose: prints the time and the rate, if the work took at least a second.
  void say_rate() const {
    if (seconds_ >= 1)
      session_.say_verbose("time: {:.1f} s, {:.1f} MB/s", seconds_, static_cast<double>(done_) / 1e6 / seconds_);
  }

 private:
  const session& session_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double seconds_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
  signals::stop stop_;
  std::optional<progress_bar> bar_;
};
