/// Ends a program on a signal without leaving an unfinished file.
#pragma once

#include <stop_token>
#include <string>
#include <thread>

#include "event.hpp"

namespace signals {

/// Thrown where the work can end. Only `main` catches it.
struct interruption {
  int signal;
};

/// After this call SIGHUP, SIGINT and SIGTERM (on Windows Ctrl-C and Ctrl-Break) only make `throw_if_interrupted`
/// throw, so that destructors remove unfinished files. Before it they end the program at once. So does a second signal,
/// as a user who types Ctrl-C again expects. Signals that are ignored stay ignored. Throws the system's error.
void handle();

void throw_if_interrupted();

/// Waits until a descriptor can be read. Throws once a signal has come, or the system's error, which names the file
/// `name`. On Windows it does not wait: there only a second signal ends a program that waits for its input.
void wait_for_input(int descriptor, const std::string& name);

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
  std::stop_source source_;
  std::stop_token token_ = source_.get_token();
  event farewell_;  // ends the watcher
  std::jthread watcher_;
};

/// Ends the program with the signal that interrupted it, as the process that started the program expects. Windows knows
/// no such end: there it returns 128 and the number of the signal.
int end_by(const interruption& request);

}  // namespace signals
