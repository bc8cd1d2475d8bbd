/// Preparing for much memory being written for the first time: large pages, and all of them at once.
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

/// Has the system provide the whole pages inside `memory`, which takes it less time than one interruption for each, and
/// fills them with zeros before anything useful is in the caches. Costs next to nothing where they are there already,
/// never changes the content, and does nothing where the system (Linux before 5.14) cannot.
inline void provide_pages([[maybe_unused]] std::span<std::byte> memory) noexcept {
#ifdef MADV_POPULATE_WRITE
  constexpr std::size_t page = 4096;
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::size_t skipped = (page - address % page) % page;
  if (memory.size() < skipped + page) return;
  (void)::madvise(memory.data() + skipped, (memory.size() - skipped) / page * page, MADV_POPULATE_WRITE);
#endif
}

}  // namespace mrcz
