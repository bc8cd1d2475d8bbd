/// An open file (POSIX): positional reads and writes that finish or throw.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mrcz/core/error.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/copy.hpp"

namespace mrcz {

/// Owns a file descriptor. Positional access has no cursor, so const members may run in several threads.
class file {
 public:
  enum class access {
    read,        ///< an existing file, to be read
    read_write,  ///< an existing file, to be read and changed in place
    create,      ///< a file that does not exist yet
    scratch,     ///< a new file without a name in the folder that the path names; gone once it is closed
  };

  file(std::filesystem::path path, access wanted) : path_{std::move(path)} {
    if (wanted == access::scratch) {
      open_scratch();
      return;
    }
    // O_NONBLOCK: a FIFO that nobody writes to is refused below instead of waited for; regular files ignore it
    const int flags = wanted == access::read         ? O_RDONLY | O_NONBLOCK
                      : wanted == access::read_write ? O_RDWR
                                                     : O_RDWR | O_CREAT | O_EXCL;
    do {
      descriptor_ = ::open(path_.c_str(), flags | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EINTR);
    if (descriptor_ < 0) fail_about(wanted == access::create ? "cannot create" : "cannot open", errno);
    if (wanted == access::create) return;
    if (const auto status = stat(); !S_ISREG(status.st_mode)) {
      close();
      if (S_ISDIR(status.st_mode)) fail_about("cannot read or write", EISDIR);
      fail_about("is not a regular file; positional access needs one", ESPIPE);
    }
  }

  file(file&& other) noexcept : path_{std::move(other.path_)}, descriptor_{std::exchange(other.descriptor_, -1)} {}
  file& operator=(file&& other) noexcept {
    if (this != &other) {
      close();
      path_ = std::move(other.path_);
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }
  ~file() { close(); }

  const std::filesystem::path& path() const noexcept { return path_; }
  int descriptor() const noexcept { return descriptor_; }

  std::uint64_t size() const { return static_cast<std::uint64_t>(stat().st_size); }

  /// Whether `path` leads to this file, which another one may have replaced meanwhile.
  bool is_at(const std::filesystem::path& path) const {
    struct stat there{};
    if (::stat(path.c_str(), &there) != 0) return false;
    const auto here = stat();
    return there.st_dev == here.st_dev && there.st_ino == here.st_ino;
  }

  /// Locks the file until it is closed; false if it is locked already, by another program or another `file`. File
  /// systems that know no such locks lock nothing.
  bool try_lock() const {
    while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return false;
      if (errno == EBADF || errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL) return true;
      if (errno != EINTR) fail_about("cannot lock", errno);
    }
    return true;
  }

  /// Permission bits, as for `chmod`.
  mode_t permissions() const { return stat().st_mode & 07777U; }
  void permissions(mode_t bits) {
    if (::fchmod(descriptor_, bits) != 0) fail_about("cannot set permissions", errno);
  }

  /// Gives the file to this owner and group, as far as this process may: others than root can at most choose among
  /// their own groups. Clears bits of `permissions` that say as whom a program runs.
  void owner(uid_t user, gid_t group) noexcept {
    if (::fchown(descriptor_, user, group) == 0) return;
    [[maybe_unused]] const int no_matter = ::fchown(descriptor_, static_cast<uid_t>(-1), group);
  }

  /// Fills `into`, or throws: `errc::truncated` if the file ends first.
  void read_at(std::uint64_t offset, std::span<std::byte> into) const {
    while (!into.empty()) {
      const ssize_t done = ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
      if (done < 0) {
        if (errno == EINTR) continue;
        fail_about("cannot read", errno);
      }
      if (done == 0)
        fail(errc::truncated, "{}: file ends at byte {}, {} bytes more were expected", path_.string(), offset,
             into.size());
      offset += static_cast<std::uint64_t>(done);
      into = into.subspan(static_cast<std::size_t>(done));
    }
  }

  void write_at(std::uint64_t offset, std::span<const std::byte> from) {
    while (!from.empty()) {
      const ssize_t done = ::pwrite(descriptor_, from.data(), from.size(), static_cast<off_t>(offset));
      if (done < 0) {
        if (errno == EINTR) continue;
        fail_about("cannot write", errno);
      }
      offset += static_cast<std::uint64_t>(done);
      from = from.subspan(static_cast<std::size_t>(done));
    }
  }

  /// Copies `count` bytes at `offset` of `from` to `to`, inside the system where it can: file systems that share blocks
  /// between files then copy nothing at all.
  void copy(const file& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to) {
#ifdef __linux__
    while (count > 0) {
      auto in = static_cast<off_t>(offset);
      auto out = static_cast<off_t>(to);
      constexpr std::uint64_t at_once = std::uint64_t{1} << 30U;
      const ssize_t done = ::copy_file_range(from.descriptor_, &in, descriptor_, &out,
                                             static_cast<std::size_t>(std::min(count, at_once)), 0);
      if (done <= 0) break;  // whatever the reason, what follows works or finds a better one
      offset += static_cast<std::uint64_t>(done);
      to += static_cast<std::uint64_t>(done);
      count -= static_cast<std::uint64_t>(done);
    }
#endif
    copy_in_pieces(from, offset, count, *this, to);
  }

  void truncate(std::uint64_t size) {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) fail_about("cannot change the size", errno);
  }

  /// Returns once the content is on the storage device.
  void sync() {
    if (::fdatasync(descriptor_) != 0) fail_about("cannot sync", errno);
  }

  /// Closes now; a failure that the system reports only here (a remote disk that is full) is thrown.
  void close_checked() {
    if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail_about("cannot close", errno);
  }

 private:
  void open_scratch() {
    std::string name = (path_ / ".mrcz-XXXXXX").string();
    descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor_ < 0) fail_about("cannot create a temporary file in this folder", errno);
    ::unlink(name.c_str());
  }

  void close() noexcept {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  struct stat stat() const {
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0) fail_about("cannot inspect", errno);
    return status;
  }

  [[noreturn]] void fail_about(std::string_view what, int code) const {
    fail_system(code, fmt::format("{}: {}", path_.string(), what));
  }

  std::filesystem::path path_;
  int descriptor_ = -1;
};

/// A file as a source of bytes. Its size is taken once, when it is opened.
class file_source final : public byte_source {
 public:
  explicit file_source(const std::filesystem::path& path) : file_source{file{path, file::access::read}} {}
  explicit file_source(file&& opened) : file_{std::move(opened)}, size_{file_.size()} {}

  const file& opened() const noexcept { return file_; }

  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override { file_.read_at(offset, into); }
  std::string name() const override { return file_.path().string(); }

 private:
  file file_;
  std::uint64_t size_;
};

}  // namespace mrcz
