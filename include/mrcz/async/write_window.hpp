/// The slices between the coroutine that appends them and the file. The workers pack them in any order and put them in
/// order.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "mrcz/array/voxels.hpp"
#include "mrcz/async/offload.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/ordered_window.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/writer.hpp"

namespace mrcz::async::detail {

/// Slices that were appended, and the owner of the memory that they refer to.
struct shared_slices {
  slices all;
  std::shared_ptr<const void> owner;
};

/// A slice on its way into the file.
struct appended_slice {
  shared_slices from;
  std::size_t z;              ///< its number in `from`
  std::size_t index;          ///< its number in the file: `admit` gave it
  evaluated_slice evaluated;  ///< empty until it is evaluated
};

/// Shared by an `async::writer` and the work that it has posted. Thread-safe.
///
/// The window bounds the memory: its slices as they were appended, and at most as much again for their packed bytes. A
/// volume is an exception. It stays in memory until its last slice is packed, or until its last slice is put if the
/// slices are stored directly from the volume.
class write_window : public std::enable_shared_from_this<write_window> {
 public:
  MRCZ_INLINE write_window(asio::any_io_executor workers, mrcz::writer out, window limits);

  /// The coroutine that appends or closes holds a turn. The constructor throws `errc::bad_option` if another coroutine
  /// holds one, and changes nothing.
  class turn {
   public:
    MRCZ_INLINE explicit turn(std::shared_ptr<write_window> work);
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    MRCZ_INLINE ~turn();

   private:
    std::shared_ptr<write_window> work_;
  };

  const asio::any_io_executor& workers() const noexcept { return workers_; }

  MRCZ_INLINE header_fields& header();

  /// Throws `errc::shape_mismatch` for slices that cannot be appended, a failure that has not been reported yet, and
  /// `errc::closed` if the writer is closed.
  MRCZ_INLINE void require_slices(const slices& all);

  /// The bytes that each of these slices counts in the window.
  std::size_t bytes_of(const slices& all) const noexcept { return bytes_at_work(all, mode_); }

  /// Admits a slice of `bytes` bytes if there is room, and returns its index in the file. Returns nothing if there is
  /// no room. Throws a failure that has not been reported yet, and `errc::closed` if the writer is closed.
  MRCZ_INLINE std::optional<std::size_t> admit(std::size_t bytes);

  /// Whether every admitted slice is in the file. Throws as `admit` does.
  MRCZ_INLINE bool drained();

  /// Waits until there may be room for `room` bytes or, without `room`, until every admitted slice may be in the file.
  /// A failure ends the wait too.
  MRCZ_INLINE asio::awaitable<void> change(std::optional<std::size_t> room);

  /// Whether slice z must be evaluated before any later slice. Slices of an expression that keeps state are evaluated
  /// in order, and the first slice of any expression fills its caches.
  MRCZ_INLINE bool is_evaluated_in_turn(const slices& all, std::size_t z) const noexcept;

  /// Evaluates the slice. Called on the workers.
  MRCZ_INLINE void evaluate(appended_slice& slice);

  /// Posts work that packs the slice and puts it after the slices before it. The work evaluates the slice first if
  /// it is not evaluated yet.
  MRCZ_INLINE void pack(appended_slice&& slice);

  /// Publishes the file. Called on the workers, when every slice is in the file. The writer is closed afterwards, also
  /// after a failure.
  MRCZ_INLINE void publish();

  /// From this call on, slices may refer to memory of the caller.
  MRCZ_INLINE void borrow();

  /// Ends without publishing. Queued work does nothing any more, and the last busy worker removes the file. If slices
  /// may refer to memory of the caller, waits for the busy workers. Does nothing once the file is being published.
  MRCZ_INLINE void abandon();

  MRCZ_INLINE std::size_t size() const;
  MRCZ_INLINE std::filesystem::path partial_path() const;

 private:
  class enlisting;
  class packing;
  class busy_worker;

  /// A packed slice that waits until the slices before it are put.
  struct packed_shared {
    packed_slice slice;
    std::shared_ptr<const void> owner;  // of the voxels, if the slice borrows them
  };

  /// Receives the writer when no worker uses it any more. Declared before the lock of the mutex, so that the writer is
  /// destroyed, and its temporary file removed, after the mutex is unlocked.
  using dropped_file = std::optional<mrcz::writer>;

  MRCZ_INLINE void enter();
  MRCZ_INLINE bool enter_for(std::size_t index);
  MRCZ_INLINE void pack_and_put(appended_slice slice);
  MRCZ_INLINE void fail_at(std::size_t index, std::exception_ptr failure);
  MRCZ_INLINE void require_open();
  MRCZ_INLINE void end(dropped_file& dropped);
  MRCZ_INLINE void drop_if_idle(dropped_file& dropped);
  MRCZ_INLINE void enlist(std::optional<std::size_t> room, suspended who, asio::cancellation_slot slot);
  MRCZ_INLINE void resume_if_over();
  MRCZ_INLINE void cancel();

  asio::any_io_executor workers_;
  mutable std::mutex mutex_;
  std::optional<mrcz::writer> out_;
  std::string name_;
  std::filesystem::path partial_path_;
  std::optional<mrcz::mode> mode_;
  bool parallel_evaluation_;
  std::size_t found_;  // slices in the file when this writer took it over
  ordered_window<packed_shared> window_;
  std::size_t busy_ = 0;          // workers that use out_
  std::condition_variable idle_;  // notified when busy_ becomes 0
  bool borrows_ = false;          // voxels may be in memory of the caller
  bool taken_ = false;            // a coroutine holds the turn
  bool publishing_ = false;
  bool ended_ = false;
  suspended waiting_;                // the coroutine that appends or closes
  std::optional<std::size_t> room_;  // it waits for room for so many bytes; without: for an empty window
};

}  // namespace mrcz::async::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/async/write_window.ipp"
#endif
