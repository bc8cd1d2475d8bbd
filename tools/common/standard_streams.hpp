/// Standard input, output and error of a program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/sequential.hpp"

namespace standard_streams {

inline constexpr int input_descriptor = 0;
inline constexpr int output_descriptor = 1;
inline constexpr int error_descriptor = 2;

/// `main` calls this first. What is printed is UTF-8, and terminals obey escape sequences. A write that fails does not
/// end the program. Standard descriptors that are closed are opened, so that no other file gets their numbers and
/// receives messages.
void prepare();

/// Throws if standard output did not take all that was printed.
void flush_output();

bool is_terminal(int descriptor);

/// The size of a terminal, in characters.
struct extents {
  std::size_t lines;
  std::size_t columns;
};

/// The size of the terminal that standard output is; 24 lines of 80 columns if nobody says; nothing if it is no
/// terminal.
std::optional<extents> window();

/// The arguments of a program call them "-".
inline bool is_meant_by(const std::string& path) { return path == "-"; }

inline mrcz::descriptor_source input() { return {input_descriptor, "standard input"}; }

/// Standard output as a sink, for callers that write in order.
class output final : public mrcz::byte_sink {
 public:
  void write_at(std::uint64_t, std::span<const std::byte> from) override { to_.write(from); }
  void publish() override {}
  std::string name() const override { return to_.name(); }

 private:
  mrcz::descriptor_sink to_{output_descriptor, "standard output"};
};

}  // namespace standard_streams
