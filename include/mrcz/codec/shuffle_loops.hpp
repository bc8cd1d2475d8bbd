/// The shuffles of blosc: how the bytes of a block are rearranged before they are compressed, and back.
#pragma once

#include <cstddef>
#include <span>

#include "mrcz/codec/codec.hpp"
#include "mrcz/core/hardware.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// The bytes of a block as the codec sees them. Refers to these bytes.
///
/// Byte shuffle stores the first bytes of all elements, then all second bytes and so on. Bit shuffle stores planes of
/// bits: plane 8 j + b holds bit b of byte j of all elements, the first element in the lowest bit of the first byte.
/// Bytes behind the last whole element stay where they are (c-blosc 1.21, shuffle.c and bitshuffle-generic.h).
class shuffled_block {
 public:
  /// `typesize` is 1 to 16. The bytes are not shuffled where blosc does not shuffle them: bytes of elements of one
  /// byte, and bits of a number of elements that is no multiple of 8.
  MRCZ_INLINE shuffled_block(std::span<const std::byte> bytes, shuffle kind, std::size_t typesize) noexcept;
  shuffled_block() noexcept : shuffled_block{{}, shuffle::none, 1} {}

  std::size_t size() const noexcept { return bytes_.size(); }

  bool is_plain() const noexcept { return kind_ == shuffle::none; }

  /// The bytes as they lie in memory, shuffled or not.
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

  /// Writes plain bytes [first, first + count) of the block to `to`. Other bytes cost nothing. The result does not
  /// depend on `with`, which the processor must have.
  MRCZ_INLINE void unshuffle(std::size_t first, std::size_t count, std::byte* to, instructions with) const noexcept;

 private:
  std::span<const std::byte> bytes_;
  shuffle kind_;
  std::size_t typesize_;
  std::size_t elements_;
};

/// Makes a bit-shuffled block of `from.size()` bytes at `to`: the inverse of `shuffled_block::unshuffle`. The result
/// does not depend on `with`, which the processor must have.
MRCZ_INLINE void shuffle_bits(std::span<const std::byte> from, std::size_t typesize, std::byte* to,
                              instructions with) noexcept;

/// The fastest instructions of this processor for both directions. The first call looks for them.
MRCZ_INLINE instructions fastest_for_unshuffle() noexcept;

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/shuffle_loops.ipp"
#endif
