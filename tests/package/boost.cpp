// What a user of mrcz::boost does first: append a frame, wait for it, and read it back.
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdio>

#include <mrcz/mrcz.hpp>

int main() {
  boost::asio::thread_pool workers{1};
  mrcz::async::writer out{workers.get_executor(), "stranger.mrcz"};
  out.append(mrcz::image<float>{xt::xtensor<float, 2>({3, 4}, 7)}, boost::asio::use_future).get();
  out.close(boost::asio::use_future).get();
  const bool same = mrcz::read<float>("stranger.mrcz")(0, 2, 3) == 7;
  std::remove("stranger.mrcz");
  return same ? 0 : 1;
}
