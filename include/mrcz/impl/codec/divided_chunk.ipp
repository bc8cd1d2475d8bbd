/// Definitions of `codec/divided_chunk.hpp`.
#pragma once

#include "mrcz/codec/divided_chunk.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/parallel.hpp"

namespace mrcz::detail {

MRCZ_INLINE void do_all_parts(divided_chunk& work, std::size_t threads) {
  while (const std::size_t parts = work.next_stage())
    parallel_for(parts, threads, [&](std::size_t part, std::size_t /*thread*/) { work.do_part(part); });
}

MRCZ_INLINE std::size_t blosc_block_size(std::size_t bytes, std::size_t typesize, const compression& wanted) {
  const std::size_t most = std::max(chunk_piece_bytes, wanted.block_size.value_or(0));
  const std::vector<std::byte> zeros(std::min(bytes, 2 * most));
  buffer memory;
  const auto chunk = compress(zeros, typesize, wanted, memory);
  return chunk_header::decode(chunk.first<chunk_header::size>()).block_size;
}

MRCZ_INLINE chunk_of_pieces::chunk_of_pieces(std::span<const std::byte> plain, std::size_t typesize,
                                             const compression& wanted, std::size_t block_size)
    : plain_{plain},
      typesize_{typesize},
      wanted_{wanted},
      block_size_{block_size},
      piece_{std::max<std::size_t>(chunk_piece_bytes / block_size, 1) * block_size},
      count_{std::max<std::size_t>(plain.size() / piece_, 1)},
      blocks_{(plain.size() + block_size - 1) / block_size},
      at_{front_bytes()} {}

MRCZ_INLINE std::size_t chunk_of_pieces::room_of(std::size_t piece) const noexcept {
  return most_bytes_of_blocks(piece + 1 == count_ ? plain_.size() - piece * piece_ : piece_);
}

MRCZ_INLINE std::span<const std::byte> chunk_of_pieces::compress(std::size_t piece, std::span<std::byte> into) const {
  const std::size_t begin = piece * piece_;
  const std::size_t size = piece + 1 == count_ ? plain_.size() - begin : piece_;
  return compress_blocks(plain_.subspan(begin, size), typesize_, wanted_, into);
}

MRCZ_INLINE bool chunk_of_pieces::put(std::span<const std::byte> piece, std::span<std::byte> chunk) {
  if (stored_ || differs_) return false;
  const auto header = chunk_header::decode(piece.first<chunk_header::size>());
  differs_ = header.block_size != block_size_ || header.stored();
  if (differs_) return false;
  if (blocks_put_ == 0) std::ranges::copy(piece.first(chunk_header::size), header_.begin());
  const std::size_t front = chunk_header::size + 4 * static_cast<std::size_t>(header.blocks());
  stored_ = piece.size() - front > most_bytes() - at_;
  if (stored_) return false;
  for (std::size_t i = chunk_header::size; i < front; i += 4) {
    const std::size_t begin = load<std::uint32_t>(piece.data() + i, std::endian::little) - front + at_;
    store(chunk.data() + chunk_header::size + 4 * blocks_put_++, static_cast<std::uint32_t>(begin),
          std::endian::little);
  }
  std::memmove(chunk.data() + at_, piece.data() + front, piece.size() - front);
  at_ += piece.size() - front;
  return true;
}

MRCZ_INLINE std::span<const std::byte> chunk_of_pieces::finish(std::span<std::byte> chunk) const {
  if (differs_) return {};
  std::ranges::copy(header_, chunk.begin());
  const std::size_t size = stored_ ? most_bytes() : at_;
  if (stored_) {  // as c-blosc stores what it cannot make smaller
    chunk[2] |= std::byte{0x02};
    std::memcpy(chunk.data() + chunk_header::size, plain_.data(), plain_.size());
  }
  store(chunk.data() + 4, static_cast<std::uint32_t>(plain_.size()), std::endian::little);
  store(chunk.data() + 12, static_cast<std::uint32_t>(size), std::endian::little);
  return chunk.first(size);
}

/// Leaves room between the pieces, which is closed at the end.
class divided_for_blosc final : public divided_chunk {
 public:
  divided_for_blosc(std::span<const std::byte> from, std::size_t typesize, const compression& wanted,
                    std::size_t block_size, buffer& into)
      : from_{from},
        typesize_{typesize},
        wanted_{wanted},
        into_{into},
        chunk_{from, typesize, wanted, block_size},
        rooms_(chunk_.size()) {
    std::size_t end = chunk_.front_bytes();
    for (std::size_t i = 0; i < rooms_.size(); ++i) end += chunk_.room_of(i);
    const auto memory = into.acquire(std::max(end, chunk_.most_bytes()));
    std::size_t begin = chunk_.front_bytes();
    for (std::size_t i = 0; i < rooms_.size(); begin += chunk_.room_of(i++))
      rooms_[i] = memory.subspan(begin, chunk_.room_of(i));
    memory_ = memory;
  }

  std::size_t next_stage() override { return std::exchange(begun_, true) ? 0 : rooms_.size(); }

  void do_part(std::size_t part) override {
    rooms_[part] = rooms_[part].first(chunk_.compress(part, rooms_[part]).size());
  }

  std::span<const std::byte> finish() override {
    for (const auto piece : rooms_)
      if (!chunk_.put(piece, memory_)) break;
    const auto chunk = chunk_.finish(memory_);
    return chunk.empty() ? compress(from_, typesize_, wanted_, into_) : chunk;
  }

 private:
  std::span<const std::byte> from_;
  std::size_t typesize_;
  compression wanted_;
  buffer& into_;
  chunk_of_pieces chunk_;
  std::span<std::byte> memory_;
  std::vector<std::span<std::byte>> rooms_;  // of the pieces; later the pieces
  bool begun_ = false;
};

MRCZ_INLINE std::unique_ptr<divided_chunk> divide_for_blosc(std::span<const std::byte> from, std::size_t typesize,
                                                            const compression& wanted, std::size_t block_size,
                                                            buffer& into) {
  return std::make_unique<divided_for_blosc>(from, typesize, wanted, block_size, into);
}

}  // namespace mrcz::detail
