/// What the processor can do beyond what every one of its kind can.
#pragma once

namespace mrcz {

/// Whether functions compiled for AVX2, with registers of 32 bytes, may be called. Always false where this library has
/// none: other compilers than g++ and clang, other processors than x86.
inline bool has_avx2() noexcept {
#if defined(__SSE2__) && defined(__GNUC__)
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

}  // namespace mrcz
