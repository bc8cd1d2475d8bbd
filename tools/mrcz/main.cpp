// The program `mrcz`: parses the arguments, runs one subcommand, turns failures into one line and an exit code.
#include <array>
#include <exception>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "command.hpp"
#include "documents.hpp"
#include "manners.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/lz4.hpp"
#include "mrcz/codec/zstd.hpp"
#include "mrcz/version.hpp"
#include "standard_streams.hpp"

namespace {

constexpr const char* exit_codes =
    "Exit codes:\n"
    "  0  done, valid, equal\n"
    "  1  failed, not valid, different\n"
    "  2  wrong usage, and for diff a file that cannot be read\n"
    "A signal ends the program with 128 plus its number.\n"
    "\n"
    "Example:\n"
    "  mrcz info movie.mrcz\n"
    "The help of each subcommand has one too.\n"
    "\n"
    "mrcz -i IN -o OUT [-c CODEC] [-B BYTES] [-l LEVEL] [-f FILTER] [-n THREADS] works as c-mrcz does and overwrites "
    "OUT.";

std::string versions() {
  std::vector<std::string_view> codecs;
  for (const auto codec : mrcz::all_codecs)
    if (codec != mrcz::codec::none && mrcz::available(codec)) codecs.push_back(mrcz::name_of(codec));
  std::string text =
      fmt::format("mrcz " MRCZ_VERSION_STRING "\nc-blosc {} with {}", mrcz::blosc_version(), fmt::join(codecs, ", "));
  if (mrcz::detail::has_zstd()) text += fmt::format("\nzstd {}", mrcz::detail::zstd_version());
  if (mrcz::detail::has_lz4()) text += fmt::format("\nlz4 {}", mrcz::detail::lz4_version());
  return text;
}

std::string names_of_subcommands(const CLI::App& program) {
  std::vector<std::string> names;
  for (const auto* sub : program.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  const std::string last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

int report_wrong_usage(const CLI::App& program, const CLI::ParseError& e) {
  const auto unknown = program.remaining();
  const bool no_subcommand = program.get_subcommands().empty() && !unknown.empty();
  manners::report(
      no_subcommand ? fmt::format("'{}' is no subcommand, expected {}", unknown.front(), names_of_subcommands(program))
                    : e.what());
  return manners::wrong_usage;
}

/// Runs a subcommand. If a signal has stopped the library in it, throws `signals::interruption`.
int run(const command::action& action) {
  try {
    const int exit_code = action();
    standard_streams::flush_output();
    return exit_code;
  } catch (const mrcz::error& e) {
    if (e.code() == mrcz::errc::stopped) signals::throw_if_interrupted();
    throw;
  }
}

}  // namespace

int main(int count, char** arguments) try {
  standard_streams::prepare();
  CLI::App program{"Shows, converts and checks electron-microscopy images in the MRC and MRCZ formats.", "mrcz"};
  program.set_version_flag("--version", versions);
  program.require_subcommand(1);
  program.footer(exit_codes);
  const std::array actions{
      std::pair{"info", command::add_info(program)},
      std::pair{"compress", command::add_compress(program)},
      std::pair{"decompress", command::add_decompress(program)},
      std::pair{"convert", command::add_convert(program)},
      std::pair{"validate", command::add_validate(program)},
      std::pair{"repair", command::add_repair(program)},
      std::pair{"edit", command::add_edit(program)},
      std::pair{"stats", command::add_stats(program)},
      std::pair{"diff", command::add_diff(program)},
      std::pair{"append", command::add_append(program)},
      std::pair{"cat", command::add_cat(program)},
      std::pair{"split", command::add_split(program)},
      std::pair{"view", command::add_view(program)},
  };
  if (documents::are_wanted(count, arguments)) {
    documents::write(program, MRCZ_VERSION_STRING, arguments[2]);
    return manners::done;
  }
  try {
    if (command::is_like_cmrcz(count, arguments)) return run(command::parse_like_cmrcz(count, arguments));
    program.parse(count, arguments);
    for (const auto& [name, action] : actions)
      if (program.got_subcommand(name)) return run(action);
    return manners::wrong_usage;
  } catch (const CLI::Success& request) {  // --help, --version
    program.exit(request);
    standard_streams::flush_output();
    return manners::done;
  } catch (const CLI::ParseError& e) {
    return report_wrong_usage(program, e);
  }
} catch (const signals::interruption& request) {
  return signals::end_by(request);
} catch (const std::system_error& e) {
  if (e.code() != std::errc::broken_pipe) manners::report(e.what());  // else nobody reads what is printed
  return manners::failed;
} catch (const std::exception& e) {
  manners::report(e.what());
  return manners::failed;
}
