/// Extremes and sums of 8-bit voxels, which are counted faster than anything else is computed from them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace mrcz {

/// Of at most 2^15 voxels; exact.
struct byte_sums {
  std::int32_t min = std::numeric_limits<std::int32_t>::max();
  std::int32_t max = std::numeric_limits<std::int32_t>::min();
  std::int32_t sum = 0;
  std::int32_t squares = 0;
};

namespace detail {

template <class T>
void add_bytes(byte_sums& total, const T* voxels, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t value = voxels[i];
    total.min = std::min(total.min, value);
    total.max = std::max(total.max, value);
    total.sum += value;
    total.squares += value * value;
  }
}

#ifdef __SSE2__
/// 16 voxels at a time. Compilers do not find these instructions: extremes and sums exist for unsigned bytes only, to
/// which signed ones are moved by 128, and squares for pairs of 16-bit integers, two of which stand in each pair of
/// bytes.
template <class T>
void add_registers(byte_sums& total, const T* voxels, std::size_t registers) noexcept {
  constexpr bool is_signed = std::is_signed_v<T>;
  const __m128i zero = _mm_setzero_si128();
  const __m128i offset = _mm_set1_epi8(is_signed ? static_cast<char>(-128) : 0);
  __m128i low = _mm_set1_epi8(static_cast<char>(-1));
  __m128i high = zero;
  __m128i sum = zero;
  __m128i squares = zero;
  for (std::size_t i = 0; i < registers; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(voxels + 16 * i));
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
  std::array<std::uint8_t, 16> bytes{};
  std::array<std::int32_t, 4> words{};
  _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes.data()), low);
  total.min = std::min(total.min, *std::min_element(bytes.begin(), bytes.end()) - moved_by);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes.data()), high);
  total.max = std::max(total.max, *std::max_element(bytes.begin(), bytes.end()) - moved_by);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words.data()), sum);
  total.sum += words[0] + words[2] - moved_by * 16 * static_cast<std::int32_t>(registers);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words.data()), squares);
  total.squares += words[0] + words[1] + words[2] + words[3];
}
#endif

}  // namespace detail

/// `count` is 1 to 2^15.
template <class T>
  requires(std::is_same_v<T, std::int8_t> || std::is_same_v<T, std::uint8_t>)
byte_sums sums_of(const T* voxels, std::size_t count) noexcept {
  byte_sums total;
  std::size_t done = 0;
#ifdef __SSE2__
  if (count >= 16) {
    detail::add_registers(total, voxels, count / 16);
    done = count / 16 * 16;
  }
#endif
  detail::add_bytes(total, voxels + done, count - done);
  return total;
}

}  // namespace mrcz
