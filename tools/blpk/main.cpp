// The program `blpk`: parses the arguments, runs one subcommand, turns failures into lines and an exit code.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "chunk_arguments.hpp"
#include "command.hpp"
#include "documents.hpp"
#include "files.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/version.hpp"
#include "printable.hpp"
#include "session.hpp"
#include "signals.hpp"
#include "sizes.hpp"
#include "standard_streams.hpp"

namespace {

constexpr int failed = 1;
constexpr int wrong_usage = 2;
constexpr std::size_t most_threads = 256;

int report(std::string_view what, int exit_code) {
  std::fflush(stdout);
  print_lines(stderr, "blpk: error: ", what);
  return exit_code;
}

int finished() {
  standard_streams::flush_output();
  return 0;
}

void add_global_options(CLI::App& program, session& s, command::words typed) {
  program.set_version_flag("--version", [] {
    return fmt::format("blpk " MRCZ_VERSION_STRING "\nc-blosc {} with {}", mrcz::blosc_version(),
                       fmt::join(available_codecs(), ", "));
  });
  auto* quiet = program.add_flag("-q,--quiet", s.quiet, "Say nothing but errors and warnings");
  auto* verbose = program.add_flag("-v,--verbose", s.verbose, "Say what is done")->excludes(quiet);
  program.add_flag("-d,--debug", s.debug, "Say all that is done")->excludes(verbose)->excludes(quiet);
  program.add_flag("-f,--force", s.force, "Replace an existing output file");
  const auto set_threads = [&s, typed](const std::string& text) {
    const auto option = command::spelled(typed, "-n", "--nthreads");
    const auto threads = sizes::parsed<std::int64_t>(text);
    if (!threads) throw CLI::ValidationError{std::string{option}, fmt::format("'{}' is no number", text)};
    if (*threads < 1 || *threads > std::int64_t{most_threads}) refuse("{} must be 1 <= n <= {}", option, most_threads);
    s.threads = static_cast<std::size_t>(*threads);
  };
  program
      .add_option_function<std::string>("-n,--nthreads", set_threads,
                                        fmt::format("How many threads, 1 to {}", most_threads))
      ->default_str("one per processor");
  const auto set_memory = [&s](const std::string& text) {
    const auto bytes = sizes::parsed_with_unit(text);
    if (!bytes || *bytes < 0) throw CLI::ValidationError{"--memory", fmt::format("'{}' is no size", text)};
    s.memory = static_cast<std::size_t>(
        std::min<std::uint64_t>(static_cast<std::uint64_t>(*bytes), std::numeric_limits<std::size_t>::max()));
  };
  program
      .add_option_function<std::string>("--memory", set_memory,
                                        "Memory for chunks, such as 512M; one chunk is always possible")
      ->default_str("1G");
}

/// Calls `action`. If a signal has stopped the library in it, throws `signals::interruption`.
template <class Action>
decltype(auto) interruptible(Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const mrcz::error& e) {
    if (e.code() == mrcz::errc::stopped) signals::throw_if_interrupted();
    throw;
  }
}

int report_wrong_usage(const CLI::App& program, const CLI::Formatter& formatter, const CLI::ParseError& e) {
  const auto chosen = program.get_subcommands();
  const CLI::App& about = chosen.empty() ? program : *chosen.front();
  print(stderr, formatter.make_usage(&about, chosen.empty() ? "blpk" : fmt::format("blpk {}", about.get_name())));
  const auto unknown = program.remaining();
  if (chosen.empty() && !unknown.empty() && !unknown.front().starts_with('-'))
    return report(fmt::format("'{}' is no subcommand, expected compress, decompress, append, info, verify or estimate",
                              text::printable(unknown.front())),
                  wrong_usage);
  return report(text::printable(e.what()), wrong_usage);
}

}  // namespace

int main(int count, char** arguments) try {
  standard_streams::prepare();
  session s;
  s.threads = std::min(mrcz::detail::thread_count(std::nullopt, most_threads), most_threads);
  const command::words typed{arguments + 1, arguments + count};
  CLI::App program{"Compresses files to the bloscpack format (.blp) and back.", "blpk"};
  const auto formatter = std::make_shared<CLI::Formatter>();
  formatter->label("Usage", "usage");
  program.formatter(formatter);
  program.option_defaults()->take_last();
  program.require_subcommand(1);
  add_global_options(program, s, typed);
  const std::array actions{
      std::pair{"compress", command::add_compress(program, typed)},
      std::pair{"decompress", command::add_decompress(program)},
      std::pair{"append", command::add_append(program)},
      std::pair{"info", command::add_info(program)},
      std::pair{"verify", command::add_verify(program)},
      std::pair{"estimate", command::add_estimate(program)},
  };
  if (documents::are_wanted(count, arguments)) {
    documents::write(program, MRCZ_VERSION_STRING, arguments[2]);
    return 0;
  }
  try {
    program.parse(count, arguments);
  } catch (const CLI::Success& request) {  // --help, --version
    program.exit(request);
    return finished();
  } catch (const CLI::ParseError& e) {
    return report_wrong_usage(program, *formatter, e);
  }
  for (const auto& action : actions)
    if (program.got_subcommand(action.first)) interruptible([&] { action.second(s); });
  return finished();
} catch (const signals::interruption& request) {
  return signals::end_by(request);
} catch (const refusal& e) {
  return report(e.what(), failed);
} catch (const std::system_error& e) {
  return e.code() == std::errc::broken_pipe
             ? failed
             : report(text::printable(e.what()), failed);  // the reader has closed the pipe: no message
} catch (const std::exception& e) {
  return report(text::printable(e.what()), failed);
}
