#include "mrcz/async/reader.hpp"

#include <complex>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/io/memory.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/whole_files.hpp"

namespace {

asio::awaitable<mrcz::volume<float>> some_slices(asio::any_io_executor workers, std::filesystem::path path) {
  const auto in = co_await mrcz::async::open(workers, path, {.threads = 7});
  co_return co_await in.read_slices<float>({.first = 2, .count = 3});
}

template <class T>
asio::awaitable<mrcz::volume<T>> all_of(asio::any_io_executor workers, test::bytes file) {
  const mrcz::async::reader in{workers, std::make_unique<mrcz::memory_source>(std::move(file))};
  co_return co_await in.read<T>();
}

}  // namespace

TEST_CASE("opening on the workers gives the header and everything that needs no voxels") {
  const test::scratch_folder folder;
  mrcz::write(folder / "movie.mrcz", test::movie(5), {}, {{"dose", 1.5}});
  asio::thread_pool workers{1};
  const auto in = test::run(mrcz::async::open(workers.get_executor(), folder / "movie.mrcz"));
  CHECK(in.file().shape() == mrcz::shape{5, 12, 17});
  CHECK(in.file().metadata().at("dose") == 1.5);
}

TEST_CASE("slices of a range are read into one volume") {
  const test::scratch_folder folder;
  mrcz::write(folder / "movie.mrcz", test::movie(6));
  asio::thread_pool workers{2};
  const mrcz::volume<float> expected = xt::cast<float>(xt::view(test::movie(6), xt::range(2, 5), xt::all(), xt::all()));
  CHECK(test::run(some_slices(workers.get_executor(), folder / "movie.mrcz")) == expected);
}

TEST_CASE("voxels that xtensor zeroes first are read all the same") {
  const auto voxels = test::counts<std::complex<float>>({4, 5, 6});
  asio::thread_pool workers{2};
  CHECK(test::run(all_of<std::complex<float>>(workers.get_executor(), test::file_with(voxels))) == voxels);
}

TEST_CASE("a damaged slice is named") {
  auto file = test::file_with(test::movie(4), {.compression = {.codec = mrcz::codec::zstd}});
  const auto place = test::reader_of(file).slices()[2];
  file[static_cast<std::size_t>(place.offset)] = std::byte{99};  // the version of the chunk
  asio::thread_pool workers{2};
  const auto failure =
      test::failure_of([&] { test::run(all_of<std::int16_t>(workers.get_executor(), std::move(file))); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_chunk);
  CHECK(failure->mentions("(slice 2, byte "));
}

TEST_CASE("opening and reading can be cancelled before the workers begin, and leave them nothing to do") {
  const test::scratch_folder folder;
  mrcz::write(folder / "movie.mrcz", test::movie(5));
  for (const bool open_first : {false, true}) {
    asio::io_context context;
    asio::io_context workers;
    asio::cancellation_signal cancel;
    auto result = test::spawn(context, some_slices(workers.get_executor(), folder / "movie.mrcz"), cancel.slot());
    context.poll();
    if (open_first) {
      workers.run_one();
      context.poll();
    }
    cancel.emit(asio::cancellation_type::terminal);
    context.run();
    const auto failure = test::failure_of([&] { result.get(); });
    REQUIRE(failure);
    CHECK(failure->code == asio::error::operation_aborted);
    workers.run();
  }
}

TEST_CASE("reading ahead by nothing is refused") {
  asio::thread_pool workers{1};
  const mrcz::async::reader in{workers.get_executor(),
                               std::make_unique<mrcz::memory_source>(test::file_with(test::movie(2)))};
  const auto failure = test::failure_of([&] { static_cast<void>(in.slices<float>({}, 0)); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_option);
}

namespace {

/// The errors that the coroutine members throw from the `co_await`.
asio::awaitable<std::vector<std::error_code>> codes_of(const mrcz::async::reader& in) {
  std::vector<std::error_code> seen;
  auto all = in.read<float>();
  auto some = in.read_slices<float>({.first = 0, .count = 1});
  for (auto* operation : {&all, &some}) {
    try {
      static_cast<void>(co_await std::move(*operation));
    } catch (const mrcz::error& e) {
      seen.push_back(e.code());
    }
  }
  auto one = in.read_slice<float>(0);
  try {
    static_cast<void>(co_await std::move(one));
  } catch (const mrcz::error& e) {
    seen.push_back(e.code());
  }
  co_return seen;
}

}  // namespace

TEST_CASE("a reader that is default-constructed, or was moved from, is closed") {
  asio::thread_pool workers{1};
  mrcz::async::reader moved{workers.get_executor(),
                            std::make_unique<mrcz::memory_source>(test::file_with(test::movie(2)))};
  const mrcz::async::reader in{std::move(moved)};
  const mrcz::async::reader none;
  for (const auto* reader : {&none, static_cast<const mrcz::async::reader*>(&moved)}) {
    CHECK(test::run(codes_of(*reader)) == std::vector<std::error_code>(3, make_error_code(mrcz::errc::closed)));
    CHECK(test::failure_of([&] { static_cast<void>(reader->file()); })->code == mrcz::errc::closed);
    CHECK(test::failure_of([&] { static_cast<void>(reader->slices<float>()); })->code == mrcz::errc::closed);
  }
  CHECK(test::run(in.read<std::int16_t>()) == test::movie(2));
}
