/// Definitions of `async/read_queue.hpp`.
#pragma once

#include "mrcz/async/read_queue.hpp"

#include <utility>

#include "mrcz/core/parallel.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz::async::inline MRCZ_ASIO::detail {

/// The work of reading one slice. Its destructor reports a failure if the work never runs.
class read_queue::reading {
 public:
  reading(std::shared_ptr<read_queue> queue, std::size_t z) : queue_{std::move(queue)}, z_{z} {}
  reading(reading&&) noexcept = default;
  reading& operator=(reading&&) = delete;
  ~reading() {
    if (queue_) queue_->lose(z_);
  }
  void operator()() {
    const auto queue = std::move(queue_);
    if (queue->is_stopped()) return;
    arrived with;
    with.failure = mrcz::detail::thrown_by([&] { with.slice = queue->read_(*queue->file_, z_); });
    queue->arrive(z_, std::move(with));
  }

 private:
  std::shared_ptr<read_queue> queue_;
  std::size_t z_;
};

class read_queue::cancellation {
 public:
  cancellation(std::weak_ptr<read_queue> queue, std::uint64_t number) : queue_{std::move(queue)}, number_{number} {}
  void operator()(asio::cancellation_type /*type*/) const {
    if (const auto queue = queue_.lock()) queue->cancel_one(number_);
  }

 private:
  std::weak_ptr<read_queue> queue_;
  std::uint64_t number_;
};

MRCZ_INLINE read_queue::read_queue(asio::any_io_executor workers, shared_reader file, resolved_range slices,
                                   const window& ahead, read_function read, std::size_t slice_bytes)
    : workers_{std::move(workers)},
      file_{std::move(file)},
      end_{slices.end()},
      read_{read},
      slice_bytes_{slice_bytes},
      window_{limits_of(ahead), slices.first} {}

MRCZ_INLINE void read_queue::next(completion<taking> who) noexcept {
  auto failure = mrcz::detail::thrown_by([&] {
    const std::lock_guard lock{mutex_};
    who->number = next_number_++;
    if (who->slot.is_connected()) who->slot.assign(cancellation{weak_from_this(), who->number});
  });
  if (failure) return who(std::move(failure));
  {
    const std::lock_guard lock{mutex_};
    begun_ = true;
    waiting_.push(std::move(who));
    if (stopped_) cancel_all();
  }
  pump();
}

MRCZ_INLINE void read_queue::cancel() noexcept {
  {
    const std::lock_guard lock{mutex_};
    cancel_all();
  }
  pump();
}

MRCZ_INLINE void read_queue::stop() noexcept {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    window_.close();
    cancel_all();
  }
  pump();
}

MRCZ_INLINE void read_queue::cancel_all() noexcept {
  while (!waiting_.empty()) cancel(waiting_.pop());
}

MRCZ_INLINE void read_queue::cancel_one(std::uint64_t number) noexcept {
  {
    const std::lock_guard lock{mutex_};
    for (auto all = waiting_.take(); !all.empty();) {
      auto one = all.pop();
      if (one->number == number) cancel(std::move(one));
      else waiting_.push(std::move(one));
    }
  }
  pump();
}

MRCZ_INLINE void read_queue::cancel(completion<taking> one) noexcept {
  one->with.failure = mrcz::detail::thrown_by(
      [&] { fail_cancelled(file_->source().name(), "the operation was cancelled before a slice was there"); });
  finished_.push(std::move(one));
}

MRCZ_INLINE bool read_queue::is_stopped() {
  const std::lock_guard lock{mutex_};
  return stopped_;
}

MRCZ_INLINE void read_queue::arrive(std::size_t z, arrived&& with) noexcept {
  {
    const std::lock_guard lock{mutex_};
    if (!stopped_) window_.done(z, std::move(with));
  }
  pump();
}

/// The executor refused to read a slice, or was destroyed.
MRCZ_INLINE void read_queue::lose(std::size_t z) noexcept {
  {
    const std::lock_guard lock{mutex_};
    workers_gone_ = true;
  }
  arrive(z, {nullptr, workers_are_gone()});
}

MRCZ_INLINE void read_queue::pump() noexcept {
  std::unique_lock lock{mutex_};
  if (std::exchange(pumping_, true)) return;  // that thread looks again before it stops
  for (;;) {
    auto memory = window_.take_dropped();
    completion<taking> done;
    std::optional<std::size_t> admitted;
    auto failure = mrcz::detail::thrown_by([&] {
      if (!waiting_.empty() && (window_.has_next() || window_.begin() == end_)) take_next();
      if (!finished_.empty()) done = finished_.pop();
      else if (begun_ && !stopped_ && window_.end() < end_ && window_.has_room(slice_bytes_))
        admitted = window_.admit(slice_bytes_);
    });
    if (failure && !waiting_.empty()) {  // there is no memory to read ahead
      waiting_.front().with.failure = std::move(failure);
      finished_.push(waiting_.pop());
      continue;
    }
    if (!done && !admitted && memory.empty()) break;
    const bool freed_here = workers_gone_;
    lock.unlock();
    if (done) {
      arrived with = std::move(done->with);
      done(std::move(with.failure), with.slice.get());
    }
    if (admitted) post_reporting(workers_, reading{shared_from_this(), *admitted});
    if (freed_here) memory.clear();
    else if (!memory.empty()) post_reporting(workers_, [dropped = std::move(memory)] {});
    lock.lock();
  }
  pumping_ = false;
}

MRCZ_INLINE void read_queue::take_next() {
  if (window_.has_next()) {
    waiting_.front().with = window_.take();
    window_.release();
  }
  finished_.push(waiting_.pop());
}

}  // namespace mrcz::async::inline MRCZ_ASIO::detail
