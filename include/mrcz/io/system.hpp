/// What differs between operating systems in files: handles, positions, names, locks. Functions say whether they
/// succeeded; `last_error()` says why not. No other header asks which system it is compiled for.
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
#else
using native_handle = int;
inline constexpr native_handle no_handle = -1;
#endif

/// What a file is, where it lies, and who may use it.
struct file_status {
  std::uint64_t size = 0;
  bool is_regular = false;
  bool is_directory = false;
  std::array<std::uint64_t, 2> identity{};  ///< the same for two ways to one file, and only for them
  unsigned permissions = 0;                 ///< nine bits, as for chmod; 0 on Windows
  unsigned owner = 0;
  unsigned group = 0;
};

enum class lock_result { locked, taken, no_locks, failed };

MRCZ_INLINE unsigned long process_id() noexcept;

/// Different for every call of every process, most probably; whoever needs a new name asks again if it is taken.
MRCZ_INLINE std::string unique_text();

/// As the `errno` that POSIX has for it, so that programs compare with `std::errc` everywhere; else the system's own.
MRCZ_INLINE std::error_code last_error() noexcept;

/// The error of a file that another one has replaced, or that another program has changed.
MRCZ_INLINE std::error_code stale_error() noexcept;
MRCZ_INLINE std::error_code locked_error() noexcept;

MRCZ_INLINE bool get_status(native_handle handle, file_status& status) noexcept;
MRCZ_INLINE bool get_status(const std::filesystem::path& path, file_status& status) noexcept;

/// Opens a file that exists, or a folder or FIFO, which the caller refuses. Does not wait for who writes to a FIFO, but
/// for a file server or another program to give back its lease of a file.
MRCZ_INLINE native_handle open_file(const std::filesystem::path& path, bool writable) noexcept;

/// False if the system reports only here that something was not written. Whatever it says, the handle is gone.
MRCZ_INLINE bool close_file(native_handle handle) noexcept;

/// Has the system say now what it otherwise says when the file is closed: that a remote disk is full, for instance.
/// Windows says that earlier.
MRCZ_INLINE bool flush_file(native_handle handle) noexcept;

/// At most 1 GiB; 0 at the end of the file, negative for a failure.
MRCZ_INLINE std::ptrdiff_t read_some(native_handle handle, std::uint64_t offset, std::span<std::byte> into) noexcept;
MRCZ_INLINE std::ptrdiff_t write_some(native_handle handle, std::uint64_t offset,
                                      std::span<const std::byte> from) noexcept;

/// Copies inside the system, where it can, and returns how much; not more than nothing if it cannot.
MRCZ_INLINE std::ptrdiff_t copy_some(native_handle from, std::uint64_t offset, native_handle into, std::uint64_t to,
                                     std::uint64_t count) noexcept;

MRCZ_INLINE bool resize(native_handle handle, std::uint64_t size) noexcept;

/// Returns once the content is on the storage device.
MRCZ_INLINE bool sync_content(native_handle handle) noexcept;

/// Until the file is closed; against all that lock files this way, in this program and in others.
MRCZ_INLINE lock_result lock_file(native_handle handle) noexcept;

/// Null for a failure.
MRCZ_INLINE const std::byte* map_file(native_handle handle, std::size_t size) noexcept;
MRCZ_INLINE void unmap(const std::byte* first, std::size_t size) noexcept;

/// Gives a file to this owner and group, as far as this process may, and these permissions. Where the group cannot be
/// set, the one that the file has instead gets none. A new file on Windows has the permissions of its folder.
MRCZ_INLINE bool take_over(native_handle handle, const file_status& from) noexcept;

/// A second handle that makes a file vanish when both are closed, also by the end of the program, unless `keep_file`
/// gets it first. Nobody else can open the file meanwhile. None on POSIX, which knows files without names instead.
MRCZ_INLINE native_handle make_vanish(native_handle handle) noexcept;
MRCZ_INLINE bool keep_file(native_handle vanishing) noexcept;

/// A folder that stays the same one when the working directory changes or, on POSIX, the folder is renamed.
class folder {
 public:
  folder() = default;
  folder(folder&& other) noexcept;
  folder& operator=(folder&& other) noexcept;
  ~folder();

  /// Needs no right to list what is in it. An empty path is the working directory.
  bool open(const std::filesystem::path& path);

  bool get_status(const std::filesystem::path& name, file_status& status) const;
  bool may_write(const std::filesystem::path& name) const;

  /// A file to read and write, under a name that nothing has yet; readable for others if their umask lets them.
  native_handle create(const std::filesystem::path& name, bool for_owner_alone) const;

  /// The same without a name, if the file system has such files and `name` can give it one later.
  native_handle create_nameless(bool for_owner_alone) const noexcept;

  /// A file that nobody else sees and that is gone once it is closed.
  native_handle create_scratch() const;

  /// Gives a name to a file that has none. Refuses one that exists: EEXIST.
  bool name(native_handle nameless, const std::filesystem::path& name) const noexcept;

  /// In one step, also over a file that exists.
  bool rename(const std::filesystem::path& from, const std::filesystem::path& to) const;

  /// Refuses a name that exists: EEXIST.
  bool rename_if_free(const std::filesystem::path& from, const std::filesystem::path& to) const;

  bool remove(const std::filesystem::path& name) const;

  /// Makes names durable; true too where the file system has no such thing.
  bool sync() const noexcept;

 private:
#if defined(_WIN32)
  std::filesystem::path path_;  // absolute
#else
  native_handle handle_ = no_handle;
#endif
};

/// Reads from a descriptor without positions, such as standard input; waits if need be. 0 at the end, negative for a
/// failure. Descriptors are those of the C library.
MRCZ_INLINE std::ptrdiff_t read_stream(int descriptor, std::span<std::byte> into) noexcept;
MRCZ_INLINE std::ptrdiff_t write_stream(int descriptor, std::span<const std::byte> from) noexcept;

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/system.ipp"
#endif
