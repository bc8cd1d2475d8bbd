/// What tests of failing files need: a user without rights, a small limit on file sizes, and a disk that is full.
#pragma once

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif
#if defined(__linux__)
#include <sched.h>
#include <sys/mount.h>
#endif

#include "mrcz/io/system.hpp"
#include "tests/sanitized.hpp"
#include "tests/support.hpp"

namespace test {

inline std::vector<std::byte> text(const std::string& characters) {
  const auto bytes = std::as_bytes(std::span{characters});
  return {bytes.begin(), bytes.end()};
}

/// Gives a file the name of another one in one step, as programs do that write a file anew.
inline void rename_over(const std::filesystem::path& from, const std::filesystem::path& to) {
  mrcz::detail::folder folder;
  if (!folder.open(to.parent_path()) || !folder.rename(from.filename(), to.filename()))
    mrcz::detail::fail_system(mrcz::detail::last_error(), "cannot be renamed", from.string());
}

#if !defined(_WIN32)

/// While an instance lives, the program has only the rights of an ordinary user. Root may write everywhere, which would
/// hide refusals.
class without_privileges {
 public:
  without_privileges() : was_{::geteuid()} {
    if (was_ == 0 && ::seteuid(65534) != 0) mrcz::detail::fail_system(errno, "seteuid");
  }
  without_privileges(const without_privileges&) = delete;
  without_privileges& operator=(const without_privileges&) = delete;
  ~without_privileges() {
    if (was_ == 0 && ::seteuid(0) != 0) std::abort();
  }

 private:
  uid_t was_;
};

/// While an instance lives, no file can grow beyond `bytes`: the system returns EFBIG.
class file_size_limit {
 public:
  explicit file_size_limit(std::uint64_t bytes) : handler_{std::signal(SIGXFSZ, SIG_IGN)} {
    ::getrlimit(RLIMIT_FSIZE, &was_);
    const rlimit wanted{bytes, was_.rlim_max};
    if (::setrlimit(RLIMIT_FSIZE, &wanted) != 0) mrcz::detail::fail_system(errno, "setrlimit");
  }
  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &was_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit was_{};
};

/// While an instance lives, the program may have `bytes` more of addresses than it has. Sanitizers need so many that
/// nothing is limited under them.
class memory_limit {
 public:
  explicit memory_limit([[maybe_unused]] std::uint64_t bytes) {
    ::getrlimit(RLIMIT_AS, &was_);
#if defined(__linux__)
    std::uint64_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages;
    const std::uint64_t in_use = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const rlimit wanted{in_use + bytes, was_.rlim_max};
    if (MRCZ_TEST_SANITIZED == 0 && ::setrlimit(RLIMIT_AS, &wanted) != 0) mrcz::detail::fail_system(errno, "setrlimit");
#endif
  }
  memory_limit(const memory_limit&) = delete;
  memory_limit& operator=(const memory_limit&) = delete;
  ~memory_limit() { ::setrlimit(RLIMIT_AS, &was_); }

 private:
  rlimit was_{};
};

#if defined(__linux__)

/// Gives this process, which has one thread, root rights in a separate mount namespace. No other process sees its
/// mounts.
inline bool have_own_mounts() {
  const auto user = ::geteuid();
  const auto group = ::getegid();
  if (::unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  if (user != 0) {
    std::ofstream{"/proc/self/setgroups"} << "deny";
    std::ofstream{"/proc/self/uid_map"} << fmt::format("0 {} 1", user);
    std::ofstream{"/proc/self/gid_map"} << fmt::format("0 {} 1", group);
  }
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

/// Mounts a disk of 64 KiB on `folder` and returns the string that `action(folder)` returns; nothing if the system does
/// not allow the mount. Runs in a child process, and no other process sees the disk.
template <class Action>
std::optional<std::string> on_small_disk(const std::filesystem::path& folder, Action&& action) {
  int ends[2];
  if (::pipe(ends) != 0) mrcz::detail::fail_system(errno, "pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const bool mounted =
        have_own_mounts() && ::mount("none", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") == 0;
    if (!mounted) ::_exit(2);
    std::string answer;
    try {
      answer = action(folder);
    } catch (const std::exception& e) {
      answer = std::string{"threw "} + e.what();
    }
    const auto written = ::write(ends[1], answer.data(), answer.size());
    ::_exit(written == static_cast<ssize_t>(answer.size()) ? 0 : 3);
  }
  ::close(ends[1]);
  std::string answer;
  char part[4096];
  for (ssize_t got; (got = ::read(ends[0], part, sizeof part)) > 0;) answer.append(part, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 2) return std::nullopt;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return "the process died";
  return answer;
}

#endif

/// Runs `action`, which returns an exit status, in a child process that has given up root rights for good. Returns that
/// status: 99 if it threw, nothing if the process died.
template <class Action>
std::optional<int> as_nobody(Action&& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(98);
    int status = 99;
    try {
      status = action();
    } catch (...) {
      status = 99;
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? std::optional{WEXITSTATUS(status)} : std::nullopt;
}

/// How many files this process has open, to see whether a failure leaves one open.
inline std::size_t open_files() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) ++count;
  return count;
}

#endif

}  // namespace test
