/// Preparing for much memory being written for the first time: large pages, and all of them at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mrcz/core/system.hpp"

namespace mrcz {

namespace detail {

/// The whole pages of `page` bytes inside `memory`; empty if there is none.
inline std::span<std::byte> whole_pages(std::span<std::byte> memory, std::size_t page) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::size_t skipped = (page - address % page) % page;
  if (memory.size() < skipped + page) return {};
  return memory.subspan(skipped, (memory.size() - skipped) / page * page);
}

}  // namespace detail

/// The first write to each page of fresh memory costs a visit to the kernel; pages of 2 MiB make 512 times fewer.
/// Concerns the whole pages inside `memory`, does nothing to its content and nothing at all where the system has no
/// such advice.
inline void advise_huge_pages(std::span<std::byte> memory) noexcept {
  const auto pages = detail::whole_pages(memory, std::size_t{2} << 20U);
  if (!pages.empty()) detail::advise_huge(pages.data(), pages.size());
}

/// Has the system provide the whole pages inside `memory`, which takes it less time than one interruption for each, and
/// fills them with zeros before anything useful is in the caches. Costs next to nothing where they are there already,
/// never changes the content, and does nothing where the system (Linux before 5.14) cannot.
inline void provide_pages(std::span<std::byte> memory) noexcept {
  const auto pages = detail::whole_pages(memory, 4096);
  if (!pages.empty()) detail::populate(pages.data(), pages.size());
}

}  // namespace mrcz
