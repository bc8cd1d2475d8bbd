// What a user of the package does first: write something, read it back, with arrays of either kind and from a
// coroutine.
#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>
#include <cstdio>
#include <utility>

#include <mrcz/mrcz.hpp>

namespace {

asio::awaitable<bool> same_in_a_coroutine(asio::any_io_executor workers, const mrcz::volume<std::int16_t>& voxels) {
  mrcz::async::writer out{workers, "stranger.mrcz"};
  mrcz::volume<std::int16_t> handed_over = voxels;
  co_await out.append(std::move(handed_over));
  co_await out.close();
  const auto read_back = co_await mrcz::async::read<std::int16_t>(workers, "stranger.mrcz");
  co_return read_back == voxels;
}

}  // namespace

int main() {
  const mrcz::volume<std::int16_t> voxels = xt::xtensor<std::int16_t, 3>({2, 3, 4}, 7);
  mrcz::write("stranger.mrcz", xt::xarray<std::int16_t>{voxels});
  asio::thread_pool workers{1};
  auto in_a_coroutine = asio::co_spawn(workers, same_in_a_coroutine(workers.get_executor(), voxels), asio::use_future);
  const bool same = in_a_coroutine.get() && mrcz::read<std::int16_t>("stranger.mrcz") == voxels;
  std::remove("stranger.mrcz");
  return same ? 0 : 1;
}
