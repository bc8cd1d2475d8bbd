/// Files that are complete or absent: they get their name when they are finished.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/locked_file.hpp"
#include "mrcz/io/system.hpp"

namespace mrcz {

/// What has reached the storage device when a file is published. Whatever is chosen, a program that dies leaves
/// either the complete file or none; the choice is about power failures.
enum class durability : std::uint8_t {
  none,  ///< nothing is waited for; after a power failure the file may be empty or damaged
  data,  ///< the content is synced before the file gets its name: after a power failure it is the old one or the new
         ///< one
  full,  ///< the directory is synced too: once published, the file survives a power failure
};

/// The file that `path` will name once `publish()` returns. Until then it has no name, and a program that is killed
/// leaves nothing. An existing destination is replaced in one step; the new file has its name for that moment only.
/// Where the file system has no files without names, it grows in `<path>.<random>.partial` beside the destination.
///
/// A replaced file's permissions stay and, as far as this process may set them, its owner and group; where the group
/// cannot be kept, the new one gets no permissions. A symbolic link stays and its target is replaced. A destination
/// that may not be written is refused, though its folder would allow to replace it. Relative paths are meant from the
/// working directory at the beginning.
class atomic_file final : public byte_sink {
 public:
  /// With `replace` false an existing destination is refused, now and again when publishing.
  atomic_file(const std::filesystem::path& path, durability wanted, bool replace)
      : destination_{followed(path)}, leaf_{destination_.filename()}, durability_{wanted}, replace_{replace} {
    if (path.filename().empty()) fail(errc::bad_option, "'{}' names no file to write to", path.string());
    if (!folder_.open(destination_.parent_path())) {
      const auto reason = detail::last_error();
      const bool missing = reason == std::errc::no_such_file_or_directory;
      fail_system(reason, missing ? cannot_create : cannot_be_written, name());
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

  ~atomic_file() override {
    if (file_ && !kept_) remove_temporary();
  }

  /// Several threads may call this at once for bytes that do not overlap.
  void write_at(std::uint64_t offset, std::span<const std::byte> from) override {
    require_unpublished();
    file_->write_at(offset, from);
  }

  void copy(const byte_source& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to) override {
    require_unpublished();
    const auto* source = dynamic_cast<const file_source*>(&from);
    const auto* locked = dynamic_cast<const locked_file*>(&from);
    if (source != nullptr) file_->copy(source->opened(), offset, count, to);
    else if (locked != nullptr) file_->copy(locked->opened(), offset, count, to);
    else byte_sink::copy(from, offset, count, to);
  }

  void publish() override {
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
    if (durability_ == durability::full && !folder_.sync())
      fail_system(detail::last_error(), "cannot sync the directory", folder_path());
  }

  /// The file has its name `<path>.<random>.partial` from now on, and keeps it unless it is published. Returns its
  /// absolute path.
  std::filesystem::path keep_partial() override {
    require_unpublished();
    if (temporary_.empty()) name_temporarily();
    keep_when_closed();
    kept_ = true;
    return absolute_folder_ / temporary_;
  }

  /// A file without a name on the same file system, to work with.
  file scratch() const {
    detail::owned_handle made{folder_.create_scratch()};
    if (!made) fail_system(detail::last_error(), cannot_create, name());
    return file{std::move(made), destination_};
  }

  std::string name() const override { return destination_.string(); }

 private:
  static constexpr const char* cannot_create = "cannot create a temporary file beside it";
  static constexpr const char* cannot_be_written = "cannot be written";

  /// Where `path` leads, also if nothing is there yet; links that go in a circle are left for the system to refuse.
  static std::filesystem::path followed(std::filesystem::path path) {
    std::error_code ignored;
    for (int links = 0; links < 40 && std::filesystem::is_symlink(path, ignored); ++links)
      path = path.parent_path() / std::filesystem::read_symlink(path, ignored);
    return path;
  }

  static std::filesystem::path absolute_folder(const std::filesystem::path& destination) {
    std::error_code ignored;
    auto whole = std::filesystem::absolute(destination, ignored);
    return (ignored ? destination : whole).parent_path();
  }

  void require_unpublished() const {
    if (!file_) fail(errc::closed, {.path = name(), .found = "already published"});
  }

  std::optional<detail::file_status> status_of_destination() const {
    const auto refuse = [&](std::error_code reason) { fail_system(reason, cannot_be_written, name()); };
    detail::file_status status;
    if (!folder_.get_status(leaf_, status)) {
      const auto reason = detail::last_error();
      if (reason == std::errc::no_such_file_or_directory) return std::nullopt;
      refuse(reason);
    }
    if (status.is_directory) refuse(std::make_error_code(std::errc::is_a_directory));
    if (!status.is_regular)
      fail(errc::bad_option, {.path = name(), .found = "is not a regular file and cannot be replaced by one"});
    if (!replace_) fail_exists();
    if (!folder_.may_write(leaf_)) refuse(detail::last_error());
    return status;
  }

  void take_over(const std::optional<detail::file_status>& existing) {
    if (existing && !detail::take_over(file_->handle(), *existing))
      fail_system(detail::last_error(), "cannot set the permissions of the new file", name());
  }

  /// The new file. What an existing one hides from others must not be seen in the new one before it has the same
  /// permissions.
  file create(bool for_owner_alone) {
    if (detail::owned_handle made{folder_.create_nameless(for_owner_alone)}) return {std::move(made), destination_};
    for (;;) {
      temporary_ = temporary_name();
      if (detail::owned_handle made{folder_.create(temporary_, for_owner_alone)}) {
        vanishing_ = detail::owned_handle{detail::make_vanish(made.get())};
        return {std::move(made), destination_};
      }
      const auto reason = detail::last_error();
      if (reason != std::errc::file_exists) fail_system(reason, cannot_create, name());
    }
  }

  std::filesystem::path temporary_name() const {
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

  /// Gives the nameless file a temporary name.
  void name_temporarily() {
    for (;;) {
      auto temporary = temporary_name();
      if (folder_.name(file_->handle(), temporary)) {
        temporary_ = std::move(temporary);
        return;
      }
      const auto reason = detail::last_error();
      if (reason == std::errc::file_exists) continue;
      if (!copy_to_named(reason)) fail_system(reason, "cannot publish the finished file", name());
      return;
    }
  }

  /// False if the name is taken and the file must be renamed over it.
  bool publish_nameless() {
    if (folder_.name(file_->handle(), leaf_)) return true;
    const auto reason = detail::last_error();
    if (reason == std::errc::file_exists) {
      take_over(status_of_destination());  // perhaps it was not there when this one began
      name_temporarily();
    } else if (!copy_to_named(reason)) {
      fail_system(reason, "cannot publish the finished file", name());
    }
    return false;
  }

  void publish_named() {
    if (!kept_) keep_when_closed();
    file_->close_checked();
    if (replace_ ? folder_.rename(temporary_, leaf_) : folder_.rename_if_free(temporary_, leaf_)) return;
    const auto reason = detail::last_error();
    if (!replace_ && reason == std::errc::file_exists) fail_exists();
    fail_system(reason, replace_ ? "cannot rename the finished file" : "cannot publish the finished file", name());
  }

  void keep_when_closed() {
    if (!detail::keep_file(vanishing_.get()))
      fail_system(detail::last_error(), "cannot keep the finished file", name());
    vanishing_ = {};
  }

  /// A file system may have files without names and then not name them. All is there, so it is copied.
  bool copy_to_named(std::error_code reason) {
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
      if (!detail::take_over(named.handle(), status)) fail_system(detail::last_error(), cannot_create, name());
      if (durability_ != durability::none) named.sync();
    } catch (...) {
      folder_.remove(temporary);
      throw;
    }
    file_ = std::move(named);
    temporary_ = std::move(temporary);
    return true;
  }

  [[noreturn]] void fail_exists() const {
    fail(errc::already_exists, {.path = name(), .found = "exists and may not be replaced"});
  }

  std::string folder_path() const {
    const auto folder = destination_.parent_path();
    return folder.empty() ? "." : folder.string();
  }

  void remove_temporary() noexcept {
    if (!temporary_.empty()) folder_.remove(temporary_);
  }

  std::filesystem::path destination_;  // what messages say
  std::filesystem::path leaf_;         // in the folder
  detail::folder folder_;
  std::filesystem::path absolute_folder_ = absolute_folder(destination_);
  durability durability_;
  bool replace_;
  bool kept_ = false;
  std::filesystem::path temporary_;  // in the folder; empty while the file has no name
  detail::owned_handle vanishing_;   // of a file that has one, until it is to be kept
  std::optional<file> file_;
};

/// An existing file that is extended in place: new bytes go behind `kept`, and each write before it (the new header,
/// which makes the new bytes count) happens after them. Destroyed before the first of these, the file is cut back to
/// `kept` bytes and reads as before; bytes that stood behind `kept` belonged to no slice and are gone. If somebody else
/// replaces or changes the file meanwhile, the header is not written (ESTALE), and what others wrote is not cut off.
class extended_file final : public byte_sink {
 public:
  extended_file(std::shared_ptr<locked_file> opened, durability wanted, std::uint64_t kept)
      : file_{std::move(opened)}, durability_{wanted}, kept_{kept}, end_{kept} {}

  ~extended_file() override {
    if (committed_ || end_ == kept_) return;
    try {
      if (file_->is_unchanged()) file_->truncate(kept_);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a destructor cannot report, and the longer file reads as before
    }
  }

  void write_at(std::uint64_t offset, std::span<const std::byte> from) override {
    const bool commits = offset < kept_;
    if (commits && durability_ != durability::none) file_->sync();  // the new data first, then what refers to it
    file_->require_unchanged();
    if (commits) committed_ = true;
    else end_ = std::max(end_, offset + from.size());
    file_->write_at(offset, from);
  }

  void publish() override {
    file_->require_unchanged();
    if (file_->opened().size() > end_) file_->truncate(end_);
    if (durability_ != durability::none) file_->sync();
    committed_ = true;
  }

  std::string name() const override { return file_->name(); }

 private:
  std::shared_ptr<locked_file> file_;
  durability durability_;
  std::uint64_t kept_;
  std::uint64_t end_;
  bool committed_ = false;
};

}  // namespace mrcz
