/// Asking the system for large pages where much memory is about to be written for the first time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/mman.h>

namespace mrcz {

/// The first write to each page of fresh memory costs a visit to the kernel; pages of 2 MiB make 512 times fewer.
/// Concerns the whole pages inside `memory`, does nothing to its content and nothing at all where the system has no
/// such advice.
inline void advise_huge_pages([[maybe_unused]] std::span<std::byte> memory) noexcept {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t page = std::size_t{2} << 20U;
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::size_t skipped = (page - address % page) % page;
  if (memory.size() < skipped + page) return;
  (void)::madvise(memory.data() + skipped, (memory.size() - skipped) / page * page, MADV_HUGEPAGE);
#endif
}

}  // namespace mrcz
