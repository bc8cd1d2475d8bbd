/// The one exception of the library, the list of what can go wrong, and the one way to fail.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#if __has_include(<fmt/base.h>)  // fmt 11 and newer: core.h no longer brings fmt::format
#include <fmt/format.h>
#else
#include <fmt/core.h>
#endif

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

  std::string message(int code) const override {
    switch (static_cast<errc>(code)) {
      case errc::not_mrc: return "not an MRC file";
      case errc::bad_header: return "impossible header";
      case errc::bad_mode: return "unknown mode";
      case errc::bad_chunk: return "damaged chunk";
      case errc::bad_metadata: return "bad metadata";
      case errc::truncated: return "truncated file";
      case errc::too_large: return "too large";
      case errc::codec_unavailable: return "codec unavailable";
      case errc::mode_mismatch: return "mode mismatch";
      case errc::shape_mismatch: return "shape mismatch";
      case errc::out_of_range: return "out of range";
      case errc::bad_option: return "bad option";
      case errc::already_exists: return "already exists";
      case errc::not_mappable: return "not mappable";
      case errc::closed: return "closed";
      case errc::not_bloscpack: return "not a bloscpack file";
      case errc::caller_failed: return "caller's code failed";
      case errc::stopped: return "stopped";
    }
    return "unknown error";
  }
};

}  // namespace detail

MRCZ_VISIBLE inline const std::error_category& error_category() noexcept {
  static const detail::error_category category;
  return category;
}

inline std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), error_category()}; }

/// Thrown by everything in this library. `what()` reads `path: what was found and what was expected`;
/// `code()` is an `errc` or, for a failed system call, the system's own error.
class MRCZ_VISIBLE error : public std::system_error {
 public:
  error(std::error_code code, std::string message, std::exception_ptr cause = nullptr)
      : std::system_error{code},
        message_{std::make_shared<const std::string>(std::move(message))},
        cause_{std::move(cause)} {}

  const char* what() const noexcept override { return message_->c_str(); }

  /// What the caller's own code threw, if that is what `errc::caller_failed` reports; null otherwise.
  const std::exception_ptr& cause() const noexcept { return cause_; }

 private:
  std::shared_ptr<const std::string> message_;  // shared, so that copying an exception cannot throw
  std::exception_ptr cause_;
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

/// The text of a format; fmt 12 no longer wants it to be converted without being asked.
template <class Format>
fmt::string_view text_of(const Format& format) {
  if constexpr (requires { format.get(); }) return format.get();
  else return format;
}

}  // namespace detail

template <class... Args>
[[noreturn]] void fail(errc code, message_format<const Args&...> format, const Args&... args) {
  throw error{make_error_code(code), fmt::vformat(detail::text_of(format), fmt::make_format_args(args...))};
}

/// A failure of the system; its text is appended to the message.
[[noreturn]] inline void fail_system(std::error_code reason, std::string_view message) {
  throw error{reason, fmt::format("{}: {}", message, reason.message())};
}

/// `code` is the value of `errno`, which means the same on all systems.
[[noreturn]] inline void fail_system(int code, std::string_view message) {
  fail_system(std::error_code{code, std::generic_category()}, message);
}

/// Calls `action` and puts `name` (a path) in front of the message of an error that does not carry it yet.
template <class Action>
decltype(auto) naming(std::string_view name, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const error& e) {
    const std::string prefix = fmt::format("{}: ", name);
    if (std::string_view{e.what()}.starts_with(prefix)) throw;
    throw error{e.code(), prefix + e.what(), e.cause()};
  }
}

/// As above, and puts the number of the slice behind the message. What code of the caller's own throws in `action`
/// becomes an error too, unless memory is exhausted.
template <class Action>
decltype(auto) naming(std::string_view name, std::size_t slice, Action&& action) {
  return naming(name, [&]() -> decltype(auto) {
    try {
      return std::forward<Action>(action)();
    } catch (const error& e) {
      throw error{e.code(), fmt::format("{} (slice {})", e.what(), slice), e.cause()};
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& e) {
      throw error{make_error_code(errc::caller_failed), fmt::format("{} (slice {})", e.what(), slice),
                  std::current_exception()};
    }
  });
}

/// The message without the name that `naming` put in front of it.
inline std::string_view unnamed(const error& e, std::string_view name) noexcept {
  std::string_view message = e.what();
  if (message.starts_with(name) && message.substr(name.size()).starts_with(": "))
    message.remove_prefix(name.size() + 2);
  return message;
}

}  // namespace mrcz

template <>
struct std::is_error_code_enum<mrcz::errc> : std::true_type {};
