/// What the tests of coroutines share: workers, running a coroutine to its end, frames, and an executor that delays.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include "mrcz/array/array.hpp"
#include "mrcz/async/completion.hpp"
#include "mrcz/io/memory.hpp"
#include "tests/support.hpp"

namespace test {

/// The result of a coroutine. Unlike a `std::future` it is used only by the thread that runs the context.
/// ThreadSanitizer, which cannot look into the standard library, then sees that nothing is shared.
template <class T>
class outcome {
 public:
  outcome(asio::io_context& context, asio::awaitable<T> coroutine, asio::cancellation_slot slot) {
    asio::co_spawn(context, std::move(coroutine),
                   asio::bind_cancellation_slot(slot, [kept = kept_](std::exception_ptr failure, auto&&... value) {
                     kept->ended = true;
                     kept->failure = std::move(failure);
                     if constexpr (sizeof...(value) == 1) (kept->value.emplace(std::move(value)), ...);
                   }));
  }

  T get() {
    if (!kept_->ended) throw std::logic_error{"the coroutine has not ended"};
    if (kept_->failure) std::rethrow_exception(std::exchange(kept_->failure, nullptr));
    if constexpr (!std::is_void_v<T>) return std::move(kept_->value.value());
  }

 private:
  struct kept {
    bool ended = false;
    std::exception_ptr failure;
    std::optional<std::conditional_t<std::is_void_v<T>, int, T>> value;
  };
  std::shared_ptr<kept> kept_ = std::make_shared<kept>();
};

/// Starts a coroutine on a context that the test runs.
template <class T>
outcome<T> spawn(asio::io_context& context, asio::awaitable<T> coroutine, asio::cancellation_slot slot = {}) {
  return {context, std::move(coroutine), slot};
}

/// One step of the coroutines and one of the workers, on this thread.
inline void run_one_each(asio::io_context& context, asio::io_context& workers) {
  context.restart();
  workers.restart();
  context.poll_one();
  workers.poll_one();
}

/// Runs coroutines and workers on this thread until neither has anything to do.
inline void run_both(asio::io_context& context, asio::io_context& workers) {
  do {
    context.restart();
    workers.restart();
  } while (context.poll() + workers.poll() != 0);
}

/// Runs a coroutine on a separate context and returns its result.
template <class T>
T run(asio::awaitable<T> coroutine) {
  asio::io_context context;
  auto result = spawn(context, std::move(coroutine));
  context.run();
  return result.get();
}

/// The failure that `start(handler)` completes with. It is read on the thread of the handler, for the same reason.
template <class Start>
std::optional<failure> failure_told(Start start) {
  const auto told = std::make_shared<std::promise<std::optional<failure>>>();
  start([told](std::exception_ptr why, auto&&...) {
    told->set_value(failure_of([&] {
      if (why) std::rethrow_exception(std::move(why));
    }));
  });
  return told->get_future().get();
}

/// Frame z of a movie, in which every voxel says where it is.
inline mrcz::image<std::int16_t> frame(std::size_t z, std::size_t ny = 12, std::size_t nx = 17) {
  auto made = mrcz::detail::make_image<std::int16_t>(ny, nx);
  for (std::size_t i = 0; i < made.size(); ++i) made.data()[i] = static_cast<std::int16_t>(z * 1000 + i);
  return made;
}

inline mrcz::volume<std::int16_t> movie(std::size_t nz, std::size_t ny = 12, std::size_t nx = 17) {
  auto made = mrcz::detail::make_volume<std::int16_t>({nz, ny, nx});
  for (std::size_t z = 0; z < nz; ++z) {
    const auto one = frame(z, ny, nx);
    std::copy(one.begin(), one.end(), made.begin() + static_cast<std::ptrdiff_t>(z * ny * nx));
  }
  return made;
}

/// A file that appears in memory once it is published, like one on disk.
class published_sink final : public mrcz::byte_sink {
 public:
  explicit published_sink(std::optional<std::vector<std::byte>>& content) : content_{&content} {}
  void write_at(std::uint64_t offset, std::span<const std::byte> from) override { memory_.write_at(offset, from); }
  void publish() override {
    memory_.publish();
    *content_ = growing_;
  }
  std::string name() const override { return "in memory"; }

 private:
  std::optional<std::vector<std::byte>>* content_;
  std::vector<std::byte> growing_;
  mrcz::memory_sink memory_{growing_};
};

/// Runs all work on a pool, each after a pause of up to a millisecond that depends on a seed.
class delaying_executor {
 public:
  delaying_executor(asio::thread_pool& pool, unsigned seed) : pool_{&pool}, random_{std::make_shared<dice>(seed)} {}

  template <class Function>
  void execute(Function&& f) const {
    const auto pause = random_->roll();
    asio::post(*pool_, [pause, g = std::forward<Function>(f)]() mutable {
      std::this_thread::sleep_for(pause);
      g();
    });
  }

  asio::execution_context& query(asio::execution::context_t) const noexcept { return *pool_; }
  static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
    return asio::execution::blocking.never;
  }
  friend bool operator==(const delaying_executor& a, const delaying_executor& b) noexcept {
    return a.pool_ == b.pool_ && a.random_ == b.random_;
  }
  friend bool operator!=(const delaying_executor& a, const delaying_executor& b) noexcept { return !(a == b); }

 private:
  class dice {
   public:
    explicit dice(unsigned seed) : engine_{seed} {}
    std::chrono::microseconds roll() {
      const std::lock_guard lock{mutex_};
      return std::chrono::microseconds{engine_() % 1000};
    }

   private:
    std::mutex mutex_;
    std::mt19937 engine_;
  };

  asio::thread_pool* pool_;
  std::shared_ptr<dice> random_;
};

/// Runs the first work items on a context and refuses all later ones with an exception.
class refusing_executor {
 public:
  refusing_executor(asio::io_context& context, int accepted)
      : context_{&context}, accepted_{std::make_shared<int>(accepted)} {}

  template <class Function>
  void execute(Function&& f) const {
    if (--*accepted_ < 0) throw std::runtime_error{"the queue is full"};
    asio::post(*context_, std::forward<Function>(f));
  }

  asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }
  static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
    return asio::execution::blocking.never;
  }
  friend bool operator==(const refusing_executor& a, const refusing_executor& b) noexcept {
    return a.accepted_ == b.accepted_;
  }
  friend bool operator!=(const refusing_executor& a, const refusing_executor& b) noexcept { return !(a == b); }

 private:
  asio::io_context* context_;
  std::shared_ptr<int> accepted_;
};

/// Runs work inside `post`. No executor of Asio does so; the library survives it.
class inline_executor {
 public:
  explicit inline_executor(asio::io_context& context) : context_{&context} {}

  template <class Function>
  void execute(Function&& f) const {
    std::decay_t<Function>{std::forward<Function>(f)}();
  }

  asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }
  static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
    return asio::execution::blocking.never;
  }
  friend bool operator==(const inline_executor& a, const inline_executor& b) noexcept {
    return a.context_ == b.context_;
  }
  friend bool operator!=(const inline_executor& a, const inline_executor& b) noexcept { return !(a == b); }

 private:
  asio::io_context* context_;
};

}  // namespace test
