/// Completion tokens that older Asio had in `asio::experimental`, and a handler that notes how it was called.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#if __has_include(<asio/deferred.hpp>)
#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/deferred.hpp>
#endif

#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>

#include "mrcz/async/asio.hpp"
#include "mrcz/core/error.hpp"

namespace test {

#if __has_include(<asio/deferred.hpp>)
using asio::as_tuple;
using asio::deferred;
#else
using asio::experimental::as_tuple;
using asio::experimental::deferred;
#endif

/// How often a handler was called, and with what the last time.
template <class... Result>
struct calls {
  int count = 0;
  std::error_code code;  // not_enough_memory for std::bad_alloc
  std::string message;
  std::optional<std::tuple<Result...>> result;

  bool succeeded() const { return count == 1 && !code; }
  template <class Code>
  bool failed_with(Code expected) const {
    return count == 1 && code == expected;
  }
  bool was_cancelled() const { return failed_with(asio::error::operation_aborted); }
};

/// A handler that notes its calls.
template <class... Result>
auto noting(calls<Result...>& seen) {
  return [&seen](std::exception_ptr failure, Result... result) {
    ++seen.count;
    seen.code = {};
    seen.message.clear();
    try {
      if (failure) std::rethrow_exception(std::move(failure));
    } catch (const std::system_error& e) {
      seen.code = e.code();
      seen.message = e.what();
    } catch (const std::bad_alloc&) {
      seen.code = make_error_code(std::errc::not_enough_memory);
    }
    seen.result.emplace(std::move(result)...);
  };
}

/// The same on an executor, and cancelled by a slot.
template <class Executor, class... Result>
auto noting(calls<Result...>& seen, Executor on, asio::cancellation_slot slot = {}) {
  return asio::bind_executor(on, asio::bind_cancellation_slot(slot, noting(seen)));
}

}  // namespace test
