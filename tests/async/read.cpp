#include "mrcz/async/read.hpp"

#include <cstdint>

#include <doctest/doctest.h>

#include "mrcz/write.hpp"
#include "tests/async/support.hpp"

TEST_CASE("a file is read as the synchronous functions read it") {
  const test::scratch_folder folder;
  const auto movie = test::movie(9);
  asio::thread_pool workers{3};
  for (const auto* name : {"movie.mrc", "movie.mrcz"}) {
    mrcz::write(folder / name, movie);
    CHECK(test::run(mrcz::async::read<std::int16_t>(workers.get_executor(), folder / name)) == movie);
    CHECK(test::run(mrcz::async::read<float>(workers.get_executor(), folder / name)) == xt::cast<float>(movie));
    for (std::size_t z = 0; z < 9; ++z)
      CHECK(test::run(mrcz::async::read_slice<std::int16_t>(workers.get_executor(), folder / name, z)) ==
            test::frame(z));
  }
}

TEST_CASE("what cannot be read is refused in the words of the synchronous functions") {
  const test::scratch_folder folder;
  mrcz::write(folder / "movie.mrcz", test::movie(2));
  asio::thread_pool workers{1};
  const auto ex = workers.get_executor();
  const auto missing = test::failure_of([&] { test::run(mrcz::async::read<float>(ex, folder / "missing.mrc")); });
  REQUIRE(missing);
  CHECK(missing->code == std::errc::no_such_file_or_directory);
  const auto narrow = test::failure_of([&] { test::run(mrcz::async::read<std::int8_t>(ex, folder / "movie.mrcz")); });
  REQUIRE(narrow);
  CHECK(narrow->code == mrcz::errc::mode_mismatch);
  const auto outside =
      test::failure_of([&] { test::run(mrcz::async::read_slice<float>(ex, folder / "movie.mrcz", 2)); });
  REQUIRE(outside);
  CHECK(outside->code == mrcz::errc::out_of_range);
}
