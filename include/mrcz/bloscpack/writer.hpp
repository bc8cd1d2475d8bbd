/// Packing data of known size: files, memory, any `byte_source` (bloscpack format 3).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// How many threads pack chunks, what can stop them, and where the uncompressed bytes are counted.
struct running {
  std::optional<std::size_t> threads;
  const std::stop_token* stop;
  std::atomic<std::uint64_t>* progress;
};

template <class Options>
running running_of(const Options& options) noexcept {
  return {options.threads, options.stop, options.progress};
}

/// Cuts `source` from byte `first` on into chunks of `chunk_size` bytes; the last one may be shorter. Packs them in
/// parallel and calls `take(packed_chunk)` in their order.
MRCZ_INLINE void pack_chunks(const byte_source& source, std::uint64_t first, std::uint32_t chunk_size,
                             const chunk_packer& packer, const running& how,
                             function_ref<void(const packed_chunk&)> take);

/// The header that options and data determine.
MRCZ_INLINE header header_of(const pack_options& options, std::uint64_t size, const metadata& values);

/// The part of a file before the offsets.
struct front {
  bloscpack::beginning beginning;
  std::vector<std::byte> metadata;

  front(const header& h, const bloscpack::metadata& values, const metadata_options& options);
};

/// Writes a chunk and its digest.
MRCZ_INLINE void write_chunk(sequential_sink& to, const packed_chunk& packed);

/// Writes everything before the chunks, which begin at `begins`. `b` gives the positions. `metadata` may be empty.
MRCZ_INLINE void write_front(byte_sink& to, const header& h, const bloscpack::beginning& b,
                             std::span<const std::byte> metadata, std::span<const std::uint64_t> begins);

MRCZ_INLINE void refuse_same_file(const std::filesystem::path& in, const std::filesystem::path& out);

}  // namespace detail

/// Packs all of `source` and publishes the sink. Returns the header that was written. Throws `errc::bad_option`,
/// `errc::codec_unavailable`, `errc::bad_metadata` and what source and sink throw; the sink is not published then. The
/// bytes do not depend on the number of threads.
MRCZ_INLINE header pack(const byte_source& source, byte_sink& to, pack_options options = {},
                        const metadata& values = nullptr);

/// Packs all of `source` into a sink that cannot go back. Writes no offsets, whatever the options say.
MRCZ_INLINE header pack(const byte_source& source, sequential_sink& to, pack_options options = {},
                        const metadata& values = nullptr);

/// Packs a file. Checks everything before it creates `out`, which is complete or absent. Throws `errc::bad_option` if
/// both are the same file.
MRCZ_INLINE header pack_file(const std::filesystem::path& in, const std::filesystem::path& out,
                             pack_options options = {}, const metadata& values = nullptr);

/// Unpacks a file. `out` is complete or absent. Throws as `reader` does, and `errc::bad_option` if both are the same
/// file.
MRCZ_INLINE void unpack_file(const std::filesystem::path& in, const std::filesystem::path& out,
                             unpack_options options = {});

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/writer.ipp"
#endif
