/// The options of compress and append for chunks, and what both print about chunks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "session.hpp"

/// The codecs that the c-blosc in use has.
std::vector<std::string> available_codecs();

struct chunk_arguments {
  std::optional<int> typesize;
  std::optional<int> level;
  bool no_shuffle = false;
  bool bitshuffle = false;
  std::optional<std::string> codec;

  /// `otherwise` says in the help where the values come from that are not given; empty: they are the defaults.
  void add_to(CLI::App& sub, const std::string& otherwise = {});

  /// Sets the options that are given. Throws for a typesize that the library refuses.
  void set(mrcz::bloscpack::options& options) const;
};

/// For --debug: the arguments by their names, and the options of c-blosc.
std::map<std::string, std::string> names_of(const mrcz::bloscpack::detail::chunk_options& chunks);
void say(const session& s, const mrcz::bloscpack::detail::chunk_options& chunks);

/// For --verbose: prints how the data are cut into chunks.
void say_chunking(const session& s, const mrcz::bloscpack::chunking& cut);

enum class direction : bool { compressing, decompressing };

/// For --debug: prints the header, the chunks from `first` on, and the offsets of a file. Leaves out the offsets when
/// decompressing.
void say_chunks(const session& s, const mrcz::bloscpack::reader& file, direction d, std::uint64_t first = 0);
