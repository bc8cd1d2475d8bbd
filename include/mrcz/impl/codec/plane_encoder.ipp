/// Definitions of `codec/plane_encoder.hpp`.
#pragma once

#include "mrcz/codec/plane_encoder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/codec/shuffle_loops.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// The most bytes of a block of zstd.
inline constexpr std::size_t most_of_zstd_block = std::size_t{128} << 10U;

// Planes

/// Up to this level zstd searches so fast that it pays not to search planes at all.
inline constexpr int last_quick_level = 2;

MRCZ_INLINE void judge(bit_plane& plane, const bit_plane* previous, int level) noexcept {
  constexpr std::size_t pieces = 16;
  constexpr std::size_t bytes_of_piece = 64;
  const auto bytes = plane.bytes;
  plane.like_previous = false;
  if (std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0) {
    plane.kind = bit_plane::content::constant;
    return;
  }
  plane.counts.fill(0);
  std::uint64_t sampled = 0;
  std::uint64_t neighbours = 0;  // pairs of them
  std::uint64_t changes = 0;
  std::uint64_t same_changes = 0;
  const auto before = previous == nullptr ? bytes : previous->bytes;
  const std::size_t step = std::max(bytes.size() / pieces, bytes_of_piece);
  for (std::size_t begin = 0; begin < bytes.size(); begin += step) {
    const std::size_t end = std::min(begin + bytes_of_piece, bytes.size());
    for (std::size_t i = begin; i < end; ++i) ++plane.counts[std::to_integer<std::uint8_t>(bytes[i])];
    sampled += end - begin;
    neighbours += end - begin - 1;
    for (std::size_t i = begin + 1; i < end; ++i) {
      const bool changed = bytes[i] != bytes[i - 1];
      changes += changed ? 1U : 0U;
      same_changes += changed && bytes[i] == before[i] ? 1U : 0U;
    }
  }
  // Planes that are only partly alike repay a search only if it does not skip much. Every other change of a sparse
  // plane makes it equal to an empty plane, which it does not repeat.
  const bool follows_content = previous != nullptr && previous->kind != bit_plane::content::constant;
  const std::uint64_t percent_of_like_planes = level == 1 ? 75 : 50;
  plane.like_previous = follows_content && 100 * same_changes > percent_of_like_planes * changes;
  std::uint64_t equal = 0;  // pairs
  for (const std::uint64_t count : plane.counts) equal += count * count;
  equal -= sampled;
  const std::uint64_t pairs = sampled * (sampled - 1);
  const std::uint64_t percent_of_noise = level <= last_quick_level ? 125 : 105;
  constexpr std::uint64_t by_chance = 16;
  if (4 * (neighbours - changes) * pairs > 5 * equal * neighbours + 4 * by_chance * pairs || 5 * equal >= 4 * pairs)
    plane.kind = bit_plane::content::repetitive;
  else if (std::uint64_t{100} * 256 * equal < percent_of_noise * pairs) plane.kind = bit_plane::content::noise;
  else plane.kind = bit_plane::content::skewed;
}

/// Whether the bytes of two planes are about as frequent, so that one set of codes suits both.
MRCZ_INLINE bool have_like_counts(const bit_plane& a, const bit_plane& b) noexcept {
  std::uint32_t aa = 0;
  std::uint32_t bb = 0;
  std::uint32_t ab = 0;
  for (std::size_t i = 0; i < a.counts.size(); ++i) {
    const std::uint32_t in_a = a.counts[i];
    const std::uint32_t in_b = b.counts[i];
    aa += in_a * in_a;
    bb += in_b * in_b;
    ab += in_a * in_b;
  }
  return 7 * ab >= 5 * std::max(aa, bb);
}

MRCZ_INLINE std::size_t end_of_run(std::span<const bit_plane> planes, std::size_t first) noexcept {
  using enum bit_plane::content;
  const auto is_repeated = [&](std::size_t i) { return i + 1 < planes.size() && planes[i + 1].like_previous; };
  std::size_t end = first + 1;
  if (is_repeated(first)) {
    while (is_repeated(end - 1)) ++end;
    return end;
  }
  const bit_plane& begin = planes[first];
  const auto joins = [&](const bit_plane& p) {
    if (p.kind != begin.kind) return false;
    switch (p.kind) {
      case constant: return p.bytes.front() == begin.bytes.front();
      case noise: return true;
      case skewed: return (end + 1 - first) * p.bytes.size() <= most_of_zstd_block && have_like_counts(begin, p);
      case repetitive: break;
    }
    return false;
  };
  while (end < planes.size() && !is_repeated(end) && joins(planes[end])) ++end;
  return end;
}

inline namespace MRCZ_CODECS {

// Frames of zstd (RFC 8878)

/// Writes frames, one after the other.
class zstd_frames {
 public:
  explicit zstd_frames(std::span<std::byte> into) noexcept : into_{into} {}

  /// The bytes that have been written; 0 if something did not fit.
  std::size_t size() const noexcept { return fits_ ? size_ : 0; }

  /// A frame of the bytes as they are.
  MRCZ_INLINE void store(std::span<const std::byte> bytes) noexcept;

  /// A frame of `count` times the same byte.
  MRCZ_INLINE void repeat(std::byte value, std::size_t count) noexcept;

  /// A frame that zstd makes, or one of the bytes as they are if that is not larger.
  void compress(std::span<const std::byte> bytes, const zstd_search& search, zstd_memory& memory) {
    last_ = 0;
    if (!fits_ || try_below(stored_bytes(bytes.size()), bytes, search, memory)) return;
    store(bytes);
    if (fits_) last_ = stored_bytes(bytes.size());
  }

  /// Compresses the bytes of the frame that `compress` has made last once more, if the frame becomes smaller so.
  void improve(std::span<const std::byte> bytes, const zstd_search& search, zstd_memory& memory) {
    if (fits_ && last_ > 0) try_below(last_, bytes, search, memory);
  }

 private:
  static constexpr std::size_t header_bytes = 9;
  static constexpr std::size_t block_header_bytes = 3;
  enum class block : std::uint32_t { stored = 0, repeated = 1 };

  static constexpr std::size_t stored_bytes(std::size_t count) noexcept {
    return header_bytes + (count + most_of_zstd_block - 1) / most_of_zstd_block * block_header_bytes + count;
  }
  MRCZ_INLINE bool has_room(std::size_t count) noexcept;
  MRCZ_INLINE bool try_below(std::size_t size, std::span<const std::byte> bytes, const zstd_search& search,
                             zstd_memory& memory);
  MRCZ_INLINE void put(std::span<const std::byte> bytes) noexcept;
  MRCZ_INLINE void put_number(std::uint32_t number, std::size_t bytes) noexcept;
  MRCZ_INLINE void put_blocks(block kind, std::span<const std::byte> bytes, std::size_t count) noexcept;

  std::span<std::byte> into_;
  std::size_t size_ = 0;
  std::size_t last_ = 0;  // bytes of the frame that `compress` has made last
  bool fits_ = true;
};

MRCZ_INLINE bool zstd_frames::has_room(std::size_t count) noexcept {
  fits_ = fits_ && count <= into_.size() - size_;
  return fits_;
}

MRCZ_INLINE void zstd_frames::put(std::span<const std::byte> bytes) noexcept {
  std::memcpy(into_.data() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

MRCZ_INLINE void zstd_frames::put_number(std::uint32_t number, std::size_t bytes) noexcept {
  std::array<std::byte, 4> little;
  detail::store(little.data(), number, std::endian::little);
  put(std::span{little}.first(bytes));
}

/// Puts the header of a frame and its blocks. A block is the next part of `bytes`, or its byte many times.
MRCZ_INLINE void zstd_frames::put_blocks(block kind, std::span<const std::byte> bytes, std::size_t count) noexcept {
  constexpr std::uint32_t magic = 0xFD2FB528;
  constexpr std::uint32_t one_segment_and_size_of_4_bytes = 0xA0;
  put_number(magic, 4);
  put_number(one_segment_and_size_of_4_bytes, 1);
  put_number(static_cast<std::uint32_t>(count), 4);
  while (count > 0) {
    const std::size_t next = std::min(count, most_of_zstd_block);
    count -= next;
    const std::uint32_t last = count == 0 ? 1 : 0;
    put_number(last | static_cast<std::uint32_t>(kind) << 1U | static_cast<std::uint32_t>(next) << 3U, 3);
    if (kind == block::repeated) {
      put(bytes);
    } else {
      put(bytes.first(next));
      bytes = bytes.subspan(next);
    }
  }
}

MRCZ_INLINE void zstd_frames::store(std::span<const std::byte> bytes) noexcept {
  if (has_room(stored_bytes(bytes.size()))) put_blocks(block::stored, bytes, bytes.size());
}

MRCZ_INLINE void zstd_frames::repeat(std::byte value, std::size_t count) noexcept {
  const std::size_t blocks = (count + most_of_zstd_block - 1) / most_of_zstd_block;
  if (has_room(header_bytes + blocks * (block_header_bytes + 1))) put_blocks(block::repeated, {&value, 1}, count);
}

/// Makes a frame of less than `size` bytes, which takes the place of the one that `compress` has made last. Returns
/// false if there is none.
MRCZ_INLINE bool zstd_frames::try_below(std::size_t size, std::span<const std::byte> bytes, const zstd_search& search,
                                        zstd_memory& memory) {
  const auto room = into_.subspan(size_);
  const std::size_t made = compress_zstd(bytes, room.first(std::min(room.size(), size - 1)), search, memory);
  if (made == 0) return false;
  if (last_ > 0) std::memmove(into_.data() + size_ - last_, room.data(), made);
  size_ = size_ - last_ + made;
  last_ = made;
  return true;
}

// Blocks

/// Compresses the blocks of one chunk, in one thread.
class block_packer {
 public:
  block_packer(std::size_t typesize, int level, instructions with, pack_memory& memory)
      : typesize_{typesize}, level_{level}, with_{with}, memory_{memory} {}

  enum class way : bool { whole, by_planes };

  /// Compresses a block and returns its size, which is that of the block if it does not shrink. `into` has that size.
  MRCZ_INLINE std::size_t pack(std::span<const std::byte> block, way chosen, std::span<std::byte> into);

  /// Compresses a block in the way that makes it smaller, which is the way for the blocks behind it too. `chosen` is
  /// that way.
  MRCZ_INLINE std::size_t pack_first(std::span<const std::byte> block, way& chosen, std::span<std::byte> into);

 private:
  bool has_planes(std::size_t block_bytes) const noexcept {
    const std::size_t elements = block_bytes / typesize_;
    return elements > 0 && elements % 8 == 0;
  }
  MRCZ_INLINE std::span<const std::byte> shuffled(std::span<const std::byte> block);
  MRCZ_INLINE std::size_t compress(std::span<const std::byte> shuffled, way chosen, std::span<std::byte> into);
  MRCZ_INLINE std::size_t compress_planes(std::span<const std::byte> shuffled, std::span<std::byte> into);
  MRCZ_INLINE std::span<const std::byte> sample_of(std::span<const std::byte> block) const noexcept;

  std::size_t typesize_;
  int level_;
  instructions with_;
  pack_memory& memory_;
};

MRCZ_INLINE std::span<const std::byte> block_packer::shuffled(std::span<const std::byte> block) {
  const auto to = memory_.shuffled.acquire(block.size());
  shuffle_bits(block, typesize_, to.data(), with_);
  return to;
}

/// Bytes of whole groups of 8 elements in the middle of a block: an eighth of it, but enough for typical planes.
MRCZ_INLINE std::span<const std::byte> block_packer::sample_of(std::span<const std::byte> block) const noexcept {
  constexpr std::size_t least_bytes = std::size_t{64} << 10U;
  const std::size_t group = 8 * typesize_;
  const std::size_t size = std::max(block.size() / 8, least_bytes) / group * group;
  if (level_ > last_quick_level || size >= block.size()) return block;
  return block.subspan((block.size() - size) / 2 / group * group, size);
}

MRCZ_INLINE std::size_t block_packer::pack_first(std::span<const std::byte> block, way& chosen,
                                                 std::span<std::byte> into) {
  if (!has_planes(block.size())) return pack(block, way::whole, into);
  const auto sample = shuffled(sample_of(block));
  const auto other = memory_.other.acquire(sample.size());
  const std::size_t whole = compress(sample, way::whole, other);
  const std::size_t by_planes = compress(sample, way::by_planes, into);
  // Planes are faster, and in a sample the codes, which come first in each frame, count more than in the block.
  const std::size_t allowance = by_planes / (sample.size() < block.size() ? 64 : 1024);
  chosen = by_planes - allowance <= whole ? way::by_planes : way::whole;
  if (sample.size() < block.size()) return pack(block, chosen, into);
  if (chosen == way::by_planes) return by_planes;
  std::memcpy(into.data(), other.data(), whole);
  return whole;
}

MRCZ_INLINE std::size_t block_packer::pack(std::span<const std::byte> block, way chosen, std::span<std::byte> into) {
  return compress(shuffled(block), has_planes(block.size()) ? chosen : way::whole, into);
}

MRCZ_INLINE std::size_t block_packer::compress(std::span<const std::byte> shuffled, way chosen,
                                               std::span<std::byte> into) {
  const auto room = into.first(shuffled.size() - 1);
  const std::size_t packed = chosen == way::by_planes
                                 ? compress_planes(shuffled, room)
                                 : compress_zstd(shuffled, room, search_of_level(level_), memory_.by_level);
  if (packed > 0) return packed;
  std::memcpy(into.data(), shuffled.data(), shuffled.size());
  return shuffled.size();
}

MRCZ_INLINE std::size_t block_packer::compress_planes(std::span<const std::byte> shuffled, std::span<std::byte> into) {
  using enum bit_plane::content;
  auto& planes = memory_.planes;
  planes.resize(8 * typesize_);
  const std::size_t plane_bytes = shuffled.size() / planes.size();
  for (std::size_t i = 0; i < planes.size(); ++i) {
    planes[i].bytes = shuffled.subspan(i * plane_bytes, plane_bytes);
    judge(planes[i], i > 0 ? &planes[i - 1] : nullptr, level_);
  }
  zstd_frames frames{into};
  for (std::size_t i = 0; i < planes.size();) {
    const std::size_t end = end_of_run(planes, i);
    const bit_plane& first = planes[i];
    const auto bytes = shuffled.subspan(i * plane_bytes, (end - i) * plane_bytes);
    const bool repeats = end > i + 1 && planes[i + 1].like_previous;
    if (first.kind == constant) {
      frames.repeat(first.bytes.front(), bytes.size());
    } else if (first.kind == noise && !repeats) {
      frames.store(bytes);
    } else if (first.kind == skewed && !repeats) {
      frames.compress(bytes, {1, no_search}, memory_.codes);
      if (level_ > last_quick_level) frames.improve(bytes, search_of_level(level_), memory_.by_level);
    } else {
      const bool quick = level_ == 1;
      frames.compress(bytes, quick ? zstd_search{1, 16} : search_of_level(level_),
                      quick ? memory_.quick : memory_.by_level);
    }
    i = end;
  }
  if (const auto rest = shuffled.subspan(planes.size() * plane_bytes); !rest.empty()) frames.store(rest);
  return frames.size();
}

// Chunks

/// The size of the blocks that c-blosc would make of a slice of so many bytes (c-blosc 1.21, compute_blocksize).
MRCZ_INLINE std::size_t block_size_of(std::size_t bytes, std::size_t typesize, std::size_t wanted) noexcept {
  constexpr std::size_t most = (chunk_header::max_bytes - std::size_t{255} * 4) / 3;
  if (bytes < typesize) return 1;
  const std::size_t size = std::min({wanted, most, bytes});
  return size / typesize * typesize;
}

/// A chunk whose blocks are compressed one after the other, each behind the one before it, or at the same time, with
/// room for whole blocks between them. The first of 16 blocks decides for all of them, so the others are a second
/// stage.
class chunk_of_planes final : public divided_chunk {
 public:
  chunk_of_planes(instructions with, std::span<const std::byte> from, std::size_t typesize, const compression& wanted,
                  buffer& into, pool<pack_memory>& memory)
      : with_{with}, from_{from}, typesize_{typesize}, level_{wanted.level}, memory_{memory} {
    require_fits_chunk(from.size());
    check(wanted);
    if (typesize == 0 || typesize > 16)
      fail_expected(errc::bad_option, text("typesize is {}", typesize), "1 to 16 where planes is true");
    constexpr std::size_t least_bytes = 128;  // c-blosc stores less
    block_size_ =
        block_size_of(from.size(), typesize, wanted.block_size.value_or(default_block_size(codec::zstd, typesize)));
    never_shrinks_ = wanted.level == 0 || from.size() < least_bytes;
    const std::size_t blocks = never_shrinks_ ? 0 : (from.size() + block_size_ - 1) / block_size_;
    sizes_.resize(blocks);
    ways_.resize((blocks + blocks_of_one_way - 1) / blocks_of_one_way);
    first_byte_ = chunk_header::size + 4 * blocks;
    chunk_ = into.acquire(first_byte_ + blocks * length_bytes + from.size());
  }

  std::size_t next_stage() override {
    ++stage_;
    if (stage_ == 1) return ways_.size();
    return stage_ == 2 ? sizes_.size() - ways_.size() : 0;
  }

  void do_part(std::size_t part) override {
    const std::size_t block = stage_ == 1 ? part * blocks_of_one_way : part + part / (blocks_of_one_way - 1) + 1;
    pack(block, room_of(block));
  }

  std::span<const std::byte> finish() override {
    return put_together([&](std::size_t block, std::size_t begin) {
      std::memmove(chunk_.data() + begin, chunk_.data() + room_of(block), sizes_[block]);
    });
  }

  std::span<const std::byte> compress() {
    return put_together([&](std::size_t block, std::size_t begin) { pack(block, begin); });
  }

 private:
  using way = block_packer::way;
  static constexpr std::size_t length_bytes = 4;  // before each stream
  static constexpr std::size_t blocks_of_one_way = 16;

  std::size_t room_of(std::size_t block) const noexcept { return first_byte_ + block * (length_bytes + block_size_); }

  void pack(std::size_t i, std::size_t begin) {
    const auto block = from_.subspan(i * block_size_, std::min(block_size_, from_.size() - i * block_size_));
    const auto to = chunk_.subspan(begin + length_bytes, block.size());
    auto& chosen = ways_[i / blocks_of_one_way];
    auto own = memory_.take();
    block_packer packer{typesize_, level_, with_, own};
    const std::size_t packed =
        i % blocks_of_one_way == 0 ? packer.pack_first(block, chosen, to) : packer.pack(block, chosen, to);
    memory_.give_back(std::move(own));
    store(chunk_.data() + begin, static_cast<std::uint32_t>(packed), std::endian::little);
    sizes_[i] = length_bytes + packed;
  }

  /// Calls `put(block, begin)` for each block in order. It sets the size of the block.
  template <class Put>
  std::span<const std::byte> put_together(Put put) {
    std::size_t end = first_byte_;
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      put(i, end);
      store(chunk_.data() + chunk_header::size + 4 * i, static_cast<std::uint32_t>(end), std::endian::little);
      end += sizes_[i];
    }
    const bool stored = never_shrinks_ || end >= chunk_header::size + from_.size();
    if (stored) {
      end = chunk_header::size + from_.size();
      if (!from_.empty()) std::memcpy(chunk_.data() + chunk_header::size, from_.data(), from_.size());
    }
    constexpr unsigned bits_of_zstd_in_one_stream = 4U << 5U | 0x10U | 0x04U;
    chunk_[0] = std::byte{2};
    chunk_[1] = std::byte{1};
    chunk_[2] = static_cast<std::byte>(bits_of_zstd_in_one_stream | (stored ? 0x02U : 0U));
    chunk_[3] = static_cast<std::byte>(typesize_);
    store(chunk_.data() + 4, static_cast<std::uint32_t>(from_.size()), std::endian::little);
    store(chunk_.data() + 8, static_cast<std::uint32_t>(block_size_), std::endian::little);
    store(chunk_.data() + 12, static_cast<std::uint32_t>(end), std::endian::little);
    return chunk_.first(end);
  }

  instructions with_;
  std::span<const std::byte> from_;
  std::size_t typesize_;
  int level_;
  pool<pack_memory>& memory_;
  std::size_t block_size_ = 0;
  bool never_shrinks_ = false;
  std::size_t first_byte_ = 0;  // of the blocks
  std::span<std::byte> chunk_;
  std::vector<std::size_t> sizes_;  // of the blocks, with the lengths
  std::vector<way> ways_;
  int stage_ = 0;
};

MRCZ_INLINE std::span<const std::byte> compress_planes(std::span<const std::byte> from, std::size_t typesize,
                                                       const compression& wanted, buffer& into,
                                                       pool<pack_memory>& memory) {
  return compress_planes_with(fastest_for_unshuffle(), from, typesize, wanted, into, memory);
}

MRCZ_INLINE std::span<const std::byte> compress_planes_with(instructions with, std::span<const std::byte> from,
                                                            std::size_t typesize, const compression& wanted,
                                                            buffer& into, pool<pack_memory>& memory) {
  return chunk_of_planes{with, from, typesize, wanted, into, memory}.compress();
}

MRCZ_INLINE std::unique_ptr<divided_chunk> divide_for_planes(std::span<const std::byte> from, std::size_t typesize,
                                                             const compression& wanted, buffer& into,
                                                             pool<pack_memory>& memory) {
  return std::make_unique<chunk_of_planes>(fastest_for_unshuffle(), from, typesize, wanted, into, memory);
}

}  // namespace MRCZ_CODECS

}  // namespace mrcz::detail
