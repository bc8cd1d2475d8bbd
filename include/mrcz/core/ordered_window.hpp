/// Holds results that are made in any order until they are taken in the order of their items.
#pragma once

#include <cstddef>
#include <exception>
#include <iterator>
#include <limits>
#include <list>
#include <optional>
#include <utility>

namespace mrcz::detail {

/// The most that an `ordered_window` holds. An empty window admits one item of any size.
struct window_limits {
  std::size_t items = std::numeric_limits<std::size_t>::max();
  std::size_t bytes = std::numeric_limits<std::size_t>::max();
};

/// A limited window on a sequence of items. Several items in the window are worked on at the same time.
///
///     | 7 taken | 8 done | 9 at work | 10 done | 11 at work |  <- admit() adds 12 if there is room
///       ^         ^
///       |         take(), once 7 is released
///       release()
///
/// Items are numbered in the order in which they are admitted. `done` reports the end of the work on an item, in any
/// order. `take` returns the results in the order of their numbers, one at a time: `release` comes before the next
/// `take`. A failure takes the place of the result of its item, so all results before it are still taken. After a
/// failure there is no room for more items, and the results of later items are dropped: `take_dropped` returns them, so
/// that an owner with a mutex can free them without it.
///
/// Not thread-safe: its owner protects it with a mutex. Synchronous writing, asynchronous writing and reading ahead use
/// it.
template <class Result>
class ordered_window {
 public:
  explicit ordered_window(window_limits limits, std::size_t first = 0) : limits_{limits}, first_{first} {}

  /// Whether there is room for an item of this size.
  bool has_room(std::size_t bytes = 0) const noexcept {
    if (failed_) return false;
    return places_.empty() ||
           (places_.size() < limits_.items && bytes <= limits_.bytes && bytes_ <= limits_.bytes - bytes);
  }

  /// Admits an item and returns its number.
  std::size_t admit(std::size_t bytes = 0) {
    places_.push_back({.bytes = bytes});
    bytes_ += bytes;
    return end() - 1;
  }

  /// Removes the item that was admitted last, for example because the sequence has ended before it.
  void withdraw() {
    bytes_ -= places_.back().bytes;
    places_.pop_back();
  }

  /// Reports that the work on an item has ended with a result.
  void done(std::size_t number, Result&& result) {
    if (is_wanted(number))
      std::next(places_.begin(), static_cast<std::ptrdiff_t>(number - first_))->result.emplace(std::move(result));
  }

  /// Reports that the work on an item has failed.
  void done(std::size_t number, std::exception_ptr failure) {
    if (is_wanted(number)) fail_at(number, std::move(failure));
  }

  /// Whether the result of this item is still needed. If not, the work on it need not begin.
  bool is_wanted(std::size_t number) const noexcept {
    return number >= first_ && number < end() && !(failed_ && number + 1 == end());
  }

  /// Whether the next result in order is there and the one before it has been released.
  bool has_next() const noexcept { return !taken_ && !places_.empty() && places_.front().result.has_value(); }

  /// Returns the next result. Its item counts towards the limits until `release`. Requires `has_next()`.
  Result take() {
    taken_ = true;
    return *std::move(places_.front().result);
  }

  /// Removes the item whose result was taken.
  void release() {
    taken_ = false;
    bytes_ -= places_.front().bytes;
    places_.pop_front();
    ++first_;
  }

  /// Reports that the taken result could not be used. This has the same effect as a failure of the work on its item.
  void release(std::exception_ptr failure) {
    taken_ = false;
    places_.front().result.reset();
    fail_at(first_, std::move(failure));
  }

  /// Admits no more items and drops all results that have not been taken. A result that has been taken is still
  /// released.
  void close() {
    failed_ = true;
    failure_ = nullptr;
    drop_from(first_ + (taken_ ? 1U : 0U));
  }

  struct place {
    std::size_t bytes = 0;
    std::optional<Result> result = std::nullopt;
  };

  /// Moves out what was dropped since the last call.
  std::list<place> take_dropped() noexcept { return std::exchange(dropped_, {}); }

  bool empty() const noexcept { return places_.empty(); }
  std::size_t size() const noexcept { return places_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

  /// Number of the first item whose result has not been released, and of the one that is admitted next.
  std::size_t begin() const noexcept { return first_; }
  std::size_t end() const noexcept { return first_ + places_.size(); }

  bool failed() const noexcept { return failed_; }

  /// Whether the failure comes next: all results before it have been released.
  bool failure_is_next() const noexcept { return failure_ != nullptr && places_.size() == 1; }

  /// Returns the failure and does not keep it, so that no two threads hold it.
  std::exception_ptr take_failure() noexcept { return std::exchange(failure_, nullptr); }

 private:
  void fail_at(std::size_t number, std::exception_ptr failure) {
    failed_ = true;
    failure_ = std::move(failure);
    drop_from(number + 1);
  }

  void drop_from(std::size_t number) noexcept {
    const auto first = std::next(places_.begin(), static_cast<std::ptrdiff_t>(number - first_));
    for (auto dropped = first; dropped != places_.end(); ++dropped) bytes_ -= dropped->bytes;
    dropped_.splice(dropped_.end(), places_, first, places_.end());
  }

  window_limits limits_;
  std::list<place> places_;  // after a failure, the last one is that of the failed item
  std::list<place> dropped_;
  std::size_t first_;
  std::size_t bytes_ = 0;
  bool taken_ = false;
  bool failed_ = false;
  std::exception_ptr failure_;
};

}  // namespace mrcz::detail
