/// Where results wait that are made in any order and taken in one.
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <limits>
#include <optional>
#include <utility>

namespace mrcz {

/// What an `ordered_window` holds at most. One item is always let in, however large.
struct window_limits {
  std::size_t items = std::numeric_limits<std::size_t>::max();
  std::size_t bytes = std::numeric_limits<std::size_t>::max();
};

/// A bounded stretch of a sequence of items, of which several are worked on side by side.
///
///     admit() ->  | 7 taken | 8 done | 9 at work | 10 done | 11 at work |  <- room for more?
///                   release()   take() comes here next
///
/// Items are numbered in the order in which they are admitted. The work on each ends with `done`, in any order; `take`
/// hands the results out in the order of their numbers, one at a time: the next one after `release`. A failure takes
/// the place of its item's result, so everything before it is still taken. From then on no item is admitted, and
/// results behind the failure are dropped.
///
/// Not thread-safe: it belongs to a mutex of its owner. Synchronous writing, asynchronous writing and reading ahead all
/// stand on it.
template <class Result>
class ordered_window {
 public:
  explicit ordered_window(window_limits limits, std::size_t first = 0) : limits_{limits}, first_{first} {}

  /// Whether an item of so many bytes may be admitted now.
  bool has_room(std::size_t bytes = 0) const noexcept {
    if (failed_) return false;
    return places_.empty() ||
           (places_.size() < limits_.items && bytes <= limits_.bytes && bytes_ <= limits_.bytes - bytes);
  }

  /// Lets an item in; its number.
  std::size_t admit(std::size_t bytes = 0) {
    places_.push_back({.bytes = bytes});
    bytes_ += bytes;
    return end() - 1;
  }

  /// Takes the last item that was admitted back: there was none.
  void withdraw() {
    bytes_ -= places_.back().bytes;
    places_.pop_back();
  }

  /// The work on an item has ended with a result ...
  void done(std::size_t number, Result&& result) {
    if (is_wanted(number)) places_[number - first_].result.emplace(std::move(result));
  }

  /// ... or with a failure.
  void done(std::size_t number, std::exception_ptr failure) {
    if (is_wanted(number)) fail_at(number, std::move(failure));
  }

  /// Whether something would be done with the result of this item. Nobody need begin to work on one of which this is
  /// false.
  bool is_wanted(std::size_t number) const noexcept {
    return number >= first_ && number < end() && !(failed_ && number + 1 == end());
  }

  /// Whether the next result in order is there and the one before it has been released.
  bool has_next() const noexcept { return !taken_ && !places_.empty() && places_.front().result.has_value(); }

  /// The next result. Its item keeps its room until `release`. Requires `has_next()`.
  Result take() {
    taken_ = true;
    return *std::move(places_.front().result);
  }

  /// What was taken has left.
  void release() {
    taken_ = false;
    bytes_ -= places_.front().bytes;
    places_.pop_front();
    ++first_;
  }

  /// What was taken could not be used: as if the work on it had failed.
  void release(std::exception_ptr failure) {
    taken_ = false;
    places_.front().result.reset();
    fail_at(first_, std::move(failure));
  }

  /// Nothing more is admitted or taken; results that wait are dropped. What is taken is still released.
  void close() {
    failed_ = true;
    failure_ = nullptr;
    while (places_.size() > (taken_ ? 1U : 0U)) withdraw();
  }

  bool empty() const noexcept { return places_.empty(); }

  /// Number of the first item whose result has not been released, and of the one that is admitted next.
  std::size_t begin() const noexcept { return first_; }
  std::size_t end() const noexcept { return first_ + places_.size(); }

  bool failed() const noexcept { return failed_; }

  /// Whether a failure is what comes next: all results before it have been taken.
  bool failure_is_next() const noexcept { return failure_ != nullptr && places_.size() == 1; }

  /// Hands the failure on, so that no two threads hold it.
  std::exception_ptr take_failure() noexcept { return std::exchange(failure_, nullptr); }

 private:
  struct place {
    std::size_t bytes = 0;
    std::optional<Result> result = std::nullopt;
  };

  void fail_at(std::size_t number, std::exception_ptr failure) {
    failed_ = true;
    failure_ = std::move(failure);
    while (end() > number + 1) withdraw();
  }

  window_limits limits_;
  std::deque<place> places_;  // the last one is that of the failure, if there is one
  std::size_t first_;
  std::size_t bytes_ = 0;
  bool taken_ = false;
  bool failed_ = false;
  std::exception_ptr failure_;
};

}  // namespace mrcz
