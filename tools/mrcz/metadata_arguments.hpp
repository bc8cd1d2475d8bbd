/// Metadata that a command line sets.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "mrcz/metadata.hpp"
#include "mrcz/reader.hpp"

/// An option that sets keys of the metadata.
void add_metadata(CLI::App& sub, std::vector<std::string>& settings);

/// The metadata of a file, with the keys that the user has set. Throws `manners::refusal` if its extended header holds
/// something else.
mrcz::metadata with_metadata(const mrcz::reader& in, const std::vector<std::string>& settings);
