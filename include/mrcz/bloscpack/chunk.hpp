/// One chunk and the digest after it (bloscpack format 3, "Chunks").
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "mrcz/bloscpack/checksum.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/codec/codec.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// How chunks are compressed. The defaults are bloscpack's.
struct chunk_options {
  mrcz::codec codec = mrcz::codec::blosclz;
  int level = 7;
  mrcz::shuffle shuffle = mrcz::shuffle::byte;
  std::size_t typesize = 8;  ///< bytes per element for the shuffle, 1 to 255
};

}  // namespace detail

static_assert(std::is_trivially_destructible_v<detail::chunk_options>, "options are used inside co_await (g++ 12)");

namespace detail {

/// Throws `errc::bad_option` for an illegal value, and `errc::codec_unavailable` for a codec that c-blosc lacks.
MRCZ_INLINE void check(const chunk_options& wanted);

/// A chunk as it is stored in the file.
class packed_chunk {
 public:
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  const bloscpack::digest& digest() const noexcept { return digest_; }
  std::size_t plain_size() const noexcept { return plain_size_; }
  /// Bytes in the file, including the digest.
  std::size_t size() const noexcept { return bytes_.size() + digest_.bytes().size(); }

 private:
  friend class chunk_packer;

  std::span<const std::byte> bytes_;
  bloscpack::digest digest_;
  std::size_t plain_size_ = 0;
  buffer memory_;
};

/// How one chunk is worked on.
struct chunk_work {
  std::size_t threads = 1;  ///< that share the chunk
  const std::stop_token* stop = nullptr;
};

/// Chunks that are larger are worked on in pieces, which several threads can share. Between the pieces the stop is
/// checked.
inline constexpr std::size_t undivided_bytes = std::size_t{8} << 20U;
inline constexpr std::size_t transfer_bytes = std::size_t{4} << 20U;  ///< of reading and writing

/// Compresses chunks. Const and thread-safe.
class chunk_packer {
 public:
  chunk_packer(const chunk_options& options, bloscpack::checksum checksum);

  /// The chunk does not depend on the number of threads: it is the one that c-blosc makes with one thread.
  packed_chunk pack(std::span<const std::byte> plain, const chunk_work& how = {}) const;

  /// Takes back the memory of a chunk that has been written.
  void recycle(packed_chunk&& written) const;

 private:
  std::span<const std::byte> pack_pieces(std::span<const std::byte> plain, const chunk_work& how, buffer& into) const;

  chunk_options options_;
  bloscpack::checksum checksum_;
  std::unique_ptr<buffer_pool> pool_ = std::make_unique<buffer_pool>();
};

/// Decodes the header of a chunk. The uncompressed size must be `expected` or, if that is not known, at most `largest`.
/// Throws `errc::bad_chunk` for a header that no such chunk can have.
MRCZ_INLINE chunk_header decode_chunk_header(std::span<const std::byte, chunk_header::size> from,
                                             std::optional<std::uint32_t> expected, std::uint32_t largest);

/// Verifies the digest of a chunk and decompresses it. `stored` is the digest in the file; `into` has exactly the
/// uncompressed size. Throws `errc::bad_chunk`; the content of `into` is then undefined.
MRCZ_INLINE void unpack_chunk(std::span<const std::byte> chunk, bloscpack::checksum checksum,
                              std::span<const std::byte> stored, std::span<std::byte> into, const chunk_work& how = {});

/// Calls `action(at, size)` for pieces of `total` bytes, and checks the stop between them.
template <class Action>
void in_pieces(std::size_t total, const std::stop_token* stop, Action&& action) {
  for (std::size_t at = 0; at < total; at += transfer_bytes) {
    throw_if_stopped(stop);
    action(at, std::min(transfer_bytes, total - at));
  }
}

/// Reads in pieces, and checks the stop between them.
MRCZ_INLINE void read_in_pieces(const byte_source& from, std::uint64_t offset, std::span<std::byte> into,
                                const std::stop_token* stop);

/// Write in pieces, and check the stop between them.
MRCZ_INLINE void write_in_pieces(sequential_sink& to, std::span<const std::byte> from, const std::stop_token* stop);
MRCZ_INLINE void write_in_pieces(byte_sink& to, std::uint64_t offset, std::span<const std::byte> from,
                                 const std::stop_token* stop);

/// Writes a chunk and its digest.
MRCZ_INLINE void write_chunk(sequential_sink& to, const packed_chunk& packed, const std::stop_token* stop);

/// Calls `action`. Adds the number of the chunk and its first byte in the file to an error.
template <class Action>
decltype(auto) with_chunk(std::uint64_t chunk, std::uint64_t byte, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (...) {
    mrcz::detail::rethrow_with({.chunk = chunk, .byte = byte});
  }
}

}  // namespace detail

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/chunk.ipp"
#endif
