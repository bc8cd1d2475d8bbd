/// Definitions of `async/job.hpp`.
#pragma once

#include "mrcz/async/job.hpp"

#include <algorithm>

#include "mrcz/core/parallel.hpp"

namespace mrcz::async::inline MRCZ_ASIO::detail {

/// Does one part, then posts itself again.
class job::runner {
 public:
  explicit runner(std::shared_ptr<job> work) : work_{std::move(work)} {}
  runner(runner&&) noexcept = default;
  runner& operator=(runner&&) = delete;
  ~runner() {
    if (work_) work_->end_early(workers_are_gone());
  }
  void operator()() {
    const auto work = std::move(work_);
    if (work->run_next()) work->post_runners(1);
  }

 private:
  std::shared_ptr<job> work_;
};

class job::cancellation {
 public:
  explicit cancellation(std::weak_ptr<job> work) : work_{std::move(work)} {}
  void operator()(asio::cancellation_type /*type*/) const {
    if (const auto work = work_.lock())
      work->end_early(mrcz::detail::thrown_by([] { fail_cancelled({}, "the operation was cancelled"); }));
  }

 private:
  std::weak_ptr<job> work_;
};

MRCZ_INLINE void job::start(completion<> who) noexcept {
  auto failure = mrcz::detail::thrown_by([&] {
    if (who->slot.is_connected()) who->slot.assign(cancellation{weak_from_this()});
  });
  if (failure) return who(std::move(failure));
  who_ = std::move(who);
  post_runners(1);
}

MRCZ_INLINE void job::post_runners(std::size_t count) noexcept {
  for (; count > 0; --count) post_reporting(workers_, runner{shared_from_this()});
}

/// Returns whether there is more to do for the calling runner.
MRCZ_INLINE bool job::run_next() noexcept {
  std::size_t part = 0;
  {
    const std::lock_guard lock{mutex_};
    if (next_ == parts_) return false;
    part = next_++;
    ++running_;
  }
  std::size_t parts = 0;
  auto failure = mrcz::detail::thrown_by([&] {
    if (part == 0) parts = prepare();
    else do_part(part - 1);
  });
  if (part == 0 && !failure && parts > 0) {
    {
      const std::lock_guard lock{mutex_};
      if (who_) parts_ += parts;
      next_ = who_ ? 1 : parts_;
    }
    post_runners(thread_count(std::nullopt, parts) - 1);
  }
  end(part, std::move(failure));
  const std::lock_guard lock{mutex_};
  return next_ != parts_;
}

MRCZ_INLINE void job::end(std::size_t part, std::exception_ptr failure) noexcept {
  completion<> who;
  {
    const std::lock_guard lock{mutex_};
    --running_;
    if (failure) next_ = parts_;
    if (failure && (!failure_ || part < failed_at_)) {
      failed_at_ = part;
      failure_ = std::move(failure);
    }
    if (next_ != parts_ || running_ != 0) return;
    who = std::move(who_);
    failure = std::exchange(failure_, nullptr);
  }
  const bool failed = failure != nullptr;
  who(std::move(failure), failed ? nullptr : result());
}

MRCZ_INLINE void job::end_early(std::exception_ptr failure) noexcept {
  completion<> who;
  {
    const std::lock_guard lock{mutex_};
    next_ = parts_;
    who = std::move(who_);
  }
  who(std::move(failure));
}

}  // namespace mrcz::async::inline MRCZ_ASIO::detail
