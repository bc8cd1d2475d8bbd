#include "signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>

#if !defined(_WIN32)
#include <poll.h>
#endif

#include "mrcz/core/error.hpp"

namespace {

#if defined(_WIN32)
constexpr std::array handled{SIGINT, SIGBREAK};
#else
constexpr std::array handled{SIGHUP, SIGINT, SIGTERM};
#endif

/// The number of the signal that asks the program to end, or 0.
std::atomic<int> ending_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);

/// Null before `handle`. Never destroyed, because a signal may come while the program ends.
event* first_signal = nullptr;

extern "C" void ask_to_end(int signal) {
  const int before = errno;
  if (ending_signal.exchange(signal) == 0) {
    first_signal->happen();
  } else {
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // takes effect when this function returns
  }
  errno = before;
}

/// Unless the signal is ignored. The system calls that it interrupts fail.
void handle_one(int signal) {
#if defined(_WIN32)
  if (std::signal(signal, &ask_to_end) == SIG_IGN) std::signal(signal, SIG_IGN);
#else
  struct sigaction action{};
  if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) return;
  action = {};  // without SA_RESTART
  action.sa_handler = &ask_to_end;
  ::sigaction(signal, &action, nullptr);
#endif
}

}  // namespace

void signals::handle() {
  if (first_signal != nullptr) return;
  first_signal = std::make_unique<event>().release();
  for (const int signal : handled) handle_one(signal);
}

void signals::throw_if_interrupted() {
  if (const int signal = ending_signal; signal != 0) throw interruption{signal};
}

void signals::wait_for_input([[maybe_unused]] int descriptor, [[maybe_unused]] const std::string& name) {
  throw_if_interrupted();
#if !defined(_WIN32)
  for (;;) {
    std::array<pollfd, 2> both{
        {{descriptor, POLLIN, 0}, {first_signal != nullptr ? first_signal->descriptor() : -1, POLLIN, 0}}};
    const int ready = ::poll(both.data(), both.size(), -1);
    const int reason = errno;
    throw_if_interrupted();
    if (ready < 0 && reason != EINTR) mrcz::detail::fail_system(reason, "cannot read", name);
    if (ready > 0) return;
  }
#endif
}

signals::stop::stop() {
  if (first_signal == nullptr) return;
  watcher_ = std::jthread{[this] {
    if (first_signal->happens_before(farewell_)) source_.request_stop();
  }};
}

signals::stop::~stop() { farewell_.happen(); }

int signals::end_by(const interruption& request) {
#if defined(_WIN32)
  return 128 + request.signal;
#else
  std::signal(request.signal, SIG_DFL);
  return std::raise(request.signal);
#endif
}
