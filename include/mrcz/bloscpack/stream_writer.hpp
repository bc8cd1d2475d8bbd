/// Packing and unpacking what comes one byte after the other, from and to pipes (bloscpack format 3, where nchunks may
/// be -1). Memory is bounded by some chunks per thread.
#pragma once

#include <filesystem>

#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

/// Packs until the source ends. What is shorter than a chunk is packed as if its size had been known; for the rest the
/// header says -1 for what nobody knows yet, there are no offsets, and a chunk that is shorter than the others, if need
/// be an empty one, tells the reader that nothing is missing. Returns the header that was written.
MRCZ_INLINE header pack(sequential_source& from, sequential_sink& to, pack_options options = {},
                        const metadata& values = nullptr);

/// Packs until the source ends; the file has the bytes that it would have if the size had been known. Chunks wait in a
/// file without a name beside `out` until all are there. `out` is complete or absent.
MRCZ_INLINE header pack_file(sequential_source& from, const std::filesystem::path& out, pack_options options = {},
                             const metadata& values = nullptr);

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/stream_writer.ipp"
#endif
