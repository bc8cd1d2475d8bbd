#include "mrcz/core/processor.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#if defined(__linux__)
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <doctest/doctest.h>

#if defined(__SSE2__)
TEST_CASE("AVX2 is there if the system says so") {
  std::ifstream in{"/proc/cpuinfo"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (text.empty()) {
    MESSAGE("skipped: no /proc/cpuinfo to compare with");
    return;
  }
  CHECK(mrcz::has_avx2() == (text.find(" avx2 ") != std::string::npos));
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
  CHECK(mrcz::processors() >= 1);
  CHECK(mrcz::processors() == mrcz::detail::count_processors());
  CHECK(mrcz::processors() <= mrcz::detail::allowed_processors());
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
