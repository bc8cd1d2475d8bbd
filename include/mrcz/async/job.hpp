/// Work that is done once on the workers, as a whole or in parts, while somebody waits for its result.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "mrcz/async/completion.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::async::inline MRCZ_ASIO::detail {

/// Work in stages, each of which has parts. Several workers at a time do the parts of a stage, at most one for each
/// processor. After each part, work that others have posted comes first. After a failure no further part starts, and
/// the failure of the work is that of the lowest part.
class divided_work : public std::enable_shared_from_this<divided_work> {
 public:
  explicit divided_work(asio::any_io_executor workers) : workers_{std::move(workers)} {}
  divided_work(const divided_work&) = delete;
  divided_work& operator=(const divided_work&) = delete;
  virtual ~divided_work() = default;

  MRCZ_INLINE void start() noexcept;

  /// Ends the work at once. No further part starts, but some may still be running.
  MRCZ_INLINE void stop(std::exception_ptr failure) noexcept;

 protected:
  /// Begins the next stage and returns the number of its parts; 0 if there is no stage left. Called when all parts
  /// before are done.
  virtual std::size_t next_stage() = 0;
  virtual void do_part(std::size_t part) = 0;

  /// Called once, with a failure or null.
  virtual void ended(std::exception_ptr failure) noexcept = 0;

 private:
  class runner;

  MRCZ_INLINE void post_runners(std::size_t count) noexcept;
  MRCZ_INLINE bool run_next() noexcept;

  asio::any_io_executor workers_;
  std::mutex mutex_;
  bool stage_is_over_ = true;
  bool over_ = false;
  std::size_t parts_ = 0;  // of this stage
  std::size_t next_ = 0;
  std::size_t running_ = 0;  // parts, or the beginning of a stage
  std::size_t failed_at_ = 0;
  std::exception_ptr failure_;
};

/// Work for an operation. A cancellation of any type completes the operation at once.
class job : public divided_work {
 public:
  using divided_work::divided_work;

  MRCZ_INLINE void start(completion<> who) noexcept;

 protected:
  /// Called once. Returns the number of parts.
  virtual std::size_t prepare() = 0;

  /// Refers to the result, which is moved from. Called when all parts are done.
  virtual void* result() noexcept = 0;

 private:
  class cancellation;

  MRCZ_INLINE std::size_t next_stage() override;
  MRCZ_INLINE void ended(std::exception_ptr failure) noexcept override;

  completion<> who_;  // empty once it is completed
  bool prepared_ = false;
};

/// Makes one thing.
template <class Result>
class making final : public job {
 public:
  making(asio::any_io_executor workers, std::function<Result()> make)
      : job{std::move(workers)}, make_{std::move(make)} {}

 private:
  std::size_t prepare() override {
    made_ = make_();
    return 0;
  }
  void do_part(std::size_t /*part*/) override {}
  void* result() noexcept override { return &made_; }

  std::function<Result()> make_;
  Result made_;
};

/// Initiates a job that `make()` returns. What it throws is the failure of the operation.
template <class Result, class Token, class Make>
auto initiate_job(asio::any_io_executor workers, Token&& token, Make make) {
  auto start = [make = std::move(make)](completion<> who) mutable noexcept {
    std::shared_ptr<job> work;
    auto failure = mrcz::detail::thrown_by([&] { work = make(); });
    if (failure) who(std::move(failure));
    else work->start(std::move(who));
  };
  return initiate<Result>(std::move(workers), std::forward<Token>(token), std::move(start));
}

/// Initiates the making of one thing.
template <class Result, class Token, class Make>
auto initiate_making(asio::any_io_executor workers, Token&& token, Make make) {
  auto make_job = [workers, make = std::move(make)]() mutable {
    return std::make_shared<making<Result>>(checked(std::move(workers)), std::move(make));
  };
  return initiate_job<Result>(workers, std::forward<Token>(token), std::move(make_job));
}

}  // namespace mrcz::async::inline MRCZ_ASIO::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/async/job.ipp"
#endif
