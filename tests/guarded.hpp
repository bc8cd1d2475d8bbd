/// Memory with an end that is guarded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <span>

#if defined(_WIN32)
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace test {

#if defined(_WIN32)

inline constexpr std::size_t page_bytes = 65536;  // and more than a page
inline void* addresses(std::size_t size, bool usable) {
  return usable ? ::VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)
                : ::VirtualAlloc(nullptr, size, MEM_RESERVE, PAGE_NOACCESS);
}
inline bool forbid(void* first, std::size_t size) {
  DWORD before = 0;
  return ::VirtualProtect(first, size, PAGE_NOACCESS, &before) != 0;
}
inline void give_back(void* first, std::size_t) { ::VirtualFree(first, 0, MEM_RELEASE); }

#else

inline const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
/// Null for a failure.
inline void* addresses(std::size_t size, bool usable) {
  void* const first = ::mmap(nullptr, size, usable ? PROT_READ | PROT_WRITE : PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return first == MAP_FAILED ? nullptr : first;
}
inline bool forbid(void* first, std::size_t size) { return ::mprotect(first, size, PROT_NONE) == 0; }
inline void give_back(void* first, std::size_t size) { ::munmap(first, size); }

#endif

/// Memory that is followed by an inaccessible page. An access one byte too far crashes, also in code without a
/// sanitizer.
class guarded {
 public:
  explicit guarded(std::size_t size) : size_{size} {
    const std::size_t usable = (size + page_bytes - 1) / page_bytes * page_bytes;
    total_ = usable + page_bytes;
    memory_ = static_cast<std::byte*>(addresses(total_, true));
    if (memory_ == nullptr || !forbid(memory_ + usable, page_bytes)) throw std::bad_alloc{};
    begin_ = memory_ + usable - size;
  }
  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;
  ~guarded() { give_back(memory_, total_); }

  std::span<std::byte> span() const { return {begin_, size_}; }

  /// The last `content.size()` bytes, holding `content`.
  std::span<std::byte> holding(std::span<const std::byte> content) const {
    const auto last = span().last(content.size());
    std::ranges::copy(content, last.begin());
    return last;
  }

 private:
  std::size_t size_;
  std::size_t total_ = 0;
  std::byte* memory_ = nullptr;
  std::byte* begin_ = nullptr;
};

}  // namespace test
