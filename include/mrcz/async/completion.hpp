/// How an operation of this library becomes an operation of Asio: it is initiated with any completion token and
/// completes by one call of the handler that the token makes.
#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "mrcz/async/asio.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/format/metadata_fwd.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz::async::inline MRCZ_ASIO {

namespace detail {

template <class Result>
struct signature {
  using type = void(std::exception_ptr, Result);
};
template <>
struct signature<void> {
  using type = void(std::exception_ptr);
};

/// What a handler is called with: the failure, or null, and the result. After a failure the result is one that was
/// default-constructed.
template <class Result>
using signature_of = typename signature<Result>::type;

/// What may stand in front of a token.
template <class T>
concept option = std::same_as<T, write_options> || std::same_as<T, read_options> || std::same_as<T, window> ||
                 std::same_as<T, metadata>;

}  // namespace detail

/// A completion token of an operation with this result. It comes last. Defaulted arguments before it may be left out,
/// so an option in the place of a token is none.
template <class T, class Result>
concept token_for = !detail::option<std::remove_cvref_t<T>> &&
                    asio::completion_token_for<std::remove_cvref_t<T>, detail::signature_of<Result>>;

namespace detail {

/// An operation that is not complete yet. Its handler follows in the same piece of memory, which the associated
/// allocator of the handler provides. What an object notes about its operations is a class that is derived from this
/// one, so it is in that piece of memory too.
class operation {
 public:
  operation(const operation&) = delete;
  operation& operator=(const operation&) = delete;

  /// Frees the memory and posts the handler.
  virtual void complete(std::exception_ptr failure, void* result) noexcept = 0;

  /// Frees the memory.
  virtual void destroy() noexcept = 0;

  /// The slot through which the owner of the handler asks for a cancellation, on the executor of the handler.
  asio::cancellation_slot slot;
  operation* next = nullptr;  ///< in an `operation_queue`

 protected:
  operation() = default;
  ~operation() = default;
};

/// Owns an operation. Any thread may complete it, once. Its handler is then posted to its associated executor, or to
/// that of the operation if it has none. Until then the executor has outstanding work. Empty after the operation is
/// complete.
template <class Operation = operation>
class completion {
 public:
  completion() = default;
  explicit completion(Operation* owned) noexcept : owned_{owned} {}

  /// Makes an operation that owns a handler. If that throws, the handler is as before.
  template <class Result, class Handler>
  static completion of(Handler& handler, const asio::any_io_executor& executor) {
    using kept = kept_handler<Handler, Result>;
    typename kept::allocator allocator{asio::get_associated_allocator(handler)};
    using traits = std::allocator_traits<typename kept::allocator>;
    kept* const memory = traits::allocate(allocator, 1);
    try {
      return completion{::new (static_cast<void*>(memory)) kept{handler, executor}};
    } catch (...) {
      traits::deallocate(allocator, memory, 1);
      throw;
    }
  }

  explicit operator bool() const noexcept { return owned_ != nullptr; }
  Operation* operator->() const noexcept { return owned_.get(); }
  Operation& operator*() const noexcept { return *owned_; }
  Operation* release() noexcept { return owned_.release(); }

  /// Posts the handler with a failure or null. `result` refers to an object of the operation's type of result, and is
  /// moved from; null for void or a default-constructed result. If the executor refuses the handler, it is destroyed.
  void operator()(std::exception_ptr failure, void* result = nullptr) noexcept {
    if (auto* const owned = owned_.release()) owned->complete(std::move(failure), result);
  }

 private:
  struct nothing {};

  /// The call of a handler with its arguments, as it is posted.
  template <class Handler, class Result>
  struct handler_call {
    using stored = std::conditional_t<std::is_void_v<Result>, nothing, Result>;
    using allocator_type = asio::associated_allocator_t<Handler>;

    handler_call(Handler&& called, std::exception_ptr why, void* from, asio::cancellation_slot emitter)
        : handler{std::move(called)},
          failure{std::move(why)},
          result{from != nullptr ? std::move(*static_cast<stored*>(from)) : stored{}},
          slot{emitter} {}

    allocator_type get_allocator() const noexcept { return asio::get_associated_allocator(handler); }

    void operator()() {
      if (slot.is_connected()) slot.clear();
      if constexpr (std::is_void_v<Result>) std::move(handler)(std::move(failure));
      else std::move(handler)(std::move(failure), std::move(result));
    }

    Handler handler;
    std::exception_ptr failure;
    stored result;
    asio::cancellation_slot slot;
  };

  template <class Handler, class Result>
  class kept_handler final : public Operation {
   public:
    using allocator =
        typename std::allocator_traits<asio::associated_allocator_t<Handler>>::template rebind_alloc<kept_handler>;

    kept_handler(Handler& handler, const asio::any_io_executor& executor)
        : executor_{asio::get_associated_executor(handler, executor)}, handler_{std::move(handler)} {
      this->slot = asio::get_associated_cancellation_slot(handler_);
    }

    void complete(std::exception_ptr with_failure, void* with_result) noexcept override {
      try {
        const auto executor = std::move(executor_);  // has outstanding work until the call is posted
        handler_call<Handler, Result> call{std::move(handler_), std::move(with_failure), with_result, this->slot};
        destroy(allocator{asio::get_associated_allocator(call.handler)});  // the one here was moved from
        asio::post(executor.get_executor(), std::move(call));
      } catch (...) {  // NOLINT(bugprone-empty-catch): the executor refuses, and the handler is destroyed
      }
    }

    void destroy() noexcept override { destroy(allocator{asio::get_associated_allocator(handler_)}); }

   private:
    void destroy(allocator memory) noexcept {
      this->~kept_handler();
      std::allocator_traits<allocator>::deallocate(memory, this, 1);
    }

    using executor_type = asio::associated_executor_t<Handler, asio::any_io_executor>;
    asio::executor_work_guard<executor_type> executor_;
    Handler handler_;
  };

  struct destroyer {
    void operator()(Operation* owned) const noexcept { owned->destroy(); }
  };

  std::unique_ptr<Operation, destroyer> owned_;
};

/// Operations in the order in which they were initiated. It links the operations themselves, so it allocates nothing.
template <class Operation>
class operation_queue {
 public:
  operation_queue() = default;
  operation_queue(operation_queue&& other) noexcept
      : first_{std::exchange(other.first_, nullptr)}, last_{std::exchange(other.last_, nullptr)} {}
  operation_queue& operator=(operation_queue&&) = delete;
  ~operation_queue() {
    while (!empty()) static_cast<void>(pop());
  }

  bool empty() const noexcept { return first_ == nullptr; }
  Operation& front() const noexcept { return *first_; }

  void push(completion<Operation> one) noexcept {
    Operation* const added = one.release();
    if (empty()) first_ = added;
    else last_->next = added;
    last_ = added;
  }

  completion<Operation> pop() noexcept {
    completion<Operation> one{first_};
    first_ = static_cast<Operation*>(std::exchange(one->next, nullptr));
    return one;
  }

  /// Moves out all operations.
  operation_queue take() noexcept { return std::move(*this); }

 private:
  Operation* first_ = nullptr;
  Operation* last_ = nullptr;  // of a queue that is not empty
};

/// Starts an operation: calls `start(completion)`, which must not throw.
template <class Result, class Operation, class Start>
class initiation {
 public:
  using executor_type = asio::any_io_executor;

  initiation(asio::any_io_executor executor, Start start) : executor_{std::move(executor)}, start_{std::move(start)} {}

  executor_type get_executor() const noexcept { return executor_; }

  template <class Handler>
  void operator()(Handler handler) {
    completion<Operation> who;
    try {
      who = completion<Operation>::template of<Result>(handler, executor_);
    } catch (...) {
      return fail(std::move(handler), std::current_exception());
    }
    start_(std::move(who));
  }

 private:
  /// There was no memory to keep the handler.
  template <class Handler>
  void fail(Handler handler, std::exception_ptr why) {
    const auto executor = asio::get_associated_executor(handler, executor_);
    asio::post(executor, [handler = std::move(handler), why = std::move(why)]() mutable {
      if constexpr (std::is_void_v<Result>) std::move(handler)(std::move(why));
      else std::move(handler)(std::move(why), Result{});
    });
  }

  asio::any_io_executor executor_;
  Start start_;
};

/// Initiates an operation. What it returns depends on the token. `executor` calls the handlers that have no executor;
/// if it is empty, the system's does. The token is copied, because Asio 1.22 does not take one that is const and bound
/// to an executor.
template <class Result, class Operation = operation, class Token, class Start>
auto initiate(asio::any_io_executor executor, Token&& token, Start start) {
  if (!executor) executor = asio::system_executor{};
  std::decay_t<Token> own = std::forward<Token>(token);
  return asio::async_initiate<std::decay_t<Token>, signature_of<Result>>(
      initiation<Result, Operation, Start>{std::move(executor), std::move(start)}, own);
}

/// Throws `asio::error::operation_aborted`, as everywhere in Asio, for an operation that was cancelled.
[[noreturn]] MRCZ_INLINE void fail_cancelled(std::string path, std::string found);

/// The failure of work that an executor refused or dropped: `errc::closed`.
MRCZ_INLINE std::exception_ptr workers_are_gone() noexcept;

/// Throws `errc::closed` for an object without a file.
[[noreturn]] MRCZ_INLINE void fail_without_file();

/// Throws `errc::bad_option` for an empty executor.
MRCZ_INLINE asio::any_io_executor checked(asio::any_io_executor workers);

}  // namespace detail

}  // namespace mrcz::async::inline MRCZ_ASIO

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/async/completion.ipp"
#endif
