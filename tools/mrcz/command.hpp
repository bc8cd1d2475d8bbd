/// The interface between main.cpp and the subcommands: each subcommand adds itself to the program and returns its
/// action.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace command {

/// Runs once the arguments are parsed, and returns the exit code. Throws errors.
using action = std::function<int()>;

action add_info(CLI::App& program);
action add_compress(CLI::App& program);
action add_decompress(CLI::App& program);
action add_convert(CLI::App& program);
action add_validate(CLI::App& program);
action add_repair(CLI::App& program);
action add_edit(CLI::App& program);
action add_stats(CLI::App& program);
action add_diff(CLI::App& program);
action add_append(CLI::App& program);
action add_cat(CLI::App& program);
action add_split(CLI::App& program);
action add_view(CLI::App& program);

/// Whether the words are a command line of c-mrcz, which has no subcommands.
bool is_like_cmrcz(int count, const char* const* words);

/// The action of such a command line. Throws `CLI::ParseError`.
action parse_like_cmrcz(int count, const char* const* words);

}  // namespace command
