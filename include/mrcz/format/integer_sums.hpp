/// Extremes and sums of 8-bit and 16-bit voxels, in one pass that keeps up with memory.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "mrcz/core/prefetch.hpp"

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
    const std::int32_t value = voxels[i];
    const std::int64_t shifted = value - shift_of<T>;
    total.min = std::min(total.min, value);
    total.max = std::max(total.max, value);
    total.sum += shifted;
    total.squares += shifted * shifted;
  }
}

#ifdef __SSE2__

template <class Lane>
std::array<Lane, 16 / sizeof(Lane)> lanes_of(__m128i value) noexcept {
  std::array<Lane, 16 / sizeof(Lane)> lanes;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(lanes.data()), value);
  return lanes;
}

template <class Lane>
void widen_range(integer_sums& total, __m128i low, __m128i high, std::int32_t moved_by) noexcept {
  const auto lows = lanes_of<Lane>(low);
  const auto highs = lanes_of<Lane>(high);
  total.min = std::min(total.min, *std::min_element(lows.begin(), lows.end()) + moved_by);
  total.max = std::max(total.max, *std::max_element(highs.begin(), highs.end()) + moved_by);
}

inline __m128i load_register(const void* from) noexcept { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }

/// 16 voxels in a register. Compilers do not find these instructions: extremes and sums exist for unsigned bytes only,
/// to which signed ones are moved by 128, and squares for pairs of 16-bit integers, two of which stand in each pair of
/// bytes.
template <small_integer T>
  requires(sizeof(T) == 1)
void add_registers(integer_sums& total, const T* voxels, std::size_t registers) noexcept {
  constexpr bool is_signed = std::is_signed_v<T>;
  const __m128i zero = _mm_setzero_si128();
  const __m128i offset = _mm_set1_epi8(is_signed ? static_cast<char>(-128) : 0);
  __m128i low = _mm_set1_epi8(static_cast<char>(-1));
  __m128i high = zero;
  __m128i sum = zero;
  __m128i squares = zero;
  for (std::size_t i = 0; i < registers; ++i) {
    const T* const at = voxels + 16 * i;
    if (i % 4 == 0) prefetch_next_page(at);
    const __m128i bytes = load_register(at);
    const __m128i moved = _mm_xor_si128(bytes, offset);
    low = _mm_min_epu8(low, moved);
    high = _mm_max_epu8(high, moved);
    sum = _mm_add_epi64(sum, _mm_sad_epu8(moved, zero));
    const __m128i left = _mm_slli_epi16(bytes, 8);
    const __m128i even = is_signed ? _mm_srai_epi16(left, 8) : _mm_srli_epi16(left, 8);
    const __m128i odd = is_signed ? _mm_srai_epi16(bytes, 8) : _mm_srli_epi16(bytes, 8);
    squares = _mm_add_epi32(squares, _mm_add_epi32(_mm_madd_epi16(even, even), _mm_madd_epi16(odd, odd)));
  }
  constexpr std::int32_t moved_by = is_signed ? 128 : 0;
  widen_range<std::uint8_t>(total, low, high, -moved_by);
  const auto sums = lanes_of<std::int64_t>(sum);
  total.sum += sums[0] + sums[1] - moved_by * 16 * static_cast<std::int64_t>(registers);
  for (const std::int32_t lane : lanes_of<std::int32_t>(squares)) total.squares += lane;
}

/// 8 voxels in a register. Products of pairs are added as 32-bit integers; only -32768 twice needs all 32 bits, as an
/// unsigned number, so the squares are added up in 64 bits.
template <small_integer T>
  requires(sizeof(T) == 2)
void add_registers(integer_sums& total, const T* voxels, std::size_t registers) noexcept {
  const __m128i zero = _mm_setzero_si128();
  const __m128i one = _mm_set1_epi16(1);
  const __m128i offset = _mm_set1_epi16(std::is_signed_v<T> ? 0 : static_cast<std::int16_t>(-32768));
  __m128i low = _mm_set1_epi16(32767);
  __m128i high = _mm_set1_epi16(-32768);
  __m128i sum = zero;
  __m128i squares = zero;
  for (std::size_t i = 0; i < registers; ++i) {
    const T* const at = voxels + 8 * i;
    if (i % 4 == 0) prefetch_next_page(at);
    const __m128i words = _mm_xor_si128(load_register(at), offset);
    low = _mm_min_epi16(low, words);
    high = _mm_max_epi16(high, words);
    sum = _mm_add_epi32(sum, _mm_madd_epi16(words, one));
    const __m128i square = _mm_madd_epi16(words, words);
    squares = _mm_add_epi64(squares, _mm_add_epi64(_mm_unpacklo_epi32(square, zero), _mm_unpackhi_epi32(square, zero)));
  }
  widen_range<std::int16_t>(total, low, high, shift_of<T>);
  for (const std::int32_t lane : lanes_of<std::int32_t>(sum)) total.sum += lane;
  for (const std::int64_t lane : lanes_of<std::int64_t>(squares)) total.squares += lane;
}

#endif

}  // namespace detail

/// `count` is 1 to 2^15.
template <small_integer T>
integer_sums sums_of(const T* voxels, std::size_t count) noexcept {
  integer_sums total{.shift = detail::shift_of<T>};
  std::size_t done = 0;
#ifdef __SSE2__
  constexpr std::size_t in_register = 16 / sizeof(T);
  if (count >= in_register) {
    detail::add_registers(total, voxels, count / in_register);
    done = count / in_register * in_register;
  }
#endif
  detail::add_one_by_one(total, voxels + done, count - done);
  return total;
}

}  // namespace mrcz
