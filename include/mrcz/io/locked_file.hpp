/// An existing file that is changed in place or replaced, while nobody else may.
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

namespace mrcz {

/// Opens a file once, for reading and for writing, and locks it until it is closed (`flock`, `LockFileEx`): the bytes
/// that are checked are those of the file that is changed. Programs that take no locks, and file systems that have
/// none, are found out by `require_unchanged`.
class locked_file final : public byte_source {
 public:
  /// Throws EWOULDBLOCK if somebody else holds the lock, and what opening throws.
  explicit locked_file(const std::filesystem::path& path);

  const file& opened() const noexcept { return file_; }

  /// When it was opened.
  std::uint64_t size() const override { return found_size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override;
  std::string name() const override;

  /// Throws ESTALE if the path leads to another file now, or if somebody else changed the size of this one or its first
  /// 1024 bytes, where all of our formats say what belongs to the file.
  void require_unchanged() const;

  /// Whether size and first bytes are those that were found or, since then, written through this object.
  bool is_unchanged() const;

  void write_at(std::uint64_t offset, std::span<const std::byte> from);

  void truncate(std::uint64_t size);

  void sync() { file_.sync(); }

 private:
  static constexpr std::size_t front_bytes = 1024;

  std::span<std::byte> front() noexcept { return std::span{front_}.first(front_size_); }

  /// Whether the name still leads to this file, whatever the working directory is by now.
  bool is_in_place() const;
  [[noreturn]] void fail_replaced() const;

  file file_;
  detail::folder folder_;
  std::filesystem::path leaf_;
  std::uint64_t found_size_ = 0;
  std::uint64_t size_ = 0;  // as it must be, if nobody else changed it
  std::array<std::byte, front_bytes> front_{};
  std::size_t front_size_ = 0;
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/locked_file.ipp"
#endif
