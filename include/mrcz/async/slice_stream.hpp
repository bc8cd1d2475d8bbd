/// The slices of a file one after the other, read ahead on the workers.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include "mrcz/array/array.hpp"
#include "mrcz/async/offload.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/ordered_window.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/reader.hpp"

namespace mrcz::async {

namespace detail {

/// Shared by a `slice_stream` and the work that it has posted. Thread-safe.
template <voxel T>
class read_window : public std::enable_shared_from_this<read_window<T>> {
 public:
  read_window(asio::any_io_executor workers, std::shared_ptr<const mrcz::reader> file, resolved_range slices,
              std::size_t ahead)
      : workers_{std::move(workers)},
        file_{std::move(file)},
        end_{slices.end()},
        window_{{.items = ahead}, slices.first} {}

  /// The coroutine that takes a slice holds a turn. The constructor throws `errc::bad_option` if another coroutine
  /// holds one.
  class turn {
   public:
    explicit turn(std::shared_ptr<read_window> work) : work_{std::move(work)} {
      const std::lock_guard lock{work_->mutex_};
      if (std::exchange(work_->taken_, true))
        fail(errc::bad_option, {.path = work_->file_->source().name(),
                                .found = "two coroutines take slices from one stream at the same time"});
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
      const std::lock_guard lock{work_->mutex_};
      work_->taken_ = false;
    }

   private:
    std::shared_ptr<read_window> work_;
  };

  // Only the coroutine that holds the turn calls `at_end`, `read_ahead`, `arrival` and `take`.

  bool at_end() {
    const std::lock_guard lock{mutex_};
    return window_.begin() == end_;
  }

  /// Posts reads of slices until the window is full or the last slice is posted.
  void read_ahead() {
    std::unique_lock lock{mutex_};
    while (window_.end() < end_ && window_.has_room()) {
      const std::size_t z = window_.admit();
      lock.unlock();
      post_reporting(workers_, reading{this->shared_from_this(), z});
      lock.lock();
    }
  }

  asio::awaitable<void> arrival() {
    auto enlist = [self = this->shared_from_this()](suspended who, asio::cancellation_slot slot) {
      self->enlist(std::move(who), slot);
    };
    return suspend(std::move(enlist));
  }

  /// Takes the next slice, which has arrived. Throws `errc::closed` if the stream ended before the coroutine took the
  /// slice.
  image<T> take() {
    std::unique_lock lock{mutex_};
    if (stopped_) std::rethrow_exception(stream_is_gone());
    outcome arrived = window_.take();
    window_.release();
    lock.unlock();
    if (const auto* const failure = std::get_if<std::exception_ptr>(&arrived)) std::rethrow_exception(*failure);
    return std::get<image<T>>(std::move(arrived));
  }

  /// Ends the stream. Reads that have not started do nothing any more, and a waiting coroutine gets `errc::closed`.
  void stop() {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    window_.close();
    waiting_.resume(stream_is_gone());
  }

 private:
  using outcome = std::variant<image<T>, std::exception_ptr>;

  static std::exception_ptr stream_is_gone() {
    return std::make_exception_ptr(error{make_error_code(errc::closed), "the stream ended while a slice was awaited"});
  }

  class reading {
   public:
    reading(std::shared_ptr<read_window> work, std::size_t z) : work_{std::move(work)}, z_{z} {}
    reading(reading&&) noexcept = default;
    reading& operator=(reading&&) = delete;
    ~reading() {
      if (work_) work_->arrive(z_, workers_are_gone());
    }

    void operator()() {
      const auto work = std::move(work_);
      if (work->is_stopped()) return;
      outcome arrived;
      auto failure = mrcz::detail::thrown_by([&] { arrived = work->file_->template read_slice<T>(z_); });
      if (failure) arrived = std::move(failure);
      work->arrive(z_, std::move(arrived));
    }

   private:
    std::shared_ptr<read_window> work_;
    std::size_t z_;
  };

  bool is_stopped() {
    const std::lock_guard lock{mutex_};
    return stopped_;
  }

  void arrive(std::size_t z, outcome&& arrived) {
    const std::lock_guard lock{mutex_};
    if (stopped_) return;
    window_.done(z, std::move(arrived));
    if (window_.has_next()) waiting_.resume();
  }

  void enlist(suspended who, asio::cancellation_slot slot) {
    const std::lock_guard lock{mutex_};
    if (slot.is_connected())
      slot.assign([self = this->shared_from_this()](asio::cancellation_type) { self->cancel(); });
    waiting_ = std::move(who);
    if (stopped_) waiting_.resume(stream_is_gone());
    else if (window_.has_next()) waiting_.resume();
  }

  void cancel() {
    const std::lock_guard lock{mutex_};
    waiting_.resume(cancelled());
  }

  asio::any_io_executor workers_;
  std::shared_ptr<const mrcz::reader> file_;
  std::size_t end_;
  std::mutex mutex_;
  ordered_window<outcome> window_;  // a failed read is a result too: the stream goes on after it
  suspended waiting_;
  bool taken_ = false;  // a coroutine holds the turn
  bool stopped_ = false;
};

}  // namespace detail

/// `while (auto slice = co_await slices.next())` reads a file of any size in the memory of a few slices.
/// `async::reader::slices` makes it. One coroutine at a time may call `next`. A second one gets `errc::bad_option` from
/// its `co_await`, and the first one goes on. A stream that is destroyed before its end does not wait for the workers,
/// and a coroutine that still waits for a slice gets `errc::closed`. A stream that was moved from also throws
/// `errc::closed`.
template <voxel T>
class slice_stream {
 public:
  slice_stream(asio::any_io_executor workers, std::shared_ptr<const mrcz::reader> file, detail::resolved_range slices,
               std::size_t ahead)
      : work_{std::make_shared<detail::read_window<T>>(std::move(workers), std::move(file), slices, ahead)} {}

  slice_stream(slice_stream&&) noexcept = default;
  slice_stream& operator=(slice_stream&&) = delete;

  ~slice_stream() {
    if (work_) work_->stop();
  }

  /// The next slice, or nothing after the last one. Throws for a damaged slice; the call after that returns the slice
  /// after it. A cancelled call throws `asio::error::operation_aborted`, and the call after that returns the same
  /// slice.
  asio::awaitable<std::optional<image<T>>> next() { return next_of(work_); }

 private:
  static asio::awaitable<std::optional<image<T>>> next_of(std::shared_ptr<detail::read_window<T>> work) {
    if (!work) detail::fail(errc::closed, "the stream has no file: it was moved from");
    const typename detail::read_window<T>::turn mine{work};
    if (work->at_end()) co_return std::nullopt;
    work->read_ahead();
    co_await work->arrival();
    auto slice = work->take();
    work->read_ahead();  // the workers read while the caller uses this slice
    co_return slice;
  }

  std::shared_ptr<detail::read_window<T>> work_;
};

}  // namespace mrcz::async
