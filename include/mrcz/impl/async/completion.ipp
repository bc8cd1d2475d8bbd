/// Definitions of `async/completion.hpp`.
#pragma once

#include "mrcz/async/completion.hpp"

#include <string>
#include <system_error>

#include "mrcz/core/error.hpp"

namespace mrcz::async::inline MRCZ_ASIO::detail {

[[noreturn]] MRCZ_INLINE void fail_cancelled(std::string path, std::string found) {
  const std::error_code code = asio::error::make_error_code(asio::error::operation_aborted);
  throw error{code, {.path = std::move(path), .found = std::move(found)}};
}

MRCZ_INLINE std::exception_ptr workers_are_gone() noexcept {
  return mrcz::detail::thrown_by([] { fail(errc::closed, "the workers ended before the work was done"); });
}

[[noreturn]] MRCZ_INLINE void fail_without_file() {
  fail(errc::closed, "there is no file: the object was default-constructed or moved from");
}

MRCZ_INLINE asio::any_io_executor checked(asio::any_io_executor workers) {
  if (!workers) fail(errc::bad_option, "there is no executor to work on");
  return workers;
}

}  // namespace mrcz::async::inline MRCZ_ASIO::detail
