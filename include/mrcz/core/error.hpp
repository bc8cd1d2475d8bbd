/// The one exception of the library, the list of what can go wrong, and the one way to fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#if __has_include(<fmt/base.h>)  // fmt 11 and newer: core.h no longer brings fmt::format
#include <fmt/format.h>
#else
#include <fmt/core.h>
#endif

#include "mrcz/core/linkage.hpp"

/// One definition for all shared libraries of a program, also where they hide everything else (`-fvisibility=hidden`):
/// an error that one of them throws is caught by the others, and its code compares equal there. Libraries that `dlopen`
/// loads share it too, with clang only if they are loaded with RTLD_GLOBAL. A program that includes this header itself
/// shares it with libraries that it loads if it exports its symbols (CMake's ENABLE_EXPORTS).
#if defined(__ELF__) || defined(__MACH__)
#define MRCZ_VISIBLE [[gnu::visibility("default")]]
#else
#define MRCZ_VISIBLE
#endif

namespace mrcz {

/// What went wrong. Failures of the operating system keep their own `std::error_code` instead.
enum class MRCZ_VISIBLE errc {
  not_mrc = 1,        ///< the bytes are not an MRC file
  bad_header,         ///< a header field has an impossible value
  bad_mode,           ///< the MODE word names no known voxel type
  bad_chunk,          ///< a compressed slice is damaged
  bad_metadata,       ///< the JSON metadata cannot be read or written
  truncated,          ///< the file ends before the data that its header promises
  too_large,          ///< more than the format, the codec or a limit of this library allows
  codec_unavailable,  ///< the c-blosc in use was built without this codec
  mode_mismatch,      ///< the voxels cannot be represented exactly in the requested type
  shape_mismatch,     ///< an array has the wrong rank or extent
  out_of_range,       ///< a slice or region lies outside the volume
  bad_option,         ///< an option has an illegal value, or two options contradict each other
  already_exists,     ///< the destination exists and may not be replaced
  not_mappable,       ///< the voxels in the file are not an array in memory as they stand
  closed,             ///< the writer was closed, or failed before
  not_bloscpack,      ///< the bytes are not a bloscpack file
  caller_failed,      ///< code of the caller's own, such as a lazy expression, threw another exception: see `cause()`
  stopped,            ///< the caller's `stop` asked the call to end early
};

namespace detail {

class MRCZ_VISIBLE error_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "mrcz"; }

  std::string message(int code) const override;
};

}  // namespace detail

/// Inline in both forms of compilation, so that a program that mixes them has one category.
MRCZ_VISIBLE inline const std::error_category& error_category() noexcept {
  static const detail::error_category category;
  return category;
}

MRCZ_INLINE std::error_code make_error_code(errc code) noexcept;

/// What an error knows. What it does not know is empty.
// NOLINTBEGIN(readability-redundant-member-init): without them g++ warns of designated initialisers that leave some out
struct error_fields {
  std::string path = {};                              ///< the file, or what its source or sink calls itself
  std::optional<std::size_t> slice = std::nullopt;    ///< counted from the beginning of the file
  std::optional<std::uint64_t> chunk = std::nullopt;  ///< of a bloscpack file
  std::optional<std::uint64_t> byte = std::nullopt;   ///< position in the file
  std::string found = {};                             ///< what is wrong, or what could not be done
  std::string expected = {};                          ///< what would have been right
  std::string reason = {};                            ///< the system's words for its error code
  std::string remark = {};                            ///< what the caller should know besides
  std::exception_ptr cause = nullptr;                 ///< what the caller's own code threw
};
// NOLINTEND(readability-redundant-member-init)

/// Thrown by everything in this library. `what()` reads
/// `PATH: FOUND, expected EXPECTED: REASON (slice Z, byte B); REMARK`, without the parts that are not known;
/// `code()` is an `errc` or, for a failed system call, the system's own error.
class MRCZ_VISIBLE error : public std::system_error {
 public:
  error(std::error_code code, error_fields fields);
  error(std::error_code code, std::string found, std::exception_ptr cause = nullptr);

  // No move: an error that was moved from would have no message.
  error(const error&) noexcept = default;
  error& operator=(const error&) noexcept = default;
  ~error() override = default;

  const char* what() const noexcept override;

  /// `what()` without the path, for whoever has named the file already.
  std::string_view message() const noexcept;

  const std::string& path() const noexcept { return fields().path; }
  std::optional<std::size_t> slice() const noexcept { return fields().slice; }
  std::optional<std::uint64_t> chunk() const noexcept { return fields().chunk; }
  std::optional<std::uint64_t> byte() const noexcept { return fields().byte; }
  const std::string& found() const noexcept { return fields().found; }
  const std::string& expected() const noexcept { return fields().expected; }
  const std::string& remark() const noexcept { return fields().remark; }

  /// What the caller's own code threw, if that is what `errc::caller_failed` reports; null otherwise.
  const std::exception_ptr& cause() const noexcept { return fields().cause; }

  /// All of them, for whoever throws the error again with more.
  const error_fields& fields() const noexcept;

 private:
  struct state;
  std::shared_ptr<const state> state_;  // shared, so that copying an exception cannot throw
};

/// How messages are written. That format and arguments go together is checked where MRCZ_CHECK_FORMATS is defined, as
/// for Debug builds of the tests: it would cost each file that includes this library more than half a second.
#ifdef MRCZ_CHECK_FORMATS
template <class... Args>
using message_format = fmt::format_string<Args...>;
#else
template <class...>
using message_format = fmt::string_view;
#endif

namespace detail {

/// The text of a format, which fmt 12 deprecates to convert.
template <class Format>
fmt::string_view unchecked(const Format& format) {
  if constexpr (requires { format.get(); }) return format.get();
  else return format;
}

MRCZ_INLINE std::string formatted(fmt::string_view format, fmt::format_args args);
[[noreturn]] MRCZ_INLINE void fail_formatted(errc code, fmt::string_view format, fmt::format_args args);

}  // namespace detail

/// One field of an error.
template <class... Args>
std::string text(message_format<const Args&...> format, const Args&... args) {
  return detail::formatted(detail::unchecked(format), fmt::make_format_args(args...));
}

/// The one way to fail: `fail(errc::bad_header, {.byte = 92, .found = "NSYMBT is -1", .expected = "a size"})`.
[[noreturn]] MRCZ_INLINE void fail(errc code, error_fields fields);

/// The same where nothing but what was found is known.
template <class... Args>
[[noreturn]] void fail(errc code, message_format<const Args&...> format, const Args&... args) {
  detail::fail_formatted(code, detail::unchecked(format), fmt::make_format_args(args...));
}

[[noreturn]] MRCZ_INLINE void fail_expected(errc code, std::string found, std::string expected);

/// A failure of the system; its words follow what was found.
[[noreturn]] MRCZ_INLINE void fail_system(std::error_code reason, std::string found, std::string path = {});

/// `code` is the value of `errno`, which means the same on all systems.
[[noreturn]] MRCZ_INLINE void fail_system(int code, std::string found, std::string path = {});

namespace detail {

/// What a function knows about an error that passes through it.
// NOLINTBEGIN(readability-redundant-member-init): without them g++ warns of designated initialisers that leave some out
struct error_context {
  std::string_view path = {};
  std::optional<std::size_t> slice = std::nullopt;
  std::optional<std::uint64_t> chunk = std::nullopt;
  std::optional<std::uint64_t> byte = std::nullopt;
  std::string_view remark = {};
  bool callers_code = false;  ///< what else the action throws becomes `errc::caller_failed`
};
// NOLINTEND(readability-redundant-member-init)

/// Called where an exception is handled: throws it again with what `known` adds. A field that is set stays. An error
/// about another file is left as it is, because its fields describe that one; only the remark is added.
[[noreturn]] MRCZ_INLINE void rethrow_with(const error_context& known);

}  // namespace detail

/// Calls `action` and adds the path to an error that has none.
template <class Action>
decltype(auto) with_context(std::string_view path, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (...) {
    detail::rethrow_with({.path = path});
  }
}

/// As above, and adds the number of the slice. What code of the caller's own throws in `action` becomes an error too,
/// unless memory is exhausted.
template <class Action>
decltype(auto) with_context(std::string_view path, std::size_t slice, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (...) {
    detail::rethrow_with({.path = path, .slice = slice, .callers_code = true});
  }
}

}  // namespace mrcz

template <>
struct std::is_error_code_enum<mrcz::errc> : std::true_type {};

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/error.ipp"
#endif
