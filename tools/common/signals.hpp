/// Ending a program that has begun a file, in a way that leaves nothing of it behind.
#pragma once

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

/// Ends the program by the signal that interrupted it, as who started it expects.
int end_by(const interruption& request);

}  // namespace signals
