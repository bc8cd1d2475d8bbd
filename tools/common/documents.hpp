/// The manual page of a program, and the completion of its command line in shells. Its options make them.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace documents {

/// Whether the command line is PROGRAM --write-documents FOLDER, which only the build uses.
inline bool are_wanted(int count, const char* const* words) {
  return count == 3 && std::string_view{words[1]} == "--write-documents";
}

/// For `man`, in the language of roff.
std::string manual(const CLI::App& program, const std::string& version);

/// Functions that complete the subcommands, options and values of a program, for the shells of these names.
/// @{
std::string bash(const CLI::App& program);
std::string zsh(const CLI::App& program);
std::string fish(const CLI::App& program);
/// @}

/// Writes all of them into a folder: NAME.1, NAME.bash, _NAME and NAME.fish.
void write(const CLI::App& program, const std::string& version, const std::string& folder);

}  // namespace documents
