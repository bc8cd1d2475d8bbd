/// Standard input, output and error of a program.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "mrcz/core/error.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/sequential.hpp"

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

/// The arguments of a program call them "-".
inline bool is_meant_by(const std::string& path) { return path == "-"; }

inline mrcz::descriptor_source input() { return {STDIN_FILENO, "standard input"}; }

/// Standard output as a sink, for callers that write in order.
class output final : public mrcz::byte_sink {
 public:
  void write_at(std::uint64_t, std::span<const std::byte> from) override { to_.write(from); }
  void publish() override {}
  std::string name() const override { return to_.name(); }

 private:
  mrcz::descriptor_sink to_{STDOUT_FILENO, "standard output"};
};

}  // namespace standard_streams
