/// Packing what has a size: files, memory, anything with positions (bloscpack format 3).
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

/// On how many threads chunks are packed, who may stop that, and who counts the bytes.
struct running {
  std::optional<std::size_t> threads;
  const std::stop_token* stop;
  std::atomic<std::uint64_t>* progress;
};

template <class Options>
running running_of(const Options& options) noexcept {
  return {options.threads, options.stop, options.progress};
}

/// Cuts `source` from byte `first` on into chunks of `chunk_size`, the last one shorter, packs them in parallel and
/// calls `take(packed_chunk)` in their order.
MRCZ_INLINE void pack_chunks(const byte_source& source, std::uint64_t first, std::uint32_t chunk_size,
                             const chunk_packer& packer, const running& how,
                             function_ref<void(const packed_chunk&)> take);

/// The header that options and data determine.
MRCZ_INLINE header header_of(const pack_options& options, std::uint64_t size, const metadata& values);

/// What stands in front of the offsets.
struct front {
  bloscpack::beginning beginning;
  std::vector<std::byte> metadata;

  front(const header& h, const bloscpack::metadata& values, const metadata_options& options);
};

/// Chunk and digest.
MRCZ_INLINE void write_chunk(sequential_sink& to, const packed_chunk& packed);

/// Everything in front of the chunks, which begin at `begins`; `metadata` may be empty. `b` says what lies where.
MRCZ_INLINE void write_front(byte_sink& to, const header& h, const bloscpack::beginning& b,
                             std::span<const std::byte> metadata, std::span<const std::uint64_t> begins);

MRCZ_INLINE void refuse_same_file(const std::filesystem::path& in, const std::filesystem::path& out);

}  // namespace detail

/// Packs all of `source` and publishes the sink. Returns the header that was written. Throws `errc::bad_option`,
/// `errc::codec_unavailable`, `errc::bad_metadata` and what source and sink throw; nothing is published then. What is
/// written does not depend on the number of threads.
MRCZ_INLINE header pack(const byte_source& source, byte_sink& to, pack_options options = {},
                        const metadata& values = nullptr);

/// The same for a sink that cannot go back, and so gets no offsets whatever the options say.
MRCZ_INLINE header pack(const byte_source& source, sequential_sink& to, pack_options options = {},
                        const metadata& values = nullptr);

/// Packs a file. Everything is checked before `out` is begun, which is complete or absent. Throws `errc::bad_option` if
/// both are the same file.
MRCZ_INLINE header pack_file(const std::filesystem::path& in, const std::filesystem::path& out,
                             pack_options options = {}, const metadata& values = nullptr);

/// Unpacks a file. `out` is complete or absent. Throws as `reader`, and `errc::bad_option` if both are the same file.
MRCZ_INLINE void unpack_file(const std::filesystem::path& in, const std::filesystem::path& out,
                             unpack_options options = {});

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/writer.ipp"
#endif
