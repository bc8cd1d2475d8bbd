/// Compresses a stream of bytes piece by piece.
#pragma once

#include <cstddef>
#include <span>

namespace mrcz::detail {

/// What one call of an encoder did.
struct encoded_piece {
  std::size_t taken = 0;  ///< bytes from the front of the input
  std::size_t made = 0;   ///< bytes at the front of the output
  bool ended = false;     ///< after the last piece: nothing is left to be put out
};

/// Compresses pieces to one stream. For one thread.
class stream_encoder {
 public:
  stream_encoder() = default;
  stream_encoder(const stream_encoder&) = delete;
  stream_encoder& operator=(const stream_encoder&) = delete;
  virtual ~stream_encoder() = default;

  /// Compresses the front of `from` into the front of `into`. Call it until all of `from` is taken and, with `last`,
  /// until it has ended.
  virtual encoded_piece encode(std::span<const std::byte> from, bool last, std::span<std::byte> into) = 0;
};

}  // namespace mrcz::detail
