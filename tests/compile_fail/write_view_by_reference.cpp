// expected: does not own, and which may be gone before the
#include "mrcz/async/write.hpp"

asio::awaitable<void> write(asio::any_io_executor workers, mrcz::volume<float> movie) {
  co_await mrcz::async::write(workers, "out.mrcz", xt::view(movie, 0, xt::all(), xt::all()));
}

int main() {}
