/// What tests of chunks need: data of two kinds, chunks made of them, and memory with an end that is guarded.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#if defined(_WIN32)
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <doctest/doctest.h>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/endian.hpp"

namespace test {

inline constexpr std::array compressors{mrcz::codec::blosclz, mrcz::codec::lz4,  mrcz::codec::lz4hc,
                                        mrcz::codec::snappy,  mrcz::codec::zlib, mrcz::codec::zstd};
inline constexpr std::array shuffles{mrcz::shuffle::none, mrcz::shuffle::byte, mrcz::shuffle::bit};

/// Bytes that every compressor shrinks, with and without a shuffle: each 256 bytes are 48 of noise and 208 equal ones.
inline std::vector<std::byte> image_like(std::size_t size) {
  std::mt19937 random{1};
  std::vector<std::byte> content(size);
  for (std::size_t i = 0; i < size; ++i)
    content[i] = static_cast<std::byte>(i % 256 < 48 ? random() % 16 : i / 256 % 5);
  return content;
}

/// Bytes that no compressor can shrink.
inline std::vector<std::byte> noise(std::size_t size) {
  std::mt19937 random{7};
  std::vector<std::byte> content(size);
  for (std::byte& b : content) b = static_cast<std::byte>(random() & 0xffU);
  return content;
}

inline std::vector<std::byte> packed(const std::vector<std::byte>& content, std::size_t typesize,
                                     const mrcz::compression& wanted, std::size_t threads = 1) {
  mrcz::detail::buffer memory;
  const auto chunk = mrcz::detail::compress(content, typesize, wanted, memory, threads);
  return {chunk.begin(), chunk.end()};
}

inline mrcz::detail::chunk_header header_of(std::span<const std::byte> chunk) {
  REQUIRE(chunk.size() >= 16);
  return mrcz::detail::chunk_header::decode(chunk.first<16>());
}

inline void put(std::vector<std::byte>& chunk, std::size_t at, std::uint32_t value) {
  mrcz::detail::store(chunk.data() + at, value, std::endian::little);
}

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
    REQUIRE(memory_ != nullptr);
    REQUIRE(forbid(memory_ + usable, page_bytes));
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
