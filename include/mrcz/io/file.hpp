/// An open file: positional reads and writes that finish or throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/system.hpp"

namespace mrcz {

namespace detail {

/// Owns a handle, and closes it on destruction.
class owned_handle {
 public:
  owned_handle() = default;
  explicit owned_handle(native_handle handle) noexcept : handle_{handle} {}
  owned_handle(owned_handle&& other) noexcept : handle_{other.release()} {}
  owned_handle& operator=(owned_handle&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = other.release();
    }
    return *this;
  }
  ~owned_handle() { reset(); }

  native_handle get() const noexcept { return handle_; }
  native_handle release() noexcept { return std::exchange(handle_, no_handle); }
  explicit operator bool() const noexcept { return handle_ != no_handle; }

 private:
  void reset() noexcept;

  native_handle handle_ = no_handle;
};

}  // namespace detail

/// Owns an open file of the system. Positional access has no cursor, so const members may run in several threads.
class file {
 public:
  /// What a file is opened for.
  enum class access {
    read,        ///< an existing file, to be read
    read_write,  ///< an existing file, to be read and changed in place
    create,      ///< a file that does not exist yet
    scratch,     ///< a new file in the folder that the path names; deleted when it is closed or the program ends
  };

  /// Throws the system's error. Opens regular files only. Waits until another program (a file server, for instance)
  /// gives back its lease of the file. Does not wait for the other end of a FIFO.
  file(std::filesystem::path path, access wanted);

  /// Takes over a file that is open already. Messages call it `path`.
  file(detail::owned_handle&& opened, std::filesystem::path path) noexcept;

  /// The path as it was given.
  const std::filesystem::path& path() const noexcept { return path_; }

  /// A file descriptor on POSIX, a HANDLE on Windows; this object still owns it.
  detail::native_handle handle() const noexcept { return handle_.get(); }

  /// Bytes of the file at this moment.
  std::uint64_t size() const;

  /// Whether `path` leads to this file. It does not if another file has replaced this one.
  bool is_at(const std::filesystem::path& path) const;

  /// Locks the file until it is closed. Returns `taken` if another program or another `file` has locked it, and
  /// `no_locks` on file systems without such locks. Throws all other failures.
  detail::lock_result lock() const;

  /// Fills `into`, or throws: `errc::truncated` if the file ends first.
  void read_at(std::uint64_t offset, std::span<std::byte> into) const;

  /// Writes all of `from` at `offset`, or throws the system's error.
  void write_at(std::uint64_t offset, std::span<const std::byte> from);

  /// Copies `count` bytes at `offset` of `from` to position `to`. The system itself copies them if it can; file systems
  /// that share blocks between files then copy no data at all.
  void copy(const file& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to);

  /// Cuts the file to `size` bytes, or fills it up with zeros.
  void truncate(std::uint64_t size);

  /// Returns once the content is on the storage device.
  void sync();

  /// Makes the system report errors that it otherwise reports when the file is closed (a full remote disk, for
  /// instance).
  void flush();

  /// Closes the file, and throws the errors that the system reports only on closing.
  void close_checked();

  /// What the system says of the file.
  detail::file_status status() const;

 private:
  void open_existing(bool writable);
  void create();
  void create_scratch();
  [[noreturn]] void fail_about(const char* what) const;

  std::filesystem::path path_;
  detail::owned_handle handle_;
};

/// A file as a source of bytes. Its size is read at construction and by `refresh`.
class file_source final : public byte_source {
 public:
  /// Opens a file. Throws the system's error.
  explicit file_source(const std::filesystem::path& path);
  /// Takes over a file that is open already.
  explicit file_source(file&& opened);

  /// The open file.
  const file& opened() const noexcept { return file_; }

  std::uint64_t size() const override { return size_; }
  void refresh() const override { size_ = file_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override;
  std::string name() const override;

 private:
  file file_;
  mutable std::uint64_t size_;  // changed by `refresh` alone, while nobody else uses the source
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/file.ipp"
#endif
