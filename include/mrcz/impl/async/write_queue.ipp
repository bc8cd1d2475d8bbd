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
    else queue->pump();
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
  completion<request> finished;
  std::optional<work> posted;
  std::optional<mrcz::writer> discarded;
  std::list<ordered_window<packed_shared>::place> dropped;

  bool is_empty() const noexcept { return !finished && !posted && !discarded && dropped.empty(); }

  /// Large memory is freed by the workers, and the file is removed on the executor of the disk.
  void carry_out(const asio::any_io_executor& workers, const asio::any_io_executor& disk) noexcept {
    if (finished) {
      auto failure = std::move(finished->failure);
      auto owner = std::move(finished->from.owner);
      const auto result = std::move(finished->result);
      void* const told = failure ? nullptr : result.get();
      finished(std::move(failure), told);
      if (owner) post_reporting(workers, [freed = std::move(owner)] {});
    }
    if (posted) post_reporting(posted->is_for_disk() ? disk : workers, std::move(*posted));
    if (discarded) post_reporting(disk, [out = std::move(*discarded)] {});
    if (!dropped.empty()) post_reporting(workers, [memory = std::move(dropped)] {});
  }
};

/// Counts the calling worker as busy until its destructor. `enter` or `enter_for` has begun the count. A busy worker
/// never calls `pump`: a handler that runs inside it may destroy the writer, which may wait for the busy workers.
class write_queue::busy_worker {
 public:
  explicit busy_worker(write_queue& queue) : queue_{queue} {}
  busy_worker(const busy_worker&) = delete;
  busy_worker& operator=(const busy_worker&) = delete;
  ~busy_worker() {
    const std::lock_guard lock{queue_.mutex_};
    if (--queue_.busy_ == 0) queue_.idle_.notify_all();
  }

 private:
  write_queue& queue_;
};

/// Packs one slice on several workers. The last one also puts it.
class write_queue::shared_packing final : public divided_work {
 public:
  shared_packing(std::shared_ptr<write_queue> queue, appended_slice&& slice)
      : divided_work{queue->workers()}, queue_{std::move(queue)}, slice_{std::move(slice)} {}

 private:
  std::size_t next_stage() override {
    std::size_t parts = 0;
    while_wanted([&] {
      if (!divided_)
        divided_ = steps_of_writing::divide(*queue_->out_, slice_.from.all, slice_.z, std::move(slice_.evaluated));
      parts = divided_->work().next_stage();
      if (parts == 0) queue_->packed(slice_, divided_->finish());
    });
    return parts;
  }

  void do_part(std::size_t part) override {
    while_wanted([&] { divided_->work().do_part(part); });
  }

  void ended(std::exception_ptr failure) noexcept override {
    if (failure) return queue_->fail_at(slice_.index, std::move(failure));
    if (queue_->puts_while_packing_) queue_->put_all();
    queue_->pump();
  }

  /// Does nothing once the file has ended: the slice is then never wanted again.
  template <class Action>
  void while_wanted(Action action) {
    if (!queue_->enter_for(slice_.index)) return;
    const busy_worker here{*queue_};
    with_context(queue_->name_, slice_.index, action);
  }

  std::shared_ptr<write_queue> queue_;
  appended_slice slice_;
  std::unique_ptr<divided_slice> divided_;
};

/// What the cancellation slot of an operation calls.
class write_queue::cancellation {
 public:
  cancellation(std::weak_ptr<write_queue> queue, std::uint64_t number) : queue_{std::move(queue)}, number_{number} {}
  void operator()(asio::cancellation_type type) const {
    if (const auto queue = queue_.lock()) queue->cancel(type, number_);
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

MRCZ_INLINE void write_queue::append(shared_slices from, completion<request> who) noexcept {
  who->what = kind::append;
  who->slices = from.all.extents[0];
  who->from = std::move(from);
  add(std::move(who));
}

MRCZ_INLINE void write_queue::flush(completion<request> who, std::shared_ptr<void> result) noexcept {
  who->what = kind::flush;
  who->result = std::move(result);
  add(std::move(who));
}

MRCZ_INLINE void write_queue::close(completion<request> who) noexcept {
  who->what = kind::close;
  add(std::move(who));
}

MRCZ_INLINE void write_queue::write(shared_slices from, completion<request> who) noexcept {
  who->of_whole_file = true;
  append(std::move(from), std::move(who));
}

MRCZ_INLINE void write_queue::add(completion<request> one) noexcept {
  auto failure = mrcz::detail::thrown_by([&] {
    one->number = next_number_++;
    if (one->slot.is_connected()) one->slot.assign(cancellation{weak_from_this(), one->number});
    const std::lock_guard lock{mutex_};
    if (one->what == kind::append && !ended_ && !has_failed()) {
      const auto format = checked_format(one->from.all);
      if (!format_) format_ = format;
    }
    borrows_ = borrows_ || one->from.borrowed;
    waiting_.push(std::move(one));
  });
  if (failure) {
    const std::lock_guard lock{mutex_};
    if (one->of_whole_file) end();
    finish(std::move(one), std::move(failure));
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

MRCZ_INLINE void write_queue::cancel(asio::cancellation_type type, std::optional<std::uint64_t> number) noexcept {
  {
    const std::lock_guard lock{mutex_};
    cancel_waiting(type, number);
  }
  pump();
}

MRCZ_INLINE void write_queue::abandon() noexcept {
  {
    const std::lock_guard lock{mutex_};
    if (!publishing_) end();
    cancel_waiting(asio::cancellation_type::terminal, std::nullopt);
  }
  pump();
  std::unique_lock lock{mutex_};
  if (borrows_ && !publishing_) idle_.wait(lock, [&] { return busy_ == 0; });
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
      if (waiting_.front().of_whole_file || waiting_.front().admitted > 0) end();
      finish(waiting_.pop(), std::move(failure));
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
      next.finished = finished_.pop();
    } else if (created_ && !ended_ && !flushing_.empty() && window_.begin() >= flushing_.front().end) {
      finish(flushing_.pop(), nullptr);
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
  request& first = waiting_.front();
  switch (first.what) {
    case kind::append: {
      if (first.admitted == first.slices) {
        if (first.of_whole_file) first.what = kind::close;
        else finish(waiting_.pop(), nullptr);
        return true;
      }
      const std::size_t bytes = bytes_at_work(first.from.all, mode_);
      if (!window_.has_room(bytes)) return false;
      const std::size_t index = window_.admit(bytes);
      const std::size_t z = first.admitted++;
      appended_slice slice{first.from, z, index, {}};
      if (first.admitted == first.slices) first.from.owner.reset();
      evaluating_ = is_evaluated_in_turn(slice.from.all, z);
      next.posted.emplace(shared_from_this(), evaluating_ ? work::kind::evaluate : work::kind::pack, std::move(slice));
      return true;
    }
    case kind::flush:
      first.end = window_.end();
      flushing_.push(waiting_.pop());
      return true;
    case kind::close:
      if (publishing_ || !created_ || !window_.empty()) return false;
      publishing_ = true;
      next.posted.emplace(shared_from_this(), work::kind::publish);
      return true;
  }
  return false;
}

/// The first operation is told the failure. The others are told that the writer is closed.
MRCZ_INLINE void write_queue::tell_first() {
  auto& in = flushing_.empty() ? waiting_ : flushing_;
  finish(in.pop(), mrcz::detail::thrown_by([&] { require_open(); }));
}

MRCZ_INLINE void write_queue::finish(completion<request> one, std::exception_ptr failure) noexcept {
  one->failure = std::move(failure);
  finished_.push(std::move(one));
}

MRCZ_INLINE void write_queue::end() noexcept {
  ended_ = true;
  failure_ = nullptr;
  window_.close();
}

// Cancellation

MRCZ_INLINE void write_queue::cancel_waiting(asio::cancellation_type type,
                                             std::optional<std::uint64_t> number) noexcept {
  for (auto* const in : {&flushing_, &waiting_}) {
    auto all = in->take();
    if (in == &waiting_ && publishing_ && !ended_) in->push(all.pop());  // goes on, whatever is asked for
    while (!all.empty()) {
      auto one = all.pop();
      if ((number && one->number != *number) || !may_cancel(*one, type)) {
        in->push(std::move(one));
        continue;
      }
      auto failure = mrcz::detail::thrown_by([&] {
        fail_cancelled(name_, one->admitted == 0
                                  ? "the operation was cancelled before it began"
                                  : text("cancelled behind {} of {} slices", one->admitted, one->slices));
      });
      finish(std::move(one), std::move(failure));
    }
  }
  if (window_.end() == found_ && waiting_.empty()) format_.reset();
}

/// Whether an operation can still be cancelled by this type. Ends the file if that is the effect. If the type asks for
/// several effects, the weakest one counts.
MRCZ_INLINE bool write_queue::may_cancel(const request& one, asio::cancellation_type type) noexcept {
  if (ended_) return true;
  const auto asks_for = [&](asio::cancellation_type what) { return (type & what) != asio::cancellation_type::none; };
  const bool terminal = asks_for(asio::cancellation_type::terminal);
  const bool partial = asks_for(asio::cancellation_type::partial);
  bool ends_file = one.of_whole_file;
  if (!one.of_whole_file && one.what == kind::append && one.admitted > 0) {
    if (one.admitted == one.slices || (!partial && !terminal)) return false;
    ends_file = !partial;
  } else if (!one.of_whole_file && one.what == kind::close) {
    if (!terminal) return false;
    ends_file = !publishing_;  // otherwise it waits behind another close
  }
  if (ends_file) end();
  return true;
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
  {
    const busy_worker here{*this};
    steps_of_writing::create(*out_, *to_create_);
  }
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

/// Whether a slice is in the window that no other slice will soon join.
MRCZ_INLINE bool write_queue::is_one_alone() const noexcept {
  if (window_.size() != 1) return false;
  if (waiting_.empty()) return true;
  const request& first = waiting_.front();
  return first.admitted == first.slices || !window_.has_room(bytes_at_work(first.from.all, mode_));
}

/// A large slice that is alone is packed by all workers. If others follow, each worker packs its own: the parts of one
/// slice would wait behind them, and so would its place in the file.
MRCZ_INLINE void write_queue::pack(appended_slice& slice) {
  if (!enter_for(slice.index)) return;
  bool alone = false;
  {
    const std::lock_guard lock{mutex_};
    alone = is_one_alone();
  }
  {
    const busy_worker here{*this};
    if (!alone || thread_count(std::nullopt) == 1 || !steps_of_writing::may_divide(*out_, slice.from.all)) {
      packed_slice made;
      with_context(name_, slice.index,
                   [&] { made = steps_of_writing::pack(*out_, slice.from.all, slice.z, std::move(slice.evaluated)); });
      packed(slice, std::move(made));
      alone = false;
    }
  }
  if (alone) std::make_shared<shared_packing>(shared_from_this(), std::move(slice))->start();
  else if (puts_while_packing_) put_all();
}

/// Requires that the calling worker is busy.
MRCZ_INLINE void write_queue::packed(appended_slice& slice, packed_slice&& made) {
  packed_shared result{std::move(made), nullptr};
  if (result.slice.is_borrowed()) result.owner = std::move(slice.from.owner);
  slice.from.owner.reset();
  const std::lock_guard lock{mutex_};
  if (!ended_) window_.done(slice.index, std::move(result));
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
    pump();
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
  finish(waiting_.pop(), nullptr);
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
      finish(waiting_.pop(), std::move(failure));
      end();
    } else {
      window_.close();
      failure_ = std::move(failure);
    }
  }
  pump();
}

}  // namespace mrcz::async::inline MRCZ_ASIO::detail
