#include "tests/io/system_calls.hpp"

#if defined(__linux__)

#include <cerrno>
#include <cstdarg>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

test::system_calls* observed = nullptr;

int answer(int reason) {
  if (reason == 0) return 0;
  errno = reason;
  return -1;
}

}  // namespace

test::observe_system_calls::observe_system_calls() { observed = this; }
test::observe_system_calls::~observe_system_calls() { observed = nullptr; }

extern "C" int fdatasync(int descriptor) {
  if (observed != nullptr && observed->data_synced) return answer(observed->data_synced(descriptor));
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

extern "C" int fsync(int descriptor) {
  if (observed != nullptr && observed->directory_synced) return answer(observed->directory_synced());
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

extern "C" int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
  if (observed != nullptr) {
    const int reason = flags == 0 ? observed->link_fails_with : observed->naming_fails_with;
    if (reason != 0) return answer(reason);
  }
  return static_cast<int>(::syscall(SYS_linkat, from_folder, from, to_folder, to, flags));
}

extern "C" int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  if (observed != nullptr && observed->before_rename) {
    const int reason = observed->before_rename();
    if (reason != 0) return answer(reason);
  }
  return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, 0U));
}

extern "C" int fchown(int descriptor, uid_t user, gid_t group) noexcept {
  if (observed != nullptr && observed->before_owner) {
    const int reason = observed->before_owner(descriptor);
    if (reason != 0) return answer(reason);
  }
  return ::fchownat(descriptor, "", user, group, AT_EMPTY_PATH);
}

extern "C" int openat(int folder, const char* path, int flags, ...) {
  mode_t permissions = 0;
  const bool nameless = (flags & O_TMPFILE) == O_TMPFILE;
  if ((flags & O_CREAT) != 0 || nameless) {
    va_list rest;
    va_start(rest, flags);
    permissions = va_arg(rest, mode_t);
    va_end(rest);
  }
  if (nameless && observed != nullptr && observed->nameless_fails_with != 0)
    return answer(observed->nameless_fails_with);
  return static_cast<int>(::syscall(SYS_openat, folder, path, flags | O_LARGEFILE, permissions));
}

extern "C" ssize_t pwrite(int descriptor, const void* from, std::size_t count, off_t offset) {
  if (observed != nullptr && observed->written) return observed->written(count);
  const iovec one{const_cast<void*>(from), count};
  return ::pwritev(descriptor, &one, 1, offset);
}

extern "C" int flock(int descriptor, int operation) noexcept {
  if (observed != nullptr && observed->locking_fails_with != 0) return answer(observed->locking_fails_with);
  return static_cast<int>(::syscall(SYS_flock, descriptor, operation));
}

extern "C" int fstat(int descriptor, struct stat* status) noexcept {
  if (observed != nullptr && observed->inspecting_fails_with != 0) return answer(observed->inspecting_fails_with);
  return ::fstatat(descriptor, "", status, AT_EMPTY_PATH);
}

#endif
