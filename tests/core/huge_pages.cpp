#include "mrcz/core/huge_pages.hpp"

#include <algorithm>
#include <fstream>
#include <new>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#if !defined(_WIN32)
#include <sys/mman.h>
#endif

#include <doctest/doctest.h>

namespace {

constexpr std::size_t page = std::size_t{2} << 20U;

/// Fresh memory that begins at a multiple of 2 MiB.
class aligned_mapping {
 public:
#if defined(_WIN32)
  explicit aligned_mapping(std::size_t size) : total_{size}, address_{::operator new(size, std::align_val_t{page})} {
    bytes_ = {static_cast<std::byte*>(address_), size};
    std::ranges::fill(bytes_, std::byte{0});
  }
  ~aligned_mapping() { ::operator delete(address_, total_, std::align_val_t{page}); }
#else
  explicit aligned_mapping(std::size_t size) : total_{size + page} {
    address_ = ::mmap(nullptr, total_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(address_ != MAP_FAILED);
    const auto begin = (reinterpret_cast<std::uintptr_t>(address_) + page - 1) / page * page;
    bytes_ = {reinterpret_cast<std::byte*>(begin), size};
  }
  ~aligned_mapping() { ::munmap(address_, total_); }
#endif
  aligned_mapping(const aligned_mapping&) = delete;
  aligned_mapping& operator=(const aligned_mapping&) = delete;

  std::span<std::byte> bytes() const { return bytes_; }

  /// The parts for which the system was advised to use huge pages, as offsets of their begins and ends.
  std::vector<std::pair<std::size_t, std::size_t>> advised() const {
    std::vector<std::pair<std::size_t, std::size_t>> parts;
    std::ifstream maps{"/proc/self/smaps"};
    const auto first = reinterpret_cast<std::uintptr_t>(bytes_.data());
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    for (std::string line; std::getline(maps, line);) {
      std::istringstream range{line};
      std::uintptr_t from = 0;
      std::uintptr_t to = 0;
      char dash = 0;
      if (range >> std::hex >> from >> dash >> to && dash == '-') {
        begin = from;
        end = to;
      } else if (line.starts_with("VmFlags:") && line.find(" hg") != std::string::npos &&
                 begin < first + bytes_.size() && end > first) {
        parts.emplace_back(begin - first, end - first);
      }
    }
    return parts;
  }

 private:
  std::size_t total_;
  void* address_ = nullptr;
  std::span<std::byte> bytes_;
};

}  // namespace

#ifdef MADV_HUGEPAGE
TEST_CASE("the advice concerns the whole huge pages inside the memory, and no other byte") {
  const aligned_mapping trial{page};
  if (::madvise(trial.bytes().data(), page, MADV_HUGEPAGE) != 0) {
    MESSAGE("skipped: this system has no huge pages");
    return;
  }
  if (trial.advised().empty()) {
    MESSAGE("skipped: this system does not show what it was advised (an emulator, for instance)");
    return;
  }
  struct {
    std::size_t first, count;
    std::vector<std::pair<std::size_t, std::size_t>> expected;
  } const cases[] = {
      {0, 0, {}},
      {0, page - 1, {}},
      {1, page, {}},
      {1, 2 * page - 2, {}},
      {0, page, {{0, page}}},
      {1, 2 * page - 1, {{page, 2 * page}}},
      {4096, 3 * page, {{page, 3 * page}}},
      {0, 4 * page, {{0, 4 * page}}},
      {page, 2 * page + 5, {{page, 3 * page}}},
  };
  for (const auto& c : cases) {
    const aligned_mapping memory{4 * page};
    CAPTURE(c.first);
    CAPTURE(c.count);
    mrcz::advise_huge_pages(memory.bytes().subspan(c.first, c.count));
    CHECK(memory.advised() == c.expected);
  }
}
#endif

TEST_CASE("advice leaves the content alone, whatever the size and address") {
  const aligned_mapping memory{3 * page};
  std::ranges::fill(memory.bytes(), std::byte{7});
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, 3 * page - 10, 3 * page})
    mrcz::advise_huge_pages(memory.bytes().subspan(offset));
  CHECK(std::ranges::all_of(memory.bytes(), [](std::byte b) { return b == std::byte{7}; }));
  mrcz::advise_huge_pages({});
}

TEST_CASE("providing pages leaves the content alone, whatever the size and address") {
  const aligned_mapping memory{3 * page};
  std::ranges::fill(memory.bytes().first(page + 5), std::byte{7});
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, 3 * page - 10, 3 * page})
    mrcz::provide_pages(memory.bytes().subspan(offset));
  CHECK(std::ranges::all_of(memory.bytes().first(page + 5), [](std::byte b) { return b == std::byte{7}; }));
  CHECK(std::ranges::all_of(memory.bytes().subspan(page + 5), [](std::byte b) { return b == std::byte{0}; }));
  mrcz::provide_pages({});
}
