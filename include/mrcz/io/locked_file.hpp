/// An existing file that is changed in place or replaced, while nobody else may.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "mrcz/core/error.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/system.hpp"

namespace mrcz {

/// Opens a file once, for reading and for writing, and locks it until it is closed (`flock`, `LockFileEx`): the bytes
/// that are checked are those of the file that is changed. Programs that take no locks, and file systems that have
/// none, are found out by `require_unchanged`.
class locked_file final : public byte_source {
 public:
  /// Throws EWOULDBLOCK if somebody else holds the lock, and what opening throws.
  explicit locked_file(const std::filesystem::path& path)
      : file_{path, file::access::read_write}, leaf_{path.filename()} {
    if (!folder_.open(path.parent_path())) fail_system(detail::last_error(), "cannot open its folder", path.string());
    if (!file_.try_lock())
      fail_system(detail::locked_error(), "somebody else is appending to it or has locked it", path.string());
    if (!is_in_place()) fail_replaced();  // before it was locked
    size_ = found_size_ = file_.size();
    front_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(size_, front_.size()));
    file_.read_at(0, front());
  }

  const file& opened() const noexcept { return file_; }

  /// When it was opened.
  std::uint64_t size() const override { return found_size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override { file_.read_at(offset, into); }
  std::string name() const override { return file_.path().string(); }

  /// Throws ESTALE if the path leads to another file now, or if somebody else changed the size of this one or its first
  /// 1024 bytes, where all of our formats say what belongs to the file.
  void require_unchanged() const {
    if (!is_in_place()) fail_replaced();
    if (!is_unchanged()) fail_system(detail::stale_error(), "another program changed it meanwhile", name());
  }

  /// Whether size and first bytes are those that were found or, since then, written through this object.
  bool is_unchanged() const {
    if (file_.size() != size_) return false;
    std::array<std::byte, front_bytes> now;
    const auto bytes = std::span{now}.first(front_size_);
    file_.read_at(0, bytes);
    return std::equal(bytes.begin(), bytes.end(), front_.begin());
  }

  void write_at(std::uint64_t offset, std::span<const std::byte> from) {
    const std::uint64_t after = std::max(size_, offset + from.size());
    try {
      file_.write_at(offset, from);
    } catch (...) {  // a part may have been written
      if (const std::uint64_t now = file_.size(); now > size_ && now < after) size_ = now;
      throw;
    }
    size_ = after;
    if (offset >= front_size_) return;
    const auto at = static_cast<std::size_t>(offset);
    std::copy_n(from.begin(), std::min(from.size(), front_size_ - at),
                front_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void truncate(std::uint64_t size) {
    file_.truncate(size);
    size_ = size;
    front_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(size_, front_size_));
  }

  void sync() { file_.sync(); }

 private:
  static constexpr std::size_t front_bytes = 1024;

  std::span<std::byte> front() noexcept { return std::span{front_}.first(front_size_); }

  /// Whether the name still leads to this file, whatever the working directory is by now.
  bool is_in_place() const {
    detail::file_status there;
    return folder_.get_status(leaf_, there) && there.identity == file_.status().identity;
  }

  [[noreturn]] void fail_replaced() const {
    fail_system(detail::stale_error(), "another program replaced it meanwhile", name());
  }

  file file_;
  detail::folder folder_;
  std::filesystem::path leaf_;
  std::uint64_t found_size_ = 0;
  std::uint64_t size_ = 0;  // as it must be, if nobody else changed it
  std::array<std::byte, front_bytes> front_{};
  std::size_t front_size_ = 0;
};

}  // namespace mrcz
