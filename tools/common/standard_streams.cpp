#include "standard_streams.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>

#include "windows_api.hpp"
#else
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>
#endif

#include "mrcz/core/error.hpp"

namespace {

constexpr standard_streams::extents usual{.lines = 24, .columns = 80};

}  // namespace

void standard_streams::flush_output() {
  if (std::fflush(stdout) != 0) mrcz::detail::fail_system(errno, "cannot write", "standard output");
}

#if defined(_WIN32)

#if defined(__MINGW32__)
int _dowildcard = -1;  // the arguments of `main` are the files that * and ? match, as a shell of POSIX passes them
#endif

void standard_streams::prepare() {
  for (const int descriptor : {input_descriptor, output_descriptor, error_descriptor})
    ::_setmode(descriptor, _O_BINARY);
  ::SetConsoleOutputCP(CP_UTF8);
  for (const DWORD number : {STD_OUTPUT_HANDLE, STD_ERROR_HANDLE}) {
    const HANDLE console = ::GetStdHandle(number);
    DWORD mode = 0;
    if (::GetConsoleMode(console, &mode) != 0) ::SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  }
}

bool standard_streams::is_terminal(int descriptor) { return ::_isatty(descriptor) != 0; }

std::optional<standard_streams::extents> standard_streams::window() {
  if (!is_terminal(output_descriptor)) return std::nullopt;
  CONSOLE_SCREEN_BUFFER_INFO found{};
  if (::GetConsoleScreenBufferInfo(::GetStdHandle(STD_OUTPUT_HANDLE), &found) == 0) return usual;
  const auto& shown = found.srWindow;
  return extents{static_cast<std::size_t>(shown.Bottom - shown.Top + 1),
                 static_cast<std::size_t>(shown.Right - shown.Left + 1)};
}

#else

void standard_streams::prepare() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
  for (const int descriptor : {input_descriptor, output_descriptor, error_descriptor})
    if (::fcntl(descriptor, F_GETFD) < 0)
      static_cast<void>(::open("/dev/null", descriptor == input_descriptor ? O_WRONLY : O_RDONLY));
}

bool standard_streams::is_terminal(int descriptor) { return ::isatty(descriptor) != 0; }

std::optional<standard_streams::extents> standard_streams::window() {
  if (!is_terminal(output_descriptor)) return std::nullopt;
  winsize found{};
  if (::ioctl(output_descriptor, TIOCGWINSZ, &found) != 0 || found.ws_row == 0 || found.ws_col == 0) return usual;
  return extents{found.ws_row, found.ws_col};
}

#endif
