/// Everything that is wrong with a file: header, extended header, sizes, chunks and statistics.
#pragma once

#include <concepts>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "mrcz/format/validate.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz {

class reader;

namespace detail {

// The reader is a template argument, so that a program that never validates does not compile these functions.
template <class Reader>
std::vector<finding> validate_source(std::unique_ptr<const byte_source> source);
template <class Reader>
std::vector<finding> validate_file(const std::filesystem::path& path);

}  // namespace detail

/// All findings about a file, in the order of the rules; empty if nothing is wrong. Reads and decompresses everything,
/// one slice per processor at a time. If a packed file is damaged anywhere, that is the only finding. Of a path, it
/// also reports a change in place that was interrupted. Agrees with mrcfile's validator on each rule that both have.
/// Throws only if the file cannot be read at all: a missing file, a failing disk.
template <std::derived_from<byte_source> Source>
std::vector<finding> validate(std::unique_ptr<Source> source) {
  return detail::validate_source<reader>(std::move(source));
}

/// All findings about the file at this path.
template <std::convertible_to<std::filesystem::path> Path>
std::vector<finding> validate(const Path& path) {
  return detail::validate_file<reader>(path);
}

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/validate.ipp"
#endif
