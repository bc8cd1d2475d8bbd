/// Definitions of `core/parallel.hpp`.
#pragma once

#include "mrcz/core/parallel.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

#include "mrcz/core/hardware.hpp"

namespace mrcz::detail {

MRCZ_INLINE std::size_t thread_count(std::optional<std::size_t> wanted) noexcept {
  return std::max<std::size_t>(wanted ? *wanted : processors(), 1);
}

MRCZ_INLINE std::size_t thread_count(std::optional<std::size_t> wanted, std::size_t tasks) noexcept {
  return std::min(thread_count(wanted), std::max<std::size_t>(tasks, 1));
}

MRCZ_INLINE void run_on_threads(std::size_t threads, function_ref<void(std::size_t thread)> work) {
  std::vector<std::jthread> helpers;
  helpers.reserve(threads - 1);
  for (std::size_t i = 1; i < threads; ++i) {
    try {
      helpers.emplace_back([work, i] { work(i); });
    } catch (const std::exception&) {
      break;  // there is no memory for more threads, or the system starts no more: those that run do all the work
    }
  }
  work(0);
}

MRCZ_INLINE std::exception_ptr thrown_by(function_ref<void()> action) noexcept {
  try {
    action();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

MRCZ_INLINE void parallel_for(std::size_t count, std::size_t threads,
                              function_ref<void(std::size_t i, std::size_t thread)> task) {
  if (threads <= 1 || count <= 1) {
    for (std::size_t i = 0; i < count; ++i) task(i, 0);
    return;
  }
  std::mutex mutex;
  std::size_t next = 0;
  std::size_t failed_at = count;
  std::exception_ptr failure;
  run_on_threads(std::min(threads, count), [&](std::size_t thread) {
    std::unique_lock lock{mutex};
    while (next < count && !failure) {
      const std::size_t i = next++;
      lock.unlock();
      auto thrown = thrown_by([&] { task(i, thread); });
      lock.lock();
      if (!thrown || i >= failed_at) continue;
      failed_at = i;
      failure = std::move(thrown);
    }
  });
  if (failure) std::rethrow_exception(std::move(failure));
}

}  // namespace mrcz::detail
