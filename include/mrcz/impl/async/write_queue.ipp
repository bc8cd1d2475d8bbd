/// Definitions of `async/write_queue.hpp`.
#pragma once

#include "mrcz/async/write_queue.hpp"

#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/shape.hpp"

namespace mrcz::async::inline MRCZ_ASIO::detail {

/// Work in the queue of an executor. Its destructor reports a failure if the work never runs.
class write_queue::work {
 public:
  enum class kind : std::uint8_t { create, evaluate, pack, put, publish };

  work(std::shared_ptr<write_queue> queue, kind what, appended_slice&& slice = {})
      : queue_{std::move(queue)}, what_{what}, slice_{std::move(slice)} {}
  work(work&&) noexcept = default;
  work& operator=(work&&) = delete;
  ~work() {
    if (queue_) report(*queue_, workers_are_gone());
  }

  bool is_for_disk() const noexcept { return what_ != kind::evaluate && what_ != kind::pack; }

  void operator()() {
    const auto queue = std::move(queue_);
    auto failure = mrcz::detail::thrown_by([&] { run(*queue); });
    if (failure) report(*queue, std::move(failure));  // moved, so that this thread no longer refers to it
  }

 private:
  void run(write_queue& queue) {
    switch (what_) {
      case kind::create: return queue.create_file();
      case kind::evaluate: return queue.evaluate(slice_);
      case kind::pack: return queue.pack(slice_);
      case kind::put: return queue.put_all();
      case kind::publish: return queue.publish();
    }
  }

  void report(write_queue& queue, std::exception_ptr failure) noexcept {
    if (what_ == kind::evaluate || what_ == kind::pack) {
      slice_.from.owner.reset();
      queue.fail_at(slice_.index, std::move(failure));
    } else {
      queue.fail_file(std::move(failure));
    }
  }

  std::shared_ptr<write_queue> queue_;
  kind what_;
  appended_slice slice_;
};

/// What `pump` does next.
struct write_queue::step {
  operations finished;
  std::optional<work> posted;
  std::optional<mrcz::writer> discarded;
  std::list<ordered_window<packed_shared>::place> dropped;

  bool is_empty() const noexcept { return finished.empty() && !posted && !discarded && dropped.empty(); }

  /// Large memory is freed by the workers, and the file is removed on the executor of the disk.
  void carry_out(const asio::any_io_executor& workers, const asio::any_io_executor& disk) noexcept {
    for (auto& one : finished) {
      void* const result = one.failure ? nullptr : one.result.get();
      one.who(std::move(one.failure), result);
      if (one.from.owner) post_reporting(workers, [owner = std::move(one.from.owner)] {});
    }
    finished.clear();  // here, because a result may be a writer, which locks its queue
    if (posted) post_reporting(posted->is_for_disk() ? disk : workers, std::move(*posted));
    if (discarded) post_reporting(disk, [out = std::move(*discarded)] {});
    if (!dropped.empty()) post_reporting(workers, [memory = std::move(dropped)] {});
  }
};

/// Counts the calling worker as busy until its destructor. `enter` or `enter_for` has begun the count.
class write_queue::busy_worker {
 public:
  explicit busy_worker(write_queue& queue) : queue_{queue} {}
  busy_worker(const busy_worker&) = delete;
  busy_worker& operator=(const busy_worker&) = delete;
  ~busy_worker() {
    {
      const std::lock_guard lock{queue_.mutex_};
      if (--queue_.busy_ == 0) queue_.idle_.notify_all();
    }
    queue_.pump();
  }

 private:
  write_queue& queue_;
};

/// What the cancellation slot of an operation calls.
class write_queue::cancellation {
 public:
  cancellation(std::weak_ptr<write_queue> queue, std::uint64_t number) : queue_{std::move(queue)}, number_{number} {}
  void operator()(asio::cancellation_type type) const {
    if (const auto queue = queue_.lock()) queue->cancel_one(number_, type);
  }

 private:
  std::weak_ptr<write_queue> queue_;
  std::uint64_t number_;
};

MRCZ_INLINE write_queue::write_queue(asio::any_io_executor workers, mrcz::writer out, const window& wanted,
                                     std::optional<std::filesystem::path> to_create)
    : workers_{checked(std::move(workers))},
      disk_{wanted.disk != nullptr ? checked(*wanted.disk) : workers_},
      puts_while_packing_{wanted.disk == nullptr},
      name_{out.name()},
      parallel_evaluation_{out.options().parallel_evaluation},
      mode_{out.options().mode},
      out_{std::move(out)},
      to_create_{std::move(to_create)},
      window_{limits_of(wanted), out_->size()},
      found_{out_->size()},
      created_{!to_create_} {
  if (created_ && !out_->is_open()) fail(errc::closed, {.path = name_, .found = "writer is closed, or failed before"});
}

// Initiating operations

MRCZ_INLINE header_fields& write_queue::header() {
  const std::lock_guard lock{mutex_};
  require_open();
  if (window_.end() != found_ || !waiting_.empty())
    fail(errc::closed, {.path = name_, .found = "the header cannot change once slices have been appended"});
  return out_->header();
}

MRCZ_INLINE void write_queue::append(shared_slices from, completion who) noexcept {
  auto one = make(kind::append, who);
  if (one.empty()) return;
  one.front().slices = from.all.extents[0];
  one.front().from = std::move(from);
  add(std::move(one));
}

MRCZ_INLINE void write_queue::flush(completion who, std::shared_ptr<void> result) noexcept {
  auto one = make(kind::flush, who);
  if (one.empty()) return;
  one.front().result = std::move(result);
  add(std::move(one));
}

MRCZ_INLINE void write_queue::close(completion who, bool of_whole_file) noexcept {
  auto one = make(kind::close, who);
  if (one.empty()) return;
  one.front().of_whole_file = of_whole_file;
  add(std::move(one));
}

/// Without memory for the operation it completes at once, and the result is empty.
MRCZ_INLINE write_queue::operations write_queue::make(kind what, completion& who) noexcept {
  operations one;
  try {
    one.emplace_back();
  } catch (...) {
    if (who) who(std::current_exception());
    else fail_file(std::current_exception());
    return one;
  }
  one.front().what = what;
  one.front().who = std::move(who);
  one.front().number = next_number_++;
  return one;
}

MRCZ_INLINE void write_queue::add(operations one) noexcept {
  const auto which = one.begin();
  auto failure = mrcz::detail::thrown_by([&] {
    if (which->who && which->who.slot().is_connected())
      which->who.slot().assign(cancellation{weak_from_this(), which->number});
    const std::lock_guard lock{mutex_};
    if (which->what == kind::append && !ended_ && !has_failed()) {
      const auto format = checked_format(which->from.all);
      if (!format_) format_ = format;
    }
    borrows_ = borrows_ || which->from.borrowed;
    waiting_.splice(waiting_.end(), one);
  });
  if (failure) {
    const std::lock_guard lock{mutex_};
    finish(one, which, std::move(failure));
  }
  pump();
}

MRCZ_INLINE std::optional<std::size_t> write_queue::reserve(const slices& like) {
  const std::lock_guard lock{mutex_};
  require_open();
  const auto format = checked_format(like);
  const std::size_t bytes = bytes_at_work(like, mode_);
  const bool in_turn = is_evaluated_in_turn(like, 0);
  if (!waiting_.empty() || evaluating_ || !window_.has_room(bytes)) return std::nullopt;
  const std::size_t index = window_.admit(bytes);
  if (!format_) format_ = format;
  evaluating_ = in_turn;
  return index;
}

MRCZ_INLINE void write_queue::fill(std::size_t index, shared_slices from) noexcept {
  const bool in_turn = is_evaluated_in_turn(from.all, 0);
  post_reporting(workers_, work{shared_from_this(), in_turn ? work::kind::evaluate : work::kind::pack,
                                appended_slice{std::move(from), 0, index, {}}});
}

MRCZ_INLINE void write_queue::cancel(asio::cancellation_type type) noexcept {
  {
    const std::lock_guard lock{mutex_};
    cancel_all(type);
  }
  pump();
}

MRCZ_INLINE void write_queue::abandon() noexcept {
  {
    const std::lock_guard lock{mutex_};
    if (publishing_) return;
    end();
    cancel_all(asio::cancellation_type::terminal);
  }
  pump();
  std::unique_lock lock{mutex_};
  if (borrows_) idle_.wait(lock, [&] { return busy_ == 0; });
}

MRCZ_INLINE std::size_t write_queue::size() const {
  const std::lock_guard lock{mutex_};
  return window_.begin();
}

MRCZ_INLINE window_content write_queue::in_window() const {
  const std::lock_guard lock{mutex_};
  return {window_.size(), window_.bytes()};
}

MRCZ_INLINE std::filesystem::path write_queue::partial_path() const {
  const std::lock_guard lock{mutex_};
  return partial_path_;
}

// What is wrong

/// Whether there is a failure that nobody has been told, and nothing before it is left to do.
MRCZ_INLINE bool write_queue::has_failed() const noexcept { return failure_ || window_.failure_is_next(); }

/// Throws a failure once, and `errc::closed` from then on.
MRCZ_INLINE void write_queue::require_open() {
  if (ended_) fail(errc::closed, {.path = name_, .found = "writer is closed, or failed before"});
  if (!has_failed()) return;
  ended_ = true;
  std::rethrow_exception(failure_ ? std::exchange(failure_, nullptr) : window_.take_failure());
}

/// How these slices will be stored. Throws if they cannot follow the slices before them.
MRCZ_INLINE slice_format write_queue::checked_format(const slices& all) const {
  return with_context(name_, [&] {
    mrcz::detail::require_array(all);
    if (all.extents[0] * all.extents[1] * all.extents[2] == 0)
      fail(errc::shape_mismatch, "array has the shape {}, so there is nothing to write", to_string(all.extents));
    const auto format = steps_of_writing::format_of(*out_, all);
    const auto& before = format_ ? format_ : steps_of_writing::format_in_file(*out_);
    if (before) require_same_format(*before, format);
    return format;
  });
}

/// Whether slice z must be evaluated before any later slice. Slices of an expression that keeps state are evaluated in
/// order, and the first slice of any expression fills its caches.
MRCZ_INLINE bool write_queue::is_evaluated_in_turn(const slices& all, std::size_t z) const noexcept {
  if (all.in_place != nullptr) return false;
  const bool in_parallel = all.in_parallel || parallel_evaluation_;
  return !in_parallel || (z == 0 && all.extents[0] > 1);
}

// What is done next

MRCZ_INLINE void write_queue::pump() noexcept {
  std::unique_lock lock{mutex_};
  if (std::exchange(pumping_, true)) return;  // that thread looks again before it stops
  for (;;) {
    step next;
    auto failure = mrcz::detail::thrown_by([&] { find_next(next); });
    if (failure) {  // there is no memory to admit a slice of the first operation
      if (waiting_.front().who && waiting_.front().admitted > 0) end();
      finish(waiting_, waiting_.begin(), std::move(failure));
    } else if (next.is_empty()) {
      break;
    }
    lock.unlock();
    next.carry_out(workers_, disk_);
    lock.lock();
  }
  pumping_ = false;
}

MRCZ_INLINE void write_queue::find_next(step& next) {
  while (next.is_empty()) {
    next.dropped = window_.take_dropped();
    const bool over = ended_ || has_failed();
    if (borrows_ && ended_ && busy_ > 0) break;
    if (!finished_.empty()) {
      next.finished.splice(next.finished.end(), finished_, finished_.begin());
    } else if (created_ && !ended_ && !flushing_.empty() && window_.begin() >= flushing_.front().end) {
      finish(flushing_, flushing_.begin(), nullptr);
    } else if (over && !(flushing_.empty() && waiting_.empty()) && !(publishing_ && !ended_)) {
      tell_first();
    } else if (over && out_ && busy_ == 0) {
      next.discarded.emplace(std::move(*out_));
      out_.reset();
    } else if (over || !(serve_file(next) || serve_first(next))) {
      break;
    }
  }
}

/// Creates the file, or writes the next packed slice. Returns false if neither can be done at the moment.
MRCZ_INLINE bool write_queue::serve_file(step& next) {
  if (!created_ && !std::exchange(creating_, true)) {
    next.posted.emplace(shared_from_this(), work::kind::create);
    return true;
  }
  if (!created_ || puts_while_packing_ || putting_ || !window_.has_next()) return false;
  putting_ = true;
  next.posted.emplace(shared_from_this(), work::kind::put);
  return true;
}

/// Does what the first operation needs. Returns false if that is nothing at the moment.
MRCZ_INLINE bool write_queue::serve_first(step& next) {
  if (waiting_.empty() || evaluating_) return false;
  const auto first = waiting_.begin();
  switch (first->what) {
    case kind::append: {
      if (first->admitted == first->slices) {
        finish(waiting_, first, nullptr);
        return true;
      }
      const std::size_t bytes = bytes_at_work(first->from.all, mode_);
      if (!window_.has_room(bytes)) return false;
      const std::size_t index = window_.admit(bytes);
      const std::size_t z = first->admitted++;
      appended_slice slice{first->from, z, index, {}};
      if (first->admitted == first->slices) first->from.owner.reset();
      evaluating_ = is_evaluated_in_turn(slice.from.all, z);
      next.posted.emplace(shared_from_this(), evaluating_ ? work::kind::evaluate : work::kind::pack, std::move(slice));
      return true;
    }
    case kind::flush:
      first->end = window_.end();
      flushing_.splice(flushing_.end(), waiting_, first);
      return true;
    case kind::close:
      if (publishing_ || !created_ || !window_.empty()) return false;
      publishing_ = true;
      next.posted.emplace(shared_from_this(), work::kind::publish);
      return true;
  }
  return false;
}

/// The first operation that can be told a failure is told it. The others are told that the writer is closed.
MRCZ_INLINE void write_queue::tell_first() {
  auto& in = flushing_.empty() ? waiting_ : flushing_;
  std::exception_ptr failure;
  if (in.front().who) failure = mrcz::detail::thrown_by([&] { require_open(); });
  finish(in, in.begin(), std::move(failure));
}

/// A failure of an operation for which nobody waits is the failure of the file.
MRCZ_INLINE void write_queue::finish(operations& in, operations::iterator which, std::exception_ptr failure) noexcept {
  if (failure && !which->who && !ended_) {
    end();
    ended_ = false;
    failure_ = failure;
  }
  which->failure = std::move(failure);
  finished_.splice(finished_.end(), in, which);
}

MRCZ_INLINE void write_queue::end() noexcept {
  ended_ = true;
  failure_ = nullptr;
  window_.close();
}

// Cancellation

MRCZ_INLINE void write_queue::cancel_all(asio::cancellation_type type) noexcept {
  for (auto* const in : {&flushing_, &waiting_})
    for (auto next = in->begin(); next != in->end();) {
      const auto which = next++;
      cancel(*in, which, type);
    }
}

MRCZ_INLINE void write_queue::cancel_one(std::uint64_t number, asio::cancellation_type type) noexcept {
  {
    const std::lock_guard lock{mutex_};
    for (auto* const in : {&flushing_, &waiting_})
      for (auto which = in->begin(); which != in->end(); ++which)
        if (which->number == number) {
          cancel(*in, which, type);
          break;
        }
  }
  pump();
}

/// Has the weakest effect that the type asks for and that is still possible.
MRCZ_INLINE void write_queue::cancel(operations& in, operations::iterator which,
                                     asio::cancellation_type type) noexcept {
  const auto asks_for = [&](asio::cancellation_type one) { return (type & one) != asio::cancellation_type::none; };
  const bool terminal = asks_for(asio::cancellation_type::terminal);
  std::size_t admitted = 0;
  if (which->what == kind::append) {
    admitted = which->admitted;
    const bool partial = asks_for(asio::cancellation_type::partial);
    if (admitted == which->slices || (admitted > 0 && !partial && !terminal)) return;
    if (admitted > 0 && !partial) end();
  } else if (which->what == kind::close) {
    if (publishing_ || !(terminal || which->of_whole_file)) return;
    end();
  }
  const std::size_t slices = which->slices;
  finish(in, which, mrcz::detail::thrown_by([&] {
           fail_cancelled(name_, admitted == 0 ? "the operation was cancelled before it began"
                                               : text("append was cancelled behind {} of {} slices", admitted, slices));
         }));
  if (window_.end() == found_ && waiting_.empty()) format_.reset();
}

// On the workers, or on the executor of the disk

MRCZ_INLINE bool write_queue::enter() noexcept {
  const std::lock_guard lock{mutex_};
  if (ended_ || has_failed()) return false;
  ++busy_;
  return true;
}

MRCZ_INLINE bool write_queue::enter_for(std::size_t index) noexcept {
  const std::lock_guard lock{mutex_};
  if (ended_ || !window_.is_wanted(index)) return false;
  ++busy_;
  return true;
}

MRCZ_INLINE void write_queue::create_file() {
  if (!enter()) return;
  const busy_worker here{*this};
  steps_of_writing::create(*out_, *to_create_);
  {
    const std::lock_guard lock{mutex_};
    created_ = true;
  }
  put_all();  // slices may have been packed in the meantime
}

MRCZ_INLINE void write_queue::evaluate(appended_slice& slice) {
  auto failure = mrcz::detail::thrown_by([&] {
    if (!enter_for(slice.index)) return;
    const busy_worker here{*this};
    with_context(name_, slice.index,
                 [&] { slice.evaluated = steps_of_writing::evaluate(*out_, slice.from.all, slice.z); });
  });
  {
    const std::lock_guard lock{mutex_};
    evaluating_ = false;
  }
  if (failure) std::rethrow_exception(std::move(failure));
  pump();
  pack(slice);
}

MRCZ_INLINE void write_queue::pack(appended_slice& slice) {
  if (!enter_for(slice.index)) return;
  const busy_worker here{*this};
  std::size_t in_window = 0;
  {
    const std::lock_guard lock{mutex_};
    in_window = window_.size();
  }
  const std::size_t idle = in_window == 1 ? thread_count(std::nullopt) - 1 : 0;
  packed_shared packed;
  with_context(name_, slice.index, [&] {
    packed.slice = steps_of_writing::pack(*out_, slice.from.all, slice.z, std::move(slice.evaluated), idle);
  });
  if (packed.slice.is_borrowed()) packed.owner = std::move(slice.from.owner);
  slice.from.owner.reset();
  {
    const std::lock_guard lock{mutex_};
    if (!ended_) window_.done(slice.index, std::move(packed));
  }
  if (puts_while_packing_) put_all();
}

/// The worker that fills a gap also puts the slices that were waiting after the gap. The other workers go on packing.
MRCZ_INLINE void write_queue::put_all() {
  std::unique_lock lock{mutex_};
  while (created_ && !ended_ && window_.has_next()) {
    packed_shared next = window_.take();
    ++busy_;
    lock.unlock();
    {
      const busy_worker here{*this};
      auto failure = mrcz::detail::thrown_by([&] { out_->put(std::move(next.slice)); });
      next = {};
      lock.lock();
      if (partial_path_.empty()) partial_path_ = out_->partial_path();
      if (failure) window_.release(std::move(failure));
      else window_.release();
      lock.unlock();
    }
    lock.lock();
  }
  putting_ = false;
}

MRCZ_INLINE void write_queue::publish() {
  if (!enter()) return;
  const busy_worker here{*this};
  out_->close();
  const std::lock_guard lock{mutex_};
  partial_path_.clear();
  finish(waiting_, waiting_.begin(), nullptr);
  end();
}

MRCZ_INLINE void write_queue::fail_at(std::size_t index, std::exception_ptr failure) noexcept {
  {
    const std::lock_guard lock{mutex_};
    evaluating_ = false;
    if (!ended_) window_.done(index, std::move(failure));
  }
  pump();
}

/// The file could not be created, written or published.
MRCZ_INLINE void write_queue::fail_file(std::exception_ptr failure) noexcept {
  {
    const std::lock_guard lock{mutex_};
    if (ended_) return;
    if (publishing_) {
      finish(waiting_, waiting_.begin(), std::move(failure));
      end();
    } else {
      window_.close();
      failure_ = std::move(failure);
    }
  }
  pump();
}

}  // namespace mrcz::async::inline MRCZ_ASIO::detail
