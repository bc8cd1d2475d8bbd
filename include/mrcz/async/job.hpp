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

/// The work, and the operation that waits for it. The parts are done by several workers at a time, at most one for each
/// processor. After each part, work that others have posted comes first. After a failure no further part starts, and
/// the operation fails with that of the lowest part. A cancellation of any type completes the operation at once.
class job : public std::enable_shared_from_this<job> {
 public:
  explicit job(asio::any_io_executor workers) : workers_{std::move(workers)} {}
  job(const job&) = delete;
  job& operator=(const job&) = delete;
  virtual ~job() = default;

  MRCZ_INLINE void start(completion<> who) noexcept;

 protected:
  /// Called once. Returns the number of parts.
  virtual std::size_t prepare() = 0;
  virtual void do_part(std::size_t part) = 0;

  /// Refers to the result, which is moved from. Called when all parts are done.
  virtual void* result() noexcept = 0;

 private:
  class runner;
  class cancellation;

  MRCZ_INLINE void post_runners(std::size_t count) noexcept;
  MRCZ_INLINE bool run_next() noexcept;
  MRCZ_INLINE void end(std::size_t part, std::exception_ptr failure) noexcept;
  MRCZ_INLINE void end_early(std::exception_ptr failure) noexcept;

  asio::any_io_executor workers_;
  std::mutex mutex_;
  completion<> who_;       // empty once it is completed
  std::size_t parts_ = 1;  // of which `prepare` is the first
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::size_t failed_at_ = 0;
  std::exception_ptr failure_;
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
