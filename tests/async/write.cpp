#include "mrcz/async/write.hpp"

#include <cstdint>
#include <future>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/async/read.hpp"
#include "mrcz/async/reader.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"

namespace {

using namespace test;

// Each form in which a caller would pass options. g++ 12 compiles some of them wrongly if options are not trivially
// destructible.

asio::awaitable<void> every_form(asio::any_io_executor workers, const std::filesystem::path& folder) {
  const auto file = [&](int i) { return folder / (std::to_string(i) + ".mrcz"); };
  const mrcz::metadata values{{"detector", "a name that is too long for the small string optimisation"}};
  const mrcz::write_options options{.voxel_size = mrcz::voxel_size{1.2F, 1.2F, 1.2F}};
  co_await mrcz::async::write(workers, file(0), movie(3));
  co_await mrcz::async::write(workers, file(1), movie(3), {.compression = {.codec = mrcz::codec::lz4, .level = 9}});
  co_await mrcz::async::write(workers, file(2), movie(3), options, values);
  co_await mrcz::async::write(workers, file(3), movie(3), {.statistics = false}, mrcz::metadata(values));
  co_await mrcz::async::write(workers, file(4), movie(3), {}, values, {.slices = 1});
  co_await mrcz::async::write(workers, (folder / "5.mrcz").string(), frame(0) * 2);
  auto voxels = movie(3);
  co_await mrcz::async::write(workers, file(6), voxels);
  co_await mrcz::async::write(workers, file(7), std::move(voxels));
  auto later = mrcz::async::write(workers, file(8), movie(3), {.mode = mrcz::mode::float32}, values);
  co_await std::move(later);
  if (const auto in = co_await mrcz::async::open(workers, file(2), {.byte_order = std::endian::little});
      in.file().metadata() != values)
    throw std::runtime_error{"metadata differ"};
  const auto back = co_await mrcz::async::read<float>(workers, file(8), {.signed_bytes = true});
  if (back.shape()[0] != 3) throw std::runtime_error{"shape differs"};
}

}  // namespace

TEST_CASE("a movie is written as the synchronous function writes it") {
  const scratch_folder folder;
  asio::thread_pool workers{3};
  const mrcz::write_options options{.compression = {.codec = mrcz::codec::zstd}, .mode = mrcz::mode::float32};
  mrcz::write(folder / "expected.mrc", movie(7), options, {{"a", 1}});
  run(mrcz::async::write(workers.get_executor(), folder / "out.mrc", movie(7), options, {{"a", 1}}));
  CHECK(bytes_of(folder / "out.mrc") == bytes_of(folder / "expected.mrc"));
}

TEST_CASE("a packed movie is written and read on the workers") {
  const scratch_folder folder;
  asio::thread_pool workers{2};
  for (const char* const name : {"out.mrcs.gz", "out.mrcz.zst"}) {
    run(mrcz::async::write(workers.get_executor(), folder / name, movie(7)));
    const mrcz::reader in{folder / name};
    CHECK(in.packing() != mrcz::packing::none);
    CHECK(in.read<std::int16_t>() == movie(7));
    CHECK(run(mrcz::async::read<std::int16_t>(workers.get_executor(), folder / name)) == movie(7));
  }
  CHECK(folder.files().size() == 2);
}

TEST_CASE("what is written may be computed from arrays that were moved in, or that the caller lends") {
  const scratch_folder folder;
  asio::thread_pool workers{2};
  const auto ex = workers.get_executor();
  const mrcz::image<float> gain = xt::ones<float>({12, 17}) * 2.0F;
  const mrcz::volume<float> expected = xt::cast<float>(movie(3)) * gain;
  run(mrcz::async::write(ex, folder / "moved.mrcz", xt::cast<float>(movie(3)) * mrcz::image<float>{gain}));
  run(mrcz::async::write(ex, folder / "lent.mrcz", mrcz::borrowed(xt::cast<float>(movie(3)) * gain),
                         {.statistics = false}));
  run(mrcz::async::write(ex, folder / "named.mrcz", mrcz::borrowed(expected)));
  for (const auto* name : {"moved.mrcz", "lent.mrcz", "named.mrcz"})
    CHECK(mrcz::read<float>(folder / name) == expected);
}

TEST_CASE("every form in which a caller states options works inside co_await") {
  const scratch_folder folder;
  asio::thread_pool workers{2};
  run(every_form(workers.get_executor(), folder.path()));
  CHECK(folder.files().size() == 9);
  CHECK(mrcz::read<std::int16_t>(folder / "7.mrcz") == movie(3));
}

TEST_CASE("options may be stated inside co_spawn, whose future gets the outcome") {
  const scratch_folder folder;
  asio::thread_pool workers{2};
  const auto ex = workers.get_executor();
  std::vector<std::future<void>> pending;
  for (int i = 0; i < 4; ++i)
    pending.push_back(asio::co_spawn(
        ex, mrcz::async::write(ex, folder / (std::to_string(i) + ".mrcz"), movie(3), {.compression = {.level = i}}),
        asio::use_future));
  for (auto& one : pending) one.get();
  CHECK(folder.files().size() == 4);
  const auto failure = failure_of([&] { run(mrcz::async::write(ex, folder / "no/where.mrcz", movie(1))); });
  REQUIRE(failure);
  CHECK(failure->code == std::errc::no_such_file_or_directory);
}

TEST_CASE("an existing file survives a write that fails") {
  const scratch_folder folder;
  mrcz::write(folder / "old.mrcz", movie(2));
  const auto before = bytes_of(folder / "old.mrcz");
  asio::thread_pool workers{2};
  const auto failure = failure_of([&] {
    run(mrcz::async::write(workers.get_executor(), folder / "old.mrcz", mrcz::detail::make_volume<float>({0, 4, 4})));
  });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::shape_mismatch);
  workers.join();
  CHECK(bytes_of(folder / "old.mrcz") == before);
  CHECK(folder.files().size() == 1);
}
