// expected: mrcz::borrowed\(expression\)
#include "mrcz/async/writer.hpp"

asio::awaitable<void> append(mrcz::async::writer& out, const mrcz::image<float>& frame, mrcz::image<float> gain) {
  co_await out.append(mrcz::image<float>{frame} * gain);
}

int main() {}
