/// The slices between a coroutine that appends them and the file: packed in any order, put in one.
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

namespace mrcz::async {

/// Slices that were handed over, and what keeps alive what they refer to.
struct shared_slices {
  slices all;
  std::shared_ptr<const void> owner;
};

/// Shared by an `async::writer` and the work that it has posted. Thread-safe.
///
/// Memory is bounded by the window: its slices as they came, and at most as much again for their packed bytes. A volume
/// that was handed over stays in memory until its last slice is packed, or put if it is stored as it is, whatever the
/// window says.
class write_window : public std::enable_shared_from_this<write_window> {
 public:
  MRCZ_INLINE write_window(asio::any_io_executor workers, mrcz::writer out, window limits);

  /// While one lives, a coroutine appends or closes. Throws `errc::bad_option` if another one does, and changes
  /// nothing.
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

  MRCZ_INLINE mrcz::header& header();

  /// Throws `errc::shape_mismatch` for slices that cannot be appended, and whatever keeps the writer from taking any.
  MRCZ_INLINE void require_slices(const slices& all);

  /// What a slice counts in the window: its bytes as it comes or as it is stored, whichever are more.
  MRCZ_INLINE std::size_t bytes_of(const slices& all) const noexcept;

  /// Lets a slice of so many bytes in, if there is room, and returns its index in the file. Throws a failure that has
  /// not been reported yet.
  MRCZ_INLINE std::optional<std::size_t> admit(std::size_t bytes);

  /// Whether every slice that was let in is in the file. Throws as `admit`.
  MRCZ_INLINE bool drained();

  /// Waits until there may be room for so many bytes, or until all is drained, or something went wrong.
  MRCZ_INLINE asio::awaitable<void> change(std::optional<std::size_t> room);

  /// Whether slice z must be evaluated before others are: what keeps state is evaluated in order, and the first slice
  /// of an expression fills its caches.
  MRCZ_INLINE bool is_evaluated_in_turn(const slices& all, std::size_t z) const noexcept;

  /// Slice z, which `admit` let in at `index`, in memory of its own. Called on the workers.
  MRCZ_INLINE shared_slices evaluate(const shared_slices& from, std::size_t z, std::size_t index);

  /// Has slice z, which `admit` let in at `index`, packed and put behind those before it.
  MRCZ_INLINE void pack(shared_slices from, std::size_t z, std::size_t index);

  /// Called on the workers, when drained. Whatever comes of it, the writer is closed then.
  MRCZ_INLINE void publish();

  /// From now on slices may refer to what is the caller's.
  MRCZ_INLINE void borrow();

  /// Ends without publishing: what is queued does nothing any more, and the last worker that is busy removes the file.
  /// Waits for the busy ones if what they look at is the caller's. Does nothing once the file is being published.
  MRCZ_INLINE void abandon();

  MRCZ_INLINE std::size_t size() const;
  MRCZ_INLINE std::filesystem::path partial_path() const;

 private:
  class enlisting;
  class packing;
  class busy_worker;

  /// A slice that waits for those before it.
  struct packed_shared {
    packed_slice slice;
    std::shared_ptr<const void> owner;  // of the voxels, if the slice borrows them
  };

  /// Where the file goes when nobody can be using it, to be destroyed, and its temporary removed, after the lock.
  using dropped_file = std::optional<mrcz::writer>;

  MRCZ_INLINE void enter();
  MRCZ_INLINE bool enter_for(std::size_t index);
  MRCZ_INLINE void pack_and_put(shared_slices from, std::size_t z, std::size_t index);
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
  std::size_t found_;  // slices that were in the file before
  ordered_window<packed_shared> window_;
  std::size_t busy_ = 0;          // workers that use out_
  std::condition_variable idle_;  // busy_ has become 0
  bool borrows_ = false;          // voxels may be the caller's
  bool taken_ = false;            // somebody has the turn
  bool publishing_ = false;
  bool ended_ = false;
  suspended waiting_;                // the coroutine that appends or closes ...
  std::optional<std::size_t> room_;  // ... until there is room for so many bytes, or nothing left
};

}  // namespace mrcz::async

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/async/write_window.ipp"
#endif
