/// What main.cpp and the subcommands agree on: each adds itself to the program and returns what it does.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace command {

/// Runs once the arguments are parsed; the result is the exit code. Errors are thrown.
using action = std::function<int()>;

action add_info(CLI::App& program);
action add_convert(CLI::App& program);
action add_validate(CLI::App& program);

}  // namespace command
