/// Positional reads and writes of files that finish or throw.
#pragma once

#include "mrcz/io/file.hpp"

#include <system_error>
#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/copy.hpp"

namespace mrcz {

MRCZ_INLINE file::file(std::filesystem::path path, access wanted) : path_{std::move(path)} {
  if (wanted == access::create) create();
  else if (wanted == access::scratch) create_scratch();
  else open_existing(wanted == access::read_write);
}

MRCZ_INLINE file::file(detail::owned_handle&& opened, std::filesystem::path path) noexcept
    : path_{std::move(path)}, handle_{std::move(opened)} {}

MRCZ_INLINE std::uint64_t file::size() const { return status().size; }

MRCZ_INLINE bool file::is_at(const std::filesystem::path& path) const {
  detail::file_status there;
  return detail::get_status(path, there) && there.identity == status().identity;
}

MRCZ_INLINE detail::lock_result file::lock() const {
  const auto result = detail::lock_file(handle_.get());
  if (result == detail::lock_result::failed) fail_about("cannot lock");
  return result;
}

MRCZ_INLINE void file::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const std::ptrdiff_t done = detail::read_some(handle_.get(), offset, into);
    if (done < 0) fail_about("cannot read");
    if (done == 0)
      detail::fail(errc::truncated, {.path = path_.string(),
                                     .found = detail::text("file ends at byte {}", offset),
                                     .expected = detail::text("{} bytes more", into.size())});
    offset += static_cast<std::uint64_t>(done);
    into = into.subspan(static_cast<std::size_t>(done));
  }
}

MRCZ_INLINE void file::write_at(std::uint64_t offset, std::span<const std::byte> from) {
  while (!from.empty()) {
    const std::ptrdiff_t done = detail::write_some(handle_.get(), offset, from);
    if (done < 0) fail_about("cannot write");
    if (done == 0)
      detail::fail_system(
          std::make_error_code(std::errc::io_error),
          detail::text("cannot write: the system took none of {} bytes at byte {}", from.size(), offset),
          path_.string());
    offset += static_cast<std::uint64_t>(done);
    from = from.subspan(static_cast<std::size_t>(done));
  }
}

MRCZ_INLINE void file::copy(const file& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to) {
  while (count > 0) {
    const std::ptrdiff_t copied = detail::copy_some(from.handle_.get(), offset, handle_.get(), to, count);
    if (copied <= 0) break;  // whatever the reason: the copy below works or reports a better one
    const auto done = static_cast<std::uint64_t>(copied);
    offset += done;
    to += done;
    count -= done;
  }
  detail::copy_in_pieces(from, offset, count, *this, to);
}

MRCZ_INLINE void file::truncate(std::uint64_t size) {
  if (!detail::resize(handle_.get(), size)) fail_about("cannot change the size");
}

MRCZ_INLINE void file::sync() {
  if (!detail::sync_content(handle_.get())) fail_about("cannot sync");
}

MRCZ_INLINE void file::flush() {
  if (!detail::flush_file(handle_.get())) fail_about("cannot close");
}

MRCZ_INLINE void file::close_checked() {
  if (!detail::close_file(handle_.release())) fail_about("cannot close");
}

MRCZ_INLINE detail::file_status file::status() const {
  detail::file_status found;
  if (!detail::get_status(handle_.get(), found)) fail_about("cannot inspect");
  return found;
}

MRCZ_INLINE void file::open_existing(bool writable) {
  handle_ = detail::owned_handle{detail::open_file(path_, writable)};
  if (!handle_) fail_about("cannot open");
  const auto found = status();
  if (found.is_directory)
    detail::fail_system(std::make_error_code(std::errc::is_a_directory), "cannot read or write", path_.string());
  if (!found.is_regular)
    detail::fail_system(std::make_error_code(std::errc::invalid_seek),
                        "is not a regular file; positional access needs one", path_.string());
}

MRCZ_INLINE void file::create() {
  detail::folder beside;
  if (beside.open(path_.parent_path())) handle_ = detail::owned_handle{beside.create(path_.filename(), false)};
  if (!handle_) fail_about("cannot create");
}

MRCZ_INLINE void file::create_scratch() {
  detail::folder inside;
  if (inside.open(path_)) handle_ = detail::owned_handle{inside.create_scratch()};
  if (!handle_) fail_about("cannot create a temporary file in this folder");
}

MRCZ_INLINE void file::fail_about(const char* what) const {
  const std::error_code reason = detail::last_error();  // before anything else can change it
  detail::fail_system(reason, what, path_.string());
}

MRCZ_INLINE file_source::file_source(const std::filesystem::path& path) : file_source{file{path, file::access::read}} {}

MRCZ_INLINE file_source::file_source(file&& opened) : file_{std::move(opened)}, size_{file_.size()} {}

MRCZ_INLINE void file_source::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  file_.read_at(offset, into);
}

MRCZ_INLINE std::string file_source::name() const { return file_.path().string(); }

}  // namespace mrcz

namespace mrcz::detail {

MRCZ_INLINE void owned_handle::reset() noexcept {
  if (handle_ != no_handle) static_cast<void>(close_file(release()));
}

}  // namespace mrcz::detail
