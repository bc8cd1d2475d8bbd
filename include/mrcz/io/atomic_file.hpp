/// Files that are complete or absent: written under a temporary name and renamed when they are finished.
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mrcz/core/error.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/file.hpp"

namespace mrcz {

/// What has reached the storage device when a file is published. Whatever is chosen, a program that dies leaves
/// either the complete file or none; the choice is about power failures.
enum class durability : std::uint8_t {
  none,  ///< nothing is waited for; after a power failure the file may be empty or damaged
  data,  ///< the content is synced before the rename: after a power failure the file is the old one or the new one
  full,  ///< the directory is synced too: once published, the file survives a power failure
};

/// The file that `path` will name once `publish()` returns. Until then the content grows next to it, in
/// `<path>.<random>.partial`. An existing destination is replaced in one step and keeps its permissions and, as far as
/// this process may, its owner and group; a symbolic link stays and its target is replaced.
class atomic_file final : public byte_sink {
 public:
  /// With `replace` false an existing destination is refused, now and again when publishing.
  atomic_file(const std::filesystem::path& path, durability wanted, bool replace)
      : destination_{followed(path)}, durability_{wanted}, replace_{replace} {
    if (path.filename().empty()) fail(errc::bad_option, "'{}' names no file to write to", path.string());
    const auto existing = status_of_destination();
    for (;;) {
      try {
        file_.emplace(temporary_name(), file::access::create);
        break;
      } catch (const error& e) {
        if (e.code() == std::errc::file_exists) continue;  // another writer took this name: try the next
        fail_system(e.code().value(), name() + ": cannot create a temporary file beside it");
      }
    }
    try {
      if (existing) {
        file_->owner(existing->st_uid, existing->st_gid);
        file_->permissions(existing->st_mode & 07777U);
      }
    } catch (...) {
      remove_temporary();
      throw;
    }
  }

  ~atomic_file() override {
    if (file_ && !kept_) remove_temporary();
  }

  /// Several threads may call this at once for bytes that do not overlap.
  void write_at(std::uint64_t offset, std::span<const std::byte> from) override {
    if (!file_) fail(errc::closed, "{}: already published", name());
    file_->write_at(offset, from);
  }

  void copy(const byte_source& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to) override {
    if (!file_) fail(errc::closed, "{}: already published", name());
    const auto* source = dynamic_cast<const file_source*>(&from);
    if (source == nullptr) return byte_sink::copy(from, offset, count, to);
    file_->copy(source->opened(), offset, count, to);
  }

  void publish() override {
    if (!file_) fail(errc::closed, "{}: already published", name());
    if (durability_ != durability::none) file_->sync();
    const std::filesystem::path temporary = file_->path();
    file_->close_checked();
    if (replace_) {
      if (::rename(temporary.c_str(), destination_.c_str()) != 0)
        fail_system(errno, name() + ": cannot rename the finished file");
    } else {
      link_to_destination(temporary);
    }
    file_.reset();
    if (durability_ == durability::full) sync_directory();
  }

  void keep_partial() noexcept override { kept_ = true; }

  /// Where the content is until it is published.
  std::filesystem::path temporary() const { return file_ ? file_->path() : std::filesystem::path{}; }

  std::string name() const override { return destination_.string(); }

 private:
  /// Where `path` leads, also if nothing is there yet; links that go in a circle are left for the system to refuse.
  static std::filesystem::path followed(std::filesystem::path path) {
    std::error_code ignored;
    for (int links = 0; links < 40 && std::filesystem::is_symlink(path, ignored); ++links)
      path = path.parent_path() / std::filesystem::read_symlink(path, ignored);
    return path;
  }

  std::optional<struct stat> status_of_destination() const {
    struct stat status{};
    if (::stat(destination_.c_str(), &status) != 0) {
      if (errno == ENOENT) return std::nullopt;  // if the folder is what is missing, creating will say so
      fail_system(errno, name() + ": cannot be written");
    }
    if (S_ISDIR(status.st_mode)) fail_system(EISDIR, name() + ": cannot be written");
    if (!S_ISREG(status.st_mode))
      fail(errc::bad_option, "{}: is not a regular file and cannot be replaced by one", name());
    if (!replace_) fail_exists();
    return status;
  }

  std::filesystem::path temporary_name() const {
    static std::atomic<std::uint32_t> counter = 0;
    struct timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    constexpr std::size_t longest = 200;  // file systems take names of 255 bytes
    const auto beginning = destination_.filename().string().substr(0, longest);
    return destination_.parent_path() /
           fmt::format("{}.{:x}-{:x}-{:x}.partial", beginning, ::getpid(), now.tv_nsec, counter.fetch_add(1));
  }

  /// Unlike `rename`, `link` refuses an existing name, so two writers cannot overwrite each other.
  void link_to_destination(const std::filesystem::path& temporary) {
    if (::link(temporary.c_str(), destination_.c_str()) == 0) {
      ::unlink(temporary.c_str());
      return;
    }
    if (errno == EEXIST) fail_exists();
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
      fail_system(errno, name() + ": cannot publish the finished file");
    // a file system without hard links: reserve the name, then replace the empty reservation
    try {
      const file reservation{destination_, file::access::create};
    } catch (const error& e) {
      if (e.code() == std::errc::file_exists) fail_exists();
      throw;
    }
    if (::rename(temporary.c_str(), destination_.c_str()) != 0) {
      const int reason = errno;
      ::unlink(destination_.c_str());
      fail_system(reason, name() + ": cannot rename the finished file");
    }
  }

  void sync_directory() const {
    const auto directory = destination_.has_parent_path() ? destination_.parent_path() : std::filesystem::path{"."};
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail_system(errno, directory.string() + ": cannot open the directory to sync it");
    const int result = ::fsync(descriptor);
    const int reason = errno;
    ::close(descriptor);
    if (result != 0 && reason != EINVAL) fail_system(reason, directory.string() + ": cannot sync the directory");
  }

  [[noreturn]] void fail_exists() const { fail(errc::already_exists, "{}: exists and may not be replaced", name()); }

  void remove_temporary() noexcept { ::unlink(file_->path().c_str()); }

  std::filesystem::path destination_;
  durability durability_;
  bool replace_;
  bool kept_ = false;
  std::optional<file> file_;
};

/// An existing file that is extended in place: new bytes go behind `kept`, and the first write before it (the new
/// header, which makes the new bytes count) is the last thing to happen. Destroyed before that, the file is cut back
/// to `kept` bytes and reads as before; bytes that stood behind `kept` belonged to no slice and are gone.
class extended_file final : public byte_sink {
 public:
  extended_file(const std::filesystem::path& path, durability wanted, std::uint64_t kept)
      : file_{path, file::access::read_write}, durability_{wanted}, kept_{kept}, end_{kept} {}

  ~extended_file() override {
    if (committed_ || end_ == kept_) return;
    try {
      file_.truncate(kept_);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a destructor cannot report, and the longer file reads as before
    }
  }

  void write_at(std::uint64_t offset, std::span<const std::byte> from) override {
    if (offset < kept_) {
      if (durability_ != durability::none) file_.sync();  // the new data first, then the header that refers to it
      committed_ = true;
    } else {
      end_ = std::max(end_, offset + from.size());
    }
    file_.write_at(offset, from);
  }

  void publish() override {
    if (file_.size() > end_) file_.truncate(end_);
    if (durability_ != durability::none) file_.sync();
    committed_ = true;
  }

  std::string name() const override { return file_.path().string(); }

 private:
  file file_;
  durability durability_;
  std::uint64_t kept_;
  std::uint64_t end_;
  bool committed_ = false;
};

}  // namespace mrcz
