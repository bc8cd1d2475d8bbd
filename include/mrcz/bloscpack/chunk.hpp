/// One chunk and the digest behind it (bloscpack format 3, "Chunks").
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "mrcz/bloscpack/checksum.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/codec/codec.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"

namespace mrcz::bloscpack {

/// How chunks are compressed. The defaults are bloscpack's.
struct chunk_options {
  mrcz::codec codec = mrcz::codec::blosclz;
  int level = 7;
  mrcz::shuffle shuffle = mrcz::shuffle::byte;
  std::size_t typesize = 8;  ///< bytes per element for the shuffle, 1 to 255
};
static_assert(std::is_trivially_destructible_v<chunk_options>, "options are used inside co_await (g++ 12)");

/// Throws `errc::bad_option` for an illegal value and `errc::codec_unavailable`.
inline void check(const chunk_options& wanted) {
  mrcz::check(compression{.codec = wanted.codec, .level = wanted.level, .shuffle = wanted.shuffle});
  if (wanted.codec == codec::none)
    fail(errc::bad_option, "codec none makes no chunks; level 0 stores data as they are");
  if (wanted.typesize < 1 || wanted.typesize > 255)
    fail_expected(errc::bad_option, text("typesize is {}", wanted.typesize), "1 to 255");
  require_available(wanted.codec);
}

/// A chunk as it will stand in the file.
class packed_chunk {
 public:
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  const bloscpack::digest& digest() const noexcept { return digest_; }
  std::size_t plain_size() const noexcept { return plain_size_; }
  /// Bytes in the file, those of the digest included.
  std::size_t size() const noexcept { return bytes_.size() + digest_.bytes().size(); }

 private:
  friend class chunk_packer;

  std::span<const std::byte> bytes_;
  bloscpack::digest digest_;
  std::size_t plain_size_ = 0;
  buffer memory_;
};

/// Compresses chunks. Const and thread-safe.
class chunk_packer {
 public:
  chunk_packer(const chunk_options& options, bloscpack::checksum checksum) : options_{options}, checksum_{checksum} {
    check(options);
  }

  packed_chunk pack(std::span<const std::byte> plain) const {
    packed_chunk packed;
    packed.memory_ = pool_->take();
    packed.bytes_ = compress(plain, options_.typesize,
                             {.codec = options_.codec,
                              .level = options_.level,
                              .shuffle = options_.shuffle,
                              .block_size = 0},  // as bloscpack
                             packed.memory_);
    packed.digest_ = digest_of(checksum_, packed.bytes_);
    packed.plain_size_ = plain.size();
    return packed;
  }

  /// Takes back the memory of a chunk that has been written.
  void recycle(packed_chunk&& written) const { pool_->give_back(std::move(written.memory_)); }

 private:
  chunk_options options_;
  bloscpack::checksum checksum_;
  std::unique_ptr<buffer_pool> pool_ = std::make_unique<buffer_pool>();
};

/// The header of a chunk whose uncompressed size is known or, if not, must lie within `largest`. Throws
/// `errc::bad_chunk` for one that no such chunk has.
inline chunk_header decode_chunk_header(std::span<const std::byte, chunk_header::size> from,
                                        std::optional<std::uint32_t> expected, std::uint32_t largest) {
  const auto header = chunk_header::decode(from);
  if (!expected && header.bytes > largest)
    fail_expected(errc::bad_chunk, text("chunk holds {} bytes", header.bytes), text("at most {}", largest));
  mrcz::check(header, header.packed_bytes, expected.value_or(header.bytes));
  if (header.packed_bytes < chunk_header::size || header.packed_bytes > header.bytes + chunk_header::size)
    fail_expected(errc::bad_chunk, text("chunk says that it has {} packed bytes", header.packed_bytes),
                  text("{} to {}", chunk_header::size, header.bytes + chunk_header::size));
  return header;
}

/// Verifies the digest of a chunk and decompresses it. Throws `errc::bad_chunk`; `into`, which has exactly the
/// uncompressed size, is then undefined.
inline void unpack_chunk(std::span<const std::byte> chunk, bloscpack::checksum checksum,
                         std::span<const std::byte> stored, std::span<std::byte> into) {
  const digest expected{stored};
  if (const auto received = digest_of(checksum, chunk); received != expected)
    fail(errc::bad_chunk, "Checksum mismatch detected in chunk, expected: '{}', received: '{}'", to_string(expected),
         to_string(received));
  decompress(chunk, into);
}

namespace detail {

/// Calls `action` and adds to an error which chunk it is about and where that begins in the file.
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
