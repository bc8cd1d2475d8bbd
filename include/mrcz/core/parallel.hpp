/// Two ways to spread slices over threads: in any order, and with an ordered end.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "mrcz/core/hardware.hpp"

namespace mrcz {

/// How many threads to use: what was asked for, or one per processor that this program may use.
inline std::size_t thread_count(std::optional<std::size_t> wanted) noexcept {
  return std::max<std::size_t>(wanted ? *wanted : detail::processors(), 1);
}

/// The same for `tasks` independent tasks, which need no more threads than there are tasks.
inline std::size_t thread_count(std::optional<std::size_t> wanted, std::size_t tasks) noexcept {
  return std::min(thread_count(wanted), std::max<std::size_t>(tasks, 1));
}

namespace detail {

/// Runs `work()` on `threads` threads, the caller's included. `work` must not throw.
template <class Work>
void run_on_threads(std::size_t threads, Work& work) {
  std::vector<std::jthread> helpers;
  helpers.reserve(threads - 1);
  for (std::size_t i = 1; i < threads; ++i) {
    try {
      helpers.emplace_back([&work] { work(); });
    } catch (const std::system_error&) {
      break;  // the system has no thread to spare: go on with those that run
    }
  }
  work();
}

/// The failure of the lowest index, so that the same input always reports the same error.
class first_failure {
 public:
  void keep(std::size_t index, std::exception_ptr failure) noexcept {
    if (!failure_ || index < index_) {
      index_ = index;
      failure_ = std::move(failure);
    }
  }
  explicit operator bool() const noexcept { return failure_ != nullptr; }
  /// Hands the failure on, so that no two threads hold it.
  std::exception_ptr take() noexcept { return std::exchange(failure_, nullptr); }
  void rethrow_if_any() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::size_t index_ = 0;
  std::exception_ptr failure_;
};

}  // namespace detail

/// Calls `task(i, scratch)` once for each i in [0, count) on up to `threads` threads; each thread has one `Scratch`
/// of its own, made with its default constructor. After a failure no new task starts, and the failure of the
/// lowest index that ran is rethrown once all threads have stopped.
template <class Scratch, class Task>
void parallel_for(std::size_t count, std::size_t threads, Task&& task) {
  if (threads <= 1 || count <= 1) {
    Scratch scratch{};
    for (std::size_t i = 0; i < count; ++i) task(i, scratch);
    return;
  }
  std::mutex mutex;
  std::size_t next = 0;
  detail::first_failure failure;
  auto work = [&] {
    std::size_t i = 0;
    try {
      Scratch scratch{};
      for (;;) {
        {
          const std::lock_guard lock{mutex};
          if (next == count || failure) return;
          i = next++;
        }
        task(i, scratch);
      }
    } catch (...) {
      const std::lock_guard lock{mutex};
      failure.keep(i, std::current_exception());
    }
  };
  detail::run_on_threads(std::min(threads, count), work);
  failure.rethrow_if_any();
}

/// Which threads call the `next` of a `parallel_pipeline`.
enum class asked : bool { by_any_thread, by_caller_only };

/// Calls `next()`, which returns an optional item, until it returns none; `make(item)` for each item on up to `threads`
/// threads; and `take(result)` for each result, in the order of the items. Neither `next` nor `take` runs twice at the
/// same time, but each beside the other. At most `threads + 2` items and results are held at any moment. After a
/// failure nothing behind its item starts, and the failure of the earliest item is rethrown once all threads have
/// stopped: everything before that item has been taken.
template <class Next, class Make, class Take>
void parallel_pipeline(std::size_t threads, Next&& next, Make&& make, Take&& take,
                       asked wanted = asked::by_any_thread) {
  if (threads <= 1) {
    while (auto item = next()) take(make(std::move(*item)));
    return;
  }
  using item_type = typename std::invoke_result_t<Next&>::value_type;
  using result = std::invoke_result_t<Make&, item_type>;
  std::vector<std::optional<result>> waiting(threads + 2);  // i has place i modulo size; that of next_to_take is empty
                                                            // while it is being taken, and for good if that fails
  const auto caller = std::this_thread::get_id();
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<item_type> items;  // that nobody makes yet: next_to_make and those behind it
  std::size_t next_to_ask = 0;
  std::size_t next_to_make = 0;
  std::size_t next_to_take = 0;
  bool asking = false;
  bool ended = false;
  detail::first_failure failure;

  auto work = [&] {
    const bool is_caller = std::this_thread::get_id() == caller;
    const bool asks = wanted == asked::by_any_thread || is_caller;
    const bool asks_first = wanted == asked::by_caller_only && is_caller;  // so that the others have something to do
    const auto may_ask = [&] { return asks && !asking && !ended && next_to_ask < next_to_take + waiting.size(); };
    std::size_t current = 0;
    try {
      std::unique_lock lock{mutex};
      for (;;) {
        changed.wait(lock, [&] { return ended || !items.empty() || may_ask(); });
        if (may_ask() && (asks_first || items.empty())) {
          asking = true;
          lock.unlock();
          std::exception_ptr failed;
          // A function of its own: g++ 12 takes an optional that a try block was to assign for assigned after a
          // failure.
          const auto ask = [&]() -> std::optional<item_type> {
            try {
              return next();
            } catch (...) {
              failed = std::current_exception();
              return std::nullopt;
            }
          };
          std::optional<item_type> item = ask();
          lock.lock();
          asking = false;
          if (failed) failure.keep(next_to_ask, std::move(failed));
          if (item && !ended) {
            items.push_back(std::move(*item));
            ++next_to_ask;
          } else {
            ended = true;
          }
          changed.notify_all();
          continue;
        }
        if (items.empty()) return;
        const std::size_t i = current = next_to_make++;
        item_type item = std::move(items.front());  // NOLINT(misc-const-correctness): is moved from, if it can be
        items.pop_front();
        lock.unlock();
        result made = make(std::move(item));
        lock.lock();
        waiting[i % waiting.size()].emplace(std::move(made));
        while (waiting[next_to_take % waiting.size()]) {
          current = next_to_take;
          auto& place = waiting[current % waiting.size()];
          result ready = std::move(*place);
          place.reset();
          lock.unlock();
          take(std::move(ready));
          lock.lock();
          ++next_to_take;
          changed.notify_all();
        }
      }
    } catch (...) {
      const std::lock_guard lock{mutex};
      failure.keep(current, std::current_exception());
      ended = true;
      while (!items.empty() && next_to_make + items.size() > current) items.pop_back();  // those before are still made
      changed.notify_all();
    }
  };
  detail::run_on_threads(threads, work);
  failure.rethrow_if_any();
}

/// Calls `make(i)` for each i in [0, count) on up to `threads` threads and hands each result to `take(result)` in
/// rising order of i, from one thread at a time. Waiting results and failures as in `parallel_pipeline`.
template <class Make, class Take>
void parallel_ordered(std::size_t count, std::size_t threads, Make&& make, Take&& take) {
  std::size_t i = 0;
  const auto next = [&] { return i < count ? std::optional{i++} : std::nullopt; };
  parallel_pipeline(std::min(threads, count), next, make, take);
}

}  // namespace mrcz
