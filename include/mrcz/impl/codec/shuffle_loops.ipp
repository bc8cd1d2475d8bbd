/// The loops that shuffle bytes and bits, for each set of instructions.
#pragma once

#include "mrcz/codec/shuffle_loops.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "mrcz/core/endian.hpp"

namespace mrcz::detail {

/// Elements of a tile. A plane of bits of that many elements is a line of the cache, so no line is fetched twice, even
/// where the planes of a block lie at the same distance as the sets of a cache.
inline constexpr std::size_t tile_elements = 512;

/// Elements of a tile for what is left, for narrow parts of rows, and for every processor.
inline constexpr std::size_t small_tile_elements = 128;

inline constexpr std::size_t most_typesize = 16;

#if defined(__GNUC__)
#define MRCZ_ALWAYS_INLINE [[gnu::always_inline]] inline
#else
#define MRCZ_ALWAYS_INLINE inline
#endif

// Eight elements at a time, on every processor

/// Transposes a matrix of 8 x 8 bits; row r is byte r, column c is bit c, counted from the lowest.
template <class Words>
MRCZ_ALWAYS_INLINE void transpose_bits(Words& rows) noexcept {
  Words changed = (rows ^ (rows >> 7)) & 0x00AA00AA00AA00AAU;
  rows ^= changed ^ (changed << 7);
  changed = (rows ^ (rows >> 14)) & 0x0000CCCC0000CCCCU;
  rows ^= changed ^ (changed << 14);
  changed = (rows ^ (rows >> 28)) & 0x00000000F0F0F0F0U;
  rows ^= changed ^ (changed << 28);
}

/// Restores byte j of 8 elements from its 8 planes, which lie `stride` bytes apart.
MRCZ_INLINE void unshuffle_8_bits(const std::byte* planes, std::size_t stride, std::byte* to,
                                  std::size_t typesize) noexcept {
  std::uint64_t rows = 0;
  for (std::size_t bit = 0; bit < 8; ++bit) rows |= std::to_integer<std::uint64_t>(planes[bit * stride]) << 8 * bit;
  transpose_bits(rows);
  for (std::size_t i = 0; i < 8; ++i) to[i * typesize] = static_cast<std::byte>(rows >> 8 * i);
}

/// Spreads byte j of 8 elements over its 8 planes, which lie `stride` bytes apart.
MRCZ_INLINE void shuffle_8_bits(const std::byte* from, std::size_t typesize, std::byte* planes,
                                std::size_t stride) noexcept {
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < 8; ++i) rows |= std::to_integer<std::uint64_t>(from[i * typesize]) << 8 * i;
  transpose_bits(rows);
  for (std::size_t bit = 0; bit < 8; ++bit) planes[bit * stride] = static_cast<std::byte>(rows >> 8 * bit);
}

// Many elements at a time, in registers
//
// Registers are extensions of the compiler. So one algorithm serves each width, and <immintrin.h>, which takes 0.4 s to
// compile, is not needed. Functions that have registers as arguments are inlined into functions that are compiled for
// the right instructions.

#if defined(__GNUC__)

template <std::size_t width>
struct registers {
  using bytes __attribute__((vector_size(width))) = std::uint8_t;
  using words __attribute__((vector_size(width))) = std::uint64_t;
  using bytes_anywhere __attribute__((vector_size(width), aligned(1), may_alias)) = std::uint8_t;
};
template <std::size_t width>
using register_of = typename registers<width>::bytes;

template <std::size_t width>
MRCZ_ALWAYS_INLINE void load_register(register_of<width>& to, const std::byte* from) noexcept {
  to = *reinterpret_cast<const typename registers<width>::bytes_anywhere*>(from);
}

template <std::size_t width>
MRCZ_ALWAYS_INLINE void store_register(const register_of<width>& from, std::byte* to) noexcept {
  *reinterpret_cast<typename registers<width>::bytes_anywhere*>(to) = from;
}

/// Calls `action` with each of the constants 0 to count - 1.
template <std::size_t count, class Action>
MRCZ_ALWAYS_INLINE void for_each_constant(Action action) noexcept {
  [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
    (action(std::integral_constant<std::size_t, i>{}), ...);
  }(std::make_index_sequence<count>{});
}

/// Alternates the bytes of the lower halves of two registers, and those of the upper halves. Each lane of 16 bytes
/// counts alone.
template <std::size_t width, std::size_t... i>
MRCZ_ALWAYS_INLINE void alternate(const register_of<width>& a, const register_of<width>& b, register_of<width>& lower,
                                  register_of<width>& upper, std::index_sequence<i...>) noexcept {
  lower = __builtin_shufflevector(a, b, static_cast<int>(i / 16 * 16 + i % 16 / 2 + i % 2 * width)...);
  upper = __builtin_shufflevector(a, b, static_cast<int>(i / 16 * 16 + i % 16 / 2 + 8 + i % 2 * width)...);
}

/// Shuffles the bytes of all registers like a pack of cards that is cut in the middle: the bytes of the first half of
/// the registers alternate with those of the second half, lane by lane. Let the address of a byte be the number of its
/// register followed by its place in the lane. Then a riffle moves the highest bit of each address to its lowest place.
template <std::size_t width, std::size_t count>
MRCZ_ALWAYS_INLINE void riffle(register_of<width> (&r)[count]) noexcept {
  register_of<width> mixed[count];
  for_each_constant<count / 2>([&](auto i) __attribute__((always_inline)) {
    alternate<width>(r[i], r[i + count / 2], mixed[2 * i], mixed[2 * i + 1], std::make_index_sequence<width>{});
  });
  for_each_constant<count>([&](auto i) __attribute__((always_inline)) { r[i] = mixed[i]; });
}

/// Stores the pieces of a register, each `stride` bytes behind the one before it.
template <std::size_t width, std::size_t piece>
MRCZ_ALWAYS_INLINE void store_pieces(const register_of<width>& from, std::byte* to, std::size_t stride) noexcept {
  for_each_constant<width / piece>([&](auto i) __attribute__((always_inline)) {
    std::memcpy(to + i * stride, reinterpret_cast<const std::byte*>(&from) + piece * i, piece);
  });
}

template <std::size_t width, std::size_t... i>
MRCZ_ALWAYS_INLINE void concatenate(const register_of<width / 2>& low, const register_of<width / 2>& high,
                                    register_of<width>& to, std::index_sequence<i...>) noexcept {
  to = __builtin_shufflevector(low, high, static_cast<int>(i)...);
}

/// Loads the lanes of a register, which lie 128 bytes apart. The lanes are put together as registers: a processor waits
/// for bytes that it has just stored piece by piece.
template <std::size_t width>
MRCZ_ALWAYS_INLINE void load_lanes(register_of<width>& to, const std::byte* from) noexcept {
  if constexpr (width == 16) {
    load_register<width>(to, from);
  } else {
    register_of<width / 2> low;
    register_of<width / 2> high;
    load_lanes<width / 2>(low, from);
    load_lanes<width / 2>(high, from + width / 32 * 128);
    concatenate<width>(low, high, to, std::make_index_sequence<width>{});
  }
}

// Bytes of elements

/// Puts the bytes of elements together. Byte j of the elements is in the row that begins at rows + j * stride. `count`
/// is a multiple of 8 * width. Lane l of register q holds the elements from 128 l + 16 q on.
template <std::size_t width, std::size_t typesize>
MRCZ_ALWAYS_INLINE void interleave_registers(const std::byte* rows, std::size_t stride, std::byte* to,
                                             std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; i += 8 * width, to += 8 * width * typesize)
    for (std::size_t q = 0; q < 8; ++q, rows += width) {
      register_of<width> r[typesize];
      for_each_constant<typesize>(
          [&](auto j) __attribute__((always_inline)) { load_register<width>(r[j], rows + j * stride); });
      for_each_constant<std::bit_width(typesize) - 1>([&](auto) __attribute__((always_inline)) { riffle<width>(r); });
      for_each_constant<typesize>([&](auto j) __attribute__((always_inline)) {
        store_pieces<width, 16>(r[j], to + 16 * (q * typesize + j), 128 * typesize);
      });
    }
}

/// The inverse of `interleave_registers` with lanes in order: as many riffles as that function has and four leave each
/// byte where it was. `count` is a multiple of 16.
template <std::size_t typesize>
void deinterleave_registers(const std::byte* from, std::byte* rows, std::size_t stride, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; i += 16, from += 16 * typesize, rows += 16) {
    register_of<16> r[typesize];
    for_each_constant<typesize>([&](auto j) __attribute__((always_inline)) { load_register<16>(r[j], from + 16 * j); });
    for_each_constant<4>([&](auto) __attribute__((always_inline)) { riffle<16>(r); });
    for_each_constant<typesize>([&](auto j)
                                    __attribute__((always_inline)) { store_register<16>(r[j], rows + j * stride); });
  }
}

// Bits of bytes

#if defined(__SSE2__)
/// The instruction multiplies matrices. The product of the unit matrix and a matrix whose first byte is its last row is
/// the transposed matrix.
[[gnu::target("avx2,gfni")]] inline void transpose_bits_with_gfni(register_of<32>& rows) noexcept {
  using chars __attribute__((vector_size(32))) = char;
  const auto unit = registers<32>::words{} + 0x8040201008040201U;
  rows = reinterpret_cast<register_of<32>>(
      __builtin_ia32_vgf2p8affineqb_v32qi(reinterpret_cast<chars>(unit), reinterpret_cast<chars>(rows), 0));
}
#endif

/// Transposes the matrix of bits in each 8 bytes. With GFNI the first byte is the last row.
template <std::size_t width, bool gfni>
MRCZ_ALWAYS_INLINE void transpose_matrices(register_of<width>& r) noexcept {
  if constexpr (gfni) {
    transpose_bits_with_gfni(r);
  } else {
    auto words = reinterpret_cast<typename registers<width>::words>(r);
    const auto reverse_on_big_endian = [&] {
      if constexpr (std::endian::native == std::endian::big)
        for (std::size_t i = 0; i < width / 8; ++i) words[i] = byteswap(words[i]);
    };
    reverse_on_big_endian();
    transpose_bits(words);
    reverse_on_big_endian();
    r = reinterpret_cast<register_of<width>>(words);
  }
}

/// Restores bytes from their 8 planes, which lie `stride` bytes apart. `count` is a multiple of 8 * width. Lane l of
/// register q holds the 16 bytes from 128 l + 16 q on. Unless the bytes are stored in order, they are stored as
/// registers of `piece` bytes, as `interleave_registers<piece>` takes them.
template <std::size_t width, std::size_t piece, bool gfni = false>
MRCZ_ALWAYS_INLINE void join_planes(const std::byte* planes, std::size_t stride, std::byte* to, std::size_t count,
                                    bool in_order) noexcept {
  for (const std::byte* const end = to + count; to != end; planes += width, to += 8 * width) {
    register_of<width> r[8];
    for_each_constant<8>([&](auto bit) __attribute__((always_inline)) {
      load_register<width>(r[gfni ? 7 - bit : bit + 0], planes + bit * stride);
    });
    riffle<width>(r);
    riffle<width>(r);
    riffle<width>(r);
    for_each_constant<8>([&](auto q) __attribute__((always_inline)) { transpose_matrices<width, gfni>(r[q]); });
    if (in_order)
      for_each_constant<8>([&](auto q)
                               __attribute__((always_inline)) { store_pieces<width, 16>(r[q], to + 16 * q, 128); });
    else
      for_each_constant<8>(
          [&](auto q) __attribute__((always_inline)) { store_pieces<width, piece>(r[q], to + piece * q, 8 * piece); });
  }
}

/// The inverse of `join_planes`: seven riffles leave each byte where it was.
template <std::size_t width>
MRCZ_ALWAYS_INLINE void split_planes(const std::byte* from, std::byte* planes, std::size_t stride,
                                     std::size_t count) noexcept {
  for (const std::byte* const end = from + count; from != end; planes += width, from += 8 * width) {
    register_of<width> r[8];
    for_each_constant<8>([&](auto q) __attribute__((always_inline)) {
      load_lanes<width>(r[q], from + 16 * q);
      transpose_matrices<width, false>(r[q]);
    });
    riffle<width>(r);
    riffle<width>(r);
    riffle<width>(r);
    riffle<width>(r);
    for_each_constant<8>([&](auto bit)
                             __attribute__((always_inline)) { store_register<width>(r[bit], planes + bit * stride); });
  }
}

// The loops for each set of instructions

using interleave_loop = void (*)(const std::byte* rows, std::size_t stride, std::byte* to, std::size_t count) noexcept;
using deinterleave_loop = void (*)(const std::byte* from, std::byte* rows, std::size_t stride,
                                   std::size_t count) noexcept;
using join_loop = void (*)(const std::byte* planes, std::size_t stride, std::byte* to, std::size_t count,
                           bool in_order) noexcept;
using split_loop = void (*)(const std::byte* from, std::byte* planes, std::size_t stride, std::size_t count) noexcept;

struct shuffle_loops {
  join_loop join;
  split_loop split;
  std::array<interleave_loop, 3> interleave;  // for elements of 2, 4 and 8 bytes
};

/// Which of three loops is the one for elements of this size; null if there is none.
template <class Loop>
Loop loop_for(const std::array<Loop, 3>& loops, std::size_t typesize) noexcept {
  return typesize == 2 ? loops[0] : typesize == 4 ? loops[1] : typesize == 8 ? loops[2] : nullptr;
}

template <std::size_t typesize>
void interleave_anywhere(const std::byte* rows, std::size_t stride, std::byte* to, std::size_t count) noexcept {
  interleave_registers<16, typesize>(rows, stride, to, count);
}
MRCZ_INLINE void join_anywhere(const std::byte* planes, std::size_t stride, std::byte* to, std::size_t count,
                               bool in_order) noexcept {
  join_planes<16, 16>(planes, stride, to, count, in_order);
}
MRCZ_INLINE void split_anywhere(const std::byte* from, std::byte* planes, std::size_t stride,
                                std::size_t count) noexcept {
  split_planes<16>(from, planes, stride, count);
}
inline constexpr shuffle_loops loops_anywhere{
    &join_anywhere, &split_anywhere, {&interleave_anywhere<2>, &interleave_anywhere<4>, &interleave_anywhere<8>}};

/// Wider registers are hardly faster, because these loops only move bytes.
inline constexpr std::array<deinterleave_loop, 3> deinterleave_loops{
    &deinterleave_registers<2>, &deinterleave_registers<4>, &deinterleave_registers<8>};

#if defined(__SSE2__)
template <std::size_t typesize>
[[gnu::target("avx2")]] void interleave_with_avx2(const std::byte* rows, std::size_t stride, std::byte* to,
                                                  std::size_t count) noexcept {
  interleave_registers<32, typesize>(rows, stride, to, count);
}
[[gnu::target("avx2")]] MRCZ_INLINE void join_with_avx2(const std::byte* planes, std::size_t stride, std::byte* to,
                                                        std::size_t count, bool in_order) noexcept {
  join_planes<32, 32>(planes, stride, to, count, in_order);
}
[[gnu::target("avx512f,avx512bw")]] MRCZ_INLINE void join_with_avx512(const std::byte* planes, std::size_t stride,
                                                                      std::byte* to, std::size_t count,
                                                                      bool in_order) noexcept {
  join_planes<64, 32>(planes, stride, to, count, in_order);
}
[[gnu::target("avx2,gfni")]] MRCZ_INLINE void join_with_gfni(const std::byte* planes, std::size_t stride, std::byte* to,
                                                             std::size_t count, bool in_order) noexcept {
  join_planes<32, 32, true>(planes, stride, to, count, in_order);
}
[[gnu::target("avx2")]] MRCZ_INLINE void split_with_avx2(const std::byte* from, std::byte* planes, std::size_t stride,
                                                         std::size_t count) noexcept {
  split_planes<32>(from, planes, stride, count);
}
#endif

/// Only joining gains from more than AVX2.
MRCZ_INLINE shuffle_loops loops_with([[maybe_unused]] instructions with) noexcept {
#if defined(__SSE2__)
  if (with != instructions::any)
    return {with == instructions::avx2     ? &join_with_avx2
            : with == instructions::avx512 ? &join_with_avx512
                                           : &join_with_gfni,
            &split_with_avx2,
            {&interleave_with_avx2<2>, &interleave_with_avx2<4>, &interleave_with_avx2<8>}};
#endif
  return loops_anywhere;
}
#endif
#undef MRCZ_ALWAYS_INLINE

// Blocks

MRCZ_INLINE void interleave_one_by_one(const std::byte* rows, std::size_t stride, std::size_t typesize,
                                       std::size_t count, std::byte* to) noexcept {
  for (std::size_t j = 0; j < typesize; ++j)
    for (std::size_t i = 0; i < count; ++i) to[i * typesize + j] = rows[j * stride + i];
}

/// Restores elements from rows of bytes.
MRCZ_INLINE void unshuffle_bytes(const std::byte* rows, std::size_t stride, std::size_t typesize, std::size_t count,
                                 std::byte* to) noexcept {
  std::size_t done = 0;
#if defined(__GNUC__)
  if (const auto interleave = loop_for(loops_anywhere.interleave, typesize); interleave != nullptr) {
    done = count / small_tile_elements * small_tile_elements;
    interleave(rows, stride, to, done);
  }
#endif
  interleave_one_by_one(rows + done, stride, typesize, count - done, to + done * typesize);
}

/// Restores elements from planes of bits. A group of 8 elements is the least that has whole planes.
MRCZ_INLINE void unshuffle_bits(const std::byte* planes, std::size_t stride, std::size_t typesize, std::size_t count,
                                std::byte* to, [[maybe_unused]] instructions with) noexcept {
#if defined(__GNUC__)
  const auto restore_tiles = [&](const shuffle_loops& loops, std::size_t tile) {
    std::byte rows[most_typesize * tile_elements];
    const auto interleave = loop_for(loops.interleave, typesize);
    for (; count >= tile; count -= tile, planes += tile / 8, to += tile * typesize) {
      std::byte* const joined = typesize == 1 ? to : rows;
      for (std::size_t j = 0; j < typesize; ++j)
        loops.join(planes + 8 * j * stride, stride, joined + j * tile, tile, interleave == nullptr);
      if (interleave != nullptr) interleave(rows, tile, to, tile);
      else if (typesize > 1) interleave_one_by_one(rows, tile, typesize, tile, to);
    }
  };
  restore_tiles(loops_with(with), tile_elements);
  restore_tiles(loops_anywhere, small_tile_elements);
#endif
  for (std::size_t i = 0; i < count; i += 8)
    for (std::size_t j = 0; j < typesize; ++j)
      unshuffle_8_bits(planes + 8 * j * stride + i / 8, stride, to + i * typesize + j, typesize);
}

MRCZ_INLINE shuffled_block::shuffled_block(std::span<const std::byte> bytes, shuffle kind,
                                           std::size_t typesize) noexcept
    : bytes_{bytes}, kind_{kind}, typesize_{typesize}, elements_{bytes.size() / typesize} {
  const bool has_whole_planes = elements_ % 8 == 0 && elements_ > 0;
  if (kind == shuffle::byte ? typesize == 1 : !has_whole_planes) kind_ = shuffle::none;
}

MRCZ_INLINE void shuffled_block::unshuffle(std::size_t first, std::size_t count, std::byte* to,
                                           instructions with) const noexcept {
  const std::size_t end = first + count;
  const std::size_t shuffled_end = is_plain() ? 0 : std::min(end, elements_ * typesize_);
  const bool bits = kind_ == shuffle::bit;
  const std::size_t group = bits ? 8 : 1;  // elements
  const auto restore = [&](std::size_t element, std::size_t elements, std::byte* into) {
    const std::byte* const from = bytes_.data() + element / group;
    if (bits) unshuffle_bits(from, elements_ / 8, typesize_, elements, into, with);
    else unshuffle_bytes(from, elements_, typesize_, elements, into);
  };
  while (first < shuffled_end) {
    const std::size_t element = first / typesize_ / group * group;
    std::size_t done = (shuffled_end - first) / (small_tile_elements * typesize_) * small_tile_elements * typesize_;
    if (first == element * typesize_ && done > 0) {
      restore(element, done / typesize_, to);
    } else {  // a part of a tile; near the end of the block the tile begins earlier
      std::array<std::byte, small_tile_elements * most_typesize> tile;
      const std::size_t elements = std::min(small_tile_elements, elements_);
      const std::size_t begin = std::min(element, elements_ - elements);
      restore(begin, elements, tile.data());
      done = std::min(shuffled_end, (begin + elements) * typesize_) - first;
      std::memcpy(to, tile.data() + (first - begin * typesize_), done);
    }
    first += done;
    to += done;
  }
  if (first < end) std::memcpy(to, bytes_.data() + first, end - first);
}

/// The inverse of `interleave_one_by_one`.
MRCZ_INLINE void deinterleave_one_by_one(const std::byte* from, std::size_t typesize, std::size_t count,
                                         std::byte* rows, std::size_t stride) noexcept {
  for (std::size_t j = 0; j < typesize; ++j)
    for (std::size_t i = 0; i < count; ++i) rows[j * stride + i] = from[i * typesize + j];
}

MRCZ_INLINE void shuffle_bits(std::span<const std::byte> from, std::size_t typesize, std::byte* to,
                              [[maybe_unused]] instructions with) noexcept {
  const std::size_t elements = from.size() / typesize;
  std::size_t done = 0;  // elements
  if (elements % 8 == 0) {
    const std::size_t stride = elements / 8;
#if defined(__GNUC__)
    const auto split = loops_with(with).split;
    const auto deinterleave = loop_for(deinterleave_loops, typesize);
    std::byte rows[most_typesize * tile_elements];
    for (; elements - done >= tile_elements; done += tile_elements) {
      const std::byte* const next = from.data() + done * typesize;
      if (deinterleave != nullptr) deinterleave(next, rows, tile_elements, tile_elements);
      else if (typesize > 1) deinterleave_one_by_one(next, typesize, tile_elements, rows, tile_elements);
      const std::byte* const bytes = typesize == 1 ? next : rows;
      for (std::size_t j = 0; j < typesize; ++j)
        split(bytes + j * tile_elements, to + 8 * j * stride + done / 8, stride, tile_elements);
    }
#endif
    for (; done < elements; done += 8)
      for (std::size_t j = 0; j < typesize; ++j)
        shuffle_8_bits(from.data() + done * typesize + j, typesize, to + 8 * j * stride + done / 8, stride);
  }
  const auto rest = from.subspan(done * typesize);
  if (!rest.empty()) std::memcpy(to + done * typesize, rest.data(), rest.size());
}

MRCZ_INLINE instructions fastest_for_unshuffle() noexcept {
  static const instructions fastest = [] {
    for (const auto wanted : {instructions::gfni, instructions::avx512, instructions::avx2})
      if (has(wanted)) return wanted;
    return instructions::any;
  }();
  return fastest;
}

}  // namespace mrcz::detail
