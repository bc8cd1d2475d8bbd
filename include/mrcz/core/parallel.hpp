/// Two ways to spread work over threads: in any order, and with an ordered end.
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

namespace mrcz {

/// How many threads to use: what was asked for, or one per processor that this program may use.
MRCZ_INLINE std::size_t thread_count(std::optional<std::size_t> wanted) noexcept;

/// The same for `tasks` independent tasks, which need no more threads than there are tasks.
MRCZ_INLINE std::size_t thread_count(std::optional<std::size_t> wanted, std::size_t tasks) noexcept;

/// Calls `task(i, thread)` once for each i in [0, count) on up to `threads` threads. `thread` counts these from 0, so
/// that each can have memory of its own: `memory[thread]`. After a failure no new task starts, and the failure of the
/// lowest i that ran is rethrown once all threads have stopped.
MRCZ_INLINE void parallel_for(std::size_t count, std::size_t threads,
                              function_ref<void(std::size_t i, std::size_t thread)> task);

/// Which threads call the `next` of a `parallel_pipeline`.
enum class asked : bool { by_any_thread, by_caller_only };

namespace detail {

/// Runs `work(thread)` on `threads` threads; thread 0 is the caller's. `work` must not throw.
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

  /// Takes the next result if it is there, otherwise begins with an item, otherwise waits for either; until there is
  /// nothing left to do. A thread that `asks_first` has items ready for the others before it makes one.
  void work(bool asks, bool asks_first) {
    std::unique_lock lock{mutex_};
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

  void rethrow_failure() {
    if (auto failure = window_.take_failure()) std::rethrow_exception(std::move(failure));
  }

 private:
  struct numbered {
    std::size_t number;
    Item item;
  };

  /// Whether nothing is left to begin with.
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
  std::deque<numbered> items_;  // that nobody makes yet
  bool asking_ = false;
  bool ended_ = false;
};

}  // namespace detail

/// Calls `next()`, which returns an optional item, until it returns none; `make(item)` for each item on up to `threads`
/// threads; and `take(result)` for each result, in the order of the items. Neither `next` nor `take` runs twice at the
/// same time, but each beside the other. At most `most_items` items and results are held at any moment; not stated: two
/// more than there are threads. After a failure nothing behind its item starts, and the failure of the earliest item is
/// rethrown once all threads have stopped: everything before that item has been taken.
template <class Item, class Result>
void parallel_pipeline(std::size_t threads, function_ref<std::optional<Item>()> next, function_ref<Result(Item&&)> make,
                       function_ref<void(Result&&)> take, asked wanted = asked::by_any_thread,
                       std::optional<std::size_t> most_items = std::nullopt) {
  if (threads <= 1) {
    while (auto item = next()) take(make(std::move(*item)));
    return;
  }
  detail::pipeline<Item, Result> shared{most_items.value_or(threads + 2), next, make, take};
  detail::run_on_threads(threads, [&](std::size_t thread) {
    const bool only_caller = wanted == asked::by_caller_only;
    shared.work(!only_caller || thread == 0, only_caller && thread == 0);
  });
  shared.rethrow_failure();
}

/// Calls `make(i)` for each i in [0, count) on up to `threads` threads and hands each result to `take(result)` in
/// rising order of i, from one thread at a time. Results that wait, and failures, as in `parallel_pipeline`.
template <class Result>
void parallel_ordered(std::size_t count, std::size_t threads, function_ref<Result(std::size_t i)> make,
                      function_ref<void(Result&&)> take) {
  std::size_t i = 0;
  const auto next = [&] { return i < count ? std::optional{i++} : std::nullopt; };
  const auto make_it = [&](std::size_t&& index) { return make(index); };
  parallel_pipeline<std::size_t, Result>(threads < count ? threads : count, next, make_it, take);
}

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/parallel.ipp"
#endif
