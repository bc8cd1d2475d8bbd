/// Writing to memory that nobody reads soon.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace mrcz {

/// Copies bytes that need not stay in the caches, because there are more of them than fit. A processor that writes as
/// usual first reads what it overwrites; this spares that, and leaves the caches to what is read. Does the same as
/// `memcpy` where the processor has no such instructions.
inline void copy_past_caches(std::byte* to, const std::byte* from, std::size_t count) noexcept {
#if defined(__SSE2__)
  constexpr std::size_t step = sizeof(__m128i);
  const std::size_t unaligned = (step - reinterpret_cast<std::uintptr_t>(to) % step) % step;
  const std::size_t first = std::min(unaligned, count);
  std::memcpy(to, from, first);
  std::size_t done = first;
  for (; done + step <= count; done += step)
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + done),
                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + done)));
  std::memcpy(to + done, from + done, count - done);
#else
  std::memcpy(to, from, count);
#endif
}

/// Makes what was copied past the caches by this thread visible to others before whatever it writes next.
inline void finish_past_caches() noexcept {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

}  // namespace mrcz
