#include "documents.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

namespace {

using options = std::vector<const CLI::Option*>;

std::vector<const CLI::App*> subcommands_of(const CLI::App& program) {
  return program.get_subcommands([](const CLI::App*) { return true; });
}

/// The name of a subcommand and its short forms.
std::vector<std::string> names_of(const CLI::App& sub) {
  std::vector<std::string> names{sub.get_name()};
  names.insert(names.end(), sub.get_aliases().begin(), sub.get_aliases().end());
  return names;
}

/// As typed: -o, --output.
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& letter : option.get_snames()) names.push_back("-" + letter);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

options options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* one) { return one->nonpositional() && !one->get_group().empty(); });
}

options arguments_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* one) { return one->get_positional(); });
}

bool has_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

/// The values that an option takes, if they are a list: CLI11 names its type TEXT:{one,other}.
std::vector<std::string> values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto begin = type.find('{');
  const auto end = type.find('}');
  if (begin == type.npos || end == type.npos) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

/// TEXT, or the values that are possible.
std::string type_of(const CLI::Option& option) {
  const auto values = values_of(option);
  if (!values.empty()) return fmt::format("{}", fmt::join(values, "|"));
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

std::string replaced(std::string_view text, std::string_view special, std::string_view before) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != special.npos) out += before;
    out += c;
  }
  return out;
}

// The manual

/// Text that roff prints as it is.
std::string in_roff(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins_line = i == 0 || text[i - 1] == '\n';
    if (begins_line && (text[i] == '.' || text[i] == '\'')) out += "\\&";
    if (text[i] == '\\') out += "\\e";
    else if (text[i] == '-') out += "\\-";
    else if (text[i] == '\'') out += "\\(aq";
    else out += text[i];
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + in_roff(text) + "\\fR"; }

std::string italic(std::string_view text) { return "\\fI" + in_roff(text) + "\\fR"; }

/// FILE..., or [FILE] if it may be left out.
std::string usage_of(const CLI::Option& argument) {
  const auto name = italic(argument.get_name(true)) + (argument.get_items_expected_max() > 1 ? "..." : "");
  return argument.get_required() ? name : "[" + name + "]";
}

std::string entry(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : names_of(option)) names.push_back(bold(name));
  auto text = fmt::format(".TP\n{}", fmt::join(names, ", "));
  if (has_value(option)) text += " " + italic(type_of(option));
  text += "\n" + in_roff(option.get_description());
  if (!option.get_default_str().empty()) text += fmt::format(" (default: {})", in_roff(option.get_default_str()));
  std::vector<std::string> others;
  for (const auto* other : option.get_excludes()) others.push_back(in_roff(names_of(*other).back()));
  std::sort(others.begin(), others.end());
  if (!others.empty()) text += fmt::format(" (not with {})", fmt::join(others, ", "));
  return text + "\n";
}

std::string entries(const CLI::App& app) {
  std::string text;
  for (const auto* argument : arguments_of(app))
    text += fmt::format(".TP\n{}\n{}\n", usage_of(*argument), in_roff(argument->get_description()));
  for (const auto* option : options_of(app)) text += entry(*option);
  return text;
}

/// What follows the options, line by line.
std::string footer_of(const CLI::App& app) {
  const auto footer = app.get_footer();
  return footer.empty() ? "" : fmt::format(".PP\n.nf\n{}\n.fi\n", in_roff(footer));
}

std::string section_of(const CLI::App& sub) {
  auto text = fmt::format(".SS {} [OPTION]...", fmt::join(names_of(sub), ", "));
  for (const auto* argument : arguments_of(sub)) text += " " + usage_of(*argument);
  return fmt::format("{}\n{}\n{}{}", text, in_roff(sub.get_description()), entries(sub), footer_of(sub));
}

// The completion

/// The names of all options, between blanks.
std::string words_of(const CLI::App& app) {
  std::vector<std::string> words;
  for (const auto* option : options_of(app))
    for (const auto& name : names_of(*option)) words.push_back(name);
  return fmt::format("{}", fmt::join(words, " "));
}

/// All names of all subcommands.
std::vector<std::string> names_of_subcommands(const CLI::App& program) {
  std::vector<std::string> names;
  for (const auto* sub : subcommands_of(program))
    for (const auto& name : names_of(*sub)) names.push_back(name);
  return names;
}

/// Cases of $subcommand:$before:$word in which the word is a value.
std::string bash_values(const CLI::App& app, const std::vector<std::string>& names) {
  std::string text;
  for (const auto* option : options_of(app)) {
    const auto values = values_of(*option);
    if (values.empty()) continue;
    std::vector<std::string> before;
    for (const auto& sub : names)
      for (const auto& name : names_of(*option)) before.push_back(fmt::format("{}:{}:*", sub, name));
    text += fmt::format("    {}) words='{}' ;;\n", fmt::join(before, "|"), fmt::join(values, " "));
  }
  return text;
}

/// The case in which the word is an option.
std::string bash_options(const CLI::App& app, const std::vector<std::string>& names) {
  std::vector<std::string> before;
  for (const auto& sub : names) before.push_back(sub + ":*:-*");
  return fmt::format("    {}) words='{}' ;;\n", fmt::join(before, "|"), words_of(app));
}

/// The text in '...' for zsh's _arguments.
std::string in_zsh(std::string_view text) {
  std::string out;
  for (const char c : replaced(text, "[]:\\", "\\")) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out;
}

/// The arguments of zsh's _arguments.
std::string zsh_arguments(const CLI::App& app) {
  std::string text;
  for (const auto* option : options_of(app)) {
    const auto values = values_of(*option);
    const auto value = !has_value(*option) ? ""
                       : values.empty()    ? fmt::format(":{}:_files", in_zsh(type_of(*option)))
                                           : fmt::format(":value:({})", fmt::join(values, " "));
    const auto names = names_of(*option);
    for (const auto& name : names)
      text += fmt::format(" \\\n          '({}){}[{}]{}'", fmt::join(names, " "), name,
                          in_zsh(option->get_description()), value);
  }
  return text;
}

std::string in_fish(std::string_view text) { return "'" + replaced(text, "'\\", "\\") + "'"; }

/// One line for each option. `when` is a condition of fish.
std::string fish_options(const CLI::App& program, const CLI::App& app, std::string_view when) {
  std::string text;
  for (const auto* option : options_of(app)) {
    text += fmt::format("complete -c {} -n {}", program.get_name(), in_fish(when));
    for (const auto& letter : option->get_snames()) text += " -s " + letter;
    for (const auto& name : option->get_lnames()) text += " -l " + name;
    if (const auto values = values_of(*option); !values.empty())
      text += fmt::format(" -x -a {}", in_fish(fmt::format("{}", fmt::join(values, " "))));
    else if (has_value(*option)) text += " -r";
    text += fmt::format(" -d {}\n", in_fish(option->get_description()));
  }
  return text;
}

}  // namespace

std::string documents::manual(const CLI::App& program, const std::string& version) {
  const auto& name = program.get_name();
  std::string title;
  for (const char c : name) title += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  auto text = fmt::format(
      ".TH {} 1 \"\" \"{} {}\"\n"
      ".SH NAME\n{} \\- {}\n"
      ".SH SYNOPSIS\n{} [{}]... {} [{}]... [{}]...\n"
      ".SH OPTIONS\n{}"
      ".SH SUBCOMMANDS\n",
      title, name, version, name, in_roff(program.get_description()), bold(name), italic("OPTION"),
      italic("SUBCOMMAND"), italic("OPTION"), italic("ARGUMENT"), entries(program));
  for (const auto* sub : subcommands_of(program)) text += section_of(*sub);
  if (const auto footer = footer_of(program); !footer.empty()) text += ".SH NOTES\n" + footer;
  return text;
}

std::string documents::bash(const CLI::App& program) {
  const auto& name = program.get_name();
  std::string cases = bash_values(program, {""});
  for (const auto* sub : subcommands_of(program)) cases += bash_values(*sub, names_of(*sub));
  std::string others = bash_options(program, {""});
  for (const auto* sub : subcommands_of(program)) others += bash_options(*sub, names_of(*sub));
  std::vector<std::string> subcommands;
  for (const auto* sub : subcommands_of(program)) subcommands.push_back(sub->get_name());
  return fmt::format(
      "# Completes the command line of {0}. {0} has written this file.\n"
      "_{0}() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} subcommand= words= one\n"
      "  for one in \"${{COMP_WORDS[@]:1:COMP_CWORD - 1}}\"; do\n"
      "    case $one in\n"
      "      {1}) subcommand=$one && break ;;\n"
      "    esac\n"
      "  done\n"
      "  case $subcommand:$before:$word in\n"
      "{2}{3}"
      "    :*) words='{4}' ;;\n"
      "  esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
      "}}\n"
      "complete -o default -F _{0} {0}\n",
      name, fmt::join(names_of_subcommands(program), "|"), cases, others, fmt::join(subcommands, " "));
}

std::string documents::zsh(const CLI::App& program) {
  const auto& name = program.get_name();
  std::string described;
  std::string cases;
  for (const auto* sub : subcommands_of(program)) {
    for (const auto& one : names_of(*sub))
      described += fmt::format("    '{}:{}'\n", one, in_zsh(sub->get_description()));
    cases += fmt::format(
        "      {})\n"
        "        (( CURRENT -= i - 1 ))\n"
        "        words=(\"${{(@)words[i,-1]}}\")\n"
        "        _arguments -s{} \\\n"
        "          '*:file:_files'\n"
        "        return ;;\n",
        fmt::join(names_of(*sub), "|"), zsh_arguments(*sub));
  }
  return fmt::format(
      "#compdef {0}\n"
      "# {0} has written this file.\n"
      "_{0}() {{\n"
      "  local -a subcommands=(\n{1}  )\n"
      "  integer i\n"
      "  for (( i = 2; i < CURRENT; i++ )); do\n"
      "    case $words[i] in\n"
      "{2}"
      "    esac\n"
      "  done\n"
      "  _arguments -s{3} \\\n"
      "          '*: :{{ _describe subcommand subcommands }}'\n"
      "}}\n"
      "_{0} \"$@\"\n",
      name, described, cases, zsh_arguments(program));
}

std::string documents::fish(const CLI::App& program) {
  const auto& name = program.get_name();
  auto text = fmt::format("# Completes the command line of {0}. {0} has written this file.\n", name);
  text += fish_options(program, program, "__fish_use_subcommand");
  for (const auto* sub : subcommands_of(program)) {
    for (const auto& one : names_of(*sub))
      text += fmt::format("complete -c {} -f -n __fish_use_subcommand -a {} -d {}\n", name, one,
                          in_fish(sub->get_description()));
    text += fish_options(program, *sub, fmt::format("__fish_seen_subcommand_from {}", fmt::join(names_of(*sub), " ")));
  }
  return text;
}

void documents::write(const CLI::App& program, const std::string& version, const std::string& folder) {
  const std::filesystem::path into{folder};
  std::filesystem::create_directories(into);
  const auto put = [&](const std::string& name, const std::string& text) {
    std::ofstream file;
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file.open(into / name);
    file << text;
    file.close();
  };
  const auto& name = program.get_name();
  put(name + ".1", manual(program, version));
  put(name + ".bash", bash(program));
  put("_" + name, zsh(program));
  put(name + ".fish", fish(program));
}
