#include "mrcz/core/hardware.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <new>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#if !defined(_WIN32)
#include <sys/mman.h>
#endif
#if defined(__linux__)
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "mrcz/core/system.hpp"

#if defined(__SSE2__)
TEST_CASE("instructions are there if the system says so") {
  std::ifstream in{"/proc/cpuinfo"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (text.empty()) {
    MESSAGE("skipped: no /proc/cpuinfo to compare with");
    return;
  }
  const auto listed = [&](std::string_view flag) { return text.find(fmt::format(" {} ", flag)) != std::string::npos; };
  using mrcz::detail::has;
  using mrcz::detail::instructions;
  CHECK(has(instructions::any));
  CHECK(has(instructions::avx2) == listed("avx2"));
  CHECK(has(instructions::avx512) == (listed("avx2") && listed("avx512bw")));
  CHECK(has(instructions::gfni) == (listed("avx2") && listed("gfni")));
}
#endif

namespace {

/// A folder that looks like the root of a system, as far as control groups go.
class made_up_system {
 public:
  made_up_system() {
    root_ = std::filesystem::temp_directory_path() / ("mrcz-cgroup-" + std::to_string(std::random_device{}()));
    std::filesystem::create_directories(root_);
  }
  made_up_system(const made_up_system&) = delete;
  made_up_system& operator=(const made_up_system&) = delete;
  ~made_up_system() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  void file(const std::string& path, const std::string& text) const {
    const auto whole = root_ / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream{whole, std::ios::binary} << text;
  }
  std::optional<std::size_t> processors() const { return mrcz::detail::cgroup_processors(root_.string()); }

 private:
  std::filesystem::path root_;
};

constexpr const char* unified_mount =
    "24 30 0:22 / /proc rw,nosuid - proc proc rw\n"
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

}  // namespace

TEST_CASE("a system without control groups sets no limit") {
  const made_up_system empty;
  CHECK_FALSE(empty.processors());
  const made_up_system unlimited;
  unlimited.file("proc/self/mountinfo", unified_mount);
  unlimited.file("proc/self/cgroup", "0::/\n");
  CHECK_FALSE(unlimited.processors());
  unlimited.file("sys/fs/cgroup/cpu.max", "max 100000\n");
  CHECK_FALSE(unlimited.processors());
}

TEST_CASE("the quota of a group is rounded up to whole processors") {
  struct {
    const char* text;
    std::optional<std::size_t> expected;
  } const cases[] = {{"200000 100000\n", 2}, {"150000 100000\n", 2},
                     {"100001 100000\n", 2}, {"100000 100000\n", 1},
                     {"1000 100000\n", 1},   {"50000 10000\n", 5},
                     {"400000", {}},         {"0 100000\n", {}},
                     {"100000 0\n", {}},     {"", {}},
                     {"nonsense\n", {}},     {"-1 100000\n", {}}};
  for (const auto& c : cases) {
    const made_up_system made;
    made.file("proc/self/mountinfo", unified_mount);
    made.file("proc/self/cgroup", "0::/job\n");
    made.file("sys/fs/cgroup/job/cpu.max", c.text);
    CAPTURE(c.text);
    CHECK(made.processors() == c.expected);
  }
}

TEST_CASE("the smallest quota on the way up counts") {
  const made_up_system made;
  made.file("proc/self/mountinfo", unified_mount);
  made.file("proc/self/cgroup", "0::/slice/job/step\n");
  made.file("sys/fs/cgroup/slice/cpu.max", "300000 100000\n");
  made.file("sys/fs/cgroup/slice/job/cpu.max", "max 100000\n");
  made.file("sys/fs/cgroup/slice/job/step/cpu.max", "700000 100000\n");
  made.file("sys/fs/cgroup/other/cpu.max", "100000 100000\n");
  CHECK(made.processors() == 3U);
  made.file("sys/fs/cgroup/cpu.max", "200000 100000\n");
  CHECK(made.processors() == 2U);
}

TEST_CASE("the older kind of control groups is read where the processor's controller is mounted") {
  const made_up_system made;
  made.file("proc/self/mountinfo",
            "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
            "32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
            "33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  made.file("proc/self/cgroup", "5:memory:/memory\n4:cpu,cpuacct:/batch/job\n0::/\n");
  made.file("sys/fs/cgroup/cpu,cpuacct/batch/job/cpu.cfs_quota_us", "-1\n");
  made.file("sys/fs/cgroup/cpu,cpuacct/batch/job/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(made.processors());
  made.file("sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us", "250000\n");
  made.file("sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_period_us", "100000\n");
  CHECK(made.processors() == 3U);
}

TEST_CASE("a container that sees only its own group finds it where it is mounted") {
  const made_up_system made;
  made.file("proc/self/mountinfo", "32 30 0:28 /docker/abc /sys/fs/c\\040group rw - cgroup cgroup rw,cpu,cpuacct\n");
  made.file("proc/self/cgroup", "4:cpu,cpuacct:/docker/abc/inner\n");
  made.file("sys/fs/c group/cpu.cfs_quota_us", "400000\n");
  made.file("sys/fs/c group/cpu.cfs_period_us", "100000\n");
  CHECK(made.processors() == 4U);
  made.file("sys/fs/c group/inner/cpu.cfs_quota_us", "200000\n");
  made.file("sys/fs/c group/inner/cpu.cfs_period_us", "100000\n");
  CHECK(made.processors() == 2U);
  made.file("proc/self/cgroup", "4:cpu,cpuacct:/elsewhere\n");
  CHECK(made.processors() == 4U);
}

TEST_CASE("processors are counted once, and are those that the affinity and the control group leave") {
  CHECK(mrcz::detail::processors() >= 1);
  CHECK(mrcz::detail::processors() == mrcz::detail::count_processors());
  CHECK(mrcz::detail::processors() <= mrcz::detail::allowed_processors());
}

#if defined(__linux__)
TEST_CASE("a process that may run on one processor counts one") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    cpu_set_t before;
    CPU_ZERO(&before);
    if (::sched_getaffinity(0, sizeof before, &before) != 0) ::_exit(2);
    std::size_t first = 0;
    while (!CPU_ISSET(first, &before)) ++first;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    if (::sched_setaffinity(0, sizeof one, &one) != 0) ::_exit(2);
    ::_exit(mrcz::detail::count_processors() == 1 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
#endif

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
    mrcz::detail::advise_huge_pages(memory.bytes().subspan(c.first, c.count));
    CHECK(memory.advised() == c.expected);
  }
}
#endif

TEST_CASE("advice leaves the content alone, whatever the size and address") {
  const aligned_mapping memory{3 * page};
  std::ranges::fill(memory.bytes(), std::byte{7});
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, 3 * page - 10, 3 * page})
    mrcz::detail::advise_huge_pages(memory.bytes().subspan(offset));
  CHECK(std::ranges::all_of(memory.bytes(), [](std::byte b) { return b == std::byte{7}; }));
  mrcz::detail::advise_huge_pages({});
}

TEST_CASE("providing pages leaves the content alone, whatever the size and address") {
  const aligned_mapping memory{3 * page};
  std::ranges::fill(memory.bytes().first(page + 5), std::byte{7});
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, 3 * page - 10, 3 * page})
    mrcz::detail::provide_pages(memory.bytes().subspan(offset));
  CHECK(std::ranges::all_of(memory.bytes().first(page + 5), [](std::byte b) { return b == std::byte{7}; }));
  CHECK(std::ranges::all_of(memory.bytes().subspan(page + 5), [](std::byte b) { return b == std::byte{0}; }));
  mrcz::detail::provide_pages({});
}

TEST_CASE("prefetching does no harm at the end of an array, of memory, or nowhere") {
  std::array<char, 64> last{};
  mrcz::detail::prefetch_next_page(last.data());
  mrcz::detail::prefetch_next_page(nullptr);
  mrcz::detail::prefetch_next_page(reinterpret_cast<const void*>(std::numeric_limits<std::uintptr_t>::max()));
  CHECK(last == std::array<char, 64>{});
}

TEST_CASE("copying past the caches copies any number of bytes from anywhere to anywhere, and no byte more") {
  std::vector<std::byte> from(200);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(i + 1);
  for (std::size_t begin = 0; begin < 17; ++begin)
    for (std::size_t source = 0; source < 17; source += 5)
      for (std::size_t count = 0; count < 100; ++count) {
        std::vector<std::byte> to(200);
        mrcz::detail::copy_past_caches(to.data() + begin, from.data() + source, count);
        mrcz::detail::finish_past_caches();
        std::vector<std::byte> expected(200);
        std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(source), count,
                    expected.begin() + static_cast<std::ptrdiff_t>(begin));
        REQUIRE(to == expected);
      }
}

TEST_CASE_TEMPLATE("every value becomes the same float, at any address and in any number", T, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t) {
  std::vector<T> values;
  for (int v = std::numeric_limits<T>::min(); v <= std::numeric_limits<T>::max(); ++v)
    values.push_back(static_cast<T>(v));
  const std::size_t few = 50;
  for (std::size_t skipped = 0; skipped < 5; ++skipped)
    for (const std::size_t misplaced : {0U, 1U})
      for (std::size_t count = 0; count <= values.size(); count += count < few ? 1 : values.size() - few) {
        std::vector<std::byte> from(misplaced + count * sizeof(T));
        if (count > 0) std::memcpy(from.data() + misplaced, values.data() + values.size() - count, count * sizeof(T));
        std::vector<float> expected(skipped + count + 5, 0.5F);
        std::vector<float> to = expected;
        for (std::size_t i = 0; i < count; ++i)
          expected[skipped + i] = static_cast<float>(values[values.size() - count + i]);
        mrcz::detail::floats_past_caches<T>(from.data() + misplaced, to.data() + skipped, count);
        mrcz::detail::finish_past_caches();
        REQUIRE(to == expected);
      }
}
