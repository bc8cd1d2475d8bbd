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

/// Puts the bytes of `count` elements together. Byte j of element i is at rows[j * stride + i].
MRCZ_INLINE void interleave_one_by_one(const std::byte* rows, std::size_t stride, std::size_t typesize,
                                       std::size_t count, std::byte* to) noexcept {
  for (std::size_t j = 0; j < typesize; ++j)
    for (std::size_t i = 0; i < count; ++i) to[i * typesize + j] = rows[j * stride + i];
}

/// Spreads byte j of 8 elements over its 8 planes, which lie `stride` bytes apart.
MRCZ_INLINE void shuffle_8_bits(const std::byte* from, std::size_t typesize, std::byte* planes,
                                std::size_t stride) noexcept {
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < 8; ++i) rows |= std::to_integer<std::uint64_t>(from[i * typesize]) << 8 * i;
  transpose_bits(rows);
  for (std::size_t bit = 0; bit < 8; ++bit) planes[bit * stride] = static_cast<std::byte>(rows >> 8 * bit);
}

/// The inverse of `interleave_one_by_one`.
MRCZ_INLINE void deinterleave_one_by_one(const std::byte* from, std::size_t typesize, std::size_t count,
                                         std::byte* rows, std::size_t stride) noexcept {
  for (std::size_t j = 0; j < typesize; ++j)
    for (std::size_t i = 0; i < count; ++i) rows[j * stride + i] = from[i * typesize + j];
}

// Tiles of elements in registers
//
// Registers are extensions of the compiler. So one algorithm serves each width, and <immintrin.h>, which takes 0.4 s to
// compile, is not needed. Functions that have registers as arguments are inlined into functions that are compiled for
// the right instructions.

#if defined(__GNUC__)

template <std::size_t width>
struct registers {
  using bytes __attribute__((vector_size(width))) = std::uint8_t;
  using words __attribute__((vector_size(width))) = std::uint64_t;
};
template <std::size_t width>
using register_of = typename registers<width>::bytes;

/// Calls `action` with each of the constants 0 to count - 1.
template <std::size_t count, class Action>
MRCZ_ALWAYS_INLINE void for_each_constant(Action action) noexcept {
  [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
    (action(std::integral_constant<std::size_t, i>{}), ...);
  }(std::make_index_sequence<count>{});
}

/// Alternates the bytes of the lower halves of two registers, or of the upper halves. Each lane of 16 bytes counts
/// alone.
template <std::size_t width, bool upper, std::size_t... i>
MRCZ_ALWAYS_INLINE void alternate(const register_of<width>& a, const register_of<width>& b, register_of<width>& to,
                                  std::index_sequence<i...>) noexcept {
  to = __builtin_shufflevector(a, b, static_cast<int>(i / 16 * 16 + i % 16 / 2 + (upper ? 8 : 0) + i % 2 * width)...);
}

/// Shuffles the bytes of all registers like a pack of cards that is cut in the middle: the bytes of the first half of
/// the registers alternate with those of the second half, lane by lane. Let the address of a byte be the number of its
/// register followed by its place in the lane. Then a riffle moves the highest bit of each address to its lowest place.
template <std::size_t width, std::size_t count>
MRCZ_ALWAYS_INLINE void riffle(register_of<width> (&r)[count]) noexcept {
  register_of<width> mixed[count];
  for_each_constant<count / 2>([&](auto i) __attribute__((always_inline)) {
    constexpr std::make_index_sequence<width> each{};
    alternate<width, false>(r[i], r[i + count / 2], mixed[2 * i], each);
    alternate<width, true>(r[i], r[i + count / 2], mixed[2 * i + 1], each);
  });
  for_each_constant<count>([&](auto i) __attribute__((always_inline)) { r[i] = mixed[i]; });
}

template <std::size_t width, std::size_t... i>
MRCZ_ALWAYS_INLINE void concatenate(const register_of<width / 2>& low, const register_of<width / 2>& high,
                                    register_of<width>& to, std::index_sequence<i...>) noexcept {
  to = __builtin_shufflevector(low, high, static_cast<int>(i)...);
}

/// Stores the lanes of a register `stride` bytes apart.
template <std::size_t width>
MRCZ_ALWAYS_INLINE void store_lanes(const register_of<width>& from, std::byte* to, std::size_t stride) noexcept {
  for_each_constant<width / 16>([&](auto lane) __attribute__((always_inline)) {
    std::memcpy(to + lane * stride, reinterpret_cast<const std::byte*>(&from) + 16 * lane, 16);
  });
}

/// Loads the lanes of a register `stride` bytes apart. The lanes are put together as registers: a processor waits for
/// bytes that it has just stored piece by piece.
template <std::size_t width>
MRCZ_ALWAYS_INLINE void load_lanes(register_of<width>& to, const std::byte* from, std::size_t stride) noexcept {
  if constexpr (width == 16) {
    std::memcpy(&to, from, width);
  } else {
    register_of<width / 2> low;
    register_of<width / 2> high;
    load_lanes<width / 2>(low, from, stride);
    load_lanes<width / 2>(high, from + width / 32 * stride, stride);
    concatenate<width>(low, high, to, std::make_index_sequence<width>{});
  }
}

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

/// The loops for one set of instructions, which has registers of `width` bytes.
template <std::size_t width, bool gfni = false>
struct tiles {
  using bytes = register_of<width>;

  /// Transposes the matrix of bits in each 8 bytes. With GFNI the first byte is the last row.
  MRCZ_ALWAYS_INLINE static void transpose(bytes& r) noexcept {
    if constexpr (gfni) {
      transpose_bits_with_gfni(r);
    } else {
      auto words = reinterpret_cast<typename registers<width>::words>(r);
      if constexpr (std::endian::native == std::endian::big) reverse_words(words);
      transpose_bits(words);
      if constexpr (std::endian::native == std::endian::big) reverse_words(words);
      r = reinterpret_cast<bytes>(words);
    }
  }

  template <class Words>
  MRCZ_ALWAYS_INLINE static void reverse_words(Words& words) noexcept {
    for (std::size_t i = 0; i < width / 8; ++i) words[i] = byteswap(words[i]);
  }

  /// Restores one byte of 8 * width elements from its 8 planes. Lane l of register q belongs to the 16 elements from
  /// 128 l + 16 q on.
  MRCZ_ALWAYS_INLINE static void join_planes(const std::byte* planes, std::size_t stride, bytes (&r)[8]) noexcept {
    for_each_constant<8>([&](auto bit) __attribute__((always_inline)) {
      std::memcpy(&r[gfni ? 7 - bit : bit + 0], planes + bit * stride, width);
    });
    riffle<width>(r);
    riffle<width>(r);
    riffle<width>(r);
    for_each_constant<8>([&](auto q) __attribute__((always_inline)) { transpose(r[q]); });
  }

  /// Puts the bytes of elements together and stores them. Register j holds byte j, each lane 16 elements. The elements
  /// of two neighbouring lanes are `distance` elements apart.
  template <std::size_t typesize>
  MRCZ_ALWAYS_INLINE static void store_elements(bytes (&r)[typesize], std::byte* to, std::size_t distance) noexcept {
    for_each_constant<std::bit_width(typesize) - 1>([&](auto) __attribute__((always_inline)) { riffle<width>(r); });
    for_each_constant<typesize>(
        [&](auto q) __attribute__((always_inline)) { store_lanes<width>(r[q], to + 16 * q, distance * typesize); });
  }

  /// Restores a tile of elements from planes of bits.
  template <std::size_t typesize, std::size_t tile>
  MRCZ_ALWAYS_INLINE static void unshuffle_bits(const std::byte* planes, std::size_t stride, std::byte* to) noexcept {
    constexpr std::size_t at_once = 8 * width;  // elements
    bytes joined[tile / at_once][8][typesize];
    for (std::size_t j = 0; j < typesize; ++j)
      for (std::size_t part = 0; part < tile / at_once; ++part) {
        bytes r[8];
        join_planes(planes + 8 * j * stride + part * width, stride, r);
        for_each_constant<8>([&](auto q) __attribute__((always_inline)) {
          if constexpr (typesize > 1) joined[part][q][j] = r[q];
          else store_lanes<width>(r[q], to + part * at_once + 16 * q, 128);
        });
      }
    if constexpr (typesize == 1) return;
    for (std::size_t part = 0; part < tile / at_once; ++part)
      for (std::size_t q = 0; q < 8; ++q) {
        bytes r[typesize];
        for_each_constant<typesize>([&](auto j) __attribute__((always_inline)) { r[j] = joined[part][q][j]; });
        store_elements(r, to + (part * at_once + 16 * q) * typesize, 128);
      }
  }

  /// The inverse of `join_planes`: seven riffles leave each byte where it was.
  MRCZ_ALWAYS_INLINE static void split_planes(bytes (&r)[8], std::byte* planes, std::size_t stride) noexcept {
    for_each_constant<8>([&](auto q) __attribute__((always_inline)) { transpose(r[q]); });
    for_each_constant<4>([&](auto) __attribute__((always_inline)) { riffle<width>(r); });
    for_each_constant<8>([&](auto bit)
                             __attribute__((always_inline)) { std::memcpy(planes + bit * stride, &r[bit], width); });
  }

  /// The inverse of `store_elements`: as many riffles as that function has and four leave each byte where it was.
  template <std::size_t typesize>
  MRCZ_ALWAYS_INLINE static void load_elements(const std::byte* from, std::size_t distance,
                                               bytes (&r)[typesize]) noexcept {
    for_each_constant<typesize>(
        [&](auto q) __attribute__((always_inline)) { load_lanes<width>(r[q], from + 16 * q, distance * typesize); });
    if constexpr (typesize > 1) for_each_constant<4>([&](auto) __attribute__((always_inline)) { riffle<width>(r); });
  }

  /// Spreads a tile of elements over planes of bits.
  template <std::size_t typesize>
  MRCZ_ALWAYS_INLINE static void shuffle_bits(const std::byte* from, std::byte* planes, std::size_t stride) noexcept {
    constexpr std::size_t tile = tile_elements;
    constexpr std::size_t at_once = 8 * width;  // elements
    bytes split[tile / at_once][typesize][8];
    for (std::size_t part = 0; part < tile / at_once; ++part)
      for (std::size_t q = 0; q < 8; ++q) {
        bytes r[typesize];
        load_elements(from + (part * at_once + 16 * q) * typesize, 128, r);
        for_each_constant<typesize>([&](auto j) __attribute__((always_inline)) { split[part][j][q] = r[j]; });
      }
    for (std::size_t j = 0; j < typesize; ++j)
      for (std::size_t part = 0; part < tile / at_once; ++part) {
        bytes r[8];
        for_each_constant<8>([&](auto q) __attribute__((always_inline)) { r[q] = split[part][j][q]; });
        split_planes(r, planes + 8 * j * stride + part * width, stride);
      }
  }

  /// Restores a tile of elements from rows of bytes.
  template <std::size_t typesize, std::size_t tile>
  static void unshuffle_bytes(const std::byte* rows, std::size_t stride, std::byte* to) noexcept {
    for (std::size_t i = 0; i < tile; i += width) {
      bytes r[typesize];
      for_each_constant<typesize>(
          [&](auto j) __attribute__((always_inline)) { std::memcpy(&r[j], rows + j * stride + i, width); });
      store_elements(r, to + i * typesize, 16);
    }
  }
};

// The tables

/// A loop over one tile. Planes of bits, or rows of bytes, are `stride` bytes apart.
using tile_loop = void (*)(const std::byte* from, std::size_t stride, std::byte* to) noexcept;

/// Loops for elements of 1, 2, 4 and 8 bytes.
using loops_by_typesize = std::array<tile_loop, 4>;

template <std::size_t typesize>
void unshuffle_bits_anywhere(const std::byte* from, std::size_t stride, std::byte* to) noexcept {
  tiles<16>::unshuffle_bits<typesize, small_tile_elements>(from, stride, to);
}
inline constexpr loops_by_typesize small_bit_loops{&unshuffle_bits_anywhere<1>, &unshuffle_bits_anywhere<2>,
                                                   &unshuffle_bits_anywhere<4>, &unshuffle_bits_anywhere<8>};

/// Wider registers are no faster here, because the loops only move bytes.
inline constexpr loops_by_typesize small_byte_loops{nullptr, &tiles<16>::unshuffle_bytes<2, small_tile_elements>,
                                                    &tiles<16>::unshuffle_bytes<4, small_tile_elements>,
                                                    &tiles<16>::unshuffle_bytes<8, small_tile_elements>};

/// A loop that spreads one tile over planes of bits.
using shuffle_loop = void (*)(const std::byte* from, std::byte* planes, std::size_t stride) noexcept;
using shuffle_loops_by_typesize = std::array<shuffle_loop, 4>;

template <std::size_t typesize>
void shuffle_bits_anywhere(const std::byte* from, std::byte* planes, std::size_t stride) noexcept {
  tiles<16>::shuffle_bits<typesize>(from, planes, stride);
}
inline constexpr shuffle_loops_by_typesize shuffle_loops{&shuffle_bits_anywhere<1>, &shuffle_bits_anywhere<2>,
                                                         &shuffle_bits_anywhere<4>, &shuffle_bits_anywhere<8>};

#if defined(__SSE2__)
template <std::size_t typesize>
[[gnu::target("avx2")]] void shuffle_bits_with_avx2(const std::byte* from, std::byte* planes,
                                                    std::size_t stride) noexcept {
  tiles<32>::shuffle_bits<typesize>(from, planes, stride);
}
inline constexpr shuffle_loops_by_typesize shuffle_loops_with_avx2{
    &shuffle_bits_with_avx2<1>, &shuffle_bits_with_avx2<2>, &shuffle_bits_with_avx2<4>, &shuffle_bits_with_avx2<8>};

template <std::size_t typesize>
[[gnu::target("avx2")]] void unshuffle_bits_with_avx2(const std::byte* from, std::size_t stride,
                                                      std::byte* to) noexcept {
  tiles<32>::unshuffle_bits<typesize, tile_elements>(from, stride, to);
}
inline constexpr loops_by_typesize loops_with_avx2{&unshuffle_bits_with_avx2<1>, &unshuffle_bits_with_avx2<2>,
                                                   &unshuffle_bits_with_avx2<4>, &unshuffle_bits_with_avx2<8>};

template <std::size_t typesize>
[[gnu::target("avx512f,avx512bw")]] void unshuffle_bits_with_avx512(const std::byte* from, std::size_t stride,
                                                                    std::byte* to) noexcept {
  tiles<64>::unshuffle_bits<typesize, tile_elements>(from, stride, to);
}
inline constexpr loops_by_typesize loops_with_avx512{&unshuffle_bits_with_avx512<1>, &unshuffle_bits_with_avx512<2>,
                                                     &unshuffle_bits_with_avx512<4>, &unshuffle_bits_with_avx512<8>};

template <std::size_t typesize>
[[gnu::target("avx2,gfni")]] void unshuffle_bits_with_gfni(const std::byte* from, std::size_t stride,
                                                           std::byte* to) noexcept {
  tiles<32, true>::unshuffle_bits<typesize, tile_elements>(from, stride, to);
}
inline constexpr loops_by_typesize loops_with_gfni{&unshuffle_bits_with_gfni<1>, &unshuffle_bits_with_gfni<2>,
                                                   &unshuffle_bits_with_gfni<4>, &unshuffle_bits_with_gfni<8>};
#endif

/// The loops over tiles of 512 elements; null if there are none.
MRCZ_INLINE const loops_by_typesize* large_bit_loops([[maybe_unused]] instructions with) noexcept {
#if defined(__SSE2__)
  switch (with) {
    case instructions::any: break;
    case instructions::avx2: return &loops_with_avx2;
    case instructions::avx512: return &loops_with_avx512;
    case instructions::gfni: return &loops_with_gfni;
  }
#endif
  return nullptr;
}

MRCZ_INLINE const shuffle_loops_by_typesize& shuffle_loops_with([[maybe_unused]] instructions with) noexcept {
#if defined(__SSE2__)
  if (with != instructions::any) return shuffle_loops_with_avx2;  // GFNI and wider registers are no faster
#endif
  return shuffle_loops;
}
#endif
#undef MRCZ_ALWAYS_INLINE

// Blocks

/// Restores whole elements. A group of 8 elements is the least that has whole planes of bits.
MRCZ_INLINE void unshuffle_elements(const std::byte* from, std::size_t stride, shuffle kind, std::size_t typesize,
                                    std::size_t count, std::byte* to, [[maybe_unused]] instructions with) noexcept {
  const bool bits = kind == shuffle::bit;
#if defined(__GNUC__)
  const auto run = [&](const loops_by_typesize& loops, std::size_t tile) {
    const bool has_loop = std::has_single_bit(typesize) && typesize <= 8;
    for (; count >= tile; count -= tile, from += bits ? tile / 8 : tile, to += tile * typesize) {
      if (has_loop) {
        loops[static_cast<std::size_t>(std::countr_zero(typesize))](from, stride, to);
      } else if (bits) {
        std::byte rows[16][tile_elements];
        for (std::size_t j = 0; j < typesize; ++j) loops[0](from + 8 * j * stride, stride, rows[j]);
        interleave_one_by_one(rows[0], tile_elements, typesize, tile, to);
      } else {
        interleave_one_by_one(from, stride, typesize, tile, to);
      }
    }
  };
  if (const auto* large = large_bit_loops(with); bits && large != nullptr) run(*large, tile_elements);
  run(bits ? small_bit_loops : small_byte_loops, small_tile_elements);
#endif
  if (!bits) return interleave_one_by_one(from, stride, typesize, count, to);
  for (std::size_t i = 0; i < count; i += 8)
    for (std::size_t j = 0; j < typesize; ++j)
      unshuffle_8_bits(from + 8 * j * stride + i / 8, stride, to + i * typesize + j, typesize);
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
    unshuffle_elements(bytes_.data() + element / group, elements_ / group, kind_, typesize_, elements, into, with);
  };
  while (first < shuffled_end) {
    const std::size_t element = first / typesize_ / group * group;
    std::size_t done = (shuffled_end - first) / (small_tile_elements * typesize_) * small_tile_elements * typesize_;
    if (first == element * typesize_ && done > 0) {
      restore(element, done / typesize_, to);
    } else {  // a part of a tile; near the end of the block the tile begins earlier
      std::array<std::byte, small_tile_elements * 16> tile;
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

MRCZ_INLINE void shuffle_bits(std::span<const std::byte> from, std::size_t typesize, std::byte* to,
                              [[maybe_unused]] instructions with) noexcept {
  const std::size_t elements = from.size() / typesize;
  std::size_t done = 0;  // elements
  if (elements % 8 == 0) {
    const std::size_t stride = elements / 8;
#if defined(__GNUC__)
    const auto& loops = shuffle_loops_with(with);
    for (; elements - done >= tile_elements; done += tile_elements) {
      const std::byte* const next = from.data() + done * typesize;
      if (std::has_single_bit(typesize) && typesize <= 8) {
        loops[static_cast<std::size_t>(std::countr_zero(typesize))](next, to + done / 8, stride);
      } else {
        std::byte rows[16][tile_elements];
        deinterleave_one_by_one(next, typesize, tile_elements, rows[0], tile_elements);
        for (std::size_t j = 0; j < typesize; ++j) loops[0](rows[j], to + 8 * j * stride + done / 8, stride);
      }
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
