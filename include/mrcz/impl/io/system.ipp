/// Files on POSIX and on Windows.
#pragma once

#include "mrcz/io/system.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(_WIN32)
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#else
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// One call reads or writes at most this many bytes: macOS and Windows refuse or shorten calls for more than INT_MAX
/// bytes.
inline constexpr std::size_t bytes_at_once = std::size_t{1} << 30U;

inline std::atomic<std::uint32_t> unique_texts = 0;  ///< inline, so that a program always has exactly one

MRCZ_INLINE std::string unique_text() {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return fmt::format("{:x}-{:x}-{:x}", process_id(), static_cast<std::uint64_t>(now) & 0xffff'ffffU,
                     unique_texts.fetch_add(1));
}

#if !defined(_WIN32)

static_assert(sizeof(off_t) == 8, "files may be larger than 2 GiB: compile with _FILE_OFFSET_BITS=64");

MRCZ_INLINE std::error_code last_error() noexcept { return {errno, std::system_category()}; }

MRCZ_INLINE std::error_code stale_error() noexcept { return {ESTALE, std::system_category()}; }
MRCZ_INLINE std::error_code locked_error() noexcept { return {EWOULDBLOCK, std::system_category()}; }

/// Whether `error` says that a file system does not support a call. macOS has two numbers for this, Linux has one.
MRCZ_INLINE bool is_not_supported(int error) noexcept {
#if ENOTSUP != EOPNOTSUPP
  if (error == ENOTSUP) return true;
#endif
  return error == EOPNOTSUPP;
}

/// Repeats a call that a signal interrupted.
template <class Call>
auto uninterrupted(Call&& call) noexcept {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

MRCZ_INLINE unsigned long process_id() noexcept { return static_cast<unsigned long>(::getpid()); }
MRCZ_INLINE unsigned user_id() noexcept { return static_cast<unsigned>(::geteuid()); }

MRCZ_INLINE file_status status_from(const struct stat& s) noexcept {
  return {.size = static_cast<std::uint64_t>(s.st_size),
          .is_regular = S_ISREG(s.st_mode),
          .is_directory = S_ISDIR(s.st_mode),
          .identity = {static_cast<std::uint64_t>(s.st_dev), static_cast<std::uint64_t>(s.st_ino)},
          .permissions = static_cast<unsigned>(s.st_mode & 0777U),
          .owner = static_cast<unsigned>(s.st_uid),
          .group = static_cast<unsigned>(s.st_gid)};
}

MRCZ_INLINE bool get_status(native_handle handle, file_status& status) noexcept {
  struct stat found{};
  if (handle < 0) errno = EBADF;
  if (handle < 0 || ::fstat(handle, &found) != 0) return false;
  status = status_from(found);
  return true;
}

MRCZ_INLINE bool get_status(const std::filesystem::path& path, file_status& status) noexcept {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return false;
  status = status_from(found);
  return true;
}

MRCZ_INLINE native_handle open_file(const std::filesystem::path& path, bool writable) noexcept {
  const int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC;
  const int handle = uninterrupted([&] { return ::open(path.c_str(), flags | O_NONBLOCK); });
  file_status status;
  if (handle >= 0 || errno != EWOULDBLOCK || !get_status(path, status)) return handle;
  if (!status.is_regular) {
    errno = EWOULDBLOCK;
    return handle;
  }
  return uninterrupted([&] { return ::open(path.c_str(), flags); });
}

MRCZ_INLINE bool close_file(native_handle handle) noexcept { return ::close(handle) == 0 || errno == EINTR; }

MRCZ_INLINE bool flush_file(native_handle handle) noexcept {
  const int second = ::fcntl(handle, F_DUPFD_CLOEXEC, 0);
  return second >= 0 && close_file(second);
}

MRCZ_INLINE std::ptrdiff_t read_some(native_handle handle, std::uint64_t offset, std::span<std::byte> into) noexcept {
  const std::size_t count = std::min(into.size(), bytes_at_once);
  return uninterrupted([&] { return ::pread(handle, into.data(), count, static_cast<off_t>(offset)); });
}

MRCZ_INLINE std::ptrdiff_t write_some(native_handle handle, std::uint64_t offset,
                                      std::span<const std::byte> from) noexcept {
  const std::size_t count = std::min(from.size(), bytes_at_once);
  return uninterrupted([&] { return ::pwrite(handle, from.data(), count, static_cast<off_t>(offset)); });
}

MRCZ_INLINE std::ptrdiff_t copy_some([[maybe_unused]] native_handle from, [[maybe_unused]] std::uint64_t offset,
                                     [[maybe_unused]] native_handle into, [[maybe_unused]] std::uint64_t to,
                                     [[maybe_unused]] std::uint64_t count) noexcept {
#if defined(__linux__)
  auto in = static_cast<off_t>(offset);
  auto out = static_cast<off_t>(to);
  const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(count, bytes_at_once));
  return uninterrupted([&] { return ::copy_file_range(from, &in, into, &out, piece, 0); });
#else
  return 0;
#endif
}

MRCZ_INLINE bool share_blocks([[maybe_unused]] native_handle from, [[maybe_unused]] native_handle into) noexcept {
#if defined(__linux__)
  constexpr unsigned long clone = _IOW(0x94, 9, int);  // FICLONE of <linux/fs.h>, which has macros of common names
  return uninterrupted([&] { return ::ioctl(into, clone, from); }) == 0;
#else
  return false;
#endif
}

MRCZ_INLINE bool resize(native_handle handle, std::uint64_t size) noexcept {
  return uninterrupted([&] { return ::ftruncate(handle, static_cast<off_t>(size)); }) == 0;
}

MRCZ_INLINE bool sync_content(native_handle handle) noexcept {
#if defined(F_FULLFSYNC)  // fsync of macOS leaves the content in the device's cache
  if (uninterrupted([&] { return ::fcntl(handle, F_FULLFSYNC); }) >= 0) return true;
#endif
#if defined(_POSIX_SYNCHRONIZED_IO) && _POSIX_SYNCHRONIZED_IO > 0
  return uninterrupted([&] { return ::fdatasync(handle); }) == 0;
#else
  return uninterrupted([&] { return ::fsync(handle); }) == 0;
#endif
}

MRCZ_INLINE lock_result lock_file(native_handle handle) noexcept {
  if (uninterrupted([&] { return ::flock(handle, LOCK_EX | LOCK_NB); }) == 0) return lock_result::locked;
  if (errno == EWOULDBLOCK) return lock_result::taken;
  const bool unknown = errno == ENOLCK || errno == ENOSYS || errno == EINVAL || is_not_supported(errno);
  return unknown ? lock_result::no_locks : lock_result::failed;
}

MRCZ_INLINE const std::byte* map_file(native_handle handle, std::size_t size) noexcept {
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, handle, 0);
  return address == MAP_FAILED ? nullptr : static_cast<const std::byte*>(address);
}

MRCZ_INLINE void unmap(const std::byte* first, std::size_t size) noexcept {
  ::munmap(const_cast<std::byte*>(first), size);
}

MRCZ_INLINE bool take_over(native_handle handle, const file_status& from) noexcept {
  const auto group = static_cast<gid_t>(from.group);
  if (::fchown(handle, static_cast<uid_t>(from.owner), group) != 0) [[maybe_unused]]
    const int no_matter = ::fchown(handle, static_cast<uid_t>(-1), group);
  file_status now;
  if (!get_status(handle, now)) return false;
  return ::fchmod(handle, static_cast<mode_t>(now.group == from.group ? from.permissions : from.permissions & ~070U)) ==
         0;
}

MRCZ_INLINE native_handle make_vanish(native_handle) noexcept { return no_handle; }
MRCZ_INLINE bool keep_file(native_handle) noexcept { return true; }

/// The path "/proc/self/fd/NUMBER", which the system follows to the open file.
MRCZ_INLINE std::array<char, 32> proc_path(native_handle handle) noexcept {
  std::array<char, 32> path{"/proc/self/fd/"};
  std::array<char, 12> digits{};
  std::size_t count = 0;
  for (auto rest = static_cast<unsigned>(handle); count == 0 || rest > 0; rest /= 10)
    digits[count++] = static_cast<char>('0' + rest % 10);
  std::reverse_copy(digits.begin(), digits.begin() + static_cast<std::ptrdiff_t>(count), path.begin() + 14);
  return path;
}

MRCZ_INLINE folder::folder(folder&& other) noexcept : handle_{std::exchange(other.handle_, no_handle)} {}

MRCZ_INLINE folder& folder::operator=(folder&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

MRCZ_INLINE folder::~folder() {
  if (handle_ != no_handle) close_file(handle_);
}

MRCZ_INLINE bool folder::open(const std::filesystem::path& path) {
#if defined(O_PATH)
  constexpr int access = O_PATH;
#elif defined(O_SEARCH)
  constexpr int access = O_SEARCH;
#else
  constexpr int access = O_RDONLY;
#endif
  const char* const name = path.empty() ? "." : path.c_str();
  handle_ = uninterrupted([&] { return ::open(name, access | O_DIRECTORY | O_CLOEXEC); });
  return handle_ != no_handle;
}

MRCZ_INLINE bool folder::get_status(const std::filesystem::path& name, file_status& status) const {
  struct stat found{};
  if (::fstatat(handle_, name.c_str(), &found, 0) != 0) return false;
  status = status_from(found);
  return true;
}

MRCZ_INLINE bool folder::may_write(const std::filesystem::path& name) const {
  return ::faccessat(handle_, name.c_str(), W_OK, AT_EACCESS) == 0;
}

MRCZ_INLINE native_handle folder::create(const std::filesystem::path& name, bool for_owner_alone) const {
  return uninterrupted([&] {
    return ::openat(handle_, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, for_owner_alone ? 0600 : 0666);
  });
}

MRCZ_INLINE native_handle folder::create_nameless([[maybe_unused]] bool for_owner_alone) const noexcept {
#if defined(O_TMPFILE)
  const int handle = uninterrupted(
      [&] { return ::openat(handle_, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, for_owner_alone ? 0600 : 0666); });
  if (handle == no_handle) return no_handle;
  file_status made;
  file_status reached;
  if (detail::get_status(handle, made) && detail::get_status(proc_path(handle).data(), reached) &&
      made.identity == reached.identity)
    return handle;
  close_file(handle);  // /proc is not mounted; a process without privileges needs it to name the file
#endif
  errno = EOPNOTSUPP;
  return no_handle;
}

MRCZ_INLINE native_handle folder::create_scratch() const {
#if defined(O_TMPFILE)
  const int handle = uninterrupted([&] { return ::openat(handle_, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600); });
  if (handle != no_handle) return handle;
#endif
  for (;;) {
    const std::string name = fmt::format(".mrcz-{}", unique_text());
    const native_handle named = create(name, true);
    if (named != no_handle) remove(name);
    if (named != no_handle || errno != EEXIST) return named;
  }
}

MRCZ_INLINE bool folder::name(native_handle nameless, const std::filesystem::path& name) const noexcept {
  if (::linkat(AT_FDCWD, proc_path(nameless).data(), handle_, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
#if defined(AT_EMPTY_PATH)
  if (errno == ENOENT)  // without /proc this works for root and, from Linux 6.10 on, for the opener of the file
    return ::linkat(nameless, "", handle_, name.c_str(), AT_EMPTY_PATH) == 0;
#endif
  return false;
}

MRCZ_INLINE bool folder::rename(const std::filesystem::path& from, const std::filesystem::path& to) const {
  return ::renameat(handle_, from.c_str(), handle_, to.c_str()) == 0;
}

MRCZ_INLINE bool folder::rename_if_free(const std::filesystem::path& from, const std::filesystem::path& to) const {
  if (::linkat(handle_, from.c_str(), handle_, to.c_str(), 0) == 0) {
    remove(from);
    return true;
  }
  if (errno != EPERM && errno != ENOSYS && !is_not_supported(errno)) return false;
  // a file system without hard links: reserve the name, then replace the empty reservation
  const native_handle reservation = create(to, true);
  if (reservation == no_handle) return false;
  close_file(reservation);
  if (rename(from, to)) return true;
  const int reason = errno;
  remove(to);
  errno = reason;
  return false;
}

MRCZ_INLINE bool folder::remove(const std::filesystem::path& name) const {
  return ::unlinkat(handle_, name.c_str(), 0) == 0;
}

MRCZ_INLINE bool folder::sync() const noexcept {
  const int readable = uninterrupted([&] { return ::openat(handle_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (readable == no_handle) return false;
  const bool synced = uninterrupted([&] { return ::fsync(readable); }) == 0 || errno == EINVAL;
  const int reason = errno;
  ::close(readable);
  errno = reason;
  return synced;
}

MRCZ_INLINE std::ptrdiff_t read_stream(int descriptor, std::span<std::byte> into) noexcept {
  for (;;) {
    const auto done = ::read(descriptor, into.data(), std::min(into.size(), bytes_at_once));
    if (done >= 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)) return done;
    pollfd one{descriptor, POLLIN, 0};
    if (errno != EINTR && ::poll(&one, 1, -1) < 0 && errno != EINTR) return -1;
  }
}

MRCZ_INLINE std::ptrdiff_t write_stream(int descriptor, std::span<const std::byte> from) noexcept {
  for (;;) {
    const auto done = ::write(descriptor, from.data(), std::min(from.size(), bytes_at_once));
    if (done >= 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)) return done;
    pollfd one{descriptor, POLLOUT, 0};
    if (errno != EINTR && ::poll(&one, 1, -1) < 0 && errno != EINTR) return -1;
  }
}

#else  // Windows

static_assert(std::is_same_v<native_handle, HANDLE>);

/// The `errno` of POSIX for an error of Windows, so that programs can compare it with `std::errc`. An error that POSIX
/// does not have keeps the number of Windows.
MRCZ_INLINE std::error_code error_from(DWORD code) noexcept {
  const auto posix = [](std::errc meaning) { return std::make_error_code(meaning); };
  switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME: return posix(std::errc::no_such_file_or_directory);
    case ERROR_DIRECTORY: return posix(std::errc::not_a_directory);
    case ERROR_ACCESS_DENIED:
    case ERROR_WRITE_PROTECT: return posix(std::errc::permission_denied);
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS: return posix(std::errc::file_exists);
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL: return posix(std::errc::no_space_on_device);
    case ERROR_INVALID_HANDLE: return posix(std::errc::bad_file_descriptor);
    case ERROR_INVALID_PARAMETER:
    case ERROR_NEGATIVE_SEEK: return posix(std::errc::invalid_argument);
    case ERROR_LOCK_VIOLATION: return posix(std::errc::operation_would_block);
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY: return posix(std::errc::not_enough_memory);
    case ERROR_TOO_MANY_OPEN_FILES: return posix(std::errc::too_many_files_open);
    case ERROR_FILENAME_EXCED_RANGE: return posix(std::errc::filename_too_long);
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA: return posix(std::errc::broken_pipe);
    case ERROR_CRC:
    case ERROR_IO_DEVICE: return posix(std::errc::io_error);
    case ERROR_CANT_RESOLVE_FILENAME: return posix(std::errc::too_many_symbolic_link_levels);
    default: return {static_cast<int>(code), std::system_category()};
  }
}

MRCZ_INLINE std::error_code last_error() noexcept { return error_from(::GetLastError()); }
MRCZ_INLINE std::error_code stale_error() noexcept { return {ERROR_FILE_INVALID, std::system_category()}; }
MRCZ_INLINE std::error_code locked_error() noexcept { return std::make_error_code(std::errc::operation_would_block); }

MRCZ_INLINE unsigned long process_id() noexcept { return ::GetCurrentProcessId(); }
MRCZ_INLINE unsigned user_id() noexcept { return 0; }

MRCZ_INLINE std::uint64_t joined(DWORD high, DWORD low) noexcept { return std::uint64_t{high} << 32U | low; }

MRCZ_INLINE bool get_status(native_handle handle, file_status& status) noexcept {
  BY_HANDLE_FILE_INFORMATION found{};
  if (::GetFileInformationByHandle(handle, &found) == 0) return false;
  const bool directory = (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  status = {.size = joined(found.nFileSizeHigh, found.nFileSizeLow),
            .is_regular = !directory && ::GetFileType(handle) == FILE_TYPE_DISK,
            .is_directory = directory,
            .identity = {found.dwVolumeSerialNumber, joined(found.nFileIndexHigh, found.nFileIndexLow)}};
  return true;
}

/// The path of a file for calls of Windows. They refuse a path of more than 259 characters, or 247 for a folder, unless
/// it is absolute and begins with `\\?\`.
class long_path {
 public:
  /// Refers to `path`, which must outlive it.
  explicit long_path(const std::filesystem::path& path) noexcept : begin_{path.c_str()} {
    constexpr std::size_t longest_prefix = 8;
    wchar_t* const whole = text_.data() + longest_prefix;
    const DWORD room = static_cast<DWORD>(text_.size() - longest_prefix);
    const std::size_t length = ::GetFullPathNameW(path.c_str(), room, whole, nullptr);
    if (length <= 247 || length >= room) return;
    const std::wstring_view absolute{whole, length};
    if (absolute.starts_with(LR"(\\?\)") || absolute.starts_with(LR"(\\.\)")) return;
    const bool on_server = absolute.starts_with(LR"(\\)");
    const std::wstring_view prefix = on_server ? LR"(\\?\UNC\)" : LR"(\\?\)";
    wchar_t* const first = whole + (on_server ? 2 : 0) - prefix.size();
    std::copy(prefix.begin(), prefix.end(), first);
    begin_ = first;
  }
  long_path(const long_path&) = delete;
  long_path& operator=(const long_path&) = delete;

  const wchar_t* c_str() const noexcept { return begin_; }

 private:
  std::array<wchar_t, 0x8000> text_{};  // Windows knows no longer paths
  const wchar_t* begin_;
};

/// Opens or creates a file. Other programs may read, write, rename and remove it while it is open, as on POSIX.
MRCZ_INLINE native_handle create_file(const std::filesystem::path& path, DWORD access, DWORD how,
                                      DWORD flags) noexcept {
  constexpr DWORD shared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  return ::CreateFileW(long_path{path}.c_str(), access, shared, nullptr, how, flags, nullptr);
}

MRCZ_INLINE bool get_status(const std::filesystem::path& path, file_status& status) noexcept {
  const native_handle handle = create_file(path, FILE_READ_ATTRIBUTES, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS);
  if (handle == no_handle) return false;
  const bool known = get_status(handle, status);
  ::CloseHandle(handle);
  return known;
}

MRCZ_INLINE native_handle open_file(const std::filesystem::path& path, bool writable) noexcept {
  const DWORD access = GENERIC_READ | (writable ? GENERIC_WRITE : 0);
  const native_handle handle = create_file(path, access, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL);
  if (handle != no_handle || ::GetLastError() != ERROR_ACCESS_DENIED) return handle;
  const DWORD attributes = ::GetFileAttributesW(long_path{path}.c_str());
  if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
    return create_file(path, FILE_READ_ATTRIBUTES, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS);
  ::SetLastError(ERROR_ACCESS_DENIED);
  return no_handle;
}

MRCZ_INLINE bool close_file(native_handle handle) noexcept {
  if (handle != no_handle) return ::CloseHandle(handle) != 0;
  ::SetLastError(ERROR_INVALID_HANDLE);  // `no_handle` has the value that Windows uses for this process
  return false;
}

MRCZ_INLINE bool flush_file(native_handle) noexcept { return true; }

/// Sets where a read or write begins. Returns false for a position that no file can have.
MRCZ_INLINE bool set_position(OVERLAPPED& at, std::uint64_t offset) noexcept {
  at.Offset = static_cast<DWORD>(offset & 0xffffffffU);
  at.OffsetHigh = static_cast<DWORD>(offset >> 32U);
  if (offset <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return true;
  ::SetLastError(ERROR_INVALID_PARAMETER);
  return false;
}

MRCZ_INLINE std::ptrdiff_t read_some(native_handle handle, std::uint64_t offset, std::span<std::byte> into) noexcept {
  OVERLAPPED at{};
  DWORD done = 0;
  if (!set_position(at, offset)) return -1;
  if (::ReadFile(handle, into.data(), static_cast<DWORD>(std::min(into.size(), bytes_at_once)), &done, &at) == 0)
    return ::GetLastError() == ERROR_HANDLE_EOF ? 0 : -1;
  return static_cast<std::ptrdiff_t>(done);
}

MRCZ_INLINE std::ptrdiff_t write_some(native_handle handle, std::uint64_t offset,
                                      std::span<const std::byte> from) noexcept {
  OVERLAPPED at{};
  DWORD done = 0;
  if (!set_position(at, offset)) return -1;
  if (::WriteFile(handle, from.data(), static_cast<DWORD>(std::min(from.size(), bytes_at_once)), &done, &at) == 0)
    return -1;
  return static_cast<std::ptrdiff_t>(done);
}

MRCZ_INLINE std::ptrdiff_t copy_some(native_handle, std::uint64_t, native_handle, std::uint64_t,
                                     std::uint64_t) noexcept {
  return 0;
}

MRCZ_INLINE bool share_blocks(native_handle, native_handle) noexcept { return false; }

MRCZ_INLINE bool resize(native_handle handle, std::uint64_t size) noexcept {
  FILE_END_OF_FILE_INFO end{};
  if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    ::SetLastError(ERROR_INVALID_PARAMETER);
    return false;
  }
  end.EndOfFile.QuadPart = static_cast<std::int64_t>(size);
  return ::SetFileInformationByHandle(handle, FileEndOfFileInfo, &end, sizeof end) != 0;
}

MRCZ_INLINE bool sync_content(native_handle handle) noexcept { return ::FlushFileBuffers(handle) != 0; }

MRCZ_INLINE lock_result lock_file(native_handle handle) noexcept {
  OVERLAPPED at{};
  at.Offset = 0xfffffffeU;
  at.OffsetHigh = 0x7fffffffU;
  if (::LockFileEx(handle, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at) != 0)
    return lock_result::locked;
  switch (::GetLastError()) {
    case ERROR_LOCK_VIOLATION:
    case ERROR_IO_PENDING: return lock_result::taken;
    case ERROR_NOT_SUPPORTED:
    case ERROR_INVALID_FUNCTION: return lock_result::no_locks;
    default: return lock_result::failed;
  }
}

MRCZ_INLINE const std::byte* map_file(native_handle handle, std::size_t) noexcept {
  const HANDLE mapping = ::CreateFileMappingW(handle, nullptr, PAGE_READONLY, 0, 0, nullptr);
  if (mapping == nullptr) return nullptr;
  const void* const address = ::MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
  const DWORD reason = ::GetLastError();
  ::CloseHandle(mapping);  // the view keeps the mapping alive
  ::SetLastError(reason);
  return static_cast<const std::byte*>(address);
}

MRCZ_INLINE void unmap(const std::byte* first, std::size_t) noexcept { ::UnmapViewOfFile(first); }

MRCZ_INLINE bool take_over(native_handle, const file_status&) noexcept { return true; }

MRCZ_INLINE bool set_vanishing(native_handle handle, bool wanted) noexcept {
  FILE_DISPOSITION_INFO disposition{};
  disposition.DeleteFile = wanted ? TRUE : FALSE;
  return ::SetFileInformationByHandle(handle, FileDispositionInfo, &disposition, sizeof disposition) != 0;
}

MRCZ_INLINE native_handle make_vanish(native_handle handle) noexcept {
  constexpr DWORD shared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  const native_handle second = ::ReOpenFile(handle, DELETE, shared, 0);
  if (second != no_handle) set_vanishing(second, true);
  return second;
}

MRCZ_INLINE bool keep_file(native_handle vanishing) noexcept {
  return vanishing == no_handle || set_vanishing(vanishing, false);
}

/// Renames a file, and makes the name durable.
MRCZ_INLINE bool move_file(const std::filesystem::path& from, const std::filesystem::path& to, DWORD how) noexcept {
  return ::MoveFileExW(long_path{from}.c_str(), long_path{to}.c_str(), how | MOVEFILE_WRITE_THROUGH) != 0;
}

/// Gives an open file another name. Of the ways that Windows has, only FileRenameInfoEx looks at more than one flag.
MRCZ_INLINE bool rename_opened(native_handle handle, const std::filesystem::path& to, int way, BYTE flags) {
  const long_path target{to};
  const std::wstring_view name = target.c_str();
  std::vector<FILE_RENAME_INFO> memory(2 + name.size() * sizeof(wchar_t) / sizeof(FILE_RENAME_INFO));
  FILE_RENAME_INFO& wanted = memory.front();
  wanted.ReplaceIfExists = flags;
  wanted.FileNameLength = static_cast<DWORD>(name.size() * sizeof(wchar_t));
  std::copy(name.begin(), name.end(), wanted.FileName);
  const auto bytes = static_cast<DWORD>(memory.size() * sizeof(FILE_RENAME_INFO));
  return ::SetFileInformationByHandle(handle, static_cast<FILE_INFO_BY_HANDLE_CLASS>(way), &wanted, bytes) != 0;
}

/// Renames a file as POSIX does: who has opened the file that is replaced goes on reading it. Windows can do that from
/// version 10 on, on NTFS.
MRCZ_INLINE bool move_as_posix(const std::filesystem::path& from, const std::filesystem::path& to) {
  const native_handle moved = create_file(from, DELETE | SYNCHRONIZE, OPEN_EXISTING, FILE_FLAG_WRITE_THROUGH);
  if (moved == no_handle) return false;
  constexpr int with_flags = 22;  // FileRenameInfoEx
  constexpr BYTE flags = 3;       // FILE_RENAME_FLAG_REPLACE_IF_EXISTS and FILE_RENAME_FLAG_POSIX_SEMANTICS
  const bool done = rename_opened(moved, to, with_flags, flags);
  ::CloseHandle(moved);
  return done;
}

/// Replaces a file that others have opened. This takes Windows two steps. If it fails between them, the name is free.
MRCZ_INLINE bool replace_opened(const std::filesystem::path& from, const std::filesystem::path& to) noexcept {
  if (::ReplaceFileW(long_path{to}.c_str(), long_path{from}.c_str(), nullptr, REPLACEFILE_IGNORE_MERGE_ERRORS, nullptr,
                     nullptr) != 0)
    return true;
  return ::GetLastError() == ERROR_UNABLE_TO_MOVE_REPLACEMENT && move_file(from, to, 0);
}

MRCZ_INLINE folder::folder(folder&&) noexcept = default;
MRCZ_INLINE folder& folder::operator=(folder&&) noexcept = default;
MRCZ_INLINE folder::~folder() = default;

MRCZ_INLINE bool folder::open(const std::filesystem::path& path) {
  std::error_code failure;
  path_ = std::filesystem::absolute(path.empty() ? "." : path, failure);
  file_status found;
  if (failure || !detail::get_status(path_, found)) return false;
  if (!found.is_directory) ::SetLastError(ERROR_DIRECTORY);
  return found.is_directory;
}

MRCZ_INLINE bool folder::get_status(const std::filesystem::path& name, file_status& status) const {
  return detail::get_status(path_ / name, status);
}

MRCZ_INLINE bool folder::may_write(const std::filesystem::path& name) const {
  const native_handle handle = create_file(path_ / name, GENERIC_WRITE, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL);
  return handle != no_handle && ::CloseHandle(handle) != 0;
}

MRCZ_INLINE native_handle folder::create(const std::filesystem::path& name, bool) const {
  return create_file(path_ / name, GENERIC_READ | GENERIC_WRITE, CREATE_NEW, FILE_ATTRIBUTE_NORMAL);
}

MRCZ_INLINE native_handle folder::create_nameless(bool) const noexcept {
  ::SetLastError(ERROR_NOT_SUPPORTED);
  return no_handle;
}

MRCZ_INLINE native_handle folder::create_scratch() const {
  for (;;) {
    const native_handle made =
        create_file(path_ / fmt::format(".mrcz-{}", unique_text()), GENERIC_READ | GENERIC_WRITE | DELETE, CREATE_NEW,
                    FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE);
    if (made != no_handle || ::GetLastError() != ERROR_FILE_EXISTS) return made;
  }
}

MRCZ_INLINE bool folder::name(native_handle, const std::filesystem::path&) const noexcept {
  ::SetLastError(ERROR_NOT_SUPPORTED);
  return false;
}

MRCZ_INLINE bool folder::rename(const std::filesystem::path& from, const std::filesystem::path& to) const {
  const auto source = path_ / from;
  const auto target = path_ / to;
  if (move_as_posix(source, target) || move_file(source, target, MOVEFILE_REPLACE_EXISTING)) return true;
  if (::GetLastError() != ERROR_ACCESS_DENIED) return false;
  // Either somebody has the file open, or nobody may replace it. The next call tells which.
  const native_handle replaceable = create_file(target, DELETE, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL);
  if (replaceable == no_handle) return false;
  ::CloseHandle(replaceable);
  return replace_opened(source, target);
}

MRCZ_INLINE bool folder::rename_if_free(const std::filesystem::path& from, const std::filesystem::path& to) const {
  return move_file(path_ / from, path_ / to, 0);
}

MRCZ_INLINE bool folder::remove(const std::filesystem::path& name) const {
  const native_handle removed = create_file(path_ / name, DELETE, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL);
  if (removed == no_handle) return false;
  // Windows keeps the name of a removed file until nobody has it open, so the file gets another name before.
  const bool renamed = rename_opened(removed, path_ / fmt::format(".mrcz-{}", unique_text()), FileRenameInfo, 0);
  const bool done = set_vanishing(removed, true);
  const DWORD reason = ::GetLastError();
  if (!done && renamed) rename_opened(removed, path_ / name, FileRenameInfo, 0);
  ::CloseHandle(removed);
  ::SetLastError(reason);
  return done;
}

MRCZ_INLINE bool folder::sync() const noexcept { return true; }

MRCZ_INLINE std::ptrdiff_t read_stream(int descriptor, std::span<std::byte> into) noexcept {
  ::_setmode(descriptor, _O_BINARY);
  const int done = ::_read(descriptor, into.data(), static_cast<unsigned>(std::min(into.size(), bytes_at_once)));
  if (done < 0) ::SetLastError(errno == EBADF ? ERROR_INVALID_HANDLE : ERROR_IO_DEVICE);
  return done;
}

MRCZ_INLINE std::ptrdiff_t write_stream(int descriptor, std::span<const std::byte> from) noexcept {
  ::_setmode(descriptor, _O_BINARY);
  const int done = ::_write(descriptor, from.data(), static_cast<unsigned>(std::min(from.size(), bytes_at_once)));
  if (done < 0)
    ::SetLastError(errno == EBADF    ? ERROR_INVALID_HANDLE
                   : errno == ENOSPC ? ERROR_DISK_FULL
                   : errno == EPIPE  ? ERROR_BROKEN_PIPE
                                     : ERROR_IO_DEVICE);
  return done;
}

#endif

}  // namespace mrcz::detail
