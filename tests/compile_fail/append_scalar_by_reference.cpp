// expected: write scalars without a name
#include "mrcz/async/writer.hpp"

asio::awaitable<void> append(mrcz::async::writer& out, mrcz::image<float> frame, float gain) {
  co_await out.append(std::move(frame) * gain);
}

int main() {}
