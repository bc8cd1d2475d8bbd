/// The slices that are read ahead, and the operations that wait for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "mrcz/async/completion.hpp"
#include "mrcz/async/read_job.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/ordered_window.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/reader.hpp"

namespace mrcz::async::inline MRCZ_ASIO::detail {

/// Shared by a `slice_stream` and the work that it has posted. Thread-safe. `pump` works like that of `write_queue`.
class read_queue : public std::enable_shared_from_this<read_queue> {
 public:
  /// Reads slice z. Returns the result of an operation.
  using read_function = std::shared_ptr<void> (*)(const mrcz::reader& in, std::size_t z);

  /// `slice_bytes`: of a slice in memory.
  MRCZ_INLINE read_queue(asio::any_io_executor workers, shared_reader file, resolved_range slices, const window& ahead,
                         read_function read, std::size_t slice_bytes);

  /// A failed read is a result too: the stream goes on after it.
  struct arrived {
    std::shared_ptr<void> slice;
    std::exception_ptr failure;
  };

  /// An operation that waits for a slice, or has got one.
  struct taking : operation {
    std::uint64_t number = 0;
    arrived with;
  };

  /// Completes with the next slice, or without a result after the last one. Does not throw.
  MRCZ_INLINE void next(completion<taking> who) noexcept;

  /// Cancels every operation that waits.
  MRCZ_INLINE void cancel() noexcept;

  /// Ends the stream: as `cancel`, and reads that have not started do nothing any more.
  MRCZ_INLINE void stop() noexcept;

 private:
  using operations = operation_queue<taking>;
  class reading;
  class cancellation;

  MRCZ_INLINE void pump() noexcept;
  MRCZ_INLINE void take_next();
  MRCZ_INLINE void cancel_all() noexcept;
  MRCZ_INLINE void cancel_one(std::uint64_t number) noexcept;
  MRCZ_INLINE void cancel(completion<taking> one) noexcept;
  MRCZ_INLINE bool is_stopped();
  MRCZ_INLINE void arrive(std::size_t z, arrived&& with) noexcept;
  MRCZ_INLINE void lose(std::size_t z) noexcept;

  asio::any_io_executor workers_;
  shared_reader file_;
  std::size_t end_;
  read_function read_;
  std::size_t slice_bytes_;

  std::mutex mutex_;
  operations waiting_;
  operations finished_;
  std::uint64_t next_number_ = 0;
  ordered_window<arrived> window_;
  bool begun_ = false;
  bool stopped_ = false;
  bool workers_gone_ = false;  // memory is then freed where it is dropped
  bool pumping_ = false;
};

}  // namespace mrcz::async::inline MRCZ_ASIO::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/async/read_queue.ipp"
#endif
