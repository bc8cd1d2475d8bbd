// mrcz validate: prints every finding of the validator, and returns an exit code for scripts.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/open_file.hpp"
#include "mrcz/validate.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"

namespace {

std::vector<mrcz::finding> findings_about(const std::string& path) {
  if (!standard_streams::is_meant_by(path)) return mrcz::validate(path);
  auto in = standard_streams::input();
  return mrcz::validate(mrcz::detail::open_file(in).source);
}

/// Prints the findings. Returns whether the file breaks no rule; warnings do not count.
bool is_valid(const std::string& path) {
  const auto findings = findings_about(path);
  const auto errors = std::count_if(findings.begin(), findings.end(),
                                    [](const auto& f) { return f.severity == mrcz::severity::error; });
  for (const auto& f : findings) fmt::print("{}: {}\n", text::printable(path), text::printable(to_string(f)));
  fmt::print("{}: {}\n", text::printable(path), errors == 0 ? "valid" : "not valid");
  return errors == 0;
}

int validate(const std::vector<std::string>& paths) {
  bool all_valid = true;
  const int exit_code = manners::for_each(paths, [&](const std::string& path) { all_valid &= is_valid(path); });
  return all_valid ? exit_code : manners::failed;
}

}  // namespace

command::action command::add_validate(CLI::App& program) {
  const auto paths = std::make_shared<std::vector<std::string>>();
  auto* sub = program.add_subcommand("validate", "Check files against the rules of MRC2014 and MRCZ");
  sub->add_option("FILE", *paths, "MRC or MRCZ files, also packed ones; - is standard input")->required();
  sub->footer("Example:\n  mrcz validate *.mrc || echo some file is not valid");
  return [paths] { return validate(*paths); };
}
