/// Standard input, output and error of a program.
#pragma once

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include "mrcz/core/error.hpp"

namespace standard_streams {

/// Opens the standard descriptors that are closed, so that no other file gets their numbers and receives messages.
inline void reserve() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) < 0)
      static_cast<void>(::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

/// Throws if standard output did not take all that was printed.
inline void flush_output() {
  if (std::fflush(stdout) != 0) mrcz::detail::fail_system(errno, "cannot write", "standard output");
}

}  // namespace standard_streams
