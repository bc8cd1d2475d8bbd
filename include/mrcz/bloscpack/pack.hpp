/// Packing data (bloscpack format 3). The name of a call says what it writes:
///
///     pack_file      a file at a path, with offsets and room for more chunks
///     pack           the same, to any sink with positions
///     pack_stream    to a sink that cannot go back: without offsets
///
/// `writer` writes a file or a stream of data that come piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// Some uncompressed bytes: in memory that belongs to somebody else, or in a buffer.
struct plain_chunk {
  buffer memory;
  std::span<const std::byte> bytes;
};

/// Packs chunks in parallel and calls `take(packed_chunk)` in their order. `next(pool)` returns one chunk after the
/// other, in memory of the pool, and nothing after the last one. `bytes_each` is the memory that a chunk takes, plain
/// and packed.
MRCZ_INLINE void pack_chunks(std::uint64_t count, std::uint64_t bytes_each, const chunk_packer& packer,
                             const options& how, function_ref<std::optional<plain_chunk>(buffer_pool&)> next,
                             function_ref<void(const packed_chunk&)> take);

/// Cuts `source` into chunks of `chunk_size` bytes, and packs them as above; the last one may be shorter.
MRCZ_INLINE void pack_source(const byte_source& source, std::uint32_t chunk_size, const chunk_packer& packer,
                             const options& how, function_ref<void(const packed_chunk&)> take);

/// The header that options and data determine.
MRCZ_INLINE header header_of(const options& wanted, std::uint64_t size, const metadata& values);

/// The part of a file before the offsets.
struct front {
  bloscpack::beginning beginning;
  std::vector<std::byte> metadata;

  front(const header& h, const bloscpack::metadata& values, const metadata_options& wanted);
};

/// Writes everything before the chunks, which begin at `begins`; the header comes last. `b` gives the positions.
/// `metadata` may be empty.
MRCZ_INLINE void write_front(byte_sink& to, const header& h, const bloscpack::beginning& b,
                             std::span<const std::byte> metadata, std::span<const std::uint64_t> begins);

/// Chunks of a file whose size is not known yet wait in a file without a name, because the offsets stand before them.
class waiting_chunks {
 public:
  explicit waiting_chunks(const atomic_file& beside) : file_{beside.scratch()} {}

  void add(const packed_chunk& packed, const std::stop_token* stop);

  /// Writes the whole file. Returns its header.
  header write(atomic_file& to, const options& wanted, const metadata& values);

 private:
  file file_;
  std::vector<std::uint64_t> begins_;
  std::uint64_t end_ = 0;
  std::uint64_t plain_size_ = 0;
};

/// Copies in pieces, and checks the stop between them.
MRCZ_INLINE void copy_in_pieces(byte_sink& to, const byte_source& from, std::uint64_t offset, std::uint64_t count,
                                std::uint64_t position, const std::stop_token* stop);

MRCZ_INLINE void refuse_same_file(const std::filesystem::path& in, const std::filesystem::path& out);

/// The output gets the permissions of the input.
MRCZ_INLINE void keep_permissions(atomic_file& to, const std::filesystem::path& of);

}  // namespace detail

/// Packs all of `source` and publishes the sink. Returns the header that was written. Throws `errc::bad_option`,
/// `errc::codec_unavailable`, `errc::bad_metadata` and what source and sink throw; the sink is not published then. The
/// bytes depend neither on the number of threads nor on the memory.
MRCZ_INLINE header pack(const byte_source& source, byte_sink& to, const options& wanted = {},
                        const metadata& values = nullptr);

/// Packs a file. Checks everything before it creates `out`, which is complete or absent. `out` gets the permissions of
/// `in`; if it replaces a file, only those that this file had too. Throws `errc::bad_option` if both are the same file.
MRCZ_INLINE header pack_file(const std::filesystem::path& in, const std::filesystem::path& out,
                             const options& wanted = {}, const metadata& values = nullptr);

/// Packs until the source ends. The file has the same bytes as for data of known size. Until the source ends, the
/// chunks are kept in a file without a name on the file system of `out`. `out` is complete or absent.
MRCZ_INLINE header pack_file(sequential_source& from, const std::filesystem::path& out, const options& wanted = {},
                             const metadata& values = nullptr);

/// Packs all of `source`.
MRCZ_INLINE header pack_stream(const byte_source& source, sequential_sink& to, const options& wanted = {},
                               const metadata& values = nullptr);

/// Packs until the source ends. Data that are shorter than a chunk are packed like data of known size. For longer data
/// the header says -1 for the number of chunks and the size of the last chunk. The last chunk is then shorter than the
/// others, and empty if need be: this shows that nothing is missing. Returns the header that was written.
MRCZ_INLINE header pack_stream(sequential_source& from, sequential_sink& to, const options& wanted = {},
                               const metadata& values = nullptr);

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/pack.ipp"
#endif
