/// The options of compress and append for chunks, and what both print about chunks.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "session.hpp"

struct chunk_arguments {
  int typesize = 8;
  int level = 7;
  bool no_shuffle = false;
  std::string codec = "blosclz";

  void add_to(CLI::App& sub);
  std::map<std::string, std::string> named() const;
  void say(const session& s) const;

  /// Sets the options of the library. Throws for a typesize that the library refuses.
  template <class Options>
  void set(Options& options) const {
    if (typesize < 1 || typesize > 255) refuse("typesize is {}, expected 1 to 255", typesize);
    options.typesize = static_cast<std::size_t>(typesize);
    options.level = level;
    options.shuffle = no_shuffle ? mrcz::shuffle::none : mrcz::shuffle::byte;
    options.codec = *mrcz::codec_named(codec);
  }
};

/// For --verbose: prints how the data are cut into chunks.
void say_chunking(const session& s, const mrcz::bloscpack::chunking& cut);

enum class direction : bool { compressing, decompressing };

/// For --debug: prints the header, the chunks from `first` on, and the offsets of a file. Leaves out the offsets when
/// decompressing.
void say_chunks(const session& s, const mrcz::bloscpack::reader& file, direction d, std::uint64_t first = 0);
