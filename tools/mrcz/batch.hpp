/// Writes many files again, several at a time and in bounded memory. `compress` and `decompress` are this with other
/// names and another codec.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "mrcz/codec/codec.hpp"

struct batch {
  std::vector<std::string> inputs;
  std::optional<std::string> out;
  std::optional<std::string> output_dir;
  bool remove_source = false;
  bool recursive = false;
  bool skip_existing = false;
  bool force = false;
  bool quiet = false;
  std::optional<std::size_t> threads;

  /// What becomes of each file.
  struct work {
    const char* past;                                                 ///< for the summary: "compressed"
    bool (*is_input)(const std::string& name);                        ///< whether a file in a folder is to be done
    std::optional<std::string> (*name_of)(const std::string& input);  ///< nothing: it cannot tell
    mrcz::compression compression;
  };

  void add_to(CLI::App& sub);

  /// Does all files, and prints a line for each and a summary. A failure is reported, and the other files are done
  /// nevertheless. Returns the exit code.
  int run(const work& wanted) const;
};
