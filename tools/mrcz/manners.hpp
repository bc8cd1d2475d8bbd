/// What all subcommands have in common: exit codes, messages, several files, signals, and which outputs are refused.
#pragma once

#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "mrcz/core/error.hpp"
#include "mrcz/writer.hpp"
#include "printable.hpp"
#include "signals.hpp"

namespace manners {

inline constexpr int done = 0;         ///< done, valid, equal
inline constexpr int failed = 1;       ///< failed, not valid, different
inline constexpr int wrong_usage = 2;  ///< wrong usage; for `diff` also a file that cannot be read

/// A failure with a message of this program.
class refusal : public std::runtime_error {
  using runtime_error::runtime_error;
};

/// Prints one line on standard error, after what standard output has got so far.
void report(std::string_view what);

/// Calls `action(path)` for each path. A failure is reported, and the other paths are done nevertheless. Returns the
/// exit code.
template <class Action>
int for_each(const std::vector<std::string>& paths, Action&& action) {
  int exit_code = done;
  for (const auto& path : paths) {
    try {
      action(path);
    } catch (const std::exception& e) {
      signals::throw_if_interrupted();
      if (std::ferror(stdout) != 0) throw;  // nobody reads what is printed
      report(e.what());
      exit_code = failed;
    }
  }
  return exit_code;
}

/// An option that silences messages about progress and success.
void add_quiet(CLI::App& sub, bool& quiet);

/// An option that replaces an output that exists.
void add_force(CLI::App& sub, bool& force);

inline constexpr const char* codecs = "none, blosclz, lz4, lz4hc, snappy, zlib or zstd";
inline constexpr const char* modes =
    "int8, int16, float32, complex_int16, complex64, uint16, int32, uint32, float16 or uint4";

/// Accepts the names that `named` knows, which is also the function that reads the option. `all` lists them.
template <class Named>
CLI::Validator one_of(const char* what, const char* all, Named named) {
  const auto problem_with = [=](std::string& name) {
    return named(name) ? std::string{} : fmt::format("'{}' is no {}, expected {}", name, what, all);
  };
  return CLI::Validator{problem_with, what};
}

/// An option for the number of threads.
void add_threads(CLI::App& sub, std::optional<std::size_t>& threads);

/// Throws `refusal` if an output is one of the inputs, also through links.
void require_no_input(const std::vector<std::string>& inputs, const std::string& output);

/// Where to print what is no error: standard error if the output goes to standard output.
std::FILE* for_messages(const std::string& output);

/// Opens a `mrcz::writer`; "-" is standard output. Its error for a file that exists says that --force replaces the
/// file. A name that promises another format is refused.
mrcz::writer open(const std::string& path, const mrcz::write_options& options);

/// The same for a file of other bytes, which appears when it is published.
std::unique_ptr<mrcz::byte_sink> open_sink(const std::string& path, bool force);

}  // namespace manners
