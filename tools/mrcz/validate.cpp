// mrcz validate: prints every finding of the validator, and returns an exit code for scripts.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "command.hpp"
#include "mrcz/open_file.hpp"
#include "mrcz/validate.hpp"
#include "printable.hpp"
#include "standard.hpp"

namespace {

std::vector<mrcz::finding> findings_about(const std::string& path) {
  if (!standard::is_meant_by(path)) return mrcz::validate(path);
  auto in = standard::input();
  return mrcz::validate(mrcz::detail::open_file(in).source);
}

/// Whether the file breaks no rule; warnings are shown but do not count.
bool is_valid(const std::string& path) {
  const auto findings = findings_about(path);
  const auto errors = std::count_if(findings.begin(), findings.end(),
                                    [](const auto& f) { return f.severity == mrcz::severity::error; });
  for (const auto& f : findings) fmt::print("{}: {}\n", text::printable(path), text::printable(to_string(f)));
  fmt::print("{}: {}\n", text::printable(path), errors == 0 ? "valid" : "not valid");
  return errors == 0;
}

int validate(const std::vector<std::string>& paths) {
  int exit_code = 0;
  for (const auto& path : paths) {
    try {
      if (!is_valid(path)) exit_code = 1;
    } catch (const std::exception& e) {
      std::fflush(stdout);  // so that output and errors appear in their order
      fmt::print(stderr, "mrcz: error: {}\n", text::printable(e.what()));
      exit_code = 1;
    }
  }
  return exit_code;
}

}  // namespace

command::action command::add_validate(CLI::App& program) {
  const auto paths = std::make_shared<std::vector<std::string>>();
  auto* sub = program.add_subcommand("validate", "Check files against the rules of MRC2014 and MRCZ");
  sub->add_option("FILE", *paths, "MRC or MRCZ files, also packed ones; - is standard input")->required();
  return [paths] { return validate(*paths); };
}
