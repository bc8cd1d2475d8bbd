#include "mrcz/async/write_queue.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <asio/detached.hpp>

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

constexpr std::array every_type{asio::cancellation_type::total, asio::cancellation_type::partial,
                                asio::cancellation_type::terminal, asio::cancellation_type::all};

/// How a cancellation is asked for.
enum class asked : bool { by_slot, by_cancel };

/// One writer whose workers run by hand, and the operation that is cancelled.
struct scene {
  explicit scene(std::size_t slices) : out{workers.get_executor(), path(), {}, nullptr, {.slices = slices}} {}

  std::filesystem::path path() const { return folder / "movie.mrcz"; }

  /// Starts an operation that must succeed.
  calls<>& other() { return others.emplace_back(std::make_unique<calls<>>()), *others.back(); }

  /// The handler of the operation that is cancelled.
  auto handler() { return asio::bind_cancellation_slot(signal.slot(), noting(seen)); }

  void cancel(asio::cancellation_type type, asked how) {
    if (how == asked::by_slot) signal.emit(type);
    else out.cancel(type);
  }

  /// Runs the workers one by one until nothing is in the window. Publishing is then posted if a `close` waits.
  void empty_window() {
    while (out.in_window().slices > 0) {
      workers.restart();
      REQUIRE(workers.poll_one() == 1);
    }
  }

  void run() {
    workers.restart();
    workers.run();
  }

  /// Closes the file and says which frames it has, as the first voxel of each divided by 1000.
  std::vector<int> frames_of_closed_file() {
    calls<> closed;
    out.close(noting(closed));
    run();
    for (const auto& one : others) CHECK(one->succeeded());
    if (!closed.succeeded()) {
      CHECK(closed.failed_with(mrcz::errc::closed));
      CHECK(folder.files().empty());
      return {};
    }
    CHECK(folder.files().size() == 1);
    return frames_of_file();
  }

  std::vector<int> frames_of_file() const {
    const auto voxels = mrcz::read<std::int16_t>(path());
    std::vector<int> found;
    for (std::size_t z = 0; z < voxels.shape()[0]; ++z) found.push_back(voxels(z, 0, 0) / 1000);
    return found;
  }

  scratch_folder folder;
  asio::io_context workers;
  asio::cancellation_signal signal;
  calls<> seen;
  std::vector<std::unique_ptr<calls<>>> others;
  async::writer out;
};

using frames_in_file = std::vector<int>;

/// Calls `check` with each type and each way of asking.
void for_each_cancellation(const std::function<void(asio::cancellation_type, asked)>& check) {
  for (const auto type : every_type)
    for (const auto how : {asked::by_slot, asked::by_cancel}) {
      CAPTURE(static_cast<unsigned>(type));
      CAPTURE((how == asked::by_slot));
      check(type, how);
    }
}

/// A lazy expression that is evaluated in the order of its slices.
template <class Array>
auto with_state(Array voxels) {
  return xt::make_lambda_xfunction([](std::int16_t v) { return v; }, std::move(voxels));
}

}  // namespace

// The table in async/writer.hpp, row by row

TEST_CASE("an image that waits for room leaves the queue on every type, and costs nothing else") {
  for_each_cancellation([](asio::cancellation_type type, asked how) {
    scene s{1};
    s.out.append(frame(0), noting(s.other()));
    s.out.append(frame(1), s.handler());
    s.cancel(type, how);
    s.out.append(frame(2), noting(s.other()));
    s.run();
    CHECK(s.seen.was_cancelled());
    CHECK(s.frames_of_closed_file() == frames_in_file{0, 2});
  });
}

TEST_CASE("a volume that waits behind another operation leaves the queue on every type") {
  for_each_cancellation([](asio::cancellation_type type, asked how) {
    scene s{1};
    s.out.append(frame(5), noting(s.other()));
    s.out.append(movie(3), s.handler());
    s.cancel(type, how);
    s.run();
    CHECK(s.seen.was_cancelled());
    CHECK(s.frames_of_closed_file() == frames_in_file{5});
  });
}

TEST_CASE("of a volume in part, total lets go on, partial stops behind the slices that were taken, terminal ends all") {
  for_each_cancellation([](asio::cancellation_type type, asked how) {
    scene s{2};
    s.out.append(movie(4), s.handler());  // two slices are taken
    CHECK(s.out.in_window().slices == 2);
    s.cancel(type, how);
    s.run();
    if (type == asio::cancellation_type::total) {
      CHECK(s.seen.succeeded());
      CHECK(s.frames_of_closed_file() == frames_in_file{0, 1, 2, 3});
      return;
    }
    CHECK(s.seen.was_cancelled());
    CHECK(s.seen.message.find("behind 2 of 4 slices") != std::string::npos);
    if (type == asio::cancellation_type::terminal) {
      CHECK(s.frames_of_closed_file().empty());
      return;
    }
    s.out.append(frame(7), noting(s.other()));
    CHECK(s.frames_of_closed_file() == frames_in_file{0, 1, 7});
  });
}

TEST_CASE("an array whose slices were all taken is written, and its append succeeds on every type") {
  for_each_cancellation([](asio::cancellation_type type, asked how) {
    scene s{3};
    s.out.append(movie(2), s.handler());
    s.cancel(type, how);
    s.run();
    CHECK(s.seen.succeeded());
    CHECK(s.frames_of_closed_file() == frames_in_file{0, 1});
  });
}

TEST_CASE("an expression whose last slice is being evaluated is written on every type") {
  for_each_cancellation([](asio::cancellation_type type, asked how) {
    scene s{3};
    s.out.append(with_state(frame(4)), s.handler());
    s.workers.poll_one();  // creates the file
    CHECK(s.seen.count == 0);
    s.cancel(type, how);
    s.run();
    CHECK(s.seen.succeeded());
    CHECK(s.frames_of_closed_file() == frames_in_file{4});
  });
}

TEST_CASE("a flush that waits in the queue, or for slices of the window, is cancelled on every type") {
  for (const bool behind_an_append : {false, true})
    for_each_cancellation([&](asio::cancellation_type type, asked how) {
      scene s{1};
      s.out.append(frame(0), noting(s.other()));
      calls<> waits;
      if (behind_an_append) s.out.append(frame(1), noting(waits));
      s.out.flush(s.handler());
      s.cancel(type, how);
      s.run();
      CHECK(s.seen.was_cancelled());
      CHECK(waits.count == (behind_an_append ? 1 : 0));
      const bool dropped = !behind_an_append || how == asked::by_cancel;  // `cancel` drops the waiting frame, too
      CHECK(s.frames_of_closed_file() == (dropped ? frames_in_file{0} : frames_in_file{0, 1}));
    });
}

TEST_CASE("a close that waits goes on, but terminal ends the file") {
  for_each_cancellation([](asio::cancellation_type type, asked how) {
    scene s{1};
    s.out.append(frame(0), noting(s.other()));
    s.out.close(s.handler());
    s.cancel(type, how);
    s.run();
    const bool ended = (type & asio::cancellation_type::terminal) != asio::cancellation_type::none;
    CHECK((ended ? s.seen.was_cancelled() : s.seen.succeeded()));
    CHECK(s.folder.files().empty() == ended);
    calls<> again;
    s.out.close(noting(again));
    s.run();
    CHECK(again.failed_with(mrcz::errc::closed));
  });
}

TEST_CASE("a close that publishes goes on, whatever is asked for") {
  for_each_cancellation([](asio::cancellation_type type, asked how) {
    scene s{1};
    s.out.append(frame(0), noting(s.other()));
    s.out.close(s.handler());
    s.empty_window();
    CHECK(s.folder.files().empty());
    s.cancel(type, how);
    s.run();
    CHECK(s.seen.succeeded());
    CHECK(s.frames_of_file() == frames_in_file{0});
  });
}

TEST_CASE("an operation that is complete is not cancelled any more, though its handler was not called yet") {
  for_each_cancellation([](asio::cancellation_type type, asked how) {
    scene s{1};
    asio::io_context caller;
    s.out.append(frame(0), noting(s.seen, caller.get_executor(), s.signal.slot()));
    s.run();
    s.cancel(type, how);
    caller.run();
    CHECK(s.seen.succeeded());
    CHECK(s.frames_of_closed_file() == frames_in_file{0});
  });
}

TEST_CASE("create is cancelled on every type until the file is there, and leaves nothing") {
  for (const auto type : every_type)
    for (const bool created : {false, true}) {
      const scratch_folder folder;
      asio::io_context caller;
      asio::io_context workers;
      asio::cancellation_signal signal;
      calls<async::writer> seen;
      async::create(workers.get_executor(), folder / "a.mrcz", noting(seen, caller.get_executor(), signal.slot()));
      if (created) workers.poll();
      signal.emit(type);
      caller.poll();
      CHECK(seen.was_cancelled() != created);
      CHECK(seen.count == 1);
      seen.result.reset();
      workers.restart();
      workers.run();
      CHECK(folder.files().empty());
    }
}

TEST_CASE("append_to is cancelled on every type, and leaves the file as it was and unlocked") {
  for (const auto type : every_type) {
    const scratch_folder folder;
    mrcz::write(folder / "a.mrcz", movie(2));
    asio::io_context caller;
    asio::io_context workers;
    asio::cancellation_signal signal;
    calls<async::writer> seen;
    async::append_to(workers.get_executor(), folder / "a.mrcz", noting(seen, caller.get_executor(), signal.slot()));
    signal.emit(type);
    caller.run();  // at once, before the workers begin
    CHECK(seen.was_cancelled());
    workers.run();
    auto out = mrcz::writer::append_to(folder / "a.mrcz");
    out.append(frame(2));
    out.close();
    CHECK(mrcz::read<std::int16_t>(folder / "a.mrcz") == movie(3));
  }
}

TEST_CASE("the write of a whole file is cancelled on every type, but not once it publishes") {
  for (const auto type : every_type)
    for (std::size_t steps = 0; steps < 20; ++steps) {
      const scratch_folder folder;
      mrcz::write(folder / "a.mrcz", movie(1));
      asio::io_context caller;
      asio::io_context workers;
      asio::cancellation_signal signal;
      calls<> seen;
      async::write(workers.get_executor(), folder / "a.mrcz", movie(3), {}, nullptr, {.slices = 1},
                   noting(seen, caller.get_executor(), signal.slot()));
      for (std::size_t step = 0; step < steps; ++step) workers.poll_one();
      signal.emit(type);
      if (steps < 3) caller.run();
      workers.run();
      caller.run();
      CHECK(seen.count == 1);
      if (steps < 3) CHECK(seen.was_cancelled());
      if (steps > 15) CHECK(seen.succeeded());
      CHECK(folder.files().size() == 1);
      CHECK(mrcz::read<std::int16_t>(folder / "a.mrcz") == movie(seen.succeeded() ? 3 : 1));
    }
}

TEST_CASE("cancelling everything at once leaves what was taken, and the writer goes on") {
  scene s{2};
  std::vector<std::unique_ptr<calls<>>> waiting;
  const auto next = [&]() -> calls<>& { return *waiting.emplace_back(std::make_unique<calls<>>()); };
  s.out.append(frame(0), noting(s.other()));
  s.out.append(frame(1), noting(s.other()));
  s.out.append(frame(2), noting(next()));
  s.out.flush(noting(next()));
  s.out.append(movie(2), noting(next()));
  s.out.cancel(asio::cancellation_type::total);
  s.run();
  for (const auto& one : waiting) CHECK(one->was_cancelled());
  CHECK(s.frames_of_closed_file() == frames_in_file{0, 1});
}

TEST_CASE("operations that wait are cancelled when their writer is destroyed") {
  const scratch_folder folder;
  asio::io_context workers;
  std::array<calls<>, 4> seen;
  {
    async::writer out{workers.get_executor(), folder / "a.mrcz", {}, nullptr, {.slices = 1}};
    out.append(frame(0), asio::detached);
    out.append(frame(1), noting(seen[0]));
    out.append(movie(3), noting(seen[1]));
    out.flush(noting(seen[2]));
    out.close(noting(seen[3]));
  }
  workers.run();
  for (const auto& one : seen) CHECK(one.was_cancelled());
  CHECK(folder.files().empty());
}

TEST_CASE("an append whose slices were taken is cancelled if its writer is destroyed before it completes") {
  const scratch_folder folder;
  asio::io_context workers;
  calls<> seen;
  {
    async::writer out{workers.get_executor(), folder / "a.mrcz"};
    out.append(with_state(frame(0)), noting(seen));
  }
  workers.run();
  CHECK(seen.was_cancelled());
  CHECK(folder.files().empty());
}

TEST_CASE("operations behind a close that publishes are cancelled as if nothing were published") {
  for_each_cancellation([](asio::cancellation_type type, asked how) {
    scene s{1};
    s.out.append(frame(0), noting(s.other()));
    s.out.close(noting(s.other()));
    s.empty_window();
    std::array<calls<>, 3> behind;
    std::array<asio::cancellation_signal, 3> signals;
    const auto on = [&](std::size_t i) { return asio::bind_cancellation_slot(signals[i].slot(), noting(behind[i])); };
    s.out.append(movie(2), on(0));
    s.out.flush(on(1));
    s.out.close(on(2));
    if (how == asked::by_cancel) s.out.cancel(type);
    else
      for (auto& one : signals) one.emit(type);
    s.run();
    const bool terminal = (type & asio::cancellation_type::terminal) != asio::cancellation_type::none;
    CHECK(behind[0].was_cancelled());
    CHECK(behind[1].was_cancelled());
    CHECK((terminal ? behind[2].was_cancelled() : behind[2].failed_with(mrcz::errc::closed)));
    for (const auto& one : s.others) CHECK(one->succeeded());
    CHECK(s.frames_of_file() == frames_in_file{0});
  });
}

TEST_CASE("once close publishes, it goes on without the writer, and the operations behind it are cancelled") {
  const scratch_folder folder;
  asio::io_context workers;
  calls<> closed;
  std::array<calls<>, 3> behind;
  {
    async::writer out{workers.get_executor(), folder / "a.mrcz"};
    out.append(frame(0), asio::detached);
    out.close(noting(closed));
    while (out.in_window().slices > 0) REQUIRE(workers.poll_one() == 1);
    out.append(frame(1), noting(behind[0]));
    out.flush(noting(behind[1]));
    out.close(noting(behind[2]));
  }
  workers.run();
  CHECK(closed.succeeded());
  for (const auto& one : behind) CHECK(one.was_cancelled());
  CHECK(mrcz::read<std::int16_t>(folder / "a.mrcz") == movie(1));
}

// A camera that never waits

TEST_CASE("try_append takes a frame if there is room and nothing waits, and otherwise leaves it untouched") {
  scene s{2};
  auto first = frame(0);
  CHECK(s.out.try_append(std::move(first)));
  CHECK(s.out.try_append(frame(1)));
  CHECK(s.out.in_window().slices == 2);
  CHECK(s.out.in_window().bytes == 2 * 12 * 17 * sizeof(std::int16_t));
  auto third = frame(2);
  CHECK_FALSE(s.out.try_append(std::move(third)));
  CHECK(third == frame(2));  // NOLINT(bugprone-use-after-move): it was refused
  s.run();
  CHECK(s.out.in_window().slices == 0);
  CHECK(s.out.in_window().bytes == 0);
  CHECK(s.out.try_append(std::move(third)));
  CHECK(s.out.try_append(frame(3)));
  s.out.append(frame(4), noting(s.other()));
  CHECK_FALSE(s.out.try_append(frame(9)));
  s.run();
  CHECK(s.frames_of_closed_file() == frames_in_file{0, 1, 2, 3, 4});
}

TEST_CASE("try_append refuses another shape, mode or rank, which closes nothing") {
  scene s{3};
  CHECK(s.out.try_append(frame(0)));
  CHECK(failure_of([&] { s.out.try_append(frame(0, 5, 5)); })->code == mrcz::errc::shape_mismatch);
  CHECK(failure_of([&] { s.out.try_append(mrcz::image<float>{xt::ones<float>({12, 17})}); })->code ==
        mrcz::errc::mode_mismatch);
  CHECK(failure_of([&] { s.out.try_append(movie(2)); })->code == mrcz::errc::shape_mismatch);
  CHECK(failure_of([&] { s.out.try_append(mrcz::detail::make_image<std::int16_t>(0, 5)); })->code ==
        mrcz::errc::shape_mismatch);
  CHECK(s.frames_of_closed_file() == frames_in_file{0});
  CHECK(failure_of([&] { s.out.try_append(frame(0)); })->code == mrcz::errc::closed);
}

TEST_CASE("try_append throws the failure of the file once") {
  const scratch_folder folder;
  asio::io_context workers;
  async::writer out{workers.get_executor(), folder / "no/where.mrcz"};
  CHECK(out.try_append(frame(0)));
  workers.run();
  CHECK(failure_of([&] { out.try_append(frame(0)); })->code == std::errc::no_such_file_or_directory);
  CHECK(failure_of([&] { out.try_append(frame(0)); })->code == mrcz::errc::closed);
}

TEST_CASE("an expression that try_append takes is evaluated in its turn") {
  scene s{3};
  CHECK(s.out.try_append(with_state(frame(0))));
  CHECK_FALSE(s.out.try_append(frame(1)));  // the first one is being evaluated
  s.run();
  CHECK(s.out.try_append(frame(1)));
  CHECK(s.frames_of_closed_file() == frames_in_file{0, 1});
}

// Flushing

TEST_CASE("flush completes when everything before it is in the file, which can then be read if it is kept") {
  const scratch_folder folder;
  asio::io_context workers;
  async::writer out{workers.get_executor(), folder / "a.mrcz", {.keep_partial = true}, nullptr, {.slices = 10}};
  calls<> flushed;
  calls<> later;
  out.append(movie(3), asio::detached);
  out.flush(noting(flushed));
  out.append(frame(3), noting(later));
  while (flushed.count == 0) {
    CHECK((out.size() < 3 || !flushed.count));
    REQUIRE(workers.poll_one() == 1);
  }
  CHECK(flushed.succeeded());
  CHECK(out.size() >= 3);
  CHECK(mrcz::read<std::int16_t>(out.partial_path()).shape()[0] == out.size());
  workers.run();
  CHECK(later.succeeded());
  CHECK(mrcz::read<std::int16_t>(out.partial_path()) == movie(4));
}

TEST_CASE("a flush whose slices are in the file succeeds, and the failure behind them is told to the next operation") {
  asio::io_context workers;
  asio::io_context disk;
  const asio::any_io_executor disk_executor = disk.get_executor();
  bytes content;
  async::writer out{workers.get_executor(),
                    std::make_unique<mrcz::memory_sink>(content),
                    {.parallel_evaluation = true},
                    nullptr,
                    {.slices = 10, .disk = &disk_executor}};
  calls<> flushed;
  calls<> refused;
  calls<> closed;
  out.append(frame(0), asio::detached);
  out.flush(noting(flushed));
  out.append(refusing(frame(1), frame(1).flat(0)), noting(refused));
  out.close(noting(closed));
  workers.poll();  // the second slice fails before the first one is in the file
  disk.poll();
  workers.run();
  CHECK(flushed.succeeded());
  CHECK(refused.succeeded());
  CHECK(closed.failed_with(mrcz::errc::caller_failed));
}

TEST_CASE("a flush of nothing completes when the file is there, and fails if it cannot be created") {
  const scratch_folder folder;
  asio::io_context workers;
  async::writer good{workers.get_executor(), folder / "a.mrcz"};
  async::writer bad{workers.get_executor(), folder / "no/where.mrcz"};
  calls<> flushed;
  calls<> failed;
  calls<> closed;
  good.flush(noting(flushed));
  bad.flush(noting(failed));
  bad.close(noting(closed));
  CHECK(flushed.count == 0);
  workers.run();
  CHECK(flushed.succeeded());
  CHECK(failed.failed_with(std::errc::no_such_file_or_directory));
  CHECK(closed.failed_with(mrcz::errc::closed));
}

// Whole files

TEST_CASE("what is wrong with an array is the failure of writing it as a whole file") {
  const scratch_folder folder;
  asio::io_context workers;
  calls<> wrong_rank;
  calls<> empty;
  calls<> no_folder;
  async::write(workers.get_executor(), folder / "a.mrcz", xt::xtensor<float, 4>::from_shape({1, 1, 2, 2}),
               noting(wrong_rank));
  async::write(workers.get_executor(), folder / "b.mrcz", mrcz::detail::make_volume<float>({3, 0, 4}), noting(empty));
  async::write(workers.get_executor(), folder / "no/where.mrcz", frame(0), noting(no_folder));
  workers.run();
  CHECK(wrong_rank.failed_with(mrcz::errc::shape_mismatch));
  CHECK(wrong_rank.message.find("rank 4") != std::string::npos);
  CHECK(empty.failed_with(mrcz::errc::shape_mismatch));
  CHECK(empty.message.find("3 x 0 x 4") != std::string::npos);
  CHECK(no_folder.failed_with(std::errc::no_such_file_or_directory));
  CHECK(folder.files().empty());
}

TEST_CASE("options are checked at once") {
  const scratch_folder folder;
  asio::io_context workers;
  CHECK(failure_of([&] {
          async::writer{workers.get_executor(), folder / "a.mrcz", {}, nullptr, {.slices = 0}};
        })->code == mrcz::errc::bad_option);
  CHECK(failure_of([&] { async::writer{workers.get_executor(), folder / "a.mrcz", {}, mrcz::metadata{1, 2}}; })->code ==
        mrcz::errc::bad_metadata);
  calls<async::writer> created;
  calls<> written;
  async::create(workers.get_executor(), folder / "a.mrcz", {}, nullptr, {.slices = 0}, noting(created));
  async::write(workers.get_executor(), folder / "a.mrcz", frame(0), {}, mrcz::metadata{1, 2}, noting(written));
  workers.run();
  CHECK(created.failed_with(mrcz::errc::bad_option));
  CHECK(written.failed_with(mrcz::errc::bad_metadata));
}
