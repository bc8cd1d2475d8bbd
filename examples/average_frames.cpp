// Averages the frames of a movie of any length, multiplies the average with a gain reference and writes it. The memory
// holds a few frames. While one frame is added, the next ones are read and decompressed.
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

asio::awaitable<void> average(asio::any_io_executor workers, std::filesystem::path movie, std::filesystem::path gain,
                              std::filesystem::path to) {
  const auto in = co_await mrcz::async::open(workers, movie);
  mrcz::image<float> sum = xt::zeros<float>({in.file().shape()[1], in.file().shape()[2]});
  auto frames = in.slices<float>();
  while (auto frame = co_await frames.next()) sum += *frame;

  const auto reference = co_await mrcz::async::read_slice<float>(workers, gain, 0);
  if (reference.shape() != sum.shape()) throw std::runtime_error{"movie and gain reference have different extents"};
  const auto count = static_cast<float>(in.file().shape()[0]);
  sum *= reference / count;
  fmt::print("the average of {} frames\n", count);
  co_await mrcz::async::write(workers, to, std::move(sum), {.voxel_size = in.file().voxel_size()});
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 4) {
    fmt::print(stderr, "usage: {} MOVIE GAIN AVERAGE.mrc\n", arguments[0]);
    return 2;
  }
  asio::thread_pool workers{std::max(std::thread::hardware_concurrency(), 1U)};
  auto averaged = average(workers.get_executor(), arguments[1], arguments[2], arguments[3]);
  asio::co_spawn(workers, std::move(averaged), asio::use_future).get();
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
