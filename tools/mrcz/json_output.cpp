#include "json_output.hpp"

#include <fmt/format.h>

#include "printable.hpp"

void json_form::add_to(CLI::App& sub) {
  auto* json = sub.add_flag("--json", as_json, "One JSON object per file, a list for several");
  sub.add_flag("--jsonl", as_lines, "One line of JSON per file")->excludes(json);
}

std::string dumped(const nlohmann::ordered_json& value, int indent) {
  return text::printable_json(value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void json_output::add(const nlohmann::ordered_json& one) {
  if (is_list_) all_.push_back(one);
  else fmt::print("{}\n", dumped(one, form_.as_lines ? -1 : 2));
}

void json_output::end() {
  if (is_list_) fmt::print("{}\n", dumped(all_));
}
