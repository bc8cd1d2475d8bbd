// Random schedules of everything that may happen to a writer at the same time. MRCZ_TEST_SCHEDULES says how many, and
// MRCZ_TEST_FIRST_SCHEDULE with which seed they begin.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <asio/executor_work_guard.hpp>
#include <asio/strand.hpp>

#include "mrcz/async/writer.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/async/tokens.hpp"

using namespace test;
namespace async = mrcz::async;

namespace {

constexpr std::size_t ny = 4;
constexpr std::size_t nx = 5;

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::stoul(text));
}

/// Counts the calls and the destruction of one handler.
struct ledger {
  std::atomic<int> called = 0;
  std::atomic<int> destroyed = 0;
};

/// A handler whose calls and whose end are counted. Only the last one of the handlers that were moved counts.
class counted_handler {
 public:
  using then = std::function<void(std::error_code)>;

  counted_handler(ledger& book, then next) : book_{&book}, next_{std::move(next)} {}
  counted_handler(counted_handler&& other) noexcept
      : book_{std::exchange(other.book_, nullptr)}, next_{std::move(other.next_)} {}
  counted_handler& operator=(counted_handler&&) = delete;
  ~counted_handler() {
    if (book_ != nullptr) ++book_->destroyed;
  }
  void operator()(std::exception_ptr failure) {
    ++book_->called;
    std::error_code code;
    try {
      if (failure) std::rethrow_exception(std::move(failure));
    } catch (const std::system_error& e) {
      code = e.code();
    }
    if (next_) next_(code);
  }

 private:
  ledger* book_;
  then next_;
};

/// What one caller did to the writer.
enum class act : std::uint8_t { append, volume, state, try_append, flush, cancel, cancel_one, close };

/// One operation as its caller saw it.
struct record {
  ledger book;
  act what = act::append;
  std::vector<int> frames;  // what it appends
  std::optional<std::error_code> code;
};

/// What one thread of callers uses alone. It outlives the operations.
struct caller {
  asio::io_context context;
  asio::cancellation_signal signal;
};

/// One writer, and callers that use it at the same time, each on a thread or a context of its own.
class schedule {
 public:
  explicit schedule(unsigned seed) : random_{seed} {}

  /// Returns whether there is a file at the end.
  bool run() {
    const std::size_t callers = 1 + random_() % 4;
    const bool stops_workers = random_() % 16 == 0;
    const bool destroys_early = random_() % 3 == 0;
    keep_partial_ = random_() % 8 == 0;
    workers_.emplace(1 + random_() % 4);
    if (random_() % 4 == 0) disk_.emplace(1 + random_() % 2);
    const asio::any_io_executor disk =
        disk_ ? asio::any_io_executor{disk_->get_executor()} : asio::any_io_executor{workers_->get_executor()};
    async::window limits{.slices = 1 + random_() % 4};
    if (disk_) limits.disk = &disk;
    out_.emplace(workers_->get_executor(), path(),
                 mrcz::write_options{.durability = mrcz::durability::none, .keep_partial = keep_partial_}, nullptr,
                 limits);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < callers; ++i) callers_.push_back(std::make_unique<caller>());
    for (std::size_t i = 0; i < callers; ++i)
      threads.emplace_back(
          [this, i, seed = static_cast<unsigned>(random_()), destroys_early] { call(i, seed, destroys_early); });
    if (stops_workers) workers_->stop();
    for (auto& thread : threads) thread.join();
    if (!destroys_early && !stops_workers && random_() % 4 != 0) close_and_wait();
    out_.reset();
    if (!stops_workers) workers_->join();
    if (disk_) disk_->join();
    workers_.reset();
    disk_.reset();
    callers_.clear();
    return check();
  }

 private:
  std::filesystem::path path() const { return folder_ / "movie.mrcz"; }

  record& new_record(act what, std::vector<int> frames = {}) {
    const std::lock_guard lock{mutex_};
    auto& one = *records_.emplace_back(std::make_unique<record>());
    one.what = what;
    one.frames = std::move(frames);
    return one;
  }

  /// Frames are numbered by their caller and its calls. The first voxel of a frame is its number.
  static mrcz::image<std::int16_t> numbered(int number) {
    auto made = mrcz::detail::make_image<std::int16_t>(ny, nx);
    made.fill(static_cast<std::int16_t>(number));
    return made;
  }

  /// Sets the outcome on the thread of the handler. It is read once all threads have ended.
  static counted_handler handler(record& one, counted_handler::then next = {}) {
    return {one.book, [&one, next = std::move(next)](std::error_code code) {
              one.code = code;
              if (next) next(code);
            }};
  }

  /// Does some random things, waiting for some of them.
  void call(std::size_t index, unsigned seed, bool only_starts) {
    std::mt19937 dice{seed};
    auto& context = callers_[index]->context;
    auto& signal = callers_[index]->signal;
    int number = static_cast<int>(index) * 100 + 1;
    const std::size_t steps = 1 + dice() % 6;
    for (std::size_t step = 0; step < steps; ++step) {
      const auto what = static_cast<act>(dice() % 8);
      const auto start = [&](record& one, auto&& begin) {
        const auto slot = dice() % 2 == 0 ? signal.slot() : asio::cancellation_slot{};
        if (dice() % 3 == 0) begin(asio::bind_cancellation_slot(asio::cancellation_slot{}, handler(one)));
        else begin(asio::bind_executor(context, asio::bind_cancellation_slot(slot, handler(one))));
      };
      switch (what) {
        case act::append:
          start(new_record(what, {number}), [&](auto token) { out_->append(numbered(number++), std::move(token)); });
          break;
        case act::volume: {
          auto voxels = mrcz::detail::make_volume<std::int16_t>({3, ny, nx});
          for (std::size_t z = 0; z < 3; ++z)
            xt::view(voxels, z, xt::all(), xt::all()) = numbered(number + static_cast<int>(z));
          start(new_record(what, {number, number + 1, number + 2}),
                [&](auto token) { out_->append(std::move(voxels), std::move(token)); });
          number += 3;
          break;
        }
        case act::state:
          start(new_record(what, {number}), [&](auto token) {
            out_->append(xt::make_lambda_xfunction([](std::int16_t v) { return v; }, numbered(number++)),
                         std::move(token));
          });
          break;
        case act::try_append:
          try {
            if (out_->try_append(numbered(number))) {
              auto& one = new_record(what, {number});
              one.code = std::error_code{};
            }
          } catch (const mrcz::error&) {
            ++refused_;  // the writer is closed, or failed
          }
          ++number;
          break;
        case act::flush: start(new_record(what), [&](auto token) { out_->flush(std::move(token)); }); break;
        case act::cancel: out_->cancel(type_of(dice())); break;
        case act::cancel_one: signal.emit(type_of(dice())); break;
        case act::close:
          if (dice() % 4 == 0) start(new_record(what), [&](auto token) { out_->close(std::move(token)); });
          break;
      }
      if (dice() % 2 == 0) context.poll();
      if (dice() % 4 == 0) std::this_thread::yield();
      context.restart();
    }
    if (only_starts) return;  // the handlers that wait are destroyed with their context
    context.run_for(std::chrono::milliseconds{dice() % 3});
  }

  static asio::cancellation_type type_of(std::size_t number) {
    constexpr std::array types{asio::cancellation_type::total, asio::cancellation_type::partial,
                               asio::cancellation_type::terminal, asio::cancellation_type::total};
    return types[number % types.size()];
  }

  void close_and_wait() {
    asio::io_context context;
    auto& one = new_record(act::close);
    out_->close(asio::bind_executor(context, handler(one)));
    context.run();
  }

  bool check() {
    bool closed = false;
    for (const auto& one : records_) {
      if (one->what == act::try_append) continue;
      CHECK(one->book.destroyed == 1);
      CHECK(one->book.called <= 1);
      CHECK((one->book.called == 1) == one->code.has_value());
      closed = closed || (one->what == act::close && one->code == std::error_code{});
    }
    const bool there = std::filesystem::exists(path());
    if (closed) CHECK(there);
    if (!keep_partial_ || there) CHECK(folder_.files().size() == (there ? 1U : 0U));
    if (there) check_frames();
    return there;
  }

  /// The file has each frame that an operation was told it has, and those of one caller in the order of its calls.
  void check_frames() {
    const auto voxels = mrcz::read<std::int16_t>(path());
    std::vector<int> found;
    for (std::size_t z = 0; z < voxels.shape()[0]; ++z) {
      found.push_back(voxels(z, 0, 0));
      CHECK(xt::all(xt::equal(xt::view(voxels, z, xt::all(), xt::all()), found.back())));
    }
    for (int caller = 0; caller < 4; ++caller) {
      int last = 0;
      for (const int number : found) {
        if (number / 100 != caller) continue;
        CHECK(number > last);
        last = number;
      }
    }
    for (const auto& one : records_) {
      if (one->frames.empty() || one->code != std::error_code{}) continue;
      const auto first = std::find(found.begin(), found.end(), one->frames[0]);
      const auto left = static_cast<std::size_t>(found.end() - first);
      REQUIRE(left >= one->frames.size());
      for (std::size_t i = 0; i < one->frames.size(); ++i)
        CHECK(first[static_cast<std::ptrdiff_t>(i)] == one->frames[i]);
    }
  }

  std::mt19937 random_;
  scratch_folder folder_;
  bool keep_partial_ = false;
  std::optional<asio::thread_pool> workers_;
  std::optional<asio::thread_pool> disk_;
  std::optional<async::writer> out_;
  std::vector<std::unique_ptr<caller>> callers_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<record>> records_;
  std::atomic<int> refused_ = 0;
};

}  // namespace

TEST_CASE("whatever callers do at the same time, handlers end once, and the file is complete in order or absent") {
  const unsigned count = number_from("MRCZ_TEST_SCHEDULES", 1000);
  const unsigned first = number_from("MRCZ_TEST_FIRST_SCHEDULE", 0);
  unsigned published = 0;
  for (unsigned seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    if (schedule{seed}.run()) ++published;
  }
  if (count < 100) return;
  CHECK(published > count / 10);  // both ends are common
  CHECK(published < count - count / 10);
}
