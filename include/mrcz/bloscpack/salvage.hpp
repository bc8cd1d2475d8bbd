/// Saving what can be read of a damaged file: one that was cut off, or half appended to by another program.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

/// What `salvage` has saved.
struct salvaged {
  std::uint64_t chunks = 0;      ///< that are whole and verified
  std::uint64_t zeros = 0;       ///< bytes that stand for chunks that are not
  bloscpack::metadata metadata;  ///< null if they are damaged
  std::vector<damage> missing;   ///< what is missing, in the order of the file; empty if nothing is
};

/// Writes every chunk that is whole and verified, in the order of the file. For a damaged chunk before others it writes
/// zeros, if the size of the chunk is known, so that the bytes after it stay in their places. Finds the chunks by the
/// offsets, by the headers of the chunks before them, and at last by a search through the bytes, of bounded length.
/// Chunks after the last one that the header counts are taken if that one is not as the header says, because then data
/// were being appended.
///
/// Throws as `reader` does if header or metadata section cannot be read at all.
MRCZ_INLINE salvaged salvage(const byte_source& from, sequential_sink& to, const options& wanted = {});

/// Saves into a file, which is published even if much is missing.
MRCZ_INLINE salvaged salvage_file(const std::filesystem::path& in, const std::filesystem::path& out,
                                  const options& wanted = {});

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/salvage.ipp"
#endif
