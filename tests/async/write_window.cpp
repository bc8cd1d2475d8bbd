#include "mrcz/async/write_window.hpp"

#include <cstddef>
#include <memory>
#include <optional>

#include <doctest/doctest.h>

#include "mrcz/async/writer.hpp"
#include "mrcz/io/memory.hpp"
#include "tests/async/support.hpp"
#include "tests/whole_files.hpp"

namespace {

constexpr std::size_t frame_bytes = 12 * 17 * 2;

asio::awaitable<void> append_frames(mrcz::async::writer& out, std::size_t count, std::size_t& appended) {
  for (std::size_t z = 0; z < count; ++z) {
    co_await out.append(test::frame(z));
    ++appended;
  }
}

/// How many frames are let in while the workers do nothing.
std::size_t let_in(mrcz::async::window limits) {
  asio::io_context caller;
  asio::io_context workers;
  test::bytes content;
  mrcz::async::writer out{workers.get_executor(), std::make_unique<mrcz::memory_sink>(content), {}, nullptr, limits};
  std::size_t appended = 0;
  auto result = test::spawn(caller, append_frames(out, 50, appended));
  caller.poll();
  const std::size_t waiting = appended;
  while (appended < 50) {  // each slice that is put lets one more in
    const std::size_t before = appended;
    workers.restart();
    REQUIRE(workers.run_one() == 1);
    caller.poll();
    REQUIRE(appended <= before + 1);
  }
  result.get();
  return waiting;
}

}  // namespace

TEST_CASE("a window lets in as many slices, or bytes, as it says, and always one") {
  CHECK(let_in({.slices = 1}) == 1);
  CHECK(let_in({.slices = 3}) == 3);
  CHECK(let_in({.slices = 30, .bytes = 4 * frame_bytes}) == 4);
  CHECK(let_in({.slices = 30, .bytes = 5 * frame_bytes - 1}) == 4);
  CHECK(let_in({.slices = 30, .bytes = 1}) == 1);
  CHECK(let_in({}) == mrcz::detail::thread_count(std::nullopt) + 2);
}
