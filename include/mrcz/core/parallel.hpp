/// Two ways to spread slices over threads: in any order, and with an ordered end.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace mrcz {

/// How many threads to use: what was asked for, or one per processor.
inline std::size_t thread_count(std::optional<std::size_t> wanted) noexcept {
  return std::max<std::size_t>(wanted.value_or(std::thread::hardware_concurrency()), 1);
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
  const std::exception_ptr& get() const noexcept { return failure_; }
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

/// Calls `make(i)` for each i in [0, count) on up to `threads` threads and hands each result to `take(result)` in
/// rising order of i, from one thread at a time. At most `threads + 2` results wait at any moment. Failures as in
/// `parallel_for`: everything before the reported index has been taken.
template <class Make, class Take>
void parallel_ordered(std::size_t count, std::size_t threads, Make&& make, Take&& take) {
  threads = std::min(threads, count);
  if (threads <= 1) {
    for (std::size_t i = 0; i < count; ++i) take(make(i));
    return;
  }
  using result = std::invoke_result_t<Make&, std::size_t>;
  std::vector<std::optional<result>> waiting(threads + 2);  // i has place i modulo size; that of next_to_take is empty
                                                            // while it is being taken, and for good if that fails
  std::mutex mutex;
  std::condition_variable room;
  std::size_t next_to_make = 0;
  std::size_t next_to_take = 0;
  detail::first_failure failure;

  auto work = [&] {
    std::unique_lock lock{mutex};
    for (;;) {
      room.wait(lock, [&] { return failure || next_to_make == count || next_to_make < next_to_take + waiting.size(); });
      if (failure || next_to_make == count) return;
      const std::size_t i = next_to_make++;
      std::size_t current = i;
      try {
        lock.unlock();
        result made = make(i);
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
          room.notify_all();
        }
      } catch (...) {
        if (!lock.owns_lock()) lock.lock();
        failure.keep(current, std::current_exception());
        room.notify_all();
        return;
      }
    }
  };
  detail::run_on_threads(threads, work);
  failure.rethrow_if_any();
}

}  // namespace mrcz
