/// Definitions of `async/job.hpp`.
#pragma once

#include "mrcz/async/job.hpp"

#include <algorithm>

#include "mrcz/core/parallel.hpp"

namespace mrcz::async::inline MRCZ_ASIO::detail {

/// Does one part, then posts itself again.
class divided_work::runner {
 public:
  explicit runner(std::shared_ptr<divided_work> work) : work_{std::move(work)} {}
  runner(runner&&) noexcept = default;
  runner& operator=(runner&&) = delete;
  ~runner() {
    if (work_) work_->stop(workers_are_gone());
  }
  void operator()() {
    const auto work = std::move(work_);
    if (work->run_next()) work->post_runners(1);
  }

 private:
  std::shared_ptr<divided_work> work_;
};

MRCZ_INLINE void divided_work::start() noexcept { post_runners(1); }

MRCZ_INLINE void divided_work::post_runners(std::size_t count) noexcept {
  for (; count > 0; --count) post_reporting(workers_, runner{shared_from_this()});
}

MRCZ_INLINE void divided_work::stop(std::exception_ptr failure) noexcept {
  {
    const std::lock_guard lock{mutex_};
    if (std::exchange(over_, true)) return;
  }
  ended(std::move(failure));
}

/// Begins a stage or does a part. Returns whether there is more to do for the calling runner.
MRCZ_INLINE bool divided_work::run_next() noexcept {
  std::unique_lock lock{mutex_};
  const bool begins = std::exchange(stage_is_over_, false);
  if (over_ || (!begins && next_ == parts_)) return false;
  const std::size_t part = begins ? 0 : next_++;
  ++running_;
  lock.unlock();
  std::size_t parts = 0;
  auto failure = mrcz::detail::thrown_by([&] {
    if (begins) parts = next_stage();
    else do_part(part);
  });
  lock.lock();
  --running_;
  if (begins) {
    parts_ = parts;
    next_ = 0;
  }
  if (failure) {
    next_ = parts_;
    if (!failure_ || part < failed_at_) {
      failed_at_ = part;
      failure_ = std::move(failure);
    }
  }
  if (over_) return false;
  if (next_ < parts_) {
    lock.unlock();
    if (begins) post_runners(thread_count(std::nullopt, parts) - 1);
    return true;
  }
  if (running_ != 0) return false;
  if (!failure_ && parts_ != 0) return stage_is_over_ = true;
  over_ = true;
  failure = std::exchange(failure_, nullptr);
  lock.unlock();
  ended(std::move(failure));
  return false;
}

class job::cancellation {
 public:
  explicit cancellation(std::weak_ptr<divided_work> work) : work_{std::move(work)} {}
  void operator()(asio::cancellation_type /*type*/) const {
    if (const auto work = work_.lock())
      work->stop(mrcz::detail::thrown_by([] { fail_cancelled({}, "the operation was cancelled"); }));
  }

 private:
  std::weak_ptr<divided_work> work_;
};

MRCZ_INLINE void job::start(completion<> who) noexcept {
  who_ = std::move(who);
  auto failure = mrcz::detail::thrown_by([&] {
    if (who_->slot.is_connected()) who_->slot.assign(cancellation{weak_from_this()});
  });
  if (failure) stop(std::move(failure));
  else divided_work::start();
}

MRCZ_INLINE std::size_t job::next_stage() { return std::exchange(prepared_, true) ? 0 : prepare(); }

MRCZ_INLINE void job::ended(std::exception_ptr failure) noexcept {
  const bool failed = failure != nullptr;
  who_(std::move(failure), failed ? nullptr : result());
}

}  // namespace mrcz::async::inline MRCZ_ASIO::detail
