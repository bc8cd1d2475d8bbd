/// What the processor can do, how many of its cores this program may use, and hints on how memory is about to be used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

// Processors

/// Sets of instructions for which some loops of the library are compiled. Each set needs the ones that its comment
/// names.
enum class instructions : std::uint8_t {
  any,     ///< what every processor has for which the program is compiled
  avx2,    ///< registers of 32 bytes
  avx512,  ///< AVX2 and AVX-512BW: registers of 64 bytes
  gfni,    ///< AVX2 and GFNI, which multiplies matrices of 8 x 8 bits
};

/// Whether this processor has these instructions. False for all but `any` where the library has no such loops: with
/// other compilers than g++ and clang, with g++ for Windows, and on other processors than x86.
MRCZ_INLINE bool has(instructions wanted) noexcept;

/// The number of processors that this program may use, at least 1. These are the processors that its affinity allows
/// (`taskset`, batch systems). The quota of its control group (containers), rounded up, is an upper limit. The first
/// call counts them; later calls return the same number.
MRCZ_INLINE std::size_t processors() noexcept;

/// Counts the processors for the first call of `processors()`.
MRCZ_INLINE std::size_t count_processors() noexcept;

/// The smallest quota, in processors rounded up, of the control group of this process and of all visible groups that
/// contain it; nothing if there is no quota. `root` is put in front of every path that is read.
MRCZ_INLINE std::optional<std::size_t> cgroup_processors(const std::string& root = "");

// New memory

/// Advises the system to use pages of 2 MiB for `memory`. The first write to each page of new memory enters the kernel,
/// and there are 512 times fewer large pages. The advice concerns only large pages that lie completely inside `memory`.
/// It does not change the content. On systems without such advice this does nothing.
MRCZ_INLINE void advise_huge_pages(std::span<std::byte> memory) noexcept;

/// Makes the system provide the pages inside `memory` now. That takes less time than one page fault for each page, and
/// the zeros that the system writes do not push useful data out of the caches. It does not change the content, and
/// costs almost nothing where the pages exist already. It does nothing where the system cannot do this (Linux before
/// 5.14, for example).
MRCZ_INLINE void provide_pages(std::span<std::byte> memory) noexcept;

// Caches

/// Fetches the memory one page after `here` into the caches. A pass over memory calls it once for every 64 bytes.
/// Processors also fetch ahead without it, but they stop at the end of each page of 4 KiB. With this call a pass over a
/// volume is 1.5 times as fast. Nothing is read, so `here` may be the end of an array.
inline void prefetch_next_page([[maybe_unused]] const void* here) noexcept {
#if defined(__GNUC__)
  constexpr std::uintptr_t page = 4096;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a pointer must not be moved beyond the end of its array
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(here) + page));
#endif
}

/// Copies like `memcpy`, but writes past the caches. Use it for more bytes than the caches hold: an ordinary write
/// first reads the bytes that it overwrites, and pushes other data out of the caches. `finish_past_caches()` must
/// follow. On processors that cannot write past their caches this is `memcpy`.
MRCZ_INLINE void copy_past_caches(std::byte* to, const std::byte* from, std::size_t count) noexcept;

/// Converts `count` integers of 8 or 16 bits to floats and writes the floats past the caches. The integers need not be
/// aligned. `finish_past_caches()` must follow.
template <class Integer>
void floats_past_caches(const std::byte* from, float* to, std::size_t count) noexcept;

/// Makes other threads see the writes of this thread past the caches before they see its later writes.
MRCZ_INLINE void finish_past_caches() noexcept;

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/hardware.ipp"
#endif
