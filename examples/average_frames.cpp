// Adds up all frames of a movie of any length in the memory of a few frames. While one frame is added, the next ones
// are read and decompressed.
#include <algorithm>
#include <exception>
#include <filesystem>
#include <thread>

#include <fmt/core.h>
#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include "mrcz/mrcz.hpp"

namespace {

asio::awaitable<void> sum_frames(asio::any_io_executor workers, std::filesystem::path from, std::filesystem::path to) {
  const auto movie = co_await mrcz::async::open(workers, from);
  mrcz::image<float> sum = xt::zeros<float>({movie.file().shape()[1], movie.file().shape()[2]});
  auto frames = movie.slices<float>();
  while (auto frame = co_await frames.next()) sum += *frame;
  co_await mrcz::async::write(workers, to, std::move(sum), {.voxel_size = movie.file().voxel_size()});
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) {
    fmt::print(stderr, "usage: {} MOVIE SUM.mrc\n", arguments[0]);
    return 2;
  }
  asio::thread_pool workers{std::max(std::thread::hardware_concurrency(), 1U)};
  asio::co_spawn(workers, sum_frames(workers.get_executor(), arguments[1], arguments[2]), asio::use_future).get();
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
