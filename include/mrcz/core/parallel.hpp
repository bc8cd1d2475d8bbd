/// Spreads work over threads, in any order or with results that are taken in order.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/ordered_window.hpp"

namespace mrcz::detail {

/// The number of threads to use: `wanted`, or one for each processor that this program may use; at least 1.
MRCZ_INLINE std::size_t thread_count(std::optional<std::size_t> wanted) noexcept;

/// As above, but at most one thread for each of `tasks` independent tasks.
MRCZ_INLINE std::size_t thread_count(std::optional<std::size_t> wanted, std::size_t tasks) noexcept;

/// Calls `task(i, thread)` once for each i in [0, count) on up to `threads` threads. `thread` numbers these threads
/// from 0, so that each thread can use separate memory: `memory[thread]`. After a failure no more tasks start. Once all
/// threads have stopped, the failure with the lowest i is rethrown.
MRCZ_INLINE void parallel_for(std::size_t count, std::size_t threads,
                              function_ref<void(std::size_t i, std::size_t thread)> task);

/// Which threads call the `next` of a `parallel_pipeline`.
enum class asked : bool { by_any_thread, by_caller_only };

/// Runs `work(thread)` on `threads` threads, or on fewer if the system has no more. Thread 0 is the thread of the
/// caller. `work` must not throw.
MRCZ_INLINE void run_on_threads(std::size_t threads, function_ref<void(std::size_t thread)> work);

/// What `action` throws; null if it throws nothing.
MRCZ_INLINE std::exception_ptr thrown_by(function_ref<void()> action) noexcept;

/// What the threads of one `parallel_pipeline` share.
template <class Item, class Result>
class pipeline {
 public:
  pipeline(std::size_t most_items, function_ref<std::optional<Item>()> next, function_ref<Result(Item&&)> make,
           function_ref<void(Result&&)> take)
      : next_{next}, make_{make}, take_{take}, window_{{.items = most_items}} {}

  /// Works until there is nothing left to do. Takes the next result if it exists. Otherwise makes a result of a waiting
  /// item. If no item waits and `asks` is true, calls `next` for one. Otherwise waits. With `asks_first` the thread
  /// calls `next` before it makes a result, so that the other threads have items. Throws nothing: `rethrow_failure`
  /// does so later.
  void work(bool asks, bool asks_first) {
    std::unique_lock lock{mutex_};
    auto failure = thrown_by([&] { run(lock, asks, asks_first); });
    if (failure) give_up(std::move(failure));
  }

  void rethrow_failure() {
    if (!failure_) failure_ = window_.take_failure();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  struct numbered {
    std::size_t number;
    Item item;
  };

  void run(std::unique_lock<std::mutex>& lock, bool asks, bool asks_first) {
    for (;;) {
      const auto may_ask = [&] { return asks && !asking_ && !ended_ && window_.has_room(); };
      changed_.wait(lock, [&] { return window_.has_next() || !items_.empty() || may_ask() || is_over(); });
      if (window_.has_next()) take(lock);
      else if (may_ask() && (asks_first || items_.empty())) ask(lock);
      else if (!items_.empty()) make(lock);
      else return;
      changed_.notify_all();
    }
  }

  /// Ends the work of all threads, because the pipeline cannot keep an item or a result: there is no memory for it.
  void give_up(std::exception_ptr failure) {
    if (!failure_) failure_ = std::move(failure);
    window_.close();
    items_.clear();
    changed_.notify_all();
  }

  /// Whether there is nothing left to begin.
  bool is_over() const { return (ended_ || window_.failed()) && !asking_ && items_.empty(); }

  void ask(std::unique_lock<std::mutex>& lock) {
    const std::size_t number = window_.admit();
    asking_ = true;
    lock.unlock();
    std::optional<Item> item;
    auto failure = thrown_by([&] { item = next_(); });
    lock.lock();
    asking_ = false;
    if (failure) {
      window_.done(number, std::move(failure));
    } else if (item && window_.is_wanted(number)) {
      items_.push_back({number, std::move(*item)});
    } else {
      ended_ = true;
      if (window_.is_wanted(number)) window_.withdraw();
    }
  }

  void make(std::unique_lock<std::mutex>& lock) {
    numbered current = std::move(items_.front());
    items_.pop_front();
    if (!window_.is_wanted(current.number)) return;
    lock.unlock();
    std::optional<Result> result;
    auto failure = thrown_by([&] { result.emplace(make_(std::move(current.item))); });
    lock.lock();
    if (failure) window_.done(current.number, std::move(failure));
    else window_.done(current.number, std::move(*result));
  }

  void take(std::unique_lock<std::mutex>& lock) {
    Result result = window_.take();
    lock.unlock();
    auto failure = thrown_by([&] { take_(std::move(result)); });
    lock.lock();
    if (failure) window_.release(std::move(failure));
    else window_.release();
  }

  function_ref<std::optional<Item>()> next_;
  function_ref<Result(Item&&)> make_;
  function_ref<void(Result&&)> take_;
  std::mutex mutex_;
  std::condition_variable changed_;
  ordered_window<Result> window_;
  std::deque<numbered> items_;  // those on which no thread works yet
  bool asking_ = false;
  bool ended_ = false;
  std::exception_ptr failure_;  // of the pipeline itself
};

/// Calls `next()` until it returns no item, `make(item)` for each item on up to `threads` threads, and `take(result)`
/// for each result in the order of the items. Only one thread at a time runs `next`, and only one at a time runs
/// `take`, but both can run at the same time. At most `most_items` items and results exist at any moment; not stated:
/// two more than there are threads. After a failure no work on later items starts. Once all threads have stopped, the
/// failure of the earliest item is rethrown. All results before that item have been taken by then. If memory for the
/// items and results themselves is exhausted, `std::bad_alloc` is thrown, and nothing more is taken.
template <class Item, class Result>
void parallel_pipeline(std::size_t threads, function_ref<std::optional<Item>()> next, function_ref<Result(Item&&)> make,
                       function_ref<void(Result&&)> take, asked wanted = asked::by_any_thread,
                       std::optional<std::size_t> most_items = std::nullopt) {
  if (threads <= 1) {
    while (auto item = next()) take(make(std::move(*item)));
    return;
  }
  pipeline<Item, Result> shared{most_items.value_or(threads + 2), next, make, take};
  run_on_threads(threads, [&](std::size_t thread) {
    const bool only_caller = wanted == asked::by_caller_only;
    shared.work(!only_caller || thread == 0, only_caller && thread == 0);
  });
  shared.rethrow_failure();
}

/// Calls `make(i)` for each i in [0, count) on up to `threads` threads and `take(result)` for each result in rising
/// order of i, on one thread at a time. The number of results that wait is limited, and failures are handled, as in
/// `parallel_pipeline`.
template <class Result>
void parallel_ordered(std::size_t count, std::size_t threads, function_ref<Result(std::size_t i)> make,
                      function_ref<void(Result&&)> take) {
  std::size_t i = 0;
  const auto next = [&] { return i < count ? std::optional{i++} : std::nullopt; };
  const auto make_it = [&](std::size_t&& index) { return make(index); };
  parallel_pipeline<std::size_t, Result>(threads < count ? threads : count, next, make_it, take);
}

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/parallel.ipp"
#endif
