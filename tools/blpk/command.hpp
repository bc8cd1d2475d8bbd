/// What main.cpp and the subcommands agree on: each adds itself to the program and returns what it does.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>

#include <CLI/CLI.hpp>

#include "session.hpp"

namespace command {

/// Runs once the arguments are parsed. Errors are thrown.
using action = std::function<void(session&)>;

/// What was typed after the name of the program.
using words = std::span<const char* const>;

/// How an option was spelled where it was typed.
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
