// mrcz validate: prints every finding of the validator, and returns an exit code for scripts.
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/open_file.hpp"
#include "mrcz/validate.hpp"
#include "names.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"

namespace {

using json = nlohmann::ordered_json;

std::vector<mrcz::finding> findings_about(const std::string& path) {
  if (!standard_streams::is_meant_by(path)) return mrcz::validate(path);
  auto in = standard_streams::input();
  return mrcz::validate(mrcz::detail::open_file(in).source);
}

struct arguments {
  std::vector<std::string> paths;
  bool as_json = false;
  bool recursive = false;
};

json to_json(const std::string& path, const std::vector<mrcz::finding>& findings, bool valid) {
  json all = json::array();
  for (const auto& f : findings)
    all.push_back({{"severity", name_of(f.severity)},
                   {"field", f.field},
                   {"byte", f.offset},
                   {"found", f.found},
                   {"expected", f.expected}});
  return {{"path", path}, {"valid", valid}, {"findings", all}};
}

/// Prints the findings. Returns whether the file breaks no rule; warnings do not count.
bool is_valid(const std::string& path, bool as_json) {
  const auto findings = findings_about(path);
  const bool valid =
      std::none_of(findings.begin(), findings.end(), [](const auto& f) { return f.severity == mrcz::severity::error; });
  if (as_json) {
    const auto found = to_json(path, findings, valid).dump(-1, ' ', false, json::error_handler_t::replace);
    fmt::print("{}\n", text::printable_json(found));
    return valid;
  }
  for (const auto& f : findings) fmt::print("{}: {}\n", text::printable(path), text::printable(to_string(f)));
  fmt::print("{}: {}\n", text::printable(path), valid ? "valid" : "not valid");
  return valid;
}

/// The files that were named, and with --recursive those in folders that have an extension of MRC or MRCZ.
std::vector<std::string> files_of(const arguments& given) {
  namespace fs = std::filesystem;
  std::vector<std::string> all;
  for (const auto& path : given.paths) {
    std::error_code ignored;
    if (!given.recursive || !fs::is_directory(path, ignored)) {
      all.push_back(path);
      continue;
    }
    const auto first = all.size();
    for (const auto& entry : fs::recursive_directory_iterator{path, fs::directory_options::skip_permission_denied}) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file(ignored) && (names::is_plain(name) || names::is_compressed(name)))
        all.push_back(entry.path().string());
    }
    std::sort(all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
  }
  return all;
}

int validate(const arguments& given) {
  bool all_valid = true;
  const int exit_code = manners::for_each(files_of(given), [&](const std::string& path) {
    if (!is_valid(path, given.as_json)) all_valid = false;
  });
  return all_valid ? exit_code : manners::failed;
}

}  // namespace

command::action command::add_validate(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("validate", "Check files against the rules of MRC2014 and MRCZ");
  sub->add_option("FILE", given->paths,
                  "MRC or MRCZ files, also packed ones; - is standard input; with --recursive also folders")
      ->required();
  sub->add_flag("--json", given->as_json, "One line of JSON per file, with all findings");
  sub->add_flag("--recursive", given->recursive, "Check the files in folders, and in the folders in them");
  sub->footer("Example:\n  mrcz validate *.mrc || echo some file is not valid");
  return [given] { return validate(*given); };
}
