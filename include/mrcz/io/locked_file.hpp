/// An existing file that is locked against other programs while it is changed in place or replaced.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/system.hpp"
#include "mrcz/io/undo_record.hpp"

namespace mrcz::detail {

/// Opens a file once, for reading and for writing, and locks it until it is closed (`flock`, `LockFileEx`). So the file
/// that is changed is the same that was checked. If an earlier change of it was interrupted, opening undoes that first.
/// `require_unchanged` detects changes by programs that take no locks, and changes on file systems that have no locks.
///
/// A change of single bytes is undone from its record only by the holder of the lock. Without a lock nobody knows
/// whether the program that made the record still runs, and two programs could put old bytes over each other's new
/// ones. So on a file system that says that it has no locks (Lustre without the option `flock`, for instance),
/// `begin_change` is refused, and so is opening a file that has a record to be undone. Appending needs no record and is
/// possible. Some systems pretend to lock (NFS with `nolock`): there the locks of one machine do not keep out programs
/// of another, which this library cannot find out.
class locked_file final : public byte_source {
 public:
  /// Throws EWOULDBLOCK if another program or another `file` holds the lock, ESTALE if the file was replaced before it
  /// was locked, ENOLCK if there is a change to be undone but no lock to be had, and the errors of opening.
  explicit locked_file(const std::filesystem::path& path);

  ~locked_file() override;

  const file& opened() const noexcept { return file_; }

  /// False on a file system that says that it has no locks.
  bool is_locked() const noexcept { return locked_; }

  /// The size when the file was opened.
  std::uint64_t size() const override { return found_size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override;
  std::string name() const override;

  /// Throws ESTALE if the path leads to another file, or if another program changed the size or the first 1024 bytes of
  /// this file. In these bytes all formats of this library say what belongs to the file.
  void require_unchanged() const;

  /// Whether the size and the first bytes are still those that this object found or wrote.
  bool is_unchanged() const;

  void write_at(std::uint64_t offset, std::span<const std::byte> from);

  void truncate(std::uint64_t size);

  void sync() { file_.sync(); }

  /// Begins to overwrite bytes in place: an undo record keeps the bytes of `ranges`, which are in rising order and do
  /// not overlap, and the size of the file. If this object is destroyed before `end_change`, or the program ends, the
  /// file gets its old bytes and size back, now or when it is opened for writing the next time. Throws ESTALE as
  /// `require_unchanged` does, and ENOLCK if the file could not be locked.
  void begin_change(std::span<const byte_range> ranges);

  /// Returns once the changed file is on the storage device. It is then no longer undone. Throws ESTALE if the record
  /// is gone: then another program may have undone the change.
  void end_change();

 private:
  static constexpr std::size_t front_bytes = 1024;

  std::span<std::byte> front() noexcept { return std::span{front_}.first(front_size_); }

  void undo_interrupted();

  /// Whether the path still leads to this file, even if the working directory has changed.
  bool is_in_place() const;
  [[noreturn]] void fail_replaced() const;

  file file_;
  folder folder_;
  std::filesystem::path leaf_;
  undo_record undo_;
  bool locked_ = false;  // false on a file system without locks
  bool changing_ = false;
  std::uint64_t found_size_ = 0;
  std::uint64_t size_ = 0;  // the size of the file if nobody else changed it
  std::array<std::byte, front_bytes> front_{};
  std::size_t front_size_ = 0;
};

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/locked_file.ipp"
#endif
