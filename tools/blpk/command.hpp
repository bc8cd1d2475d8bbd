/// The interface between main.cpp and the subcommands: each subcommand adds itself to the program and returns its
/// action.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>

#include <CLI/CLI.hpp>

#include "session.hpp"

namespace command {

/// Runs once the arguments are parsed. Throws errors.
using action = std::function<void(session&)>;

/// The words that the user typed after the name of the program.
using words = std::span<const char* const>;

/// The spelling of an option that the user typed: `name` if a word begins with it, otherwise `letter`.
inline std::string_view spelled(words typed, std::string_view letter, std::string_view name) {
  return std::ranges::any_of(typed, [&](std::string_view word) { return word.starts_with(name); }) ? name : letter;
}

action add_compress(CLI::App& program, words typed);
action add_decompress(CLI::App& program);
action add_append(CLI::App& program);
action add_info(CLI::App& program);
action add_verify(CLI::App& program);
action add_estimate(CLI::App& program);

}  // namespace command
