#include "mrcz/core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <new>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

#if !defined(_WIN32)
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <doctest/doctest.h>

#include "mrcz/core/error.hpp"
#include "mrcz/core/hardware.hpp"

namespace {

constexpr std::size_t counts[] = {0, 1, 2, 100};

/// 0 to 40 microseconds, different for every index, so that tasks end in another order than they began.
void dawdle(std::size_t index) {
  std::minstd_rand random{static_cast<unsigned>(index * 7919 + 1)};
  random.discard(3);
  std::this_thread::sleep_for(std::chrono::microseconds{random() % 40});
}

/// The index in the message of the exception that `action` throws; nothing if it throws none.
template <class Action>
std::optional<std::size_t> failed_index(Action&& action) {
  try {
    action();
  } catch (const std::runtime_error& e) {
    return std::stoul(e.what());
  }
  return std::nullopt;
}

[[noreturn]] void fail_at(std::size_t index) { throw std::runtime_error{std::to_string(index)}; }

/// A result that counts how many results are alive. A moved-from result does not count.
class counted {
 public:
  counted(std::size_t index, std::atomic<int>& alive, std::atomic<int>& most_alive) : index_{index}, alive_{&alive} {
    const int now = ++alive;
    for (int most = most_alive; now > most && !most_alive.compare_exchange_weak(most, now);) {
    }
  }
  counted(counted&& other) noexcept : index_{other.index_}, alive_{std::exchange(other.alive_, nullptr)} {}
  counted& operator=(counted&&) = delete;
  ~counted() {
    if (alive_ != nullptr) --*alive_;
  }
  std::size_t index() const { return index_; }

 private:
  std::size_t index_;
  std::atomic<int>* alive_;
};

/// Notices when two threads are in the same place at once.
class one_at_a_time {
 public:
  template <class Action>
  void enter(Action&& action) {
    if (busy_.exchange(true)) disturbed_ = true;
    action();
    busy_ = false;
  }
  bool disturbed() const { return disturbed_; }

 private:
  std::atomic<bool> busy_ = false;
  std::atomic<bool> disturbed_ = false;
};

std::vector<std::size_t> indices(std::size_t count) {
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

}  // namespace

TEST_CASE("there are never more threads than tasks, and always one") {
  CHECK(mrcz::detail::thread_count(8, 100) == 8);
  CHECK(mrcz::detail::thread_count(8, 3) == 3);
  CHECK(mrcz::detail::thread_count(8, 0) == 1);
  CHECK(mrcz::detail::thread_count(0, 5) == 1);
  CHECK(mrcz::detail::thread_count(std::nullopt, 0) == 1);
  CHECK(mrcz::detail::thread_count(std::nullopt, 1) == 1);
  CHECK(mrcz::detail::thread_count(std::nullopt, 1'000'000) == mrcz::detail::processors());
}

TEST_CASE("parallel_for runs each task once") {
  for (std::size_t threads = 0; threads <= 8; ++threads)
    for (const std::size_t count : counts) {
      std::vector<std::atomic<int>> runs(count);
      mrcz::detail::parallel_for(count, threads, [&](std::size_t i, std::size_t) {
        dawdle(i);
        ++runs[i];
      });
      CAPTURE(threads);
      CAPTURE(count);
      CHECK(std::ranges::all_of(runs, [](const auto& n) { return n == 1; }));
    }
}

TEST_CASE("each thread has a number of its own, which it keeps from task to task") {
  struct scratch {
    one_at_a_time use;
    int tasks = 0;  // a plain number: the thread sanitizer would see a second thread
  };
  for (const std::size_t threads : {1U, 3U, 8U}) {
    std::vector<scratch> mine(threads);
    mrcz::detail::parallel_for(100, threads, [&](std::size_t i, std::size_t thread) {
      mine.at(thread).use.enter([&] { dawdle(i); });
      ++mine.at(thread).tasks;
    });
    int tasks = 0;
    for (const scratch& one : mine) {
      CHECK_FALSE(one.use.disturbed());
      tasks += one.tasks;
    }
    CHECK(tasks == 100);
  }
}

TEST_CASE("of several failed tasks the lowest index is reported, and all before it have run") {
  constexpr std::size_t count = 20;
  for (std::size_t threads = 1; threads <= 8; ++threads)
    for (std::size_t bad = 0; bad < count; ++bad) {
      std::vector<std::atomic<int>> runs(count);
      const auto reported = failed_index([&] {
        mrcz::detail::parallel_for(count, threads, [&](std::size_t i, std::size_t) {
          dawdle(i);
          ++runs[i];
          if (i == bad || i == bad + 1 || i == bad + 5) fail_at(i);
        });
      });
      CAPTURE(threads);
      REQUIRE(reported == bad);
      for (std::size_t i = 0; i < count; ++i) REQUIRE(runs[i] <= 1);
      for (std::size_t i = 0; i <= bad; ++i) REQUIRE(runs[i] == 1);
    }
}

TEST_CASE("after a failed task no new one starts") {
  constexpr std::size_t count = 100'000;
  for (const std::size_t threads : {1U, 2U, 8U}) {
    std::atomic<std::size_t> started = 0;
    CHECK(failed_index([&] {
            mrcz::detail::parallel_for(count, threads, [&](std::size_t i, std::size_t) {
              ++started;
              if (i == 3) fail_at(i);
              std::this_thread::sleep_for(std::chrono::milliseconds{1});
            });
          }) == 3);
    CHECK(started >= 4);
    CHECK(started < count);
  }
}

TEST_CASE("an exception of any type reaches the caller as it was thrown") {
  for (const std::size_t threads : {1U, 4U}) {
    CHECK_THROWS_AS(mrcz::detail::parallel_for(10, threads,
                                               [](std::size_t i, std::size_t) {
                                                 if (i == 5) throw 42;
                                               }),
                    int);
    CHECK_THROWS_AS(mrcz::detail::parallel_ordered<std::size_t>(
                        10, threads, [](std::size_t i) { return i; },
                        [](std::size_t) { mrcz::detail::fail(mrcz::errc::closed, "no more"); }),
                    mrcz::error);
  }
}

TEST_CASE("parallel_ordered makes each result once and takes all in order, one at a time") {
  for (std::size_t threads = 0; threads <= 8; ++threads)
    for (const std::size_t count : counts) {
      std::vector<std::atomic<int>> makes(count);
      std::vector<std::size_t> taken;
      one_at_a_time taking;
      mrcz::detail::parallel_ordered<std::unique_ptr<std::size_t>>(
          count, threads,
          [&](std::size_t i) {
            dawdle(i);
            ++makes[i];
            return std::make_unique<std::size_t>(i);
          },
          [&](std::unique_ptr<std::size_t> result) {
            taking.enter([&] {
              dawdle(*result + 1000);
              taken.push_back(*result);
            });
          });
      CAPTURE(threads);
      CAPTURE(count);
      CHECK(taken == indices(count));
      CHECK_FALSE(taking.disturbed());
      CHECK(std::ranges::all_of(makes, [](const auto& n) { return n == 1; }));
    }
}

TEST_CASE("a number of threads far beyond the tasks is no harm") {
  for (const std::size_t threads :
       {std::size_t{1000}, std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max() - 1}) {
    std::vector<std::size_t> taken;
    mrcz::detail::parallel_ordered<std::size_t>(
        3, threads, [](std::size_t i) { return i; }, [&](std::size_t i) { taken.push_back(i); });
    CHECK(taken == indices(3));
    std::atomic<std::size_t> sum = 0;
    mrcz::detail::parallel_for(3, threads, [&](std::size_t i, std::size_t) { sum += i; });
    CHECK(sum == 3);
  }
}

TEST_CASE("results are made while others are taken, but no more than the window holds") {
  for (std::size_t threads = 2; threads <= 8; ++threads) {
    constexpr std::size_t count = 60;
    std::atomic<int> alive = 0;
    std::atomic<int> most_alive = 0;
    std::atomic<std::size_t> made = 0;
    bool window_filled = false;
    std::vector<std::size_t> taken;
    mrcz::detail::parallel_ordered<counted>(
        count, threads,
        [&](std::size_t i) {
          dawdle(i);
          counted result{i, alive, most_alive};
          ++made;
          return result;
        },
        [&](counted result) {
          if (result.index() == 0) {  // a very slow disk: the other threads go on until the window is full
            const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
            while (made < threads + 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
            window_filled = made >= threads + 2;
            for (int i = 0; i < 200; ++i) dawdle(static_cast<std::size_t>(i));
          }
          taken.push_back(result.index());
        });
    CAPTURE(threads);
    CHECK(window_filled);
    CHECK(most_alive == static_cast<int>(threads + 2));
    CHECK(alive == 0);
    CHECK(taken == indices(count));
  }
}

TEST_CASE("when making fails, everything before it has been taken and nothing behind it") {
  constexpr std::size_t count = 20;
  for (std::size_t threads = 1; threads <= 8; ++threads)
    for (std::size_t bad = 0; bad < count; ++bad) {
      std::atomic<int> alive = 0;
      std::atomic<int> most_alive = 0;
      std::vector<std::size_t> taken;
      const auto reported = failed_index([&] {
        mrcz::detail::parallel_ordered<counted>(
            count, threads,
            [&](std::size_t i) {
              dawdle(i * 31 + bad);
              if (i == bad || i == bad + 2) fail_at(i);
              return counted{i, alive, most_alive};
            },
            [&](counted result) {
              dawdle(result.index());
              taken.push_back(result.index());
            });
      });
      CAPTURE(threads);
      REQUIRE(reported == bad);
      REQUIRE(taken == indices(bad));
      REQUIRE(alive == 0);
      REQUIRE(most_alive <= static_cast<int>(threads + 2));
    }
}

TEST_CASE("when taking fails, nothing more is taken") {
  constexpr std::size_t count = 20;
  for (std::size_t threads = 1; threads <= 8; ++threads)
    for (std::size_t bad = 0; bad < count; ++bad) {
      std::atomic<int> alive = 0;
      std::atomic<int> most_alive = 0;
      std::vector<std::size_t> taken;
      const auto reported = failed_index([&] {
        mrcz::detail::parallel_ordered<counted>(
            count, threads,
            [&](std::size_t i) {
              dawdle(i * 17 + bad);
              return counted{i, alive, most_alive};
            },
            [&](counted result) {
              taken.push_back(result.index());
              if (result.index() >= bad) fail_at(result.index());
            });
      });
      CAPTURE(threads);
      REQUIRE(reported == bad);
      REQUIRE(taken == indices(bad + 1));
      REQUIRE(alive == 0);
    }
}

TEST_CASE("when both fail, the lower index is reported") {
  constexpr std::size_t count = 12;
  for (std::size_t threads = 1; threads <= 8; ++threads)
    for (std::size_t make_fails = 0; make_fails < count; ++make_fails)
      for (std::size_t take_fails = 0; take_fails < count; ++take_fails) {
        std::vector<std::size_t> taken;
        const auto reported = failed_index([&] {
          mrcz::detail::parallel_ordered<std::size_t>(
              count, threads,
              [&](std::size_t i) {
                if (i == make_fails) fail_at(i);
                return i;
              },
              [&](std::size_t i) {
                taken.push_back(i);
                if (i == take_fails) fail_at(i);
              });
        });
        REQUIRE(reported == std::min(make_fails, take_fails));
        REQUIRE(taken == indices(std::min(make_fails, take_fails + 1)));
      }
}

TEST_CASE("a pipeline asks for items one at a time until there are no more, and takes the results in their order") {
  for (std::size_t threads = 1; threads <= 6; ++threads)
    for (const std::size_t count : counts) {
      std::size_t asked = 0;
      std::atomic<int> asking = 0;
      std::vector<std::size_t> taken;
      mrcz::detail::parallel_pipeline<std::unique_ptr<std::size_t>, std::unique_ptr<std::size_t>>(
          threads,
          [&]() -> std::optional<std::unique_ptr<std::size_t>> {
            REQUIRE(++asking == 1);
            dawdle(asked);
            --asking;
            if (asked == count) return std::nullopt;
            return std::make_unique<std::size_t>(asked++);
          },
          [&](std::unique_ptr<std::size_t>&& item) {
            dawdle(*item * 31);
            return std::move(item);
          },
          [&](std::unique_ptr<std::size_t>&& result) { taken.push_back(*result); });
      CHECK(asked == count);
      CHECK(taken == indices(count));
    }
}

TEST_CASE("a pipeline asks its caller's thread alone for items where it is told to, and others work meanwhile") {
  for (std::size_t threads = 1; threads <= 6; ++threads)
    for (const std::size_t count : counts) {
      std::size_t asked = 0;
      bool by_another = false;
      std::vector<std::size_t> taken;
      const auto caller = std::this_thread::get_id();
      mrcz::detail::parallel_pipeline<std::size_t, std::size_t>(
          threads,
          [&]() -> std::optional<std::size_t> {
            by_another = by_another || std::this_thread::get_id() != caller;
            return asked == count ? std::nullopt : std::optional{asked++};
          },
          [](std::size_t i) {
            dawdle(i);
            return i;
          },
          [&](std::size_t i) { taken.push_back(i); }, mrcz::detail::asked::by_caller_only);
      CHECK_FALSE(by_another);
      CHECK(taken == indices(count));
    }
}

TEST_CASE("a failure to get an item is reported once everything before it has been taken") {
  for (const auto who : {mrcz::detail::asked::by_any_thread, mrcz::detail::asked::by_caller_only})
    for (std::size_t threads = 1; threads <= 6; ++threads)
      for (std::size_t bad = 0; bad < 20; ++bad) {
        std::size_t asked = 0;
        std::vector<std::size_t> taken;
        const auto reported = failed_index([&] {
          mrcz::detail::parallel_pipeline<std::size_t, std::size_t>(
              threads,
              [&] {
                if (asked == bad) fail_at(bad);
                return std::optional{asked++};
              },
              [](std::size_t i) {
                dawdle(i);
                return i;
              },
              [&](std::size_t i) { taken.push_back(i); }, who);
        });
        REQUIRE(reported == bad);
        REQUIRE(taken == indices(bad));
      }
}

namespace {

/// An item or a result that other threads than the caller's cannot keep: on them, every move after the first one
/// throws. The first move is that into the hands of the pipeline.
class unkept {
 public:
  unkept(std::thread::id caller, std::atomic<bool>& refused) : caller_{caller}, refused_{&refused} {}
  unkept(unkept&& other) : caller_{other.caller_}, refused_{other.refused_}, moves_{other.moves_ + 1} {
    if (moves_ == 1 || std::this_thread::get_id() == caller_) return;
    *refused_ = true;
    throw std::bad_alloc{};
  }
  unkept& operator=(unkept&&) = default;

 private:
  std::thread::id caller_;
  std::atomic<bool>* refused_;
  int moves_ = 0;
};

}  // namespace

TEST_CASE("a pipeline that has no memory for an item or a result on another thread says so to its caller") {
  const auto caller = std::this_thread::get_id();
  for (const auto who : {mrcz::detail::asked::by_any_thread, mrcz::detail::asked::by_caller_only})
    for (std::size_t threads = 2; threads <= 6; ++threads) {
      std::atomic<bool> refused = false;
      const auto leave_it_to_others = [&] {
        while (std::this_thread::get_id() == caller && !refused) std::this_thread::yield();
      };
      CHECK_THROWS_AS((mrcz::detail::parallel_pipeline<unkept, std::size_t>(
                          threads, [&] { return std::optional<unkept>{std::in_place, caller, refused}; },
                          [&](unkept&&) {
                            leave_it_to_others();
                            return std::size_t{0};
                          },
                          [](std::size_t&&) {}, who)),
                      std::bad_alloc);
      refused = false;
      CHECK_THROWS_AS((mrcz::detail::parallel_pipeline<std::size_t, unkept>(
                          threads, [] { return std::optional<std::size_t>{0}; },
                          [&](std::size_t&&) {
                            leave_it_to_others();
                            return unkept{caller, refused};
                          },
                          [](unkept&&) {}, who)),
                      std::bad_alloc);
    }
}

#if !defined(_WIN32)

TEST_CASE("where the system has no thread to spare the caller does all the work") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {  // the limit does not hold for root, and cannot be lifted again
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) ::_exit(2);
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    std::size_t sum = 0;
    mrcz::detail::parallel_for(10, 4, [&](std::size_t i, std::size_t) { sum += i; });
    mrcz::detail::parallel_ordered<std::size_t>(
        10, 4, [](std::size_t i) { return i; }, [&](std::size_t i) { sum += i; });
    std::size_t asked = 0;
    const auto failed = failed_index([&] {  // items from before the failure are made and taken
      mrcz::detail::parallel_pipeline<std::size_t, std::size_t>(
          4,
          [&] {
            if (asked == 3) fail_at(3);
            return std::optional{asked++};
          },
          [](std::size_t i) { return i; }, [&](std::size_t i) { sum += 100 + i; }, mrcz::detail::asked::by_caller_only);
    });
    ::_exit(sum == 90 + 303 && failed == 3U ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

#endif
