// The program `mrcz`: parses the arguments, runs one subcommand, turns failures into one line and an exit code.
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "command.hpp"
#include "mrcz/version.hpp"
#include "printable.hpp"
#include "signals.hpp"

namespace {

constexpr int failed = 1;
constexpr int wrong_usage = 2;

int report(const char* what, int exit_code) {
  std::fflush(stdout);
  fmt::print(stderr, "mrcz: error: {}\n", text::printable(what));
  return exit_code;
}

}  // namespace

int main(int count, char** arguments) try {
  std::signal(SIGXFSZ, SIG_IGN);  // writing then fails, and unfinished files are removed
  CLI::App program{"Shows, converts and checks electron-microscopy images in the MRC and MRCZ formats.", "mrcz"};
  program.set_version_flag("--version", "mrcz " MRCZ_VERSION_STRING);
  program.require_subcommand(1);
  const std::array actions{
      std::pair{"info", command::add_info(program)},
      std::pair{"convert", command::add_convert(program)},
      std::pair{"validate", command::add_validate(program)},
  };
  try {
    program.parse(count, arguments);
  } catch (const CLI::Success& request) {  // --help, --version
    return program.exit(request);
  } catch (const CLI::ParseError& e) {
    const auto unknown = program.remaining();
    if (program.get_subcommands().empty() && !unknown.empty())
      return report(fmt::format("'{}' is no subcommand, expected info, convert or validate", unknown.front()).c_str(),
                    wrong_usage);
    return report(e.what(), wrong_usage);
  }
  for (const auto& [name, run] : actions)
    if (program.got_subcommand(name)) return run();
  return wrong_usage;
} catch (const signals::interruption& request) {
  return signals::end_by(request);
} catch (const std::exception& e) {
  return report(e.what(), failed);
}
