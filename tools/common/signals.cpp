#include "signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

#include <poll.h>
#include <unistd.h>

#include "mrcz/core/error.hpp"

namespace {

/// The number of the signal that asks the program to end, or 0.
std::atomic<int> ending_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);

std::array<int, 2> alarm_pipe{-1, -1};

extern "C" void ask_to_end(int signal) {
  const int before = errno;
  if (ending_signal.exchange(signal) == 0) {
    [[maybe_unused]] const auto written = ::write(alarm_pipe[1], "", 1);
  } else {
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // takes effect when this function returns
  }
  errno = before;
}

}  // namespace

void signals::handle() {
  if (alarm_pipe[0] >= 0) return;
  if (::pipe(alarm_pipe.data()) != 0) mrcz::detail::fail_system(errno, "cannot create a pipe");
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
    struct sigaction action{};
    if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) continue;
    action = {};  // without SA_RESTART
    action.sa_handler = &ask_to_end;
    ::sigaction(signal, &action, nullptr);
  }
}

void signals::throw_if_interrupted() {
  if (const int signal = ending_signal; signal != 0) throw interruption{signal};
}

int signals::alarm() { return alarm_pipe[0]; }

signals::stop::stop() {
  if (::pipe(farewell_.data()) != 0) mrcz::detail::fail_system(errno, "cannot create a pipe");
  watcher_ = std::jthread{[this] { wait_for_signal(); }};
}

signals::stop::~stop() {
  ::close(farewell_[1]);
  watcher_.join();
  ::close(farewell_[0]);
}

void signals::stop::wait_for_signal() {
  std::array<pollfd, 2> both{{{alarm_pipe[0], POLLIN, 0}, {farewell_[0], POLLIN, 0}}};
  while (::poll(both.data(), both.size(), -1) < 0 && errno == EINTR) {
  }
  if (both[0].revents != 0) source_.request_stop();
}

int signals::end_by(const interruption& request) {
  std::signal(request.signal, SIG_DFL);
  return std::raise(request.signal);
}
