/// The offsets section: where each chunk begins (bloscpack format 3, "Offsets").
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/checksum.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz::bloscpack::detail {

/// Bytes of an empty chunk with its digest. No chunk is smaller.
constexpr std::size_t smallest_chunk(checksum c) noexcept { return chunk_header::size + digest_size(c); }

/// Throws `errc::truncated` unless a file of `size` bytes has room for everything that its header counts.
MRCZ_INLINE void require_room(const beginning& b, std::uint64_t size);

/// Reads where each chunk begins. Requires a call of `require_room` before.
MRCZ_INLINE std::vector<std::uint64_t> read_offsets(const byte_source& source, const beginning& b);

/// Whether chunks can begin at these places of a file of `size` bytes: the first one directly after the offsets, each
/// other one after the chunk before it.
MRCZ_INLINE bool are_plausible(std::span<const std::uint64_t> begins, const beginning& b, std::uint64_t size);

/// Calls `note(entry, value, expected)` for each wrong entry of the section. An entry must be the first byte of its
/// chunk, or -1 if there is no such chunk. Requires a call of `require_room` before.
MRCZ_INLINE void compare_offsets(
    const byte_source& source, const beginning& b, std::span<const std::uint64_t> begins,
    function_ref<void(std::uint64_t entry, std::int64_t value, std::int64_t expected)> note);

/// Entries [first, first + count) of the section for chunks that begin at `begins`. Entries of chunks that do not exist
/// are -1.
MRCZ_INLINE std::vector<std::byte> encode_offsets(std::span<const std::uint64_t> begins, std::uint64_t first,
                                                  std::size_t count);

/// Encodes a section of `size` bytes and calls `write(offset in the section, bytes)` for one piece after the other.
MRCZ_INLINE void write_offsets(std::span<const std::uint64_t> begins, std::uint64_t size,
                               function_ref<void(std::uint64_t at, std::span<const std::byte> entries)> write);

}  // namespace mrcz::bloscpack::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/offsets.ipp"
#endif
