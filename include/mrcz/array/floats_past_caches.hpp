/// Integers of 8 and 16 bits, which is what detectors count in, as floats: what analysis works with.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace mrcz {

#if defined(__SSE2__)
namespace detail {

/// 8 floats to an address that is a multiple of 16.
template <std::integral Word>
void stream_words(__m128i words, float* to) noexcept {
  const __m128i upper = std::signed_integral<Word> ? _mm_srai_epi16(words, 15) : _mm_setzero_si128();
  _mm_stream_ps(to, _mm_cvtepi32_ps(_mm_unpacklo_epi16(words, upper)));
  _mm_stream_ps(to + 4, _mm_cvtepi32_ps(_mm_unpackhi_epi16(words, upper)));
}

/// The integers in 16 bytes, to an address that is a multiple of 16.
template <std::integral From>
void stream_floats(const std::byte* from, float* to) noexcept {
  const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  if constexpr (sizeof(From) == 2) {
    stream_words<From>(packed, to);
  } else {
    const __m128i zero = _mm_setzero_si128();
    const __m128i upper = std::signed_integral<From> ? _mm_cmpgt_epi8(zero, packed) : zero;
    stream_words<std::int16_t>(_mm_unpacklo_epi8(packed, upper), to);
    stream_words<std::int16_t>(_mm_unpackhi_epi8(packed, upper), to + 8);
  }
}

}  // namespace detail
#endif

/// Converts `count` integers at any address and writes them past the caches (see `copy_past_caches`), to be followed by
/// `finish_past_caches()`.
template <std::integral From>
  requires(sizeof(From) <= 2)
void floats_past_caches(const std::byte* from, float* to, std::size_t count) noexcept {
  std::size_t i = 0;
  const auto one_by_one = [&](std::size_t end) {
    for (; i < end; ++i) {
      From value;
      std::memcpy(&value, from + i * sizeof(From), sizeof(From));
      to[i] = static_cast<float>(value);
    }
  };
#if defined(__SSE2__)
  const std::size_t unaligned = (16 - reinterpret_cast<std::uintptr_t>(to) % 16) % 16 / sizeof(float);
  one_by_one(std::min(unaligned, count));
  constexpr std::size_t step = 16 / sizeof(From);
  for (; i + step <= count; i += step) detail::stream_floats<From>(from + i * sizeof(From), to + i);
#endif
  one_by_one(count);
}

}  // namespace mrcz
