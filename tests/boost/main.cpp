// The coroutine part on Boost.Asio: each kind of operation, token and cancellation once.
#include <doctest/doctest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "mrcz/mrcz.hpp"
#include "tests/support.hpp"

namespace {

namespace asio = boost::asio;

mrcz::image<std::int16_t> frame(std::int16_t value) { return xt::xtensor<std::int16_t, 2>({4, 5}, value); }

asio::awaitable<void> append_and_read(asio::any_io_executor workers, std::filesystem::path path,
                                      std::vector<float>& seen) {
  auto out = co_await mrcz::async::create(workers, path);
  for (std::int16_t i = 0; i < 3; ++i) {
    auto next = frame(i);
    co_await out.append(std::move(next));
  }
  co_await out.flush();
  co_await out.close();
  const auto in = co_await mrcz::async::open(workers, path);
  auto slices = in.slices<float>();
  while (auto slice = co_await slices.next()) seen.push_back((*slice)(0, 0));
  const auto all = co_await in.read<float>();
  CHECK(all == mrcz::read<float>(path));
}

}  // namespace

TEST_CASE("a coroutine of Boost.Asio writes frames and reads them") {
  const test::scratch_folder folder;
  asio::thread_pool workers{2};
  asio::io_context caller;
  std::vector<float> seen;
  auto done =
      asio::co_spawn(caller, append_and_read(workers.get_executor(), folder / "a.mrcz", seen), asio::use_future);
  caller.run();
  done.get();
  CHECK(seen == std::vector<float>{0, 1, 2});
}

TEST_CASE("futures of Boost.Asio receive results and errors of the library") {
  const test::scratch_folder folder;
  asio::thread_pool workers{2};
  const asio::any_io_executor ex = workers.get_executor();
  const auto movie = test::counts<std::int16_t>({3, 4, 5});
  mrcz::async::write(ex, folder / "a.mrcz", mrcz::volume<std::int16_t>{movie}, asio::use_future).get();
  CHECK(mrcz::async::read<std::int16_t>(ex, folder / "a.mrcz", asio::use_future).get() == movie);
  auto missing = mrcz::async::open(ex, folder / "missing.mrcz", asio::use_future);
  CHECK_THROWS_AS(static_cast<void>(missing.get()), mrcz::error);
}

TEST_CASE("a slot of Boost.Asio cancels an append that waits, and the writer stays open") {
  const test::scratch_folder folder;
  asio::io_context caller;
  asio::io_context workers;
  mrcz::async::writer out{workers.get_executor(), folder / "a.mrcz", {}, nullptr, {.slices = 1}};
  CHECK(out.try_append(frame(1)));
  CHECK_FALSE(out.try_append(frame(2)));
  asio::cancellation_signal signal;
  std::exception_ptr failure;
  out.append(frame(2), asio::bind_cancellation_slot(
                           signal.slot(),
                           asio::bind_executor(caller, [&](std::exception_ptr why) { failure = std::move(why); })));
  signal.emit(asio::cancellation_type::total);
  caller.run();
  REQUIRE(failure != nullptr);
  try {
    std::rethrow_exception(failure);
  } catch (const mrcz::error& e) {
    CHECK(e.code() == std::errc::operation_canceled);
  }
  auto closed = out.close(asio::use_future);
  workers.run();
  closed.get();
  CHECK(mrcz::reader{folder / "a.mrcz"}.shape() == mrcz::shape{1, 4, 5});
}
