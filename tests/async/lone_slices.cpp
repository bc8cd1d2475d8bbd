// A large slice that is alone in the window of a writer: all workers pack it, in parts.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <asio/detached.hpp>
#include <asio/post.hpp>

#include "mrcz/async/writer.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/async/tokens.hpp"
#include "tests/whole_files.hpp"

using namespace test;
namespace async = mrcz::async;

namespace {

constexpr std::size_t edge = 1500;
static_assert(edge * edge * sizeof(std::int16_t) > mrcz::detail::least_bytes_to_split);

/// Every codec shrinks it.
mrcz::image<std::int16_t> large() {
  auto made = mrcz::detail::make_image<std::int16_t>(edge, edge);
  for (std::size_t i = 0; i < made.size(); ++i) made.data()[i] = static_cast<std::int16_t>(i * i % 977);
  return made;
}

constexpr std::array several{
    mrcz::compression{.codec = mrcz::codec::lz4}, mrcz::compression{.codec = mrcz::codec::zstd},
    mrcz::compression{.codec = mrcz::codec::zstd, .block_size = std::size_t{64} << 10U, .planes = true}};

}  // namespace

TEST_CASE("the workers pack a lone large slice in parts, other work comes between, and no byte of the file changes") {
  for (const auto& compression : several) {
    const auto expected = file_with(large(), {.compression = compression, .threads = 1});
    asio::io_context workers;
    bytes content;
    calls<> closed;
    async::writer out{
        workers.get_executor(), std::make_unique<mrcz::memory_sink>(content), {.compression = compression}};
    out.append(large(), asio::detached);
    int between = 0;
    int steps = 0;
    while (out.in_window().slices > 0) {
      asio::post(workers, [&] { ++between; });
      REQUIRE(workers.run_one() == 1);
      ++steps;
    }
    if (mrcz::detail::thread_count(std::nullopt) > 1) CHECK(between > 3);
    else CHECK(steps < 10);
    out.close(noting(closed));
    workers.run();
    CHECK(closed.succeeded());
    CHECK(content == expected);
  }
}

TEST_CASE("a worker packs a large slice of a volume in one piece, because others are busy with the slices behind it") {
  constexpr std::size_t slices = 3;
  auto movie = mrcz::detail::make_volume<std::int16_t>({slices, edge, edge});
  for (std::size_t z = 0; z < slices; ++z) xt::view(movie, z, xt::all(), xt::all()) = large();
  asio::io_context workers;
  bytes content;
  async::writer out{workers.get_executor(), std::make_unique<mrcz::memory_sink>(content)};
  out.append(std::move(movie), asio::detached);
  std::size_t steps = 0;
  for (; out.in_window().slices > 0; ++steps) REQUIRE(workers.run_one() == 1);
  CHECK(steps == slices);
}

TEST_CASE(
    "several workers share large slices that come one by one, as arrays and as expressions, and put them in order") {
  for (const bool with_disk : {false, true})
    for (const auto& compression : several) {
      const mrcz::write_options options{.compression = compression, .mode = mrcz::mode::int16};
      bytes expected;
      mrcz::writer reference{std::make_unique<mrcz::memory_sink>(expected), options};
      asio::thread_pool workers{3};
      asio::thread_pool disk_pool{1};
      const asio::any_io_executor disk = disk_pool.get_executor();
      bytes content;
      const auto one = large();
      async::writer out{workers.get_executor(),
                        std::make_unique<mrcz::memory_sink>(content),
                        options,
                        nullptr,
                        {.disk = with_disk ? &disk : nullptr}};
      for (int i = 0; i < 4; ++i) {
        reference.append(mrcz::image<std::int16_t>{one + static_cast<std::int16_t>(i)});
        if (i % 2 == 0) out.append(mrcz::image<std::int16_t>{one + static_cast<std::int16_t>(i)}, asio::detached);
        else out.append(mrcz::borrowed(one + static_cast<std::int16_t>(i)), asio::detached);
        out.flush(asio::use_future).get();
      }
      reference.close();
      out.close(asio::use_future).get();
      CHECK(content == expected);
    }
}

TEST_CASE("a lone large slice that cannot be stored fails with its number") {
  asio::io_context workers;
  bytes content;
  async::writer out{workers.get_executor(),
                    std::make_unique<mrcz::memory_sink>(content),
                    {.compression = {.codec = mrcz::codec::lz4}, .mode = mrcz::mode::uint16}};
  auto negative = large();
  negative(700, 800) = -1;
  calls<> flushed;
  calls<> closed;
  out.append(std::move(negative), asio::detached);
  out.flush(noting(flushed));
  out.close(noting(closed));
  workers.run();
  CHECK(flushed.failed_with(mrcz::errc::mode_mismatch));
  CHECK(flushed.message.find("(slice 0)") != std::string::npos);
  CHECK(closed.failed_with(mrcz::errc::closed));
  CHECK(content.empty());
}

TEST_CASE("a writer may be destroyed or cancelled between any two parts, and then uses lent memory no more") {
  for (const bool destroys : {true, false})
    for (int steps = 0; steps < 12; ++steps) {
      const scratch_folder folder;
      asio::io_context workers;
      auto voxels = std::make_unique<mrcz::image<std::int16_t>>(large());
      calls<> closed;
      auto out = std::make_unique<async::writer>(workers.get_executor(), folder / "a.mrcz",
                                                 mrcz::write_options{.compression = {.codec = mrcz::codec::lz4}});
      out->append(mrcz::borrowed(*voxels), asio::detached);
      out->close(noting(closed));
      for (int i = 0; i < steps; ++i) workers.poll_one();
      if (destroys) out.reset();
      else out->cancel();
      if (!destroys) workers.poll();
      if (destroys || closed.code) voxels.reset();
      workers.restart();
      workers.run();
      CHECK(closed.count == 1);
      CHECK(folder.files().empty() == static_cast<bool>(closed.code));
    }
}

TEST_CASE("memory that was lent is used no more once the destructor returns, whatever part several workers do") {
  for (unsigned seed = 0; seed < 24; ++seed) {
    asio::thread_pool pool{3};
    const delaying_executor workers{pool, seed};
    bytes content;
    auto voxels = std::make_unique<mrcz::image<std::int16_t>>(large());
    {
      async::writer out{
          workers, std::make_unique<mrcz::memory_sink>(content), {.compression = {.codec = mrcz::codec::lz4}}};
      out.append(mrcz::borrowed(*voxels), asio::detached);
      std::this_thread::sleep_for(std::chrono::microseconds{seed * 200});
    }
    voxels.reset();
    pool.join();
  }
}

TEST_CASE("an executor that refuses the n-th part costs the file, and each handler is called") {
  for (int accepted = 0;; ++accepted) {
    const scratch_folder folder;
    asio::io_context caller;
    asio::io_context workers;
    std::array<calls<>, 2> seen;
    {
      async::writer out{
          refusing_executor{workers, accepted}, folder / "a.mrcz", {.compression = {.codec = mrcz::codec::lz4}}};
      out.append(large(), noting(seen[0], caller.get_executor()));
      out.close(noting(seen[1], caller.get_executor()));
      workers.run();
      caller.run();
    }
    workers.restart();
    workers.run();
    for (const auto& one : seen) CHECK(one.count == 1);
    CHECK(folder.files().size() == (seen[1].code ? 0 : 1));
    if (!seen[1].code) break;
    REQUIRE(accepted < 100);
  }
}

TEST_CASE("an executor that runs work inside post packs a lone large slice") {
  const auto expected = file_with(large(), {.compression = several[1], .threads = 1});
  asio::io_context context;
  bytes content;
  calls<> closed;
  async::writer out{
      inline_executor{context}, std::make_unique<mrcz::memory_sink>(content), {.compression = several[1]}};
  out.append(large(), asio::detached);
  out.close(noting(closed));
  CHECK(closed.succeeded());
  CHECK(content == expected);
}
