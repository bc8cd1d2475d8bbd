/// Decompresses a stream of bytes piece by piece: one interface for gzip, zstd, bzip2 and xz.
#pragma once

#include <cstddef>
#include <span>

namespace mrcz::detail {

/// What one call of a decoder did.
struct decoded_piece {
  std::size_t taken = 0;         ///< bytes from the front of the input
  std::size_t made = 0;          ///< bytes at the front of the output
  const char* damage = nullptr;  ///< what is wrong with the input after `taken` bytes; null if nothing is
};

/// Decompresses streams that follow each other (members of gzip, frames of zstd) to one content. For one thread.
class stream_decoder {
 public:
  stream_decoder() = default;
  stream_decoder(const stream_decoder&) = delete;
  stream_decoder& operator=(const stream_decoder&) = delete;
  virtual ~stream_decoder() = default;

  /// Decompresses the front of `from` into the front of `into`. It stops when all of `from` is taken and decompressed,
  /// when `into` is full, or at damage.
  virtual decoded_piece decode(std::span<const std::byte> from, std::span<std::byte> into) = 0;

  /// Whether the input may end after the bytes that were taken. If it may not, a stream was cut off.
  virtual bool may_end() const noexcept = 0;
};

}  // namespace mrcz::detail
