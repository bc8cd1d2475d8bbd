/// The only exception of the library, its error codes, and the functions that throw it.
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

/// Gives all shared libraries of a program one definition, even if they hide everything else (`-fvisibility=hidden`).
/// One library can then catch an error that another one throws, and its code compares equal in both. Libraries that
/// `dlopen` loads share the definition too; with clang they must be loaded with RTLD_GLOBAL. A program that includes
/// this header shares the definition with the libraries that it loads if the program exports its symbols (CMake's
/// ENABLE_EXPORTS).
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
  not_mappable,       ///< the voxels in the file must be decoded before they are an array in memory
  closed,             ///< the writer has been closed or has failed
  not_bloscpack,      ///< the bytes are not a bloscpack file
  caller_failed,      ///< the caller's code, such as a lazy expression, threw another exception: see `cause()`
  stopped,            ///< the caller requested through `stop` that the call ends early
  bad_packing,        ///< what gzip, zstd, bzip2 or xz packed is damaged
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

/// Lets an `errc` be compared with the code of an error: `e.code() == errc::truncated`.
MRCZ_INLINE std::error_code make_error_code(errc code) noexcept;

/// The facts that an error carries. Unknown facts are empty.
// NOLINTBEGIN(readability-redundant-member-init): else g++ warns of designated initialisers that omit a field
struct error_fields {
  std::string path = {};                              ///< of the file, or the name of its source or sink
  std::optional<std::size_t> slice = std::nullopt;    ///< counted from the beginning of the file
  std::optional<std::uint64_t> chunk = std::nullopt;  ///< number of the chunk in a bloscpack file
  std::optional<std::uint64_t> byte = std::nullopt;   ///< position in the file
  std::string found = {};                             ///< what is wrong, or what could not be done
  std::string expected = {};                          ///< what would have been right
  std::string reason = {};                            ///< the system's text for its error code
  std::string remark = {};                            ///< what else the caller should know
  std::exception_ptr cause = nullptr;                 ///< the exception that the caller's code threw
};
// NOLINTEND(readability-redundant-member-init)

/// The exception that this library throws. `what()` reads
/// `PATH: FOUND, expected EXPECTED: REASON (slice Z, chunk C, byte B); REMARK`, without the parts that are not known.
/// `code()` is an `errc`. For a failed system call it is the error of the system.
class MRCZ_VISIBLE error : public std::system_error {
 public:
  /// An error with all that is known.
  error(std::error_code code, error_fields fields);
  /// An error of which only `found` and the cause are known.
  error(std::error_code code, std::string found, std::exception_ptr cause = nullptr);

  // No move: an error that was moved from would have no message.
  error(const error&) noexcept = default;
  error& operator=(const error&) noexcept = default;
  ~error() override = default;

  /// The message, with the path.
  const char* what() const noexcept override;

  /// `what()` without the path, for callers that name the file themselves.
  std::string_view message() const noexcept;

  /// The field of this name; empty if it is not known.
  /// @{
  const std::string& path() const noexcept { return fields().path; }
  std::optional<std::size_t> slice() const noexcept { return fields().slice; }
  std::optional<std::uint64_t> chunk() const noexcept { return fields().chunk; }
  std::optional<std::uint64_t> byte() const noexcept { return fields().byte; }
  const std::string& found() const noexcept { return fields().found; }
  const std::string& expected() const noexcept { return fields().expected; }
  const std::string& remark() const noexcept { return fields().remark; }
  /// @}

  /// For `errc::caller_failed`, the exception that the caller's code threw; otherwise null.
  const std::exception_ptr& cause() const noexcept { return fields().cause; }

  /// All fields, for code that adds some and throws the error again.
  const error_fields& fields() const noexcept;

 private:
  struct state;
  std::shared_ptr<const state> state_;  // shared, so that copying an exception cannot throw
};

namespace detail {

/// The format string of a message. The compiler checks that it fits its arguments only where MRCZ_CHECK_FORMATS is
/// defined, as in Debug builds of the tests. The check takes more than half a second for each source file that includes
/// this library.
#ifdef MRCZ_CHECK_FORMATS
template <class... Args>
using message_format = fmt::format_string<Args...>;
#else
template <class...>
using message_format = fmt::string_view;
#endif

/// The text of a format string. fmt 12 deprecates its implicit conversion to a text.
template <class Format>
fmt::string_view unchecked(const Format& format) {
  if constexpr (requires { format.get(); }) return format.get();
  else return format;
}

MRCZ_INLINE std::string formatted(fmt::string_view format, fmt::format_args args);
[[noreturn]] MRCZ_INLINE void fail_formatted(errc code, fmt::string_view format, fmt::format_args args);

/// Formats the text of one field of an error.
template <class... Args>
std::string text(message_format<const Args&...> format, const Args&... args) {
  return formatted(unchecked(format), fmt::make_format_args(args...));
}

/// Throws an `error`: `fail(errc::bad_header, {.byte = 92, .found = "NSYMBT is -1", .expected = "a size"})`.
[[noreturn]] MRCZ_INLINE void fail(errc code, error_fields fields);

/// Throws an `error` of which only `found` is known.
template <class... Args>
[[noreturn]] void fail(errc code, message_format<const Args&...> format, const Args&... args) {
  fail_formatted(code, unchecked(format), fmt::make_format_args(args...));
}

[[noreturn]] MRCZ_INLINE void fail_expected(errc code, std::string found, std::string expected);

/// Throws an `error` for a failed system call. In the message the system's text for `reason` follows `found`.
[[noreturn]] MRCZ_INLINE void fail_system(std::error_code reason, std::string found, std::string path = {});

/// `code` is a value of `errno`. It means the same on all systems.
[[noreturn]] MRCZ_INLINE void fail_system(int code, std::string found, std::string path = {});

/// What a function knows about an error that passes through it.
// NOLINTBEGIN(readability-redundant-member-init): else g++ warns of designated initialisers that omit a field
struct error_context {
  std::string_view path = {};
  std::optional<std::size_t> slice = std::nullopt;
  std::optional<std::uint64_t> chunk = std::nullopt;
  std::optional<std::uint64_t> byte = std::nullopt;
  std::string_view remark = {};
  bool callers_code = false;  ///< other exceptions of the action become `errc::caller_failed`
};
// NOLINTEND(readability-redundant-member-init)

/// Called in a `catch` block: throws the handled exception again with the facts of `known`. Fields that are set already
/// stay. The fields of an error about another file describe that file, so its remark says where in this file it came
/// up.
[[noreturn]] MRCZ_INLINE void rethrow_with(const error_context& known);

/// Calls `action` and adds the path to an error that has none.
template <class Action>
decltype(auto) with_context(std::string_view path, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (...) {
    rethrow_with({.path = path});
  }
}

/// As above, and adds the number of the slice. Whatever else the caller's code in `action` throws becomes an `error`
/// with `errc::caller_failed`. Only `std::bad_alloc` stays as it is.
template <class Action>
decltype(auto) with_context(std::string_view path, std::size_t slice, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (...) {
    rethrow_with({.path = path, .slice = slice, .callers_code = true});
  }
}

}  // namespace detail

}  // namespace mrcz

template <>
struct std::is_error_code_enum<mrcz::errc> : std::true_type {};

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/error.ipp"
#endif
