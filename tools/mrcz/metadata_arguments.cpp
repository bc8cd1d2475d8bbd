#include "metadata_arguments.hpp"

#include <string_view>

#include <fmt/format.h>

#include "manners.hpp"

namespace {

mrcz::metadata value_of(std::string_view json, const std::string& setting) {
  try {
    return mrcz::parse_metadata(json);
  } catch (const mrcz::error&) {
    throw CLI::ValidationError{"--metadata",
                               fmt::format("'{}' is not KEY=JSON; a text needs quotes: 'note=\"tilted\"'", setting)};
  }
}

}  // namespace

void add_metadata(CLI::App& sub, std::vector<std::string>& settings) {
  sub.add_option("--metadata", settings, "KEY=JSON: set this key of the metadata, for instance 'note=\"tilted\"'")
      ->allow_extra_args(false);
}

mrcz::metadata with_metadata(const mrcz::reader& in, const std::vector<std::string>& settings) {
  const auto found = in.extended_header();
  if (!found.empty() && !found.is_json())
    throw manners::refusal{fmt::format("{}: the extended header of type '{}' leaves no place for metadata",
                                       in.source().name(), found.type())};
  auto values = in.metadata();
  if (values.is_null()) values = mrcz::metadata::object();
  for (const auto& one : settings) {
    const auto equals = one.find('=');
    if (equals == one.npos || equals == 0)
      throw CLI::ValidationError{"--metadata", fmt::format("'{}' is not KEY=JSON", one)};
    values[one.substr(0, equals)] = value_of(std::string_view{one}.substr(equals + 1), one);
  }
  return values;
}
