// A program whose memory ends: the n-th allocation of an operation fails once, for each n. It is a program of its own
// because it replaces operator new.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include "mrcz/async/read.hpp"
#include "mrcz/async/reader.hpp"
#include "mrcz/async/write.hpp"
#include "mrcz/async/writer.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/async/tokens.hpp"

namespace {

/// How many allocations of this thread succeed until one fails. Negative: all succeed.
thread_local long good_allocations = -1;
thread_local bool has_failed = false;

void* allocate(std::size_t bytes) {
  if (good_allocations >= 0 && good_allocations-- == 0) {
    has_failed = true;
    throw std::bad_alloc{};
  }
  if (void* const memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc{};
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }
void* operator new[](std::size_t bytes) { return allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

using namespace test;
namespace async = mrcz::async;

namespace {

struct outcome_of_start {
  bool failed = false;  // an allocation did
  bool threw = false;
};

/// Calls `start` with memory whose allocation number `good` fails.
template <class Start>
outcome_of_start start_with(long good, Start&& start) {
  outcome_of_start result;
  has_failed = false;
  good_allocations = good;
  try {
    start();
  } catch (const std::bad_alloc&) {
    result.threw = true;
  }
  good_allocations = -1;
  result.failed = has_failed;
  return result;
}

/// Lets each allocation of `start(seen)` fail once. The handler must be called once, or `start` must throw. `prepare`
/// is called before and `finish(code)` after it.
template <class Seen>
void with_each_failure(asio::io_context& workers, const std::function<void()>& prepare,
                       const std::function<void(Seen&)>& start,
                       const std::function<void(std::optional<std::error_code>)>& finish) {
  std::size_t failures = 0;
  for (long good = 0;; ++good) {
    CAPTURE(good);
    prepare();
    Seen seen;
    const auto outcome = start_with(good, [&] { start(seen); });
    workers.restart();
    workers.poll();
    CHECK(seen.count == (outcome.threw ? 0 : 1));
    if (seen.code) CHECK(seen.code == std::errc::not_enough_memory);
    const bool done = seen.count == 1 && !seen.code;
    failures += done ? 0U : 1U;
    finish(done ? std::optional<std::error_code>{} : make_error_code(std::errc::not_enough_memory));
    if (!outcome.failed) {
      CHECK(done);
      break;
    }
    REQUIRE(good < 1000);
  }
  CHECK(failures > 0);
}

/// A writer whose workers run by hand, and what it was given.
struct scene {
  void prepare() {
    out.emplace(workers.get_executor(), folder / "a.mrcz", mrcz::write_options{}, nullptr, async::window{.slices = 2});
    out->append(frame(0), asio::detached);
  }

  /// The writer goes on: it takes a frame and closes.
  std::vector<int> frames_of_closed_file() {
    calls<> appended;
    calls<> closed;
    out->append(frame(9), noting(appended));
    out->close(noting(closed));
    workers.restart();
    workers.poll();
    CHECK(appended.succeeded());
    CHECK(closed.succeeded());
    const auto voxels = mrcz::read<std::int16_t>(folder / "a.mrcz");
    std::vector<int> found;
    for (std::size_t z = 0; z < voxels.shape()[0]; ++z) found.push_back(voxels(z, 0, 0) / 1000);
    CHECK(folder.files().size() == 1);
    return found;
  }

  scratch_folder folder;
  asio::io_context workers;
  std::optional<async::writer> out;
};

using frames = std::vector<int>;

}  // namespace

TEST_CASE("an append without memory fails or throws, and the writer goes on without its frame") {
  scene s;
  with_each_failure<calls<>>(
      s.workers, [&] { s.prepare(); }, [&](calls<>& seen) { s.out->append(frame(1), noting(seen)); },
      [&](auto failure) { CHECK(s.frames_of_closed_file() == (failure ? frames{0, 9} : frames{0, 1, 9})); });
}

TEST_CASE("an append of a volume without memory takes no slice, or ends the file if it has taken some") {
  scene s;
  with_each_failure<calls<>>(
      s.workers,
      [&] {
        s.prepare();
        s.workers.restart();
        s.workers.poll();
      },
      [&](calls<>& seen) { s.out->append(movie(2), noting(seen)); },
      [&](auto failure) {
        if (failure && s.out->in_window().slices == 0 && s.out->size() == 1) {
          calls<> again;
          s.out->append(frame(5), noting(again));
          s.workers.restart();
          s.workers.poll();
          CHECK((again.succeeded() || again.failed_with(mrcz::errc::closed)));
          return;
        }
        CHECK_FALSE(failure);
        CHECK(s.frames_of_closed_file() == frames{0, 0, 1, 9});
      });
}

TEST_CASE("try_append without memory throws, and the writer goes on without the frame") {
  scene s;
  std::size_t thrown = 0;
  for (long good = 0;; ++good) {
    s.prepare();
    auto one = frame(1);
    bool taken = false;
    const auto outcome = start_with(good, [&] { taken = s.out->try_append(std::move(one)); });
    thrown += outcome.threw ? 1U : 0U;
    CHECK(taken != outcome.threw);
    if (outcome.threw) CHECK(one == frame(1));  // NOLINT(bugprone-use-after-move)
    CHECK(s.frames_of_closed_file() == (taken ? frames{0, 1, 9} : frames{0, 9}));
    if (!outcome.failed) break;
    REQUIRE(good < 1000);
  }
  CHECK(thrown > 0);
}

TEST_CASE("a flush or a close without memory fails or throws, and the writer goes on") {
  scene s;
  with_each_failure<calls<>>(
      s.workers, [&] { s.prepare(); }, [&](calls<>& seen) { s.out->flush(noting(seen)); },
      [&](auto) { CHECK(s.frames_of_closed_file() == frames{0, 9}); });
  with_each_failure<calls<>>(
      s.workers, [&] { s.prepare(); }, [&](calls<>& seen) { s.out->close(noting(seen)); },
      [&](auto failure) {
        if (failure) CHECK(s.frames_of_closed_file() == frames{0, 9});
        else CHECK(mrcz::read<std::int16_t>(s.folder / "a.mrcz") == movie(1));
      });
}

TEST_CASE("a cancellation without memory cancels all the same") {
  scene s;
  for (long good = 0;; ++good) {
    s.prepare();
    s.out->append(frame(1), asio::detached);
    calls<> waits;
    s.out->append(frame(2), noting(waits));
    const auto outcome = start_with(good, [&] { s.out->cancel(asio::cancellation_type::total); });
    CHECK_FALSE(outcome.threw);
    s.workers.restart();
    s.workers.poll();
    CHECK(waits.count == 1);
    CHECK(waits.code);
    CHECK(s.frames_of_closed_file() == frames{0, 1, 9});
    if (!outcome.failed) break;
    REQUIRE(good < 1000);
  }
}

TEST_CASE("create and write without memory fail or throw, and leave nothing") {
  const scratch_folder folder;
  asio::io_context workers;
  const auto path = folder / "a.mrcz";
  with_each_failure<calls<async::writer>>(
      workers, [] {}, [&](auto& seen) { async::create(workers.get_executor(), path, noting(seen)); },
      [&](auto) {
        workers.restart();
        workers.poll();
        CHECK(folder.files().empty());
      });
  with_each_failure<calls<>>(
      workers, [] {}, [&](calls<>& seen) { async::write(workers.get_executor(), path, movie(2), noting(seen)); },
      [&](auto failure) {
        workers.restart();
        workers.poll();
        CHECK(folder.files().empty() == failure.has_value());
      });
}

TEST_CASE("reads without memory fail or throw, and can be asked again") {
  const scratch_folder folder;
  const auto path = folder / "a.mrcz";
  mrcz::write(path, movie(3));
  asio::io_context workers;
  const async::reader in{workers.get_executor(), path};
  const auto nothing = [] {};
  const auto no_matter = [](auto) {};
  with_each_failure<calls<async::reader>>(
      workers, nothing, [&](auto& seen) { async::open(workers.get_executor(), path, noting(seen)); }, no_matter);
  with_each_failure<calls<mrcz::volume<float>>>(
      workers, nothing, [&](auto& seen) { in.read<float>(noting(seen)); }, no_matter);
  with_each_failure<calls<mrcz::image<float>>>(
      workers, nothing, [&](auto& seen) { async::read_slice<float>(workers.get_executor(), path, 1, noting(seen)); },
      no_matter);
  std::optional<async::slice_stream<std::int16_t>> stream;
  with_each_failure<calls<std::optional<mrcz::image<std::int16_t>>>>(
      workers, [&] { stream.emplace(in.slices<std::int16_t>()); }, [&](auto& seen) { stream->next(noting(seen)); },
      [&](auto failure) {
        calls<std::optional<mrcz::image<std::int16_t>>> again;
        stream->next(noting(again));
        workers.restart();
        workers.poll();
        CHECK(again.succeeded());
        CHECK(std::get<0>(*again.result) == frame(failure ? 0 : 1));
      });
}
