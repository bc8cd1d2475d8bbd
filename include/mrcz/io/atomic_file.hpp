/// Files that are complete or absent: they get their name when they are finished.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

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
  atomic_file(const std::filesystem::path& path, durability wanted, bool replace);

  ~atomic_file() override;

  /// Several threads may call this at once for bytes that do not overlap.
  void write_at(std::uint64_t offset, std::span<const std::byte> from) override;

  void copy(const byte_source& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to) override;

  void publish() override;

  /// The file has its name `<path>.<random>.partial` from now on, and keeps it unless it is published. Returns its
  /// absolute path.
  std::filesystem::path keep_partial() override;

  /// A file without a name on the same file system, to work with.
  file scratch() const;

  std::string name() const override;

 private:
  static constexpr const char* cannot_create = "cannot create a temporary file beside it";
  static constexpr const char* cannot_be_written = "cannot be written";

  /// Where `path` leads, also if nothing is there yet; links that go in a circle are left for the system to refuse.
  static std::filesystem::path followed(std::filesystem::path path);
  static std::filesystem::path absolute_folder(const std::filesystem::path& destination);
  void require_unpublished() const;
  std::optional<detail::file_status> status_of_destination() const;
  void take_over(const std::optional<detail::file_status>& existing);

  /// The new file. What an existing one hides from others must not be seen in the new one before it has the same
  /// permissions.
  file create(bool for_owner_alone);
  std::filesystem::path temporary_name() const;

  /// Gives the nameless file a temporary name.
  void name_temporarily();

  /// False if the name is taken and the file must be renamed over it.
  bool publish_nameless();
  void publish_named();
  void keep_when_closed();

  /// A file system may have files without names and then not name them. All is there, so it is copied.
  bool copy_to_named(std::error_code reason);
  [[noreturn]] void fail_exists() const;
  std::string folder_path() const;
  void remove_temporary() noexcept;

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
  extended_file(std::shared_ptr<locked_file> opened, durability wanted, std::uint64_t kept);

  ~extended_file() override;

  void write_at(std::uint64_t offset, std::span<const std::byte> from) override;

  void publish() override;

  std::string name() const override;

 private:
  std::shared_ptr<locked_file> file_;
  durability durability_;
  std::uint64_t kept_;
  std::uint64_t end_;
  bool committed_ = false;
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/atomic_file.ipp"
#endif
