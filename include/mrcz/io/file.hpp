/// An open file (POSIX): positional reads and writes that finish or throw.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mrcz/core/error.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz {

/// Owns a file descriptor. Positional access has no cursor, so const members may run in several threads.
class file {
 public:
  enum class access {
    read,        ///< an existing file, to be read
    read_write,  ///< an existing file, to be read and changed in place
    create,      ///< a file that does not exist yet
  };

  file(std::filesystem::path path, access wanted) : path_{std::move(path)} {
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

  /// Permission bits, as for `chmod`.
  mode_t permissions() const { return stat().st_mode & 07777U; }
  void permissions(mode_t bits) {
    if (::fchmod(descriptor_, bits) != 0) fail_about("cannot set permissions", errno);
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
  explicit file_source(const std::filesystem::path& path) : file_{path, file::access::read}, size_{file_.size()} {}

  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override { file_.read_at(offset, into); }
  std::string name() const override { return file_.path().string(); }

 private:
  file file_;
  std::uint64_t size_;
};

}  // namespace mrcz
