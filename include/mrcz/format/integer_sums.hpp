/// Extremes and sums of 8-bit and 16-bit voxels, in one pass that keeps up with memory.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#if defined(__SSE2__) && defined(__GNUC__)
#include <emmintrin.h>
#endif

#include "mrcz/core/hardware.hpp"

namespace mrcz {

template <class T>
concept small_integer = std::integral<T> && sizeof(T) <= 2 && !std::same_as<T, bool>;

/// Of at most 2^15 voxels; exact. `sum` and `squares` are those of the voxels less `shift`.
struct integer_sums {
  std::int32_t min = std::numeric_limits<std::int32_t>::max();
  std::int32_t max = std::numeric_limits<std::int32_t>::min();
  std::int32_t shift = 0;
  std::int64_t sum = 0;
  std::int64_t squares = 0;
};

namespace detail {

/// Unsigned 16-bit voxels are summed as signed ones.
template <small_integer T>
constexpr std::int32_t shift_of = std::is_same_v<T, std::uint16_t> ? 32768 : 0;

template <small_integer T>
void add_one_by_one(integer_sums& total, const T* voxels, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t value = voxels[i];  // NOLINT(bugprone-signed-char-misuse): a voxel is a number
    const std::int64_t shifted = value - shift_of<T>;
    total.min = std::min(total.min, value);
    total.max = std::max(total.max, value);
    total.sum += shifted;
    total.squares += shifted * shifted;
  }
}

#if defined(__SSE2__) && defined(__GNUC__)

template <class Lane>
std::array<Lane, 16 / sizeof(Lane)> lanes_of(__m128i value) noexcept {
  std::array<Lane, 16 / sizeof(Lane)> lanes;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(lanes.data()), value);
  return lanes;
}

/// What a loop over registers leaves: extremes and sums in lanes, 8-bit voxels moved to where they are unsigned.
struct lane_sums {
  __m128i low;
  __m128i high;
  __m128i sum;      // in 64 bits of 8-bit voxels, in 32 of 16-bit ones
  __m128i squares;  // in 32 bits of 8-bit voxels, in 64 of 16-bit ones
};

inline __m128i load_register(const void* from) noexcept { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }

/// 16 voxels in a register. Compilers do not find these instructions: extremes and sums exist for unsigned bytes only,
/// to which signed ones are moved by 128, and squares for pairs of 16-bit integers, two of which stand in each pair of
/// bytes.
template <small_integer T>
  requires(sizeof(T) == 1)
lane_sums sum_lanes(const T* voxels, std::size_t registers) noexcept {
  constexpr bool is_signed = std::is_signed_v<T>;
  const __m128i zero = _mm_setzero_si128();
  const __m128i offset = _mm_set1_epi8(is_signed ? static_cast<char>(-128) : 0);
  lane_sums found{_mm_set1_epi8(static_cast<char>(-1)), zero, zero, zero};
  for (std::size_t i = 0; i < registers; ++i) {
    const T* const at = voxels + 16 * i;
    if (i % 4 == 0) detail::prefetch_next_page(at);
    const __m128i bytes = load_register(at);
    const __m128i moved = _mm_xor_si128(bytes, offset);
    found.low = _mm_min_epu8(found.low, moved);
    found.high = _mm_max_epu8(found.high, moved);
    found.sum = _mm_add_epi64(found.sum, _mm_sad_epu8(moved, zero));
    const __m128i left = _mm_slli_epi16(bytes, 8);
    const __m128i even = is_signed ? _mm_srai_epi16(left, 8) : _mm_srli_epi16(left, 8);
    const __m128i odd = is_signed ? _mm_srai_epi16(bytes, 8) : _mm_srli_epi16(bytes, 8);
    found.squares = _mm_add_epi32(found.squares, _mm_add_epi32(_mm_madd_epi16(even, even), _mm_madd_epi16(odd, odd)));
  }
  return found;
}

/// 8 voxels in a register. Products of pairs are added as 32-bit integers; only -32768 twice needs all 32 bits, as an
/// unsigned number, so the squares are added up in 64 bits.
template <small_integer T>
  requires(sizeof(T) == 2)
lane_sums sum_lanes(const T* voxels, std::size_t registers) noexcept {
  const __m128i zero = _mm_setzero_si128();
  const __m128i one = _mm_set1_epi16(1);
  const __m128i offset = _mm_set1_epi16(std::is_signed_v<T> ? 0 : static_cast<std::int16_t>(-32768));
  lane_sums found{_mm_set1_epi16(32767), _mm_set1_epi16(-32768), zero, zero};
  for (std::size_t i = 0; i < registers; ++i) {
    const T* const at = voxels + 8 * i;
    if (i % 4 == 0) detail::prefetch_next_page(at);
    const __m128i words = _mm_xor_si128(load_register(at), offset);
    found.low = _mm_min_epi16(found.low, words);
    found.high = _mm_max_epi16(found.high, words);
    found.sum = _mm_add_epi32(found.sum, _mm_madd_epi16(words, one));
    const __m128i square = _mm_madd_epi16(words, words);
    found.squares =
        _mm_add_epi64(found.squares, _mm_add_epi64(_mm_unpacklo_epi32(square, zero), _mm_unpackhi_epi32(square, zero)));
  }
  return found;
}

// Registers of 32 bytes as the compiler has them: reading <immintrin.h> would take each compilation 0.4 s.
using chars_of_32 = char __attribute__((vector_size(32)));
using bytes_of_32 = std::uint8_t __attribute__((vector_size(32)));
using shorts_of_32 = std::int16_t __attribute__((vector_size(32)));
using words_of_32 = std::uint16_t __attribute__((vector_size(32)));
using ints_of_32 = std::int32_t __attribute__((vector_size(32)));
using longs_of_32 = std::uint64_t __attribute__((vector_size(32)));

struct halves {
  __m128i first;
  __m128i second;
  explicit halves(const void* wide) noexcept
      : first{load_register(wide)}, second{load_register(static_cast<const std::byte*>(wide) + 16)} {}
};

/// `sum_lanes` with 32 voxels in a register, for processors with AVX2.
template <small_integer T>
  requires(sizeof(T) == 1)
[[gnu::target("avx2")]] lane_sums sum_wide_lanes(const T* voxels, std::size_t registers) noexcept {
  constexpr std::uint8_t moved_by = std::is_signed_v<T> ? 128 : 0;
  const bytes_of_32 offset = bytes_of_32{} + moved_by;
  bytes_of_32 low = ~bytes_of_32{};
  bytes_of_32 high{};
  longs_of_32 sum{};
  ints_of_32 squares{};
  for (std::size_t i = 0; i < registers; ++i) {
    const T* const at = voxels + 32 * i;
    if (i % 2 == 0) detail::prefetch_next_page(at);
    bytes_of_32 bytes;
    std::memcpy(&bytes, at, sizeof(bytes));
    const bytes_of_32 moved = bytes ^ offset;
    low = moved < low ? moved : low;
    high = high < moved ? moved : high;
    sum += reinterpret_cast<longs_of_32>(__builtin_ia32_psadbw256(reinterpret_cast<chars_of_32>(moved), chars_of_32{}));
    shorts_of_32 even;
    shorts_of_32 odd;
    if constexpr (std::is_signed_v<T>) {
      even = (reinterpret_cast<shorts_of_32>(bytes) << 8) >> 8;
      odd = reinterpret_cast<shorts_of_32>(bytes) >> 8;
    } else {
      even = reinterpret_cast<shorts_of_32>(reinterpret_cast<words_of_32>(bytes) & 255);
      odd = reinterpret_cast<shorts_of_32>(reinterpret_cast<words_of_32>(bytes) >> 8);
    }
    squares += __builtin_ia32_pmaddwd256(even, even) + __builtin_ia32_pmaddwd256(odd, odd);
  }
  const halves lows{&low};
  const halves highs{&high};
  const halves sums{&sum};
  const halves all_squares{&squares};
  return {_mm_min_epu8(lows.first, lows.second), _mm_max_epu8(highs.first, highs.second),
          _mm_add_epi64(sums.first, sums.second), _mm_add_epi32(all_squares.first, all_squares.second)};
}

/// The same with 16 voxels in a register.
template <small_integer T>
  requires(sizeof(T) == 2)
[[gnu::target("avx2")]] lane_sums sum_wide_lanes(const T* voxels, std::size_t registers) noexcept {
  constexpr std::int16_t moved_by = std::is_signed_v<T> ? 0 : -32768;
  const shorts_of_32 offset = shorts_of_32{} + moved_by;
  const shorts_of_32 one = shorts_of_32{} + std::int16_t{1};
  shorts_of_32 low = shorts_of_32{} + std::int16_t{32767};
  shorts_of_32 high = ~low;
  ints_of_32 sum{};
  longs_of_32 squares{};
  for (std::size_t i = 0; i < registers; ++i) {
    const T* const at = voxels + 16 * i;
    if (i % 2 == 0) detail::prefetch_next_page(at);
    shorts_of_32 words;
    std::memcpy(&words, at, sizeof(words));
    words ^= offset;
    low = words < low ? words : low;
    high = high < words ? words : high;
    sum += __builtin_ia32_pmaddwd256(words, one);
    const auto square = reinterpret_cast<longs_of_32>(__builtin_ia32_pmaddwd256(words, words));
    squares += (square & 0xffffffffU) + (square >> 32);
  }
  const halves lows{&low};
  const halves highs{&high};
  const halves sums{&sum};
  const halves all_squares{&squares};
  return {_mm_min_epi16(lows.first, lows.second), _mm_max_epi16(highs.first, highs.second),
          _mm_add_epi32(sums.first, sums.second), _mm_add_epi64(all_squares.first, all_squares.second)};
}

template <class Lane>
void widen_range(integer_sums& total, __m128i low, __m128i high, std::int32_t moved_by) noexcept {
  const auto lows = lanes_of<Lane>(low);
  const auto highs = lanes_of<Lane>(high);
  total.min = std::min(total.min, *std::min_element(lows.begin(), lows.end()) + moved_by);
  total.max = std::max(total.max, *std::max_element(highs.begin(), highs.end()) + moved_by);
}

/// Adds the lanes of `count` voxels.
template <small_integer T>
void add_lanes(integer_sums& total, const lane_sums& found, std::size_t count) noexcept {
  if constexpr (sizeof(T) == 1) {
    constexpr std::int32_t moved_by = std::is_signed_v<T> ? 128 : 0;
    widen_range<std::uint8_t>(total, found.low, found.high, -moved_by);
    for (const std::int64_t lane : lanes_of<std::int64_t>(found.sum)) total.sum += lane;
    total.sum -= moved_by * static_cast<std::int64_t>(count);
    for (const std::int32_t lane : lanes_of<std::int32_t>(found.squares)) total.squares += lane;
  } else {
    widen_range<std::int16_t>(total, found.low, found.high, shift_of<T>);
    for (const std::int32_t lane : lanes_of<std::int32_t>(found.sum)) total.sum += lane;
    for (const std::int64_t lane : lanes_of<std::int64_t>(found.squares)) total.squares += lane;
  }
}

#endif

}  // namespace detail

/// `count` is 1 to 2^15.
template <small_integer T>
integer_sums sums_of(const T* voxels, std::size_t count) noexcept {
  integer_sums total{.shift = detail::shift_of<T>};
  std::size_t done = 0;
#if defined(__SSE2__) && defined(__GNUC__)
  if (detail::has_avx2()) {
    done = count / (32 / sizeof(T)) * (32 / sizeof(T));
    if (done > 0) detail::add_lanes<T>(total, detail::sum_wide_lanes(voxels, done * sizeof(T) / 32), done);
  } else {
    done = count / (16 / sizeof(T)) * (16 / sizeof(T));
    if (done > 0) detail::add_lanes<T>(total, detail::sum_lanes(voxels, done * sizeof(T) / 16), done);
  }
#endif
  detail::add_one_by_one(total, voxels + done, count - done);
  return total;
}

}  // namespace mrcz
