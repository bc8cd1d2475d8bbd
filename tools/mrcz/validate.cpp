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
#include "json_output.hpp"
#include "manners.hpp"
#include "mrcz/open_file.hpp"
#include "mrcz/validate.hpp"
#include "names.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"

namespace {

using json = nlohmann::ordered_json;

std::vector<mrcz::finding> findings_about(const std::string& path) {
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored))
    throw manners::refusal{fmt::format("{}: is a folder; --recursive does the files in it", path)};
  if (!standard_streams::is_meant_by(path)) return mrcz::validate(path);
  auto in = standard_streams::input();
  return mrcz::validate(mrcz::detail::open_file(in).source);
}

struct arguments {
  std::vector<std::string> paths;
  json_form form;
  bool recursive = false;
};

/// Whether the file breaks no rule; warnings do not count.
bool is_valid(const std::vector<mrcz::finding>& findings) {
  return std::none_of(findings.begin(), findings.end(),
                      [](const auto& f) { return f.severity == mrcz::severity::error; });
}

json to_json(const std::string& path, const std::vector<mrcz::finding>& findings) {
  json all = json::array();
  for (const auto& f : findings)
    all.push_back({{"severity", name_of(f.severity)},
                   {"field", f.field},
                   {"byte", f.offset},
                   {"found", f.found},
                   {"expected", f.expected}});
  return {{"path", path}, {"valid", is_valid(findings)}, {"findings", all}};
}

void print(const std::string& path, const std::vector<mrcz::finding>& findings) {
  for (const auto& f : findings) fmt::print("{}: {}\n", text::printable(path), text::printable(to_string(f)));
  fmt::print("{}: {}\n", text::printable(path), is_valid(findings) ? "valid" : "not valid");
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
  const auto paths = files_of(given);
  json_output out{given.form, paths.size()};
  const int exit_code = manners::for_each(paths, [&](const std::string& path) {
    const auto findings = findings_about(path);
    all_valid = all_valid && is_valid(findings);
    if (given.form.is_wanted()) out.add(to_json(path, findings));
    else print(path, findings);
  });
  out.end();
  return all_valid ? exit_code : manners::failed;
}

}  // namespace

command::action command::add_validate(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("validate", "Check files against the rules of MRC2014 and MRCZ");
  sub->add_option("FILE", given->paths,
                  "MRC or MRCZ files, also packed ones; - is standard input; with --recursive also folders")
      ->required();
  given->form.add_to(*sub);
  sub->add_flag("--recursive", given->recursive, "Check the files in folders, and in the folders in them");
  sub->footer("Example:\n  mrcz validate *.mrc || echo some file is not valid");
  return [given] { return validate(*given); };
}
