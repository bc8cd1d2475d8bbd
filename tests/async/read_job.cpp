#include "mrcz/async/read_job.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <doctest/doctest.h>

#include "mrcz/async/read.hpp"
#include "mrcz/async/reader.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/async/tokens.hpp"
#include "tests/whole_files.hpp"

using namespace test;
namespace async = mrcz::async;

namespace {

mrcz::reader synchronous(const bytes& file, const mrcz::read_options& options) {
  return mrcz::reader{std::make_unique<mrcz::memory_source>(bytes{file}), options};
}

/// Compares each kind of read with that of `mrcz::reader`.
void check_same(asio::any_io_executor workers, const bytes& file, const mrcz::read_options& options) {
  const auto expected = synchronous(file, options);
  const async::reader in{workers, std::make_unique<mrcz::memory_source>(bytes{file}), options};
  const auto extents = expected.shape();
  CHECK(in.read<float>(asio::use_future).get() == expected.read<float>());
  const mrcz::range some{.first = 1, .count = extents[0] - 1};
  CHECK(in.read_slices<float>(some, asio::use_future).get() == expected.read_slices<float>(some));
  const mrcz::region box{
      .z = {.first = extents[0] / 2, .count = 1}, .y = {.first = 1, .count = 2}, .x = {.first = 2, .count = 2}};
  CHECK(in.read_region<float>(box, asio::use_future).get() == expected.read_region<float>(box));
  CHECK(in.read_slice<float>(1, asio::use_future).get() == expected.read_slice<float>(1));
  auto stream = in.slices<float>();
  for (std::size_t z = 0; z < extents[0]; ++z)
    CHECK(stream.next(asio::use_future).get() == expected.read_slice<float>(z));
  CHECK_FALSE(stream.next(asio::use_future).get());
}

}  // namespace

TEST_CASE("the axes of a file, exchanged or not, give the voxels of the synchronous reader") {
  asio::thread_pool workers{2};
  for (const auto codec : {mrcz::codec::none, mrcz::codec::lz4})
    for (const std::array<std::int32_t, 3>& axes :
         {std::array{1, 2, 3}, std::array{3, 2, 1}, std::array{2, 1, 3}, std::array{2, 3, 1}}) {
      auto file = file_with(movie(4, 5, 6), {.compression = {.codec = codec}, .kind = mrcz::kind::volume});
      for (std::size_t i = 0; i < 3; ++i) patch(file, 64 + 4 * i, axes[i]);  // MAPC, MAPR, MAPS
      for (const auto order : {mrcz::axis_order::file, mrcz::axis_order::xyz})
        check_same(workers.get_executor(), file, {.axes = order});
    }
}

TEST_CASE("a large slice that is alone is read in bands that give all its voxels") {
  asio::thread_pool workers{3};
  const auto large = frame(3, 1200, 1501);  // 3.6 MB
  for (const auto codec : {mrcz::codec::none, mrcz::codec::lz4, mrcz::codec::zstd}) {
    const auto file = file_with(large, {.compression = {.codec = codec}});
    const async::reader in{workers.get_executor(), std::make_unique<mrcz::memory_source>(bytes{file})};
    CHECK(in.read_slice<std::int16_t>(0, asio::use_future).get() == large);
    CHECK(in.read_slice<float>(0, asio::use_future).get() == mrcz::image<float>{xt::cast<float>(large)});
    const auto part = in.read_region<std::int16_t>({.y = {.first = 100, .count = 1000}}, asio::use_future).get();
    CHECK(part == reader_of(file).read_region<std::int16_t>({.y = {.first = 100, .count = 1000}}));
  }
}

TEST_CASE("the parts of a read are spread over posts, so that other work comes in between") {
  asio::io_context workers;
  const auto file = file_with(movie(3, 1100, 1000), {.compression = {.codec = mrcz::codec::lz4}});
  const async::reader in{workers.get_executor(), std::make_unique<mrcz::memory_source>(bytes{file})};
  calls<mrcz::volume<std::int16_t>> seen;
  in.read<std::int16_t>(noting(seen));
  std::size_t steps = 0;
  while (seen.count == 0) {
    REQUIRE(workers.poll_one() == 1);
    ++steps;
  }
  CHECK(steps >= 4);  // one to prepare, one for each slice
  CHECK(seen.succeeded());
  CHECK(std::get<0>(*seen.result) == movie(3, 1100, 1000));
}

TEST_CASE("reads are cancelled on every type, before they begin and between their parts") {
  const scratch_folder folder;
  mrcz::write(folder / "a.mrcz", movie(3, 1100, 1000));
  for (const auto type : {asio::cancellation_type::total, asio::cancellation_type::partial,
                          asio::cancellation_type::terminal, asio::cancellation_type::all})
    for (const std::size_t steps : {0U, 1U, 2U}) {
      asio::io_context caller;
      asio::io_context workers;
      std::array<asio::cancellation_signal, 4> signals;
      const auto ex = caller.get_executor();
      const async::reader in{workers.get_executor(), folder / "a.mrcz"};
      calls<mrcz::volume<float>> whole;
      calls<mrcz::image<float>> slice;
      calls<mrcz::volume<float>> some;
      calls<async::reader> opened;
      async::read<float>(workers.get_executor(), folder / "a.mrcz", noting(whole, ex, signals[0].slot()));
      for (std::size_t step = 0; step < steps; ++step) workers.poll_one();
      in.read_slices<float>({}, noting(some, ex, signals[1].slot()));
      in.read_slice<float>(0, noting(slice, ex, signals[2].slot()));
      async::open(workers.get_executor(), folder / "a.mrcz", noting(opened, ex, signals[3].slot()));
      for (auto& signal : signals) signal.emit(type);
      caller.run();  // ends although the workers have not gone on
      CHECK(whole.was_cancelled());
      CHECK(some.was_cancelled());
      CHECK(slice.was_cancelled());
      CHECK(opened.was_cancelled());
      workers.run();
    }
}
