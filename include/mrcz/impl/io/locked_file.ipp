/// Locks a file, and detects changes by others.
#pragma once

#include "mrcz/io/locked_file.hpp"

#include <algorithm>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE locked_file::locked_file(const std::filesystem::path& path)
    : file_{path, file::access::read_write}, leaf_{path.filename()}, undo_{path} {
  if (!folder_.open(path.parent_path())) fail_system(last_error(), "cannot open its folder", path.string());
  const auto lock = file_.lock();
  if (lock == lock_result::taken)
    fail_system(locked_error(), "somebody else is appending to it or has locked it", path.string());
  if (!is_in_place()) fail_replaced();  // before it was locked
  locked_ = lock == lock_result::locked;
  undo_interrupted();
  size_ = found_size_ = file_.size();
  front_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(size_, front_.size()));
  file_.read_at(0, front());
}

MRCZ_INLINE void locked_file::undo_interrupted() {
  if (locked_) return undo_.roll_back(file_);
  const auto record = undo_.read(file_);
  if (!record || (!fits(*record, file_) && undo_.is_obsolete(*record, file_))) return;
  fail_system(std::make_error_code(std::errc::no_lock_available),
              text("'{}' keeps old bytes of a change that was interrupted or runs now; it can be undone only where the "
                   "file system has locks",
                   undo_.path().string()),
              name());
}

MRCZ_INLINE locked_file::~locked_file() {
  if (!changing_) return;
  try {
    if (is_in_place()) undo_.roll_back(file_);
  } catch (...) {  // NOLINT(bugprone-empty-catch): the record stays, and the next opening tries again
  }
}

MRCZ_INLINE void locked_file::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  file_.read_at(offset, into);
}

MRCZ_INLINE std::string locked_file::name() const { return file_.path().string(); }

MRCZ_INLINE void locked_file::require_unchanged() const {
  if (!is_in_place()) fail_replaced();
  if (!is_unchanged()) fail_system(stale_error(), "another program changed it meanwhile", name());
}

MRCZ_INLINE bool locked_file::is_unchanged() const {
  if (file_.size() != size_) return false;
  std::array<std::byte, front_bytes> now;
  const auto bytes = std::span{now}.first(front_size_);
  file_.read_at(0, bytes);
  return std::equal(bytes.begin(), bytes.end(), front_.begin());
}

MRCZ_INLINE void locked_file::write_at(std::uint64_t offset, std::span<const std::byte> from) {
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
  std::copy_n(from.begin(), std::min(from.size(), front_size_ - at), front_.begin() + static_cast<std::ptrdiff_t>(at));
}

MRCZ_INLINE void locked_file::truncate(std::uint64_t size) {
  file_.truncate(size);
  size_ = size;
  front_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(size_, front_size_));
}

MRCZ_INLINE void locked_file::begin_change(std::span<const byte_range> ranges) {
  if (!locked_)
    fail_system(std::make_error_code(std::errc::no_lock_available),
                "cannot be changed in place, as its file system has no locks that keep other programs out meanwhile; "
                "write a new file instead",
                name());
  require_unchanged();
  undo_.keep(file_, ranges);
  changing_ = true;
}

MRCZ_INLINE void locked_file::end_change() {
  if (!is_in_place()) fail_replaced();
  sync();
  const bool was_kept = undo_.remove();
  changing_ = false;
  if (!was_kept) fail_system(stale_error(), "another program has undone the change meanwhile", name());
}

MRCZ_INLINE bool locked_file::is_in_place() const {
  file_status there;
  return folder_.get_status(leaf_, there) && there.identity == file_.status().identity;
}

MRCZ_INLINE void locked_file::fail_replaced() const {
  fail_system(stale_error(), "another program replaced it meanwhile", name());
}

}  // namespace mrcz::detail
