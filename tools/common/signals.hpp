/// Ends a program on a signal without leaving an unfinished file.
#pragma once

#include <array>
#include <stop_token>
#include <thread>

namespace signals {

/// Thrown where the work can end. Only `main` catches it.
struct interruption {
  int signal;
};

/// After this call SIGHUP, SIGINT and SIGTERM only make `throw_if_interrupted` throw, so that destructors remove
/// unfinished files. Before it they end the program at once. So does a second signal, as a user who types Ctrl-C again
/// expects. Signals that are ignored stay ignored. Throws the system's error.
void handle();

void throw_if_interrupted();

/// A descriptor that can be read once a signal has come, so that `poll` can wait for it and for other descriptors. -1
/// before `handle`.
int alarm();

/// A stop token for calls of the library. The stop is requested as soon as a signal comes, if `handle` was called
/// before.
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
  std::array<int, 2> farewell_{-1, -1};  // a pipe that the destructor closes to end the watcher
  std::jthread watcher_;
};

/// Ends the program with the signal that interrupted it, as the process that started the program expects.
int end_by(const interruption& request);

}  // namespace signals
