#include "event.hpp"

#include <cerrno>

#if defined(_WIN32)
#include "windows_api.hpp"
#else
#include <poll.h>
#include <unistd.h>
#endif

#include "mrcz/core/error.hpp"

#if defined(_WIN32)

event::event() : handle_{::CreateEventW(nullptr, TRUE, FALSE, nullptr)} {
  if (handle_ == nullptr) mrcz::detail::fail_system(ENOMEM, "cannot create an event");
}

event::~event() { ::CloseHandle(handle_); }

void event::happen() noexcept { ::SetEvent(handle_); }

bool event::happens_before(const event& other) const noexcept {
  const std::array<HANDLE, 2> both{handle_, other.handle_};
  return ::WaitForMultipleObjects(2, both.data(), FALSE, INFINITE) == WAIT_OBJECT_0;
}

#else

event::event() {
  if (::pipe(pipe_.data()) != 0) mrcz::detail::fail_system(errno, "cannot create a pipe");
}

event::~event() {
  for (const int end : pipe_) ::close(end);
}

void event::happen() noexcept { [[maybe_unused]] const auto written = ::write(pipe_[1], "", 1); }

bool event::happens_before(const event& other) const noexcept {
  std::array<pollfd, 2> both{{{pipe_[0], POLLIN, 0}, {other.pipe_[0], POLLIN, 0}}};
  while (::poll(both.data(), both.size(), -1) < 0 && errno == EINTR) {
  }
  return both[0].revents != 0;
}

#endif
