/// Creates, names and publishes files.
#pragma once

#include "mrcz/io/atomic_file.hpp"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/undo_record.hpp"

namespace mrcz {

MRCZ_INLINE atomic_file::atomic_file(const std::filesystem::path& path, durability wanted, bool replace)
    : destination_{followed(path)}, leaf_{destination_.filename()}, durability_{wanted}, replace_{replace} {
  if (path.filename().empty()) detail::fail(errc::bad_option, "'{}' names no file to write to", path.string());
  if (!folder_.open(destination_.parent_path())) {
    const auto reason = detail::last_error();
    const bool missing = reason == std::errc::no_such_file_or_directory;
    detail::fail_system(reason, missing ? cannot_create : cannot_be_written, name());
  }
  const auto existing = status_of_destination();
  file_.emplace(create(existing.has_value()));
  try {
    take_over(existing);
  } catch (...) {
    remove_temporary();
    throw;
  }
}

MRCZ_INLINE atomic_file::~atomic_file() {
  if (file_ && !kept_) remove_temporary();
}

MRCZ_INLINE void atomic_file::write_at(std::uint64_t offset, std::span<const std::byte> from) {
  require_unpublished();
  file_->write_at(offset, from);
}

MRCZ_INLINE void atomic_file::copy(const byte_source& from, std::uint64_t offset, std::uint64_t count,
                                   std::uint64_t to) {
  require_unpublished();
  const auto* source = dynamic_cast<const file_source*>(&from);
  const auto* locked = dynamic_cast<const detail::locked_file*>(&from);
  if (source != nullptr) file_->copy(source->opened(), offset, count, to);
  else if (locked != nullptr) file_->copy(locked->opened(), offset, count, to);
  else byte_sink::copy(from, offset, count, to);
}

MRCZ_INLINE void atomic_file::publish() {
  require_unpublished();
  if (durability_ != durability::none) file_->sync();
  file_->flush();
  if (temporary_.empty()) {
    if (!publish_nameless()) publish_named();
  } else {
    take_over(status_of_destination());
    publish_named();
  }
  file_.reset();
  discard_undo_record();
  if (durability_ == durability::full && !folder_.sync())
    detail::fail_system(detail::last_error(), "cannot sync the directory", folder_path());
}

MRCZ_INLINE void atomic_file::discard_undo_record() const {
  std::filesystem::path record = leaf_;
  record += detail::undo_record::suffix;
  detail::file_status found;
  detail::file_status published;
  if (folder_.get_status(record, found) && folder_.get_status(leaf_, published))
    detail::undo_record{absolute_folder_ / leaf_}.discard_of_others(published.identity[1]);
}

MRCZ_INLINE void atomic_file::limit_permissions(unsigned permissions) {
  require_unpublished();
  most_permissions_ = permissions;
  take_over(status_of_destination());
}

MRCZ_INLINE std::filesystem::path atomic_file::keep_partial() {
  require_unpublished();
  if (temporary_.empty()) name_temporarily();
  keep_when_closed();
  kept_ = true;
  return absolute_folder_ / temporary_;
}

MRCZ_INLINE file atomic_file::scratch() const {
  detail::owned_handle made{folder_.create_scratch()};
  if (!made) detail::fail_system(detail::last_error(), cannot_create, name());
  return file{std::move(made), destination_};
}

MRCZ_INLINE std::string atomic_file::name() const { return destination_.string(); }

MRCZ_INLINE std::filesystem::path atomic_file::followed(std::filesystem::path path) {
  std::error_code ignored;
  for (int links = 0; links < 40 && std::filesystem::is_symlink(path, ignored); ++links)
    path = path.parent_path() / std::filesystem::read_symlink(path, ignored);
  return path;
}

MRCZ_INLINE std::filesystem::path atomic_file::absolute_folder(const std::filesystem::path& destination) {
  std::error_code ignored;
  auto whole = std::filesystem::absolute(destination, ignored);
  return (ignored ? destination : whole).parent_path();
}

MRCZ_INLINE void atomic_file::require_unpublished() const {
  if (!file_) detail::fail(errc::closed, {.path = name(), .found = "already published"});
}

MRCZ_INLINE std::optional<detail::file_status> atomic_file::status_of_destination() const {
  const auto refuse = [&](std::error_code reason) { detail::fail_system(reason, cannot_be_written, name()); };
  detail::file_status status;
  if (!folder_.get_status(leaf_, status)) {
    const auto reason = detail::last_error();
    if (reason == std::errc::no_such_file_or_directory) return std::nullopt;
    refuse(reason);
  }
  if (status.is_directory) refuse(std::make_error_code(std::errc::is_a_directory));
  if (!status.is_regular)
    detail::fail(errc::bad_option, {.path = name(), .found = "is not a regular file and cannot be replaced by one"});
  if (!replace_) fail_exists();
  if (!folder_.may_write(leaf_)) refuse(detail::last_error());
  return status;
}

MRCZ_INLINE void atomic_file::take_over(const std::optional<detail::file_status>& existing) {
  if (!existing && !most_permissions_) return;
  auto wanted = existing ? *existing : file_->status();
  if (most_permissions_) wanted.permissions = existing ? wanted.permissions & *most_permissions_ : *most_permissions_;
  if (!detail::take_over(file_->handle(), wanted))
    detail::fail_system(detail::last_error(), "cannot set the permissions of the new file", name());
}

MRCZ_INLINE file atomic_file::create(bool for_owner_alone) {
  if (detail::owned_handle made{folder_.create_nameless(for_owner_alone)}) return {std::move(made), destination_};
  for (;;) {
    temporary_ = temporary_name();
    if (detail::owned_handle made{folder_.create(temporary_, for_owner_alone)}) {
      vanishing_ = detail::owned_handle{detail::make_vanish(made.get())};
      return {std::move(made), destination_};
    }
    const auto reason = detail::last_error();
    if (reason != std::errc::file_exists) detail::fail_system(reason, cannot_create, name());
  }
}

MRCZ_INLINE std::filesystem::path atomic_file::temporary_name() const {
  constexpr std::size_t longest = 200;  // file systems take names of 255 bytes
  auto beginning = leaf_.native().substr(0, longest);
  const auto within_character = [](auto c) { return (static_cast<unsigned>(c) & 0xC0U) == 0x80U; };  // of UTF-8
  if (beginning.size() < leaf_.native().size() && within_character(leaf_.native()[longest])) {
    while (!beginning.empty() && within_character(beginning.back())) beginning.pop_back();
    if (!beginning.empty()) beginning.pop_back();
  }
  std::filesystem::path temporary = beginning;
  temporary += fmt::format(".{}.partial", detail::unique_text());
  return temporary;
}

MRCZ_INLINE void atomic_file::name_temporarily() {
  for (;;) {
    auto temporary = temporary_name();
    if (folder_.name(file_->handle(), temporary)) {
      temporary_ = std::move(temporary);
      return;
    }
    const auto reason = detail::last_error();
    if (reason == std::errc::file_exists) continue;
    if (!copy_to_named(reason)) detail::fail_system(reason, "cannot publish the finished file", name());
    return;
  }
}

MRCZ_INLINE bool atomic_file::publish_nameless() {
  if (folder_.name(file_->handle(), leaf_)) return true;
  const auto reason = detail::last_error();
  if (reason == std::errc::file_exists) {
    take_over(status_of_destination());  // the destination may have appeared after the constructor ran
    name_temporarily();
  } else if (!copy_to_named(reason)) {
    detail::fail_system(reason, "cannot publish the finished file", name());
  }
  return false;
}

MRCZ_INLINE void atomic_file::publish_named() {
  if (!kept_) keep_when_closed();
  file_->close_checked();
  if (replace_ ? folder_.rename(temporary_, leaf_) : folder_.rename_if_free(temporary_, leaf_)) return;
  const auto reason = detail::last_error();
  if (!replace_ && reason == std::errc::file_exists) fail_exists();
  detail::fail_system(reason, replace_ ? "cannot rename the finished file" : "cannot publish the finished file",
                      name());
}

MRCZ_INLINE void atomic_file::keep_when_closed() {
  if (!detail::keep_file(vanishing_.get()))
    detail::fail_system(detail::last_error(), "cannot keep the finished file", name());
  vanishing_ = {};
}

MRCZ_INLINE bool atomic_file::copy_to_named(std::error_code reason) {
  const std::errc known[] = {std::errc::operation_not_permitted, std::errc::operation_not_supported,
                             std::errc::function_not_supported,  std::errc::no_such_file_or_directory,
                             std::errc::cross_device_link,       std::errc::permission_denied,
                             std::errc::invalid_argument};
  if (std::none_of(std::begin(known), std::end(known), [&](std::errc e) { return reason == e; })) return false;
  const auto status = file_->status();
  auto temporary = temporary_name();
  detail::owned_handle made{folder_.create(temporary, true)};
  if (!made) return false;
  file named{std::move(made), destination_};
  try {
    named.copy(*file_, 0, status.size, 0);
    if (!detail::take_over(named.handle(), status)) detail::fail_system(detail::last_error(), cannot_create, name());
    if (durability_ != durability::none) named.sync();
  } catch (...) {
    folder_.remove(temporary);
    throw;
  }
  file_ = std::move(named);
  temporary_ = std::move(temporary);
  return true;
}

MRCZ_INLINE void atomic_file::fail_exists() const {
  detail::fail(errc::already_exists, {.path = name(), .found = "exists and may not be replaced"});
}

MRCZ_INLINE std::string atomic_file::folder_path() const {
  const auto folder = destination_.parent_path();
  return folder.empty() ? "." : folder.string();
}

MRCZ_INLINE void atomic_file::remove_temporary() noexcept {
  if (!temporary_.empty()) folder_.remove(temporary_);
}

namespace detail {

MRCZ_INLINE extended_file::extended_file(std::shared_ptr<locked_file> opened, durability wanted, std::uint64_t kept)
    : file_{std::move(opened)}, durability_{wanted}, kept_{kept}, end_{kept} {}

MRCZ_INLINE extended_file::~extended_file() {
  if (committed_ || end_ == kept_) return;
  try {
    if (file_->is_unchanged()) file_->truncate(kept_);
  } catch (...) {  // NOLINT(bugprone-empty-catch): a destructor cannot report, and the longer file reads as before
  }
}

MRCZ_INLINE void extended_file::write_at(std::uint64_t offset, std::span<const std::byte> from) {
  const bool commits = offset < kept_;
  if (commits && durability_ != durability::none) file_->sync();  // the added bytes first, then the header
  file_->require_unchanged();
  if (commits) committed_ = true;
  else end_ = std::max(end_, offset + from.size());
  file_->write_at(offset, from);
}

MRCZ_INLINE void extended_file::publish() {
  file_->require_unchanged();
  if (file_->opened().size() > end_) file_->truncate(end_);
  if (durability_ != durability::none) file_->sync();
  committed_ = true;
}

MRCZ_INLINE std::string extended_file::name() const { return file_->name(); }

}  // namespace detail

}  // namespace mrcz
