/// The slices between a coroutine that appends them and the file: packed in any order, put in one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/async/offload.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/writer.hpp"

namespace mrcz::async {

/// How much may wait to be written before `append` does. One slice is always let in, however large.
struct window {
  std::optional<std::size_t> slices = std::nullopt;  ///< not stated: one per processor and two more
  std::optional<std::size_t> bytes = std::nullopt;   ///< of voxels in memory; not stated: 1 GiB
};
static_assert(std::is_trivially_destructible_v<window>, "options are used inside co_await (g++ 12)");

/// Shared by an `async::writer` and the work that it has posted. Thread-safe.
///
/// Memory is bounded by the window: its slices as they came, and at most as much again for their packed bytes.
class write_window : public std::enable_shared_from_this<write_window> {
 public:
  write_window(asio::any_io_executor workers, mrcz::writer out, window limits)
      : workers_{std::move(workers)},
        out_{std::move(out)},
        name_{out_->name()},
        most_slices_{limits.slices.value_or(thread_count(std::nullopt) + 2)},
        most_bytes_{limits.bytes.value_or(std::size_t{1} << 30U)} {
    if (most_slices_ == 0 || most_bytes_ == 0)
      fail(errc::bad_option, "window has {} slices and {} bytes, expected at least 1", most_slices_, most_bytes_);
  }

  const asio::any_io_executor& workers() const noexcept { return workers_; }

  /// Before the first slice is packed: nothing else looks at the header then.
  mrcz::header& header() noexcept { return out_->header(); }

  template <expression E>
  shape require_slices(const E& voxels) {
    const std::lock_guard lock{mutex_};
    require_open();
    return naming(name_, [&] {
      const auto extents = shape_of(voxels);
      if (extents[0] == 0) fail(errc::shape_mismatch, "volume has no slices");
      return extents;
    });
  }

  /// Lets a slice of so many bytes in, if there is room. Throws a failure that has not been reported yet.
  bool admit(std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    require_open();
    if (!has_room(bytes)) return false;
    ++slices_;
    bytes_ += bytes;
    return true;
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

  /// Has slice z of `voxels`, which `admit` let in, packed and put behind those before it.
  template <expression E>
  void pack(std::shared_ptr<const E> voxels, std::size_t z, std::size_t bytes) {
    asio::post(workers_, packing<E>{shared_from_this(), std::move(voxels), z, bytes, next_++});
  }

  /// Called on the workers, when drained. Whatever comes of it, the writer is closed then.
  void publish() {
    {
      const std::lock_guard lock{mutex_};
      require_open();
      ended_ = true;
      ++busy_;
    }
    const leaving_at_end end{*this};
    out_->close();
  }

  /// Gives up: what is queued does nothing any more, and what runs is the last to do so.
  void abandon() noexcept {
    const std::lock_guard lock{mutex_};
    if (!ended_) end();
    failure_ = nullptr;
  }

  std::size_t size() const {
    const std::lock_guard lock{mutex_};
    return put_;
  }

 private:
  struct waiter {
    std::uint64_t id;
    std::optional<std::size_t> room;
    suspended who;
  };

  struct ready {
    packed_slice slice;
    std::size_t bytes;
  };

  template <class Action>
  auto naming_slice(std::size_t index, Action&& action) const {
    try {
      return action();
    } catch (const error& e) {
      throw error{e.code(), fmt::format("{} (slice {})", e.what(), index)};
    }
  }

  /// One slice on its way through the queue of the workers.
  template <expression E>
  class packing {
   public:
    packing(std::shared_ptr<write_window> work, std::shared_ptr<const E> voxels, std::size_t z, std::size_t bytes,
            std::size_t index)
        : work_{std::move(work)}, voxels_{std::move(voxels)}, z_{z}, bytes_{bytes}, index_{index} {}
    packing(packing&&) noexcept = default;
    packing& operator=(packing&&) = delete;
    ~packing() {
      if (work_) work_->keep_failure(workers_are_gone());
    }

    void operator()() {
      const auto work = std::move(work_);
      if (!work->enter()) return;
      const leaving_at_end end{*work};
      try {
        auto packed = work->naming_slice(index_, [&] { return work->out_->pack(*voxels_, z_); });
        voxels_.reset();
        work->put_in_order(index_, {std::move(packed), bytes_});
      } catch (...) {
        work->keep_failure(std::current_exception());
      }
    }

   private:
    std::shared_ptr<write_window> work_;
    std::shared_ptr<const E> voxels_;
    std::size_t z_;
    std::size_t bytes_;
    std::size_t index_;
  };

  /// While one lives, a worker uses the file.
  class leaving_at_end {
   public:
    explicit leaving_at_end(write_window& work) : work_{work} {}
    leaving_at_end(const leaving_at_end&) = delete;
    leaving_at_end& operator=(const leaving_at_end&) = delete;
    ~leaving_at_end() {
      const std::lock_guard lock{work_.mutex_};
      --work_.busy_;
      work_.drop_file_if_idle();
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

  /// The worker that completes the sequence puts what waits behind it as well; the others go on packing.
  void put_in_order(std::size_t index, ready&& made) {
    std::unique_lock lock{mutex_};
    packed_.emplace(index, std::move(made));
    while (!putting_ && !ended_ && !failure_ && !packed_.empty() && packed_.begin()->first == put_) {
      ready next = std::move(packed_.begin()->second);
      packed_.erase(packed_.begin());
      putting_ = true;
      lock.unlock();
      naming_slice(put_, [&] { out_->put(std::move(next.slice)); });
      lock.lock();
      putting_ = false;
      ++put_;
      --slices_;
      bytes_ -= next.bytes;
      resume_waiters();
    }
  }

  void keep_failure(std::exception_ptr failure) noexcept {
    const std::lock_guard lock{mutex_};
    if (ended_ || failure_) return;
    failure_ = std::move(failure);
    packed_.clear();
    resume_waiters();
    drop_file_if_idle();
  }

  /// Throws a failure to whoever asks first, and `errc::closed` from then on.
  void require_open() {
    if (failure_ && !ended_) {
      end();
      std::rethrow_exception(std::exchange(failure_, nullptr));
    }
    if (ended_) fail(errc::closed, "{}: writer is closed, or failed before", name_);
  }

  void end() noexcept {
    ended_ = true;
    packed_.clear();
    resume_waiters();
    drop_file_if_idle();
  }

  /// Destroys the file, and its temporary unless it was published, once nobody can be using it.
  void drop_file_if_idle() noexcept {
    if ((ended_ || failure_) && busy_ == 0) out_.reset();
  }

  bool has_room(std::size_t bytes) const noexcept {
    return slices_ == 0 || (slices_ < most_slices_ && bytes_ + bytes <= most_bytes_);
  }

  bool is_over(const std::optional<std::size_t>& room) const noexcept {
    return ended_ || failure_ || (room ? has_room(*room) : slices_ == 0);
  }

  void enlist(std::optional<std::size_t> room, suspended who, asio::cancellation_slot slot) {
    std::unique_lock lock{mutex_};
    const std::uint64_t id = next_waiter_++;
    if (slot.is_connected())
      slot.assign([self = shared_from_this(), id](asio::cancellation_type) { self->cancel(id); });
    if (is_over(room)) who.resume();
    else waiters_.push_back({id, room, std::move(who)});
  }

  void resume_waiters() {
    std::erase_if(waiters_, [&](waiter& w) {
      const bool over = is_over(w.room);
      if (over) w.who.resume();
      return over;
    });
  }

  void cancel(std::uint64_t id) {
    const std::lock_guard lock{mutex_};
    const auto found = std::find_if(waiters_.begin(), waiters_.end(), [&](const waiter& w) { return w.id == id; });
    if (found == waiters_.end()) return;
    found->who.resume(cancelled());
    waiters_.erase(found);
    if (!ended_) end();
  }

  asio::any_io_executor workers_;
  mutable std::mutex mutex_;
  std::optional<mrcz::writer> out_;
  std::string name_;
  std::size_t most_slices_;
  std::size_t most_bytes_;
  std::size_t slices_ = 0;  // in the window
  std::size_t bytes_ = 0;   // of their voxels
  std::size_t next_ = 0;    // index of the slice that is let in next
  std::size_t put_ = 0;     // slices in the file
  std::size_t busy_ = 0;    // workers that use out_
  bool putting_ = false;
  bool ended_ = false;
  std::map<std::size_t, ready> packed_;  // those that wait for the ones before them
  std::exception_ptr failure_;           // not reported yet
  std::deque<waiter> waiters_;
  std::uint64_t next_waiter_ = 0;
};

}  // namespace mrcz::async
