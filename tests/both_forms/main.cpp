// A program that is compiled in both forms of the library: whole files, metadata, validation, appending, coroutines and
// the wing.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include "mrcz/mrcz.hpp"
#include "tests/support.hpp"

#if MRCZ_TEST_BLOSCPACK
#include "mrcz/bloscpack.hpp"
#endif

namespace {

asio::awaitable<void> write_frames(asio::any_io_executor workers, std::filesystem::path path,
                                   const mrcz::volume<std::int16_t>& frames) {
  mrcz::async::writer out{workers, path};
  for (std::size_t z = 0; z < frames.shape()[0]; ++z) {
    mrcz::image<std::int16_t> frame = xt::view(frames, z, xt::all(), xt::all());
    co_await out.append(std::move(frame));
  }
  co_await out.close();
}

}  // namespace

TEST_CASE("what is written with metadata is read, and is valid") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<float>({3, 20, 30});
  mrcz::write(folder / "a.mrcz", voxels * 2.0F, {.voxel_size = mrcz::voxel_size{1, 2, 3}}, {{"detector", "K2"}});
  mrcz::append_to(folder / "a.mrcz", voxels);

  const mrcz::reader in{folder / "a.mrcz"};
  CHECK(in.shape() == mrcz::shape{6, 20, 30});
  CHECK(in.metadata().at("detector") == "K2");
  CHECK(in.read_slice<float>(1) == xt::view(voxels, 1, xt::all(), xt::all()) * 2.0F);
  CHECK(in.read_slices<float>({.first = 3, .count = 3}) == voxels);
  CHECK(mrcz::validate(folder / "a.mrcz").empty());
}

TEST_CASE("a coroutine writes frames, and another reads them") {
  const test::scratch_folder folder;
  const auto frames = test::counts<std::int16_t>({5, 20, 30});
  asio::thread_pool workers{2};
  const auto executor = workers.get_executor();
  asio::co_spawn(workers, write_frames(executor, folder / "a.mrcz", frames), asio::use_future).get();
  CHECK(asio::co_spawn(workers, mrcz::async::read<std::int16_t>(executor, folder / "a.mrcz"), asio::use_future).get() ==
        frames);
}

TEST_CASE("an error says what was found and where") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a.mrc", std::vector<std::byte>(100));
  const auto thrown = test::failure_of([&] { mrcz::read<float>(folder / "a.mrc"); });
  REQUIRE(thrown);
  CHECK(thrown->mentions((folder / "a.mrc").string()));
}

#if MRCZ_TEST_BLOSCPACK
TEST_CASE("the wing packs arrays") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<float>({3, 20, 30});
  mrcz::bloscpack::pack_array(folder / "a.blp", voxels);
  CHECK(mrcz::bloscpack::unpack_array<float>(folder / "a.blp") == voxels);
}
#endif
