// Together with main.cpp: a unit on standalone Asio in a program that uses Boost.Asio too.
#include <doctest/doctest.h>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include "mrcz/mrcz.hpp"
#include "tests/support.hpp"

TEST_CASE("another unit of the program writes and reads on standalone Asio") {
  const test::scratch_folder folder;
  asio::thread_pool workers{2};
  const asio::any_io_executor ex = workers.get_executor();
  mrcz::async::writer out{ex, folder / "a.mrcz"};
  out.append(test::counts<std::int16_t>({3, 4, 5}), asio::use_future).get();
  out.close(asio::use_future).get();
  CHECK(mrcz::async::read<std::int16_t>(ex, folder / "a.mrcz", asio::use_future).get() ==
        test::counts<std::int16_t>({3, 4, 5}));
}
