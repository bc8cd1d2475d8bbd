/// Files that are either complete or absent: each one appears under its name only when it is finished.
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

/// How much is on the storage device when a file is published. A program that dies leaves either the complete file or
/// no file, with any of these values. They differ after a power failure.
enum class durability : std::uint8_t {
  none,  ///< publishing does not wait; after a power failure the file may be empty or damaged
  data,  ///< the content is synced before the file is published: a power failure leaves the old file or the complete
         ///< new one
  full,  ///< the directory is synced too: once published, the file survives a power failure
};

/// A file that appears at `path` when `publish()` is called. Before that it has no name, and a program that is killed
/// leaves nothing. `publish()` replaces an existing destination in one step; only for that moment the new file has the
/// temporary name `<path>.<random>.partial`. On file systems that have no files without names, the file has this name,
/// beside the destination, from the beginning.
///
/// The new file takes over the permissions of the file that it replaces and, as far as this process may set them, its
/// owner and group. If the group cannot be set, the group that the new file has instead gets no permissions. A symbolic
/// link stays, and its target is replaced. A destination that this process may not write is refused, even if its folder
/// allows replacing it. Relative paths refer to the working directory at construction.
class atomic_file final : public byte_sink {
 public:
  /// If `replace` is false, an existing destination is refused, both here and in `publish()`.
  atomic_file(const std::filesystem::path& path, durability wanted, bool replace);

  ~atomic_file() override;

  /// Several threads may call this at once for bytes that do not overlap.
  void write_at(std::uint64_t offset, std::span<const std::byte> from) override;

  void copy(const byte_source& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to) override;

  void publish() override;

  /// Gives the file these nine permissions, as for chmod. If it replaces another file, it gets those that both have.
  void limit_permissions(unsigned permissions);

  /// Gives the file its temporary name. The file stays under this name, `<path>.<random>.partial`, unless it is
  /// published. Returns its absolute path.
  std::filesystem::path keep_partial() override;

  /// Creates a temporary file without a name on the same file system.
  file scratch() const;

  std::string name() const override;

 private:
  static constexpr const char* cannot_create = "cannot create a temporary file beside it";
  static constexpr const char* cannot_be_written = "cannot be written";

  /// Follows the symbolic links at `path`. The last target need not exist. Gives up after 40 links, because they may
  /// form a circle, which the system then refuses.
  static std::filesystem::path followed(std::filesystem::path path);
  static std::filesystem::path absolute_folder(const std::filesystem::path& destination);
  void require_unpublished() const;
  std::optional<detail::file_status> status_of_destination() const;
  void take_over(const std::optional<detail::file_status>& existing);

  /// Creates the file. With `for_owner_alone` other users cannot read it: the file that it replaces may hide its
  /// content from them, and the new file does not have the same permissions yet.
  file create(bool for_owner_alone);
  std::filesystem::path temporary_name() const;

  /// Gives the nameless file a temporary name.
  void name_temporarily();

  /// Gives the nameless file its final name. Returns false if the file has a temporary name instead and must be
  /// renamed.
  bool publish_nameless();
  void publish_named();

  /// Removes the record of a change of the file that this one has replaced.
  void discard_undo_record() const;
  void keep_when_closed();

  /// Some file systems have nameless files but cannot name them later. This copies the content to a file with a
  /// temporary name. Returns false if `reason` is another failure, or if that file cannot be created.
  bool copy_to_named(std::error_code reason);
  [[noreturn]] void fail_exists() const;
  std::string folder_path() const;
  void remove_temporary() noexcept;

  std::filesystem::path destination_;  // the path that messages show
  std::filesystem::path leaf_;         // name in the folder
  detail::folder folder_;
  std::filesystem::path absolute_folder_ = absolute_folder(destination_);
  durability durability_;
  bool replace_;
  std::optional<unsigned> most_permissions_;
  bool kept_ = false;
  std::filesystem::path temporary_;  // name in the folder; empty while the file has no name
  detail::owned_handle vanishing_;   // deletes a file with a name when it is closed, until the file is to be kept
  std::optional<file> file_;
};

namespace detail {

/// An existing file that is extended in place. The caller writes the added bytes from position `kept` on. Then it
/// writes the changed header before that position, which makes the added bytes valid; the added bytes are synced first,
/// unless the durability is `none`. If the sink is destroyed before the first write of a header, it cuts the file back
/// to `kept` bytes, and the file reads as before. Bytes that lay after `kept` belonged to no slice and are lost. If
/// another program replaces or changes the file in the meantime, the header is not written (ESTALE), and the bytes of
/// that program are not cut off.
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

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/atomic_file.ipp"
#endif
