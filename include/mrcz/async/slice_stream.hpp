/// The slices of a file one after the other, read ahead on the workers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/async/completion.hpp"
#include "mrcz/async/read_job.hpp"
#include "mrcz/async/read_queue.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/reader.hpp"

namespace mrcz::async::inline MRCZ_ASIO {

/// `while (auto slice = co_await slices.next())` reads a file of any size in the memory of a few slices.
/// `reader::slices` makes it. A stream that is destroyed before its end does not wait for the workers, and operations
/// that still wait for a slice are cancelled. Operations of a stream that was moved from fail with `errc::closed`.
template <voxel T, class Executor = asio::any_io_executor>
class slice_stream {
 public:
  using executor_type = Executor;                         ///< of the workers
  using default_token = asio::use_awaitable_t<Executor>;  ///< where the caller passes none

  /// `reader::slices` calls this.
  slice_stream(Executor workers, const detail::shared_reader& file, detail::resolved_range slices, const window& ahead)
      : executor_{workers},
        queue_{std::make_shared<detail::read_queue>(std::move(workers), file, slices, ahead, read,
                                                    file->shape()[1] * file->shape()[2] * sizeof(T))} {}

  slice_stream(slice_stream&&) noexcept = default;
  slice_stream& operator=(slice_stream&&) = delete;

  ~slice_stream() {
    if (queue_) queue_->stop();
  }

  /// The workers.
  executor_type get_executor() const noexcept { return executor_; }

  /// The next slice, or nothing after the last one. Signature `void(std::exception_ptr, std::optional<image<T>>)`.
  /// Several operations may wait: they get the slices in the order in which they were initiated. Fails for a damaged
  /// slice; the next operation gets the slice after it. A cancellation of any type fails the operation with
  /// `asio::error::operation_aborted` and loses no slice.
  template <token_for<std::optional<image<T>>> Token = default_token>
  auto next(Token&& token = Token{}) {
    auto start = [queue = queue_](detail::completion<detail::read_queue::taking> who) noexcept {
      if (queue) queue->next(std::move(who));
      else who(mrcz::detail::thrown_by([] { detail::fail_without_file(); }));
    };
    return detail::initiate<std::optional<image<T>>, detail::read_queue::taking>(executor_, std::forward<Token>(token),
                                                                                 std::move(start));
  }

  /// Cancels each operation that waits.
  void cancel() {
    if (queue_) queue_->cancel();
  }

 private:
  static std::shared_ptr<void> read(const mrcz::reader& in, std::size_t z) {
    return std::make_shared<std::optional<image<T>>>(in.read_slice<T>(z));
  }

  Executor executor_;
  std::shared_ptr<detail::read_queue> queue_;
};

}  // namespace mrcz::async::inline MRCZ_ASIO
