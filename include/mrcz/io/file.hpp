/// An open file: positional reads and writes that finish or throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/copy.hpp"
#include "mrcz/io/system.hpp"

namespace mrcz {

namespace detail {

/// A handle that is closed with its owner.
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
  void reset() noexcept {
    if (handle_ != no_handle) static_cast<void>(close_file(release()));
  }

  native_handle handle_ = no_handle;
};

}  // namespace detail

/// Owns an open file of the system. Positional access has no cursor, so const members may run in several threads.
class file {
 public:
  enum class access {
    read,        ///< an existing file, to be read
    read_write,  ///< an existing file, to be read and changed in place
    create,      ///< a file that does not exist yet
    scratch,     ///< a new file in the folder that the path names; gone once it is closed, or the program ends
  };

  /// Throws the system's error. Waits while another program gives back its lease of the file (a file server, for
  /// instance), but not for the other end of a FIFO: only regular files are opened.
  file(std::filesystem::path path, access wanted) : path_{std::move(path)} {
    if (wanted == access::create) create();
    else if (wanted == access::scratch) create_scratch();
    else open_existing(wanted == access::read_write);
  }

  /// Takes over a file that is open already. Messages call it `path`.
  file(detail::owned_handle&& opened, std::filesystem::path path) noexcept
      : path_{std::move(path)}, handle_{std::move(opened)} {}

  const std::filesystem::path& path() const noexcept { return path_; }

  /// A file descriptor on POSIX, a HANDLE on Windows; it goes on belonging to the file.
  detail::native_handle handle() const noexcept { return handle_.get(); }

  std::uint64_t size() const { return status().size; }

  /// Whether `path` leads to this file, which another one may have replaced meanwhile.
  bool is_at(const std::filesystem::path& path) const {
    detail::file_status there;
    return detail::get_status(path, there) && there.identity == status().identity;
  }

  /// Locks the file until it is closed; false if it is locked already, by another program or another `file`. File
  /// systems that know no such locks lock nothing.
  bool try_lock() const {
    switch (detail::lock_file(handle_.get())) {
      case detail::lock_result::locked:
      case detail::lock_result::no_locks: return true;
      case detail::lock_result::taken: return false;
      case detail::lock_result::failed: break;
    }
    fail_about("cannot lock");
  }

  /// Fills `into`, or throws: `errc::truncated` if the file ends first.
  void read_at(std::uint64_t offset, std::span<std::byte> into) const {
    while (!into.empty()) {
      const std::ptrdiff_t done = detail::read_some(handle_.get(), offset, into);
      if (done < 0) fail_about("cannot read");
      if (done == 0)
        fail(errc::truncated, {.path = path_.string(),
                               .found = text("file ends at byte {}", offset),
                               .expected = text("{} bytes more", into.size())});
      offset += static_cast<std::uint64_t>(done);
      into = into.subspan(static_cast<std::size_t>(done));
    }
  }

  void write_at(std::uint64_t offset, std::span<const std::byte> from) {
    while (!from.empty()) {
      const std::ptrdiff_t done = detail::write_some(handle_.get(), offset, from);
      if (done < 0) fail_about("cannot write");
      if (done == 0)
        fail_system(std::make_error_code(std::errc::io_error),
                    text("cannot write: the system took none of {} bytes at byte {}", from.size(), offset),
                    path_.string());
      offset += static_cast<std::uint64_t>(done);
      from = from.subspan(static_cast<std::size_t>(done));
    }
  }

  /// Copies `count` bytes at `offset` of `from` to `to`, inside the system where it can: file systems that share blocks
  /// between files then copy nothing at all.
  void copy(const file& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to) {
    while (count > 0) {
      const std::ptrdiff_t copied = detail::copy_some(from.handle_.get(), offset, handle_.get(), to, count);
      if (copied <= 0) break;  // whatever the reason, what follows works or finds a better one
      const auto done = static_cast<std::uint64_t>(copied);
      offset += done;
      to += done;
      count -= done;
    }
    copy_in_pieces(from, offset, count, *this, to);
  }

  void truncate(std::uint64_t size) {
    if (!detail::resize(handle_.get(), size)) fail_about("cannot change the size");
  }

  /// Returns once the content is on the storage device.
  void sync() {
    if (!detail::sync_content(handle_.get())) fail_about("cannot sync");
  }

  /// Has the system report now what it otherwise reports when the file is closed (a remote disk that is full).
  void flush() {
    if (!detail::flush_file(handle_.get())) fail_about("cannot close");
  }

  /// Closes now, and throws what the system reports only here.
  void close_checked() {
    if (!detail::close_file(handle_.release())) fail_about("cannot close");
  }

  detail::file_status status() const {
    detail::file_status found;
    if (!detail::get_status(handle_.get(), found)) fail_about("cannot inspect");
    return found;
  }

 private:
  void open_existing(bool writable) {
    handle_ = detail::owned_handle{detail::open_file(path_, writable)};
    if (!handle_) fail_about("cannot open");
    const auto found = status();
    if (found.is_directory)
      fail_system(std::make_error_code(std::errc::is_a_directory), "cannot read or write", path_.string());
    if (!found.is_regular)
      fail_system(std::make_error_code(std::errc::invalid_seek), "is not a regular file; positional access needs one",
                  path_.string());
  }

  void create() {
    detail::folder beside;
    if (beside.open(path_.parent_path())) handle_ = detail::owned_handle{beside.create(path_.filename(), false)};
    if (!handle_) fail_about("cannot create");
  }

  void create_scratch() {
    detail::folder inside;
    if (inside.open(path_)) handle_ = detail::owned_handle{inside.create_scratch()};
    if (!handle_) fail_about("cannot create a temporary file in this folder");
  }

  [[noreturn]] void fail_about(const char* what) const {
    const std::error_code reason = detail::last_error();  // before anything else can change it
    fail_system(reason, what, path_.string());
  }

  std::filesystem::path path_;
  detail::owned_handle handle_;
};

/// A file as a source of bytes. Its size is taken once, when it is opened.
class file_source final : public byte_source {
 public:
  explicit file_source(const std::filesystem::path& path) : file_source{file{path, file::access::read}} {}
  explicit file_source(file&& opened) : file_{std::move(opened)}, size_{file_.size()} {}

  const file& opened() const noexcept { return file_; }

  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override { file_.read_at(offset, into); }
  std::string name() const override { return file_.path().string(); }

 private:
  file file_;
  std::uint64_t size_;
};

}  // namespace mrcz
