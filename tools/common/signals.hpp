/// Ending a program that has begun a file, in a way that leaves nothing of it behind.
#pragma once

#include <array>
#include <stop_token>
#include <thread>

namespace signals {

/// Thrown where the work can end; never caught but in `main`.
struct interruption {
  int signal;
};

/// What a second signal does while the program is about to end: nothing more, or end it at once, as a user who types
/// Ctrl-C again expects.
enum class second { waits, ends };

/// From now on SIGHUP, SIGINT and SIGTERM only make `throw_if_interrupted` throw, so that destructors remove what was
/// begun. Before, they end the program at once. A signal that is ignored stays so. Throws the system's error.
void handle(second behaviour);

void throw_if_interrupted();

/// A descriptor that can be read once a signal has come, to be waited for beside others; -1 before `handle`.
int alarm();

/// The signal as the stop that calls of the library take: requested as soon as one has come. `handle` comes first.
class stop {
 public:
  stop();
  stop(const stop&) = delete;
  stop& operator=(const stop&) = delete;
  ~stop();

  const std::stop_token* token() const noexcept { return &token_; }

 private:
  void wait_for_signal();

  std::stop_source source_;
  std::stop_token token_ = source_.get_token();
  std::array<int, 2> farewell_{-1, -1};  // a pipe that ends when this does
  std::jthread watcher_;
};

/// Ends the program by the signal that interrupted it, as who started it expects.
int end_by(const interruption& request);

}  // namespace signals
