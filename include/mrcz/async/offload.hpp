/// Running work on another executor while a coroutine waits for it. This is the only header that includes Asio. It uses
/// only what is the same in Asio 1.22 and later: no experimental part, and no completion token except `use_awaitable`.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"

namespace mrcz::async {

namespace detail {

/// The failure that a cancelled coroutine is resumed with: `asio::error::operation_aborted`, as everywhere in Asio.
inline std::exception_ptr cancelled() {
  return std::make_exception_ptr(
      error{std::error_code{asio::error::operation_aborted}, "the operation was cancelled before it was done"});
}

/// The failure that is reported if an executor is destroyed before it runs its work: `errc::closed`.
inline std::exception_ptr workers_are_gone() {
  return std::make_exception_ptr(error{make_error_code(errc::closed), "the workers ended before the work was done"});
}

/// A coroutine that waits to be resumed. Any thread may resume it, once. The coroutine continues on its own executor,
/// never inside `resume`. The context of that executor must therefore outlive the work of the workers, or be the
/// context of the workers.
class suspended {
 public:
  suspended() = default;

  template <class Handler>
  explicit suspended(Handler handler) : waiting_{std::make_unique<waiting<Handler>>(std::move(handler))} {}

  /// Whether a coroutine waits.
  explicit operator bool() const noexcept { return waiting_ != nullptr; }

  /// If there is a failure, the `co_await` of the coroutine throws it.
  void resume(std::exception_ptr failure = nullptr) {
    if (const auto handler = std::move(waiting_)) handler->resume(std::move(failure));
  }

 private:
  struct any_waiting {
    any_waiting() = default;
    any_waiting(const any_waiting&) = delete;
    any_waiting& operator=(const any_waiting&) = delete;
    virtual ~any_waiting() = default;
    virtual void resume(std::exception_ptr failure) = 0;
  };

  template <class Handler>
  class waiting final : public any_waiting {
   public:
    explicit waiting(Handler handler)
        : handler_{std::move(handler)}, executor_{asio::get_associated_executor(handler_)} {}

    void resume(std::exception_ptr failure) override {
      asio::post(executor_.get_executor(), [handler = std::move(handler_), failure = std::move(failure)]() mutable {
        std::move(handler)(failure);
      });
    }

   private:
    Handler handler_;
    asio::executor_work_guard<asio::associated_executor_t<Handler>> executor_;  // keeps its run() from returning
  };

  std::unique_ptr<any_waiting> waiting_;
};

/// Throws `errc::bad_option` for an empty executor.
inline asio::any_io_executor checked(asio::any_io_executor workers) {
  if (!workers) fail(errc::bad_option, "there is no executor to work on");
  return workers;
}

/// Posts `work`, whose destructor reports a failure if the work never runs. An exception of the executor is dropped:
/// that destructor has reported the failure, and the caller may be unable to handle an exception.
template <class Work>
void post_reporting(const asio::any_io_executor& workers, Work work) noexcept {
  try {
    asio::post(workers, std::move(work));
  } catch (...) {  // NOLINT(bugprone-empty-catch): the destructor of the work has reported it
  }
}

/// Suspends the calling coroutine and calls `keep(suspended, slot)`, which must arrange that the coroutine is resumed.
/// `slot` reports cancellation, on the executor of the coroutine.
template <class Keep>
asio::awaitable<void> suspend(Keep keep) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
      [](auto handler, const Keep& keep_it) {
        const asio::cancellation_slot slot = asio::get_associated_cancellation_slot(handler);
        keep_it(suspended{std::move(handler)}, slot);
      },
      asio::use_awaitable, std::move(keep));
}

/// Keeps the failure with the lowest index, so that the same input always reports the same error.
class first_failure {
 public:
  void keep(std::size_t index, std::exception_ptr failure) noexcept {
    if (failure_ && index >= index_) return;
    index_ = index;
    failure_ = std::move(failure);
  }
  explicit operator bool() const noexcept { return failure_ != nullptr; }
  /// Moves the failure out, so that two threads never hold it.
  std::exception_ptr take() noexcept { return std::exchange(failure_, nullptr); }

 private:
  std::size_t index_ = 0;
  std::exception_ptr failure_;
};

/// The tasks of one `for_each`. The runners in the queue of the workers share them. The coroutine is resumed as soon as
/// no task runs and no task will start. Runners that run after that find nothing to do.
template <class Task>
class tasks : public std::enable_shared_from_this<tasks<Task>> {
 public:
  tasks(asio::any_io_executor workers, std::size_t count, Task task)
      : workers_{std::move(workers)}, count_{count}, task_{std::move(task)} {}

  void start(suspended who, asio::cancellation_slot slot) {
    if (slot.is_connected())
      slot.assign([self = this->shared_from_this()](asio::cancellation_type) { self->end_early(cancelled()); });
    waiting_ = std::move(who);
    for (std::size_t i = thread_count(std::nullopt, count_); i > 0; --i)
      post_reporting(workers_, runner{this->shared_from_this()});
  }

 private:
  /// Runs one task, then posts itself again. Work that others posted in the meantime runs first.
  class runner {
   public:
    explicit runner(std::shared_ptr<tasks> all) : all_{std::move(all)} {}
    runner(runner&&) noexcept = default;
    runner& operator=(runner&&) = delete;
    ~runner() {
      if (all_) all_->end_early(workers_are_gone());
    }
    void operator()() {
      const auto all = std::move(all_);
      if (all->run_next()) post_reporting(all->workers_, runner{all});
    }

   private:
    std::shared_ptr<tasks> all_;
  };

  /// Runs the next task. Returns whether there is more to do.
  bool run_next() {
    std::size_t i = 0;
    {
      const std::lock_guard lock{mutex_};
      if (is_over()) return false;
      i = next_++;
      ++running_;
    }
    std::exception_ptr thrown;
    try {
      task_(i);
    } catch (...) {
      thrown = std::current_exception();
    }
    const std::lock_guard lock{mutex_};
    --running_;
    if (thrown) failure_.keep(i, std::move(thrown));
    resume_if_done();
    return !is_over();
  }

  void end_early(std::exception_ptr why) {
    const std::lock_guard lock{mutex_};
    if (next_ < count_) failure_.keep(count_, std::move(why));
    resume_if_done();
  }

  bool is_over() const noexcept { return next_ == count_ || failure_; }

  void resume_if_done() {
    if (!is_over() || running_ != 0) return;
    next_ = count_;
    waiting_.resume(failure_.take());
  }

  asio::any_io_executor workers_;
  std::size_t count_;
  Task task_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  first_failure failure_;
  suspended waiting_;
};

}  // namespace detail

/// Calls `task(i)` once for each i in [0, count) on `workers` and returns when all calls are done. The calls run in
/// parallel on the threads that the workers have, but at most one per processor. After a failure no further task
/// starts, and the failure with the lowest index is thrown. After a cancellation no further task starts either, and
/// tasks that have started are finished. `asio::error::operation_aborted` is thrown only if some task never started.
template <std::invocable<std::size_t> Task>
asio::awaitable<void> for_each(asio::any_io_executor workers, std::size_t count, Task task) {
  if (count == 0) co_return;
  auto all = std::make_shared<detail::tasks<Task>>(detail::checked(std::move(workers)), count, std::move(task));
  auto start = [all](detail::suspended whoever_waits, asio::cancellation_slot slot) {
    all->start(std::move(whoever_waits), slot);
  };
  co_await detail::suspend(std::move(start));
}

/// Calls `work()` on `workers` and returns its result.
template <std::invocable Work>
asio::awaitable<std::invoke_result_t<Work&>> offload(asio::any_io_executor workers, Work work) {
  using result = std::invoke_result_t<Work&>;
  if constexpr (std::is_void_v<result>) {
    auto task = [&work](std::size_t) { work(); };
    co_await for_each(std::move(workers), 1, std::move(task));
  } else {
    std::optional<result> made;
    auto task = [&work, &made](std::size_t) { made.emplace(work()); };
    co_await for_each(std::move(workers), 1, std::move(task));
    co_return std::move(*made);
  }
}

}  // namespace mrcz::async
