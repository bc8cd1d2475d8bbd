/// The slices between a coroutine that appends them and the file: packed in any order, put in one.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/array/evaluation.hpp"
#include "mrcz/async/offload.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/mode.hpp"
#include "mrcz/writer.hpp"

namespace mrcz::async {

/// Shared by an `async::writer` and the work that it has posted. Thread-safe.
///
/// Memory is bounded by the window: its slices as they came, and at most as much again for their packed bytes. A volume
/// that was handed over stays in memory until its last slice is packed, or put if it is stored as it is, whatever the
/// window says.
class write_window : public std::enable_shared_from_this<write_window> {
 public:
  write_window(asio::any_io_executor workers, mrcz::writer out, window limits)
      : workers_{checked(std::move(workers))},
        out_{std::move(out)},
        name_{out_->name()},
        mode_{out_->options().mode},
        parallel_evaluation_{out_->options().parallel_evaluation},
        most_slices_{limits.slices.value_or(thread_count(std::nullopt) + 2)},
        most_bytes_{limits.bytes.value_or(std::size_t{1} << 30U)},
        found_{out_->size()} {
    check(limits);
    if (!out_->is_open()) fail(errc::closed, {.path = name_, .found = "writer is closed, or failed before"});
  }

  /// While one lives, a coroutine appends or closes. Throws `errc::bad_option` if another one does, and changes
  /// nothing.
  class turn {
   public:
    explicit turn(std::shared_ptr<write_window> work) : work_{std::move(work)} {
      const std::lock_guard lock{work_->mutex_};
      if (std::exchange(work_->taken_, true))
        fail(errc::bad_option,
             {.path = work_->name_, .found = "two coroutines append to one writer, or close it, at the same time"});
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
      const std::lock_guard lock{work_->mutex_};
      work_->taken_ = false;
    }

   private:
    std::shared_ptr<write_window> work_;
  };

  const asio::any_io_executor& workers() const noexcept { return workers_; }

  mrcz::header& header() {
    const std::lock_guard lock{mutex_};
    require_open();
    if (next_ != found_)
      fail(errc::closed, {.path = name_, .found = "the header cannot change once slices have been appended"});
    return out_->header();
  }

  template <expression E>
  shape require_slices(const E& voxels) {
    const std::lock_guard lock{mutex_};
    require_open();
    return with_context(name_, [&] {
      const auto extents = shape_of(voxels);
      if (extents[0] * extents[1] * extents[2] == 0)
        fail(errc::shape_mismatch, "array has the shape {}, so there is nothing to write", to_string(extents));
      return extents;
    });
  }

  /// What a slice counts in the window: its bytes as it comes or as it is stored, whichever are more.
  template <stored_voxel T>
  std::size_t bytes_of(const shape& extents) const noexcept {
    return extents[1] * extents[2] * std::max(sizeof(T), item_bytes(mode_.value_or(default_mode<T>)));
  }

  /// Lets a slice of so many bytes in, if there is room, and returns its index in the file. Throws a failure that has
  /// not been reported yet.
  std::optional<std::size_t> admit(std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    require_open();
    if (!has_room(bytes)) return std::nullopt;
    ++slices_;
    bytes_ += bytes;
    return next_++;
  }

  /// Whether every slice that was let in is in the file.
  bool drained() {
    const std::lock_guard lock{mutex_};
    require_open();
    return slices_ == 0;
  }

  /// Waits until there may be room for so many bytes, or until all is drained, or something went wrong.
  asio::awaitable<void> change(std::optional<std::size_t> room) {
    auto enlist = [self = shared_from_this(), room](suspended who, asio::cancellation_slot slot) {
      self->enlist(room, std::move(who), slot);
    };
    return suspend(std::move(enlist));
  }

  /// Has slice z of `voxels`, which `admit` let in at `index`, packed and put behind those before it.
  template <expression E>
  void pack(std::shared_ptr<const E> voxels, std::size_t z, std::size_t bytes, std::size_t index) {
    if (z == 0) with_context(name_, index, [&] { fill_caches(*voxels); });  // from now on several workers evaluate it
    post_reporting(workers_, packing<E>{shared_from_this(), std::move(voxels), z, bytes, index});
  }

  /// Whether several workers may evaluate slices of an `E` at once.
  template <expression E>
  bool evaluates_in_parallel() const noexcept {
    return mrcz::evaluates_in_parallel<E> || parallel_evaluation_;
  }

  /// Slice z of `voxels`, which `admit` let in at `index`, in an array of its own. Called on the workers.
  template <class Array, expression E>
  std::shared_ptr<const Array> evaluate(const E& voxels, std::size_t z, const typename Array::shape_type& extents,
                                        std::size_t index) {
    {
      const std::lock_guard lock{mutex_};
      require_open();
      ++busy_;
    }
    const leaving_at_end end{*this};
    return with_context(name_, index, [&] {
      auto slice = std::make_shared<Array>(Array::from_shape(extents));
      const std::size_t rank = extents.size();
      evaluate_slice(voxels, z, std::span{slice->data(), slice->size()}, extents[rank - 2], extents[rank - 1]);
      return slice;
    });
  }

  /// Called on the workers, when drained. Whatever comes of it, the writer is closed then.
  void publish() {
    {
      const std::lock_guard lock{mutex_};
      require_open();
      ended_ = true;
      publishing_ = true;
      ++busy_;
    }
    const leaving_at_end end{*this};
    out_->close();
    const std::lock_guard lock{mutex_};
    partial_path_.clear();
  }

  /// From now on expressions may refer to what is the caller's.
  void borrow() {
    const std::lock_guard lock{mutex_};
    borrows_ = true;
  }

  /// Gives up: what is queued does nothing any more, and whoever is busy removes the file. Waits for those if what they
  /// look at is the caller's. Does nothing once the file is being published.
  void abandon() {
    dropped_file dropped;
    std::unique_lock lock{mutex_};
    if (publishing_) return;
    end(dropped);
    if (borrows_) idle_.wait(lock, [&] { return busy_ == 0; });
  }

  std::size_t size() const {
    const std::lock_guard lock{mutex_};
    return put_;
  }

  std::filesystem::path partial_path() const {
    const std::lock_guard lock{mutex_};
    return partial_path_;
  }

 private:
  struct ready {
    packed_slice slice;
    std::size_t bytes;
    std::shared_ptr<const void> voxels;  // if the slice borrows them
  };

  /// A slice on its way through the queue.
  template <expression E>
  class packing {
   public:
    packing(std::shared_ptr<write_window> work, std::shared_ptr<const E> voxels, std::size_t z, std::size_t bytes,
            std::size_t index)
        : work_{std::move(work)}, voxels_{std::move(voxels)}, z_{z}, bytes_{bytes}, index_{index} {}
    packing(packing&&) noexcept = default;
    packing& operator=(packing&&) = delete;
    ~packing() {
      if (work_) work_->keep_failure(index_, workers_are_gone());
    }

    void operator()() {
      const auto work = std::move(work_);
      if (!work->enter()) return;
      const leaving_at_end end{*work};
      std::exception_ptr failure;
      try {
        auto packed = with_context(work->name_, index_, [&] { return work->out_->borrow(*voxels_, z_); });
        if (!packed.is_borrowed()) voxels_.reset();
        work->put_in_order(index_, {std::move(packed), bytes_, std::move(voxels_)});
      } catch (...) {
        failure = std::current_exception();
      }
      if (failure) work->keep_failure(index_, std::move(failure));  // handed on where nothing here refers to it
    }

   private:
    std::shared_ptr<write_window> work_;
    std::shared_ptr<const E> voxels_;
    std::size_t z_;
    std::size_t bytes_;
    std::size_t index_;
  };

  /// Where the file goes when nobody can be using it, to be destroyed, and its temporary removed, after the lock.
  using dropped_file = std::optional<mrcz::writer>;

  /// While one lives, a worker uses the file.
  class leaving_at_end {
   public:
    explicit leaving_at_end(write_window& work) : work_{work} {}
    leaving_at_end(const leaving_at_end&) = delete;
    leaving_at_end& operator=(const leaving_at_end&) = delete;
    ~leaving_at_end() {
      dropped_file dropped;
      const std::lock_guard lock{work_.mutex_};
      if (--work_.busy_ == 0) work_.idle_.notify_all();
      work_.drop_if_idle(dropped);
    }

   private:
    write_window& work_;
  };

  bool enter() {
    const std::lock_guard lock{mutex_};
    if (ended_ || failure_) return false;
    ++busy_;
    return true;
  }

  /// The worker that fills a gap also puts the slices that were waiting behind it. The others go on packing.
  void put_in_order(std::size_t index, ready&& made) {
    std::unique_lock lock{mutex_};
    packed_.emplace(index, std::move(made));
    while (!putting_ && !ended_ && !failure_ && !packed_.empty() && packed_.begin()->first == put_) {
      const std::size_t next_to_put = put_;
      ready next = std::move(packed_.begin()->second);
      packed_.erase(packed_.begin());
      putting_ = true;
      lock.unlock();
      std::exception_ptr failure;
      try {
        out_->put(std::move(next.slice));
      } catch (...) {
        failure = std::current_exception();
      }
      if (failure) return keep_failure(next_to_put, std::move(failure));
      next.voxels.reset();
      lock.lock();
      if (partial_path_.empty() && out_) partial_path_ = out_->partial_path();
      putting_ = false;
      ++put_;
      --slices_;
      bytes_ -= next.bytes;
      resume_if_over();
    }
  }

  /// Of several failures the one of the first slice is reported, unless another has been reported already.
  void keep_failure(std::size_t index, std::exception_ptr failure) {
    dropped_file dropped;
    const std::lock_guard lock{mutex_};
    if (ended_) return;
    failure_.keep(index, std::move(failure));
    packed_.clear();
    resume_if_over();
    drop_if_idle(dropped);
  }

  /// Throws a failure to whoever asks first, and `errc::closed` from then on.
  void require_open() {
    if (ended_) fail(errc::closed, {.path = name_, .found = "writer is closed, or failed before"});
    if (!failure_) return;
    ended_ = true;
    std::rethrow_exception(failure_.take());
  }

  void end(dropped_file& dropped) {
    if (ended_) return;
    ended_ = true;
    packed_.clear();
    resume_if_over();
    drop_if_idle(dropped);
  }

  void drop_if_idle(dropped_file& dropped) {
    if (!out_ || busy_ != 0 || !(ended_ || failure_)) return;
    dropped.emplace(std::move(*out_));
    out_.reset();
  }

  bool has_room(std::size_t bytes) const noexcept {
    return slices_ == 0 || (slices_ < most_slices_ && bytes_ + bytes <= most_bytes_);
  }

  void enlist(std::optional<std::size_t> room, suspended who, asio::cancellation_slot slot) {
    const std::lock_guard lock{mutex_};
    if (slot.is_connected()) slot.assign([self = shared_from_this()](asio::cancellation_type) { self->cancel(); });
    waiting_ = std::move(who);
    room_ = room;
    resume_if_over();
  }

  void resume_if_over() {
    if (ended_ || failure_ || (room_ ? has_room(*room_) : slices_ == 0)) waiting_.resume();
  }

  void cancel() {
    dropped_file dropped;
    const std::lock_guard lock{mutex_};
    if (!waiting_) return;  // it goes on already
    waiting_.resume(cancelled());
    end(dropped);
  }

  asio::any_io_executor workers_;
  mutable std::mutex mutex_;
  std::optional<mrcz::writer> out_;
  std::string name_;
  std::filesystem::path partial_path_;
  std::optional<mrcz::mode> mode_;
  bool parallel_evaluation_;
  std::size_t most_slices_;
  std::size_t most_bytes_;
  std::size_t slices_ = 0;        // in the window
  std::size_t bytes_ = 0;         // of their voxels
  std::size_t found_;             // slices that were in the file before
  std::size_t next_ = found_;     // index of the slice that is let in next
  std::size_t put_ = found_;      // slices in the file
  std::size_t busy_ = 0;          // workers that use out_
  std::condition_variable idle_;  // busy_ has become 0
  bool borrows_ = false;          // voxels may be the caller's
  bool taken_ = false;            // somebody has the turn
  bool putting_ = false;
  bool publishing_ = false;
  bool ended_ = false;
  std::map<std::size_t, ready> packed_;  // those that wait for the ones before them
  mrcz::detail::first_failure failure_;
  suspended waiting_;                // the coroutine that appends or closes ...
  std::optional<std::size_t> room_;  // ... until there is room for so many bytes, or nothing left
};

}  // namespace mrcz::async
