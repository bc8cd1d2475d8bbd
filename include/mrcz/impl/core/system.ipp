/// Asks the system about memory and processors.
#pragma once

#include "mrcz/core/system.hpp"

#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif
#if defined(__linux__)
#include <memory>

#include <sched.h>
#endif

#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE void advise_huge([[maybe_unused]] std::byte* first, [[maybe_unused]] std::size_t count) noexcept {
#if defined(MADV_HUGEPAGE)
  (void)::madvise(first, count, MADV_HUGEPAGE);
#endif
}

MRCZ_INLINE void populate([[maybe_unused]] std::byte* first, [[maybe_unused]] std::size_t count) noexcept {
#if defined(MADV_POPULATE_WRITE)
  (void)::madvise(first, count, MADV_POPULATE_WRITE);
#endif
}

MRCZ_INLINE std::size_t allowed_processors() noexcept {
#if defined(__linux__)
  constexpr std::size_t most = std::size_t{1} << 20U;
  for (std::size_t room = 1024; room <= most; room *= 2) {  // a mask that is too small for this machine is refused
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask{CPU_ALLOC(room), [](cpu_set_t* m) { CPU_FREE(m); }};
    if (!mask) break;
    if (::sched_getaffinity(0, CPU_ALLOC_SIZE(room), mask.get()) != 0) continue;
    const int count = CPU_COUNT_S(CPU_ALLOC_SIZE(room), mask.get());
    if (count > 0) return static_cast<std::size_t>(count);
  }
#endif
  const unsigned all = std::thread::hardware_concurrency();
  return all > 0 ? all : 1;
}

}  // namespace mrcz::detail
