// Everything that takes or makes arrays, in a program whose default layout of xtensor is column-major.
#define XTENSOR_DEFAULT_LAYOUT xt::layout_type::column_major

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include "mrcz/mrcz.hpp"
#include "tests/lazy.hpp"
#include "tests/support.hpp"

#if MRCZ_TEST_BLOSCPACK
#include "mrcz/bloscpack.hpp"
#endif

namespace {

/// Each voxel says where it is.
template <class Volume>
Volume places(std::size_t nz, std::size_t ny, std::size_t nx) {
  Volume v;
  v.resize({nz, ny, nx});
  for (std::size_t z = 0; z < nz; ++z)
    for (std::size_t y = 0; y < ny; ++y)
      for (std::size_t x = 0; x < nx; ++x) v(z, y, x) = static_cast<float>(100 * z + 10 * y + x);
  return v;
}

const auto row_major = places<mrcz::volume<float>>(3, 4, 5);
const auto column_major = places<xt::xtensor<float, 3>>(3, 4, 5);
static_assert(xt::xtensor<float, 3>::static_layout == xt::layout_type::column_major);

template <class E>
mrcz::reader file_of(const E& voxels, const mrcz::write_options& options = {}) {
  std::vector<std::byte> file;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), options};
  out.append(voxels);
  out.close();
  return mrcz::reader{std::make_unique<mrcz::memory_source>(std::move(file))};
}

}  // namespace

TEST_CASE("arrays, views and lazy expressions of either layout make the same file") {
  for (const auto codec : {mrcz::codec::none, mrcz::codec::zstd}) {
    const mrcz::write_options options{.compression = {.codec = codec}, .threads = 2};
    CHECK(file_of(row_major, options).read<float>() == row_major);
    CHECK(file_of(column_major, options).read<float>() == row_major);
    CHECK(file_of(xt::xarray<float>{column_major}, options).read<float>() == row_major);
    CHECK(file_of(row_major + 0.0F, options).read<float>() == row_major);
    CHECK(file_of(column_major + row_major, options).read<float>() == row_major * 2.0F);
    CHECK(file_of(xt::cast<std::int16_t>(column_major), options).read<float>() == row_major);
    CHECK(file_of(xt::transpose(column_major), options).read<float>() == xt::transpose(row_major));
    CHECK(file_of(xt::view(column_major, 1, xt::all(), xt::all()), options).read_slice<float>(0) ==
          xt::view(row_major, 1, xt::all(), xt::all()));
    std::atomic<std::size_t> evaluated = 0;
    CHECK(file_of(test::counting(column_major, evaluated), options).read<float>() == row_major);
  }
}

TEST_CASE("arrays of either layout are filled right") {
  const auto in = file_of(row_major, {.compression = {.codec = mrcz::codec::lz4}});
  auto box = xt::xarray<float, xt::layout_type::row_major>::from_shape({2, 2, 3});
  const mrcz::region region{.z = {1, 2}, .y = {1, 2}, .x = {2, 3}};
  in.read_region(region, box);
  const mrcz::volume<float> expected = xt::view(row_major, xt::range(1, 3), xt::range(1, 3), xt::range(2, 5));
  CHECK(box == expected);
  CHECK(in.read_region<float>(region) == expected);
  CHECK(in.read_slice<double>(2) == xt::view(row_major, 2, xt::all(), xt::all()));

  xt::xtensor<float, 3> other;
  other.resize({3, 4, 5});
  in.read(other);
  CHECK(other == row_major);

  xt::xtensor<float, 2> column;  // one row after the other is one voxel after the other
  column.resize({4, 1});
  const auto narrow = file_of(xt::view(row_major, xt::all(), xt::all(), xt::range(2, 3)));
  narrow.read_slice(1, column);
  CHECK(column == xt::view(row_major, 1, xt::all(), xt::range(2, 3)));
}

TEST_CASE("a mapped file has its voxels at their places") {
  const test::scratch_folder folder;
  mrcz::write(folder / "a.mrc", column_major);
  const mrcz::mapped_volume<float> mapped{folder / "a.mrc"};
  CHECK(mapped.voxels() == row_major);
  CHECK(mapped.voxels()(2, 1, 3) == 213);
  CHECK(xt::xarray<float>{mapped.voxels()} == column_major);
}

TEST_CASE("a coroutine writes and reads voxels at their places") {
  const test::scratch_folder folder;
  asio::thread_pool workers{2};
  auto task = [&]() -> asio::awaitable<mrcz::volume<float>> {
    mrcz::async::writer out{workers.get_executor(), folder / "a.mrcz"};
    co_await out.append(xt::xtensor<float, 3>{column_major});
    co_await out.close();
    co_return co_await mrcz::async::read<float>(workers.get_executor(), folder / "a.mrcz");
  };
  CHECK(asio::co_spawn(workers, task, asio::use_future).get() == row_major);
}

#if MRCZ_TEST_BLOSCPACK
TEST_CASE("arrays of either layout come back from bloscpack files") {
  const test::scratch_folder folder;
  mrcz::bloscpack::pack_array(folder / "row.blp", row_major);
  mrcz::bloscpack::pack_array(folder / "column.blp", column_major);
  mrcz::bloscpack::pack_array(folder / "lazy.blp", column_major + 1.0F);
  CHECK(mrcz::bloscpack::unpack_array<float>(folder / "row.blp") == row_major);
  CHECK(mrcz::bloscpack::unpack_array<float>(folder / "column.blp") == row_major);
  const xt::xarray<float> lazy = mrcz::bloscpack::unpack_array<float>(folder / "lazy.blp");
  CHECK(lazy == row_major + 1.0F);
}
#endif
