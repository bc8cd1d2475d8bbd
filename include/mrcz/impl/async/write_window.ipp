/// Definitions of `async/write_window.hpp`.
#pragma once

#include "mrcz/async/write_window.hpp"

#include <algorithm>
#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/mode.hpp"

namespace mrcz::async::detail {

/// Counts the calling worker as busy until its destructor. `enter` or `enter_for` has begun the count.
class write_window::busy_worker {
 public:
  explicit busy_worker(write_window& work) : work_{work} {}
  busy_worker(const busy_worker&) = delete;
  busy_worker& operator=(const busy_worker&) = delete;
  ~busy_worker() {
    dropped_file dropped;
    const std::lock_guard lock{work_.mutex_};
    if (--work_.busy_ == 0) work_.idle_.notify_all();
    work_.drop_if_idle(dropped);
  }

 private:
  write_window& work_;
};

/// The work of packing one slice, in the queue of the workers.
class write_window::packing {
 public:
  packing(std::shared_ptr<write_window> work, appended_slice&& slice)
      : work_{std::move(work)}, slice_{std::move(slice)} {}
  packing(packing&&) noexcept = default;
  packing& operator=(packing&&) = delete;
  ~packing() {
    if (work_) work_->fail_at(slice_.index, workers_are_gone());
  }

  void operator()() {
    const auto work = std::move(work_);
    auto failure = mrcz::detail::thrown_by([&] { work->pack_and_put(std::move(slice_)); });
    if (failure) work->fail_at(slice_.index, std::move(failure));  // moved, so that this thread no longer refers to it
  }

 private:
  std::shared_ptr<write_window> work_;
  appended_slice slice_;
};

/// The function that `change` passes to `suspend`. It is a class with a name because g++ 12 warns about lambdas in
/// coroutines that are not inline.
class write_window::enlisting {
 public:
  enlisting(std::shared_ptr<write_window> work, std::optional<std::size_t> room)
      : work_{std::move(work)}, room_{room} {}
  void operator()(suspended who, asio::cancellation_slot slot) const { work_->enlist(room_, std::move(who), slot); }

 private:
  std::shared_ptr<write_window> work_;
  std::optional<std::size_t> room_;
};

MRCZ_INLINE write_window::write_window(asio::any_io_executor workers, mrcz::writer out, window limits)
    : workers_{checked(std::move(workers))},
      out_{std::move(out)},
      name_{out_->name()},
      mode_{out_->options().mode},
      parallel_evaluation_{out_->options().parallel_evaluation},
      found_{out_->size()},
      window_{{.items = limits.slices.value_or(thread_count(std::nullopt) + 2),
               .bytes = limits.bytes.value_or(std::size_t{1} << 30U)},
              found_} {
  check(limits);
  if (!out_->is_open()) fail(errc::closed, {.path = name_, .found = "writer is closed, or failed before"});
}

MRCZ_INLINE write_window::turn::turn(std::shared_ptr<write_window> work) : work_{std::move(work)} {
  const std::lock_guard lock{work_->mutex_};
  if (std::exchange(work_->taken_, true))
    fail(errc::bad_option,
         {.path = work_->name_, .found = "two coroutines append to one writer, or close it, at the same time"});
}

MRCZ_INLINE write_window::turn::~turn() {
  const std::lock_guard lock{work_->mutex_};
  work_->taken_ = false;
}

// Called by the coroutine

MRCZ_INLINE header_fields& write_window::header() {
  const std::lock_guard lock{mutex_};
  require_open();
  if (window_.end() != found_)
    fail(errc::closed, {.path = name_, .found = "the header cannot change once slices have been appended"});
  return out_->header();
}

MRCZ_INLINE void write_window::require_slices(const slices& all) {
  const std::lock_guard lock{mutex_};
  require_open();
  with_context(name_, [&] {
    mrcz::detail::require_array(all);
    if (all.extents[0] * all.extents[1] * all.extents[2] == 0)
      fail(errc::shape_mismatch, "array has the shape {}, so there is nothing to write", to_string(all.extents));
  });
}

MRCZ_INLINE std::optional<std::size_t> write_window::admit(std::size_t bytes) {
  const std::lock_guard lock{mutex_};
  require_open();
  return window_.has_room(bytes) ? std::optional{window_.admit(bytes)} : std::nullopt;
}

MRCZ_INLINE bool write_window::drained() {
  const std::lock_guard lock{mutex_};
  require_open();
  return window_.empty();
}

MRCZ_INLINE asio::awaitable<void> write_window::change(std::optional<std::size_t> room) {
  return suspend(enlisting{shared_from_this(), room});
}

MRCZ_INLINE bool write_window::is_evaluated_in_turn(const slices& all, std::size_t z) const noexcept {
  if (all.in_place != nullptr) return false;
  const bool in_parallel = all.in_parallel || parallel_evaluation_;
  return !in_parallel || (z == 0 && all.extents[0] > 1);
}

MRCZ_INLINE void write_window::pack(appended_slice&& slice) {
  post_reporting(workers_, packing{shared_from_this(), std::move(slice)});
}

MRCZ_INLINE void write_window::borrow() {
  const std::lock_guard lock{mutex_};
  borrows_ = true;
}

MRCZ_INLINE void write_window::abandon() {
  dropped_file dropped;
  std::unique_lock lock{mutex_};
  if (publishing_) return;
  end(dropped);
  if (borrows_) idle_.wait(lock, [&] { return busy_ == 0; });
}

MRCZ_INLINE std::size_t write_window::size() const {
  const std::lock_guard lock{mutex_};
  return window_.begin();
}

MRCZ_INLINE std::filesystem::path write_window::partial_path() const {
  const std::lock_guard lock{mutex_};
  return partial_path_;
}

// Called by the workers

MRCZ_INLINE void write_window::enter() {
  const std::lock_guard lock{mutex_};
  require_open();
  ++busy_;
}

MRCZ_INLINE bool write_window::enter_for(std::size_t index) {
  const std::lock_guard lock{mutex_};
  if (ended_ || !window_.is_wanted(index)) return false;
  ++busy_;
  return true;
}

MRCZ_INLINE void write_window::evaluate(appended_slice& slice) {
  enter();
  const busy_worker here{*this};
  with_context(name_, slice.index, [&] { slice.evaluated = out_->evaluate(slice.from.all, slice.z); });
}

/// The worker that fills a gap also puts the slices that were waiting after the gap. The other workers go on packing.
MRCZ_INLINE void write_window::pack_and_put(appended_slice slice) {
  if (!enter_for(slice.index)) return;
  const busy_worker here{*this};
  packed_shared packed{
      with_context(name_, slice.index, [&] { return out_->pack(slice.from.all, slice.z, std::move(slice.evaluated)); }),
      nullptr};
  auto owner = std::move(slice.from.owner);
  if (packed.slice.is_borrowed()) packed.owner = std::move(owner);
  owner.reset();
  std::unique_lock lock{mutex_};
  if (!ended_) window_.done(slice.index, std::move(packed));
  while (!ended_ && window_.has_next()) {
    packed_shared next = window_.take();
    lock.unlock();
    auto failure = mrcz::detail::thrown_by([&] { out_->put(std::move(next.slice)); });
    next.owner.reset();
    lock.lock();
    if (partial_path_.empty() && out_) partial_path_ = out_->partial_path();
    if (failure) window_.release(std::move(failure));
    else window_.release();
    resume_if_over();
  }
}

MRCZ_INLINE void write_window::publish() {
  {
    const std::lock_guard lock{mutex_};
    require_open();
    ended_ = true;
    publishing_ = true;
    ++busy_;
  }
  const busy_worker here{*this};
  out_->close();
  const std::lock_guard lock{mutex_};
  partial_path_.clear();
}

// Failing, ending, waiting

MRCZ_INLINE void write_window::fail_at(std::size_t index, std::exception_ptr failure) {
  dropped_file dropped;
  const std::lock_guard lock{mutex_};
  if (ended_) return;
  window_.done(index, std::move(failure));
  resume_if_over();
  drop_if_idle(dropped);
}

/// Throws a failure once, and `errc::closed` from then on.
MRCZ_INLINE void write_window::require_open() {
  if (ended_) fail(errc::closed, {.path = name_, .found = "writer is closed, or failed before"});
  if (!window_.failure_is_next()) return;
  ended_ = true;
  std::rethrow_exception(window_.take_failure());
}

MRCZ_INLINE void write_window::end(dropped_file& dropped) {
  if (ended_) return;
  ended_ = true;
  window_.close();
  resume_if_over();
  drop_if_idle(dropped);
}

MRCZ_INLINE void write_window::drop_if_idle(dropped_file& dropped) {
  if (!out_ || busy_ != 0 || !(ended_ || window_.failure_is_next())) return;
  dropped.emplace(std::move(*out_));
  out_.reset();
}

MRCZ_INLINE void write_window::enlist(std::optional<std::size_t> room, suspended who, asio::cancellation_slot slot) {
  const std::lock_guard lock{mutex_};
  if (slot.is_connected()) slot.assign([self = shared_from_this()](asio::cancellation_type) { self->cancel(); });
  waiting_ = std::move(who);
  room_ = room;
  resume_if_over();
}

MRCZ_INLINE void write_window::resume_if_over() {
  const bool over = room_ ? window_.has_room(*room_) : window_.empty();
  if (ended_ || window_.failure_is_next() || over) waiting_.resume();
}

MRCZ_INLINE void write_window::cancel() {
  dropped_file dropped;
  const std::lock_guard lock{mutex_};
  if (!waiting_) return;  // it is resumed already
  waiting_.resume(cancelled());
  end(dropped);
}

}  // namespace mrcz::async::detail
