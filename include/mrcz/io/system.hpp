/// File functions that differ between operating systems: handles, positions, names, locks. They return whether they
/// succeeded; after a failure `last_error()` returns the reason. Apart from `core/system.hpp`, no other header depends
/// on the system for which it is compiled.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>

#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

#if defined(_WIN32)
using native_handle = void*;                                                        // HANDLE
inline const native_handle no_handle = reinterpret_cast<void*>(std::intptr_t{-1});  // INVALID_HANDLE_VALUE
inline constexpr const char* temporary_folders = "TMP, or else TEMP,";
#else
using native_handle = int;
inline constexpr native_handle no_handle = -1;
inline constexpr const char* temporary_folders = "TMPDIR, or else /tmp,";  ///< what messages say of them
#endif

/// The kind of a file, its size, its identity, and who may use it.
struct file_status {
  std::uint64_t size = 0;
  bool is_regular = false;
  bool is_directory = false;
  std::array<std::uint64_t, 2> identity{};  ///< equal for two paths if, and only if, they lead to one file
  unsigned permissions = 0;                 ///< nine bits, as for chmod; 0 on Windows
  unsigned owner = 0;
  unsigned group = 0;
};

enum class lock_result { locked, taken, no_locks, failed };

MRCZ_INLINE unsigned long process_id() noexcept;

/// The user whose rights this process has, as in `file_status::owner`; 0 on Windows.
MRCZ_INLINE unsigned user_id() noexcept;

/// A text that is most probably different in each call of each process. If a name made from it exists, callers try
/// again with another text.
MRCZ_INLINE std::string unique_text();

/// The error of the last call, as the `errno` of POSIX, so that programs can compare it with `std::errc` on all
/// systems. An error that POSIX does not have is returned as the system reports it.
MRCZ_INLINE std::error_code last_error() noexcept;

/// The error for a file that another file has replaced, or that another program has changed.
MRCZ_INLINE std::error_code stale_error() noexcept;
MRCZ_INLINE std::error_code locked_error() noexcept;

MRCZ_INLINE bool get_status(native_handle handle, file_status& status) noexcept;
MRCZ_INLINE bool get_status(const std::filesystem::path& path, file_status& status) noexcept;

/// Opens an existing file. It also opens folders and FIFOs, which the caller must refuse. It does not wait for a
/// program that writes to a FIFO. It waits until a file server or another program gives back its lease of a file.
MRCZ_INLINE native_handle open_file(const std::filesystem::path& path, bool writable) noexcept;

/// Returns false if the system reports only on closing that something was not written. The handle is closed in any
/// case.
MRCZ_INLINE bool close_file(native_handle handle) noexcept;

/// Makes the system report errors that it otherwise reports when the file is closed: a full remote disk, for instance.
/// Windows reports them earlier.
MRCZ_INLINE bool flush_file(native_handle handle) noexcept;

/// These read or write at most 1 GiB and return the number of bytes: 0 at the end of the file, negative for a failure.
MRCZ_INLINE std::ptrdiff_t read_some(native_handle handle, std::uint64_t offset, std::span<std::byte> into) noexcept;
MRCZ_INLINE std::ptrdiff_t write_some(native_handle handle, std::uint64_t offset,
                                      std::span<const std::byte> from) noexcept;

/// Copies inside the system and returns the number of bytes. Returns 0 or a negative number if the system cannot do
/// this.
MRCZ_INLINE std::ptrdiff_t copy_some(native_handle from, std::uint64_t offset, native_handle into, std::uint64_t to,
                                     std::uint64_t count) noexcept;

/// Makes an empty file a copy of `from` that shares its blocks. Returns false if the file system cannot do this.
MRCZ_INLINE bool share_blocks(native_handle from, native_handle into) noexcept;

MRCZ_INLINE bool resize(native_handle handle, std::uint64_t size) noexcept;

/// Returns once the content is on the storage device.
MRCZ_INLINE bool sync_content(native_handle handle) noexcept;

/// Locks the file until it is closed. The lock excludes all others that lock files this way, in this program and in
/// other programs.
MRCZ_INLINE lock_result lock_file(native_handle handle) noexcept;

/// Maps a whole file for reading. Returns null for a failure.
MRCZ_INLINE const std::byte* map_file(native_handle handle, std::size_t size) noexcept;
MRCZ_INLINE void unmap(const std::byte* first, std::size_t size) noexcept;

/// Gives a file the permissions of `from` and, as far as this process may set them, its owner and group. If the group
/// cannot be set, the group that the file has instead gets no permissions. On Windows this does nothing: there a new
/// file has the permissions of its folder.
MRCZ_INLINE bool take_over(native_handle handle, const file_status& from) noexcept;

/// Returns a second handle for a file. When both handles are closed, also by the end of the program, the file is
/// deleted, unless `keep_file` is called with the second handle before. Nobody else can open the file meanwhile. On
/// POSIX, which has files without names instead, this returns `no_handle`.
MRCZ_INLINE native_handle make_vanish(native_handle handle) noexcept;
MRCZ_INLINE bool keep_file(native_handle vanishing) noexcept;

/// Refers to one folder, even when the working directory changes or, on POSIX, when the folder is renamed.
class folder {
 public:
  folder() = default;
  folder(folder&& other) noexcept;
  folder& operator=(folder&& other) noexcept;
  ~folder();

  /// Opens a folder. This needs no right to list its content. An empty path means the working directory.
  bool open(const std::filesystem::path& path);

  bool get_status(const std::filesystem::path& name, file_status& status) const;
  bool may_write(const std::filesystem::path& name) const;

  /// Creates a file for reading and writing under a name that must not exist. Without `for_owner_alone` other users can
  /// read it if the umask of this process allows it.
  native_handle create(const std::filesystem::path& name, bool for_owner_alone) const;

  /// As `create`, but without a name. Fails if the file system has no such files, or if `name` could not name the file
  /// later.
  native_handle create_nameless(bool for_owner_alone) const noexcept;

  /// Creates a file that nobody else sees and that is deleted when it is closed.
  native_handle create_scratch() const;

  /// Gives a name to a file that has none. Refuses a name that exists: EEXIST.
  bool name(native_handle nameless, const std::filesystem::path& name) const noexcept;

  /// Renames a file in one step, and replaces a file that has the name `to`.
  bool rename(const std::filesystem::path& from, const std::filesystem::path& to) const;

  /// Renames a file. Refuses a name that exists: EEXIST.
  bool rename_if_free(const std::filesystem::path& from, const std::filesystem::path& to) const;

  /// The name is free at once, even if somebody has the file open.
  bool remove(const std::filesystem::path& name) const;

  /// Makes the names in the folder durable. Also returns true where the system or the file system has no call for this.
  bool sync() const noexcept;

 private:
#if defined(_WIN32)
  std::filesystem::path path_;  // absolute
#else
  native_handle handle_ = no_handle;
#endif
};

/// These read from or write to a descriptor without positions, such as standard input, and wait if necessary. They
/// return the number of bytes: 0 at the end, negative for a failure. Descriptors are those of the C library.
MRCZ_INLINE std::ptrdiff_t read_stream(int descriptor, std::span<std::byte> into) noexcept;
MRCZ_INLINE std::ptrdiff_t write_stream(int descriptor, std::span<const std::byte> from) noexcept;

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/system.ipp"
#endif
