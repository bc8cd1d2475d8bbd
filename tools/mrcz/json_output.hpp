/// What a subcommand says of files, as strict JSON for programs.
#pragma once

#include <cstddef>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

/// The options that ask for JSON.
struct json_form {
  bool as_json = false;
  bool as_lines = false;

  void add_to(CLI::App& sub);
  bool is_wanted() const { return as_json || as_lines; }
};

/// JSON on several lines, or with `indent` -1 on one. Bytes that are not UTF-8 are replaced.
std::string dumped(const nlohmann::ordered_json& value, int indent = 2);

/// Prints one object per file. With --json several files make a list.
class json_output {
 public:
  json_output(const json_form& form, std::size_t files) : form_{form}, is_list_{form.as_json && files > 1} {}

  void add(const nlohmann::ordered_json& one);

  /// Prints the list.
  void end();

 private:
  json_form form_;
  bool is_list_;
  nlohmann::ordered_json all_ = nlohmann::ordered_json::array();
};
