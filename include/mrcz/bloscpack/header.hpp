/// The 32 bytes at the beginning of a bloscpack file (bloscpack format 3, "Header"), and how data are cut into chunks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mrcz/bloscpack/checksum.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack {

inline constexpr std::size_t header_size = 32;     ///< bytes
inline constexpr std::uint8_t format_version = 3;  ///< the only one that is read and written
inline constexpr std::size_t max_chunk_size = detail::chunk_header::max_bytes;  ///< what a blosc chunk can hold
static_assert(max_chunk_size == 2147483631);

/// A field that is not stated is -1 in the file: the writer did not know its value yet.
struct header {
  bool offsets = true;                                          ///< the offsets of all chunks are stored
  bool metadata = false;                                        ///< a metadata section follows the header
  bloscpack::checksum checksum = bloscpack::checksum::adler32;  ///< of each chunk
  std::uint8_t typesize = 8;                                    ///< bytes per element; says nothing about the chunks
  std::optional<std::uint32_t> chunk_size = std::nullopt;       ///< uncompressed bytes of each chunk but the last
  std::optional<std::uint32_t> last_chunk = std::nullopt;       ///< uncompressed bytes of the last chunk
  std::optional<std::uint64_t> nchunks = std::nullopt;          ///< number of chunks
  std::uint64_t max_app_chunks = 0;                             ///< chunks that can still be appended

  friend bool operator==(const header&, const header&) = default;
};

namespace detail {

/// Throws `errc::bad_header` for values that no file may have.
MRCZ_INLINE void check(const header& h);

}  // namespace detail

/// The 32 bytes of a header. Throws `errc::bad_header` for values that no file may have.
MRCZ_INLINE std::array<std::byte, header_size> encode(const header& h);

namespace detail {

/// As Python prints bytes: b'blpk', b'\x00\x00'.
MRCZ_INLINE std::string python_bytes(std::span<const std::byte> bytes);

}  // namespace detail

/// Throws `errc::not_bloscpack` or `errc::bad_header`.
MRCZ_INLINE header decode_header(std::span<const std::byte> from);

/// How data of a known size are cut into chunks.
struct chunking {
  std::uint32_t chunk_size;  ///< bytes of each chunk but the last
  std::uint32_t last_chunk;  ///< bytes of the last chunk
  std::uint64_t nchunks;     ///< number of chunks
};

/// Cuts `size` bytes into chunks of `wanted` bytes. Throws `errc::bad_option` unless `wanted` is 1 to `max_chunk_size`.
/// No chunk is larger than the data. Empty data make one empty chunk.
MRCZ_INLINE chunking chunks_of(std::uint64_t size, std::size_t wanted);

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/header.ipp"
#endif
