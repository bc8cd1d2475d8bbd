// Where the work of a writer is done: which executor does what, who frees large memory, and what may happen meanwhile.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <asio/detached.hpp>
#include <asio/post.hpp>

#include "mrcz/async/write.hpp"
#include "mrcz/async/writer.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/async/tokens.hpp"
#include "tests/lazy.hpp"
#include "tests/whole_files.hpp"

using namespace test;
namespace async = mrcz::async;

namespace {

/// Threads that did something. Thread-safe.
class threads_seen {
 public:
  void note() {
    const std::lock_guard lock{mutex_};
    ids_.insert(std::this_thread::get_id());
  }
  std::set<std::thread::id> all() const {
    const std::lock_guard lock{mutex_};
    return ids_;
  }
  bool include(std::thread::id id) const { return all().contains(id); }
  bool include_this_thread() const { return include(std::this_thread::get_id()); }

 private:
  mutable std::mutex mutex_;
  std::set<std::thread::id> ids_;
};

std::thread::id thread_of(asio::thread_pool& pool) {
  std::promise<std::thread::id> id;
  asio::post(pool, [&] { id.set_value(std::this_thread::get_id()); });
  return id.get_future().get();
}

/// A sink in memory that notes which threads use and destroy it, and calls `at_end` in its destructor.
class noting_sink final : public mrcz::byte_sink {
 public:
  noting_sink(threads_seen& used, threads_seen& destroyed, std::function<void()> at_end = {})
      : used_{&used}, destroyed_{&destroyed}, at_end_{std::move(at_end)} {}
  ~noting_sink() override {
    destroyed_->note();
    if (at_end_) at_end_();
  }
  noting_sink(const noting_sink&) = delete;
  noting_sink& operator=(const noting_sink&) = delete;
  void write_at(std::uint64_t, std::span<const std::byte>) override { used_->note(); }
  void publish() override { used_->note(); }
  std::string name() const override { return "noted"; }

 private:
  threads_seen* used_;
  threads_seen* destroyed_;
  std::function<void()> at_end_;
};

/// What happens when arrays of the test are freed: reset by each test. It is static because the allocator of an array
/// that a writer takes over must have no room for a reference.
struct frees {
  threads_seen threads;
  std::function<void()> action;
};
std::unique_ptr<frees>& current_frees() {
  static std::unique_ptr<frees> kept;
  return kept;
}

template <class T>
class noting_allocator {
 public:
  using value_type = T;
  noting_allocator() = default;
  template <class Other>
  explicit noting_allocator(const noting_allocator<Other>&) {}
  T* allocate(std::size_t n) { return std::allocator<T>{}.allocate(n); }
  void deallocate(T* memory, std::size_t n) {
    if (n >= 12 * 17) {
      if (current_frees()->action) current_frees()->action();
      current_frees()->threads.note();
    }
    std::allocator<T>{}.deallocate(memory, n);
  }
  friend bool operator==(const noting_allocator&, const noting_allocator&) { return true; }
  friend bool operator!=(const noting_allocator&, const noting_allocator&) { return false; }
};

using noted_image = xt::xtensor_container<xt::uvector<std::int16_t, noting_allocator<std::int16_t>>, 2>;
using noted_volume = xt::xtensor_container<xt::uvector<std::int16_t, noting_allocator<std::int16_t>>, 3>;

noted_image noted_frame() {
  auto made = noted_image::from_shape({12, 17});
  made.fill(5);
  return made;
}

noted_volume noted_movie() {
  auto made = noted_volume::from_shape({4, 12, 17});
  made.fill(5);
  return made;
}

}  // namespace

TEST_CASE("the executor of the disk alone writes, publishes and removes, and the workers pack meanwhile") {
  for (const bool closes : {true, false}) {
    asio::thread_pool workers{2};
    asio::thread_pool disk{1};
    const asio::any_io_executor disk_executor = disk.get_executor();
    threads_seen used;
    threads_seen destroyed;
    threads_seen packed;
    {
      async::writer out{workers.get_executor(),
                        std::make_unique<noting_sink>(used, destroyed),
                        {.parallel_evaluation = true},
                        nullptr,
                        {.slices = 3, .disk = &disk_executor}};
      for (std::size_t z = 0; z < 8; ++z)
        out.append(mrcz::borrowed(xt::make_lambda_xfunction(
                       [&packed](std::int16_t v) {
                         packed.note();
                         return v;
                       },
                       frame(z))),
                   asio::use_future)
            .get();
      if (closes) out.close(asio::use_future).get();
    }
    const auto disk_thread = thread_of(disk);
    workers.join();
    disk.join();
    if (closes) CHECK(used.all() == std::set{disk_thread});
    CHECK(destroyed.all() == std::set{disk_thread});
    CHECK_FALSE(packed.include(disk_thread));
    CHECK_FALSE(packed.include_this_thread());
  }
}

TEST_CASE("a disk that stands still stops neither packing nor other writers on the same workers") {
  const scratch_folder folder;
  asio::io_context workers;
  asio::io_context slow_disk;
  const asio::any_io_executor slow = slow_disk.get_executor();
  async::writer out{workers.get_executor(),
                    folder / "slow.mrcz",
                    {.parallel_evaluation = true},
                    nullptr,
                    {.slices = 3, .disk = &slow}};
  async::writer other{workers.get_executor(), folder / "other.mrcz"};
  std::atomic<std::size_t> evaluated = 0;
  calls<> waits;
  calls<> other_closed;
  calls<> closed;
  for (std::size_t z = 0; z < 3; ++z) out.append(mrcz::borrowed(counting(frame(z), evaluated)), asio::detached);
  out.append(frame(3), noting(waits));
  other.append(frame(0), asio::detached);
  other.close(noting(other_closed));
  workers.poll();
  CHECK(evaluated >= 3 * 12 * 17);
  CHECK(out.in_window().slices == 3);
  CHECK(out.size() == 0);
  CHECK(waits.count == 0);
  CHECK(other_closed.succeeded());
  CHECK(folder.files() == std::vector<std::string>{"other.mrcz"});
  out.close(noting(closed));
  run_both(slow_disk, workers);
  CHECK(waits.succeeded());
  CHECK(closed.succeeded());
  CHECK(mrcz::read<std::int16_t>(folder / "slow.mrcz") == movie(4));
}

TEST_CASE("only the executor of the disk creates the file") {
  const scratch_folder folder;
  asio::io_context workers;
  asio::io_context disk_context;
  const asio::any_io_executor disk = disk_context.get_executor();
  calls<async::writer> created;
  async::create(workers.get_executor(), folder / "no/where.mrcz", {}, nullptr, {.disk = &disk}, noting(created));
  workers.poll();
  CHECK(created.count == 0);
  disk_context.poll();
  workers.restart();
  workers.poll();
  CHECK(created.failed_with(std::errc::no_such_file_or_directory));
}

TEST_CASE("an executor of the disk that is none is refused") {
  asio::thread_pool workers{1};
  const asio::any_io_executor none;
  bytes content;
  const auto failure = failure_of([&] {
    async::writer{workers.get_executor(), std::make_unique<mrcz::memory_sink>(content), {}, nullptr, {.disk = &none}};
  });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_option);
}

TEST_CASE("the workers free arrays and remove the file, after success, failure, cancellation and destruction") {
  for (const int ending : {0, 1, 2, 3}) {
    current_frees() = std::make_unique<frees>();
    threads_seen used;
    threads_seen destroyed;
    asio::thread_pool workers{2};
    {
      std::promise<void> blocked;
      auto go_on = blocked.get_future().share();
      for (int i = 0; i < 2; ++i) asio::post(workers, [go_on] { go_on.wait(); });
      async::writer out{
          workers.get_executor(), std::make_unique<noting_sink>(used, destroyed), {}, nullptr, {.slices = 2}};
      CHECK(out.try_append(noted_frame()));
      out.append(noted_movie(), asio::detached);
      out.append(noted_frame(), asio::detached);
      out.append(refusing(frame(0), frame(0).flat(0)), asio::detached);
      if (ending == 0) out.cancel(asio::cancellation_type::terminal);
      if (ending == 1) out.cancel(asio::cancellation_type::partial);
      if (ending == 2) {
        blocked.set_value();
        CHECK(failure_told([&](auto handler) { out.close(std::move(handler)); }));
      }
      if (ending != 2) blocked.set_value();
    }
    workers.join();
    CHECK_FALSE(destroyed.include_this_thread());
    CHECK_FALSE(used.include_this_thread());
    CHECK(destroyed.all().size() == 1);
    CHECK_FALSE(current_frees()->threads.include_this_thread());
    CHECK_FALSE(current_frees()->threads.all().empty());
  }
}

TEST_CASE("arrays and sinks are destroyed without a lock: they may call the writer, from any thread, and wait") {
  for (const bool fails : {false, true}) {
    current_frees() = std::make_unique<frees>();
    threads_seen used;
    threads_seen destroyed;
    asio::thread_pool workers{2};
    std::optional<async::writer> out;
    std::atomic<int> asked = 0;
    const auto ask = [&] {
      std::thread{[&] {
        static_cast<void>(out->in_window());
        static_cast<void>(out->size());
        ++asked;
      }}.join();
    };
    current_frees()->action = ask;
    out.emplace(workers.get_executor(), std::make_unique<noting_sink>(used, destroyed, ask), mrcz::write_options{},
                nullptr, async::window{.slices = 2});
    out->append(noted_frame(), asio::use_future).get();
    out->append(noted_movie(), asio::use_future).get();
    if (fails) out->append(refusing(frame(0), frame(0).flat(0)), asio::detached);
    out->append(noted_movie(), asio::detached);
    calls<> cancelled;
    out->append(noted_movie(), asio::detached);
    out->cancel(asio::cancellation_type::total);
    const auto failure = failure_told([&](auto handler) { out->close(std::move(handler)); });
    if (!fails) CHECK_FALSE(failure);  // otherwise another operation may have been told
    workers.join();
    CHECK(asked > 3);
    current_frees()->action = {};
  }
}

TEST_CASE("a handler may destroy the writer whose operation it completes") {
  const scratch_folder folder;
  asio::thread_pool workers{2};
  for (int i = 0; i < 20; ++i) {
    auto out = std::make_unique<async::writer>(workers.get_executor(), folder / "a.mrcz");
    std::promise<void> gone;
    auto& writer = *out;
    writer.append(mrcz::borrowed(frame(0) * 2), asio::detached);
    writer.append(frame(1), [&, kept = std::move(out)](const std::exception_ptr&) mutable {
      kept.reset();
      gone.set_value();
    });
    gone.get_future().wait();
  }
  workers.join();
  CHECK(folder.files().empty());
}

// Memory of the caller. AddressSanitizer notices each use of it after its end.

TEST_CASE("memory that was lent is used no more once close, the destructor, or a cancelled write is complete") {
  for (unsigned seed = 0; seed < 24; ++seed)
    for (const int ending : {0, 1, 2, 3}) {
      const scratch_folder folder;
      asio::thread_pool pool{2};
      const delaying_executor workers{pool, seed};
      auto voxels = std::make_unique<mrcz::volume<std::int16_t>>(movie(5));
      auto out = std::make_unique<async::writer>(workers, folder / "a.mrcz", mrcz::write_options{}, nullptr,
                                                 async::window{.slices = 2});
      if (ending < 3) out->append(mrcz::borrowed(*voxels + std::int16_t{1}), asio::detached);
      if (ending == 0) {
        out->close(asio::use_future).get();
      } else if (ending == 1) {
        if (seed % 2 == 0) out->append(mrcz::borrowed(*voxels), asio::detached);
        if (seed % 3 == 0)
          static_cast<void>(out->flush(asio::use_future).wait_for(std::chrono::milliseconds{seed % 4}));
        out.reset();
      } else if (ending == 2) {
        auto closed = out->close(asio::use_future);
        if (seed % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds{seed * 50});
        out->cancel(asio::cancellation_type::terminal);
        try {
          closed.get();
        } catch (const mrcz::error&) {
          CHECK(folder.files().empty());
        }
      } else {
        asio::io_context caller;
        asio::cancellation_signal signal;
        calls<> seen;
        async::write(workers, folder / "b.mrcz", mrcz::borrowed(*voxels + std::int16_t{1}), {}, nullptr, {.slices = 2},
                     noting(seen, caller.get_executor(), signal.slot()));
        std::this_thread::sleep_for(std::chrono::microseconds{seed * 100});
        signal.emit(asio::cancellation_type::terminal);
        caller.run();
        CHECK(seen.count == 1);
      }
      voxels.reset();
      out.reset();
      pool.join();
    }
}

// Executors that are none of Asio's

TEST_CASE("an executor that runs work inside post writes files, also with lent arrays") {
  const scratch_folder folder;
  asio::io_context context;
  const inline_executor workers{context};
  const auto voxels = movie(3);
  std::array<calls<>, 4> seen;
  async::writer out{workers, folder / "a.mrcz", {}, nullptr, {.slices = 1}};
  out.append(frame(0), noting(seen[0]));
  out.append(mrcz::borrowed(xt::view(voxels, xt::range(1, 3), xt::all(), xt::all())), noting(seen[1]));
  out.flush(noting(seen[2]));
  out.close(noting(seen[3]));
  for (const auto& one : seen) CHECK(one.succeeded());
  CHECK(mrcz::read<std::int16_t>(folder / "a.mrcz") == voxels);
}

TEST_CASE("a handler that runs, or is refused, on the thread of a worker may destroy a writer that borrows") {
  enum class on : std::uint8_t { inline_workers, inline_handlers, refusing_handlers };
  for (const auto where : {on::inline_workers, on::inline_handlers, on::refusing_handlers})
    for (const bool by_flush : {false, true}) {
      const scratch_folder folder;
      asio::io_context workers;
      asio::io_context context;
      const asio::any_io_executor at_once = inline_executor{context};
      const asio::any_io_executor refusing = refusing_executor{context, 0};
      const auto voxels = movie(2);
      const auto volume = [&](std::size_t z) {
        return mrcz::borrowed(xt::view(voxels, xt::range(z, z + 1), xt::all(), xt::all()));
      };
      auto out = std::make_unique<async::writer>(where == on::inline_workers ? at_once : workers.get_executor(),
                                                 folder / "a.mrcz", mrcz::write_options{}, nullptr,
                                                 async::window{.slices = 1});
      async::writer& writer = *out;
      auto alive = std::make_shared<int>();
      auto destroying =
          asio::bind_executor(where == on::refusing_handlers ? refusing : at_once,
                              [alive, kept = std::move(out)](const std::exception_ptr&) mutable { kept.reset(); });
      writer.append(volume(0), asio::detached);
      if (by_flush) writer.flush(std::move(destroying));
      else writer.append(volume(1), std::move(destroying));
      workers.run();
      CHECK(alive.use_count() == 1);
      CHECK(folder.files().empty());
    }
}

TEST_CASE(
    "an executor that refuses the n-th work, whatever n is, costs the file or nothing, and each handler is called") {
  for (const bool with_disk : {false, true})
    for (int accepted = 0;; ++accepted) {
      const scratch_folder folder;
      asio::io_context caller;
      asio::io_context workers;
      const asio::any_io_executor refusing = refusing_executor{workers, accepted};
      const asio::any_io_executor taking = workers.get_executor();
      std::array<calls<>, 5> seen;
      {
        async::writer out{with_disk ? taking : refusing,
                          folder / "a.mrcz",
                          {},
                          nullptr,
                          {.slices = 2, .disk = with_disk ? &refusing : &taking}};
        out.append(frame(0), noting(seen[0], caller.get_executor()));
        out.append(movie(2), noting(seen[1], caller.get_executor()));
        out.flush(noting(seen[2], caller.get_executor()));
        out.append(frame(3), noting(seen[3], caller.get_executor()));
        out.close(noting(seen[4], caller.get_executor()));
        workers.run();
        caller.run();
      }
      workers.restart();
      workers.run();
      for (const auto& one : seen) CHECK(one.count == 1);
      CHECK(folder.files().size() == (seen[4].code ? 0 : 1));
      if (!seen[4].code) break;
      REQUIRE(accepted < 100);
    }
}
