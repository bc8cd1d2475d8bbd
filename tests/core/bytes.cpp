#include "mrcz/core/bytes.hpp"

#include <complex>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <type_traits>

#include <doctest/doctest.h>

static_assert(!std::is_copy_constructible_v<mrcz::detail::buffer> && !std::is_copy_assignable_v<mrcz::detail::buffer>);
static_assert(std::is_nothrow_move_constructible_v<mrcz::detail::buffer> &&
              std::is_nothrow_move_assignable_v<mrcz::detail::buffer>);
static_assert(std::is_nothrow_default_constructible_v<mrcz::detail::buffer>);
static_assert(!std::is_copy_constructible_v<mrcz::detail::buffer_pool> &&
              !std::is_move_constructible_v<mrcz::detail::buffer_pool>);

TEST_CASE("a buffer grows when it must and otherwise keeps its memory") {
  mrcz::detail::buffer memory;
  CHECK(memory.capacity() == 0);
  CHECK(memory.acquire(0).empty());
  const auto large = memory.acquire(1000);
  CHECK(large.size() == 1000);
  CHECK(memory.capacity() == 1000);
  const auto small = memory.acquire(10);
  CHECK(small.size() == 10);
  CHECK(small.data() == large.data());
  CHECK(memory.acquire(1000).data() == large.data());
  CHECK(memory.capacity() == 1000);
  CHECK(memory.acquire(1001).size() == 1001);
  CHECK(memory.capacity() == 1001);
}

TEST_CASE("all bytes of a buffer can be written, and any voxel fits at its beginning") {
  mrcz::detail::buffer memory;
  for (const std::size_t size : {1U, 7U, 64U, 4097U}) {
    const auto bytes = memory.acquire(size);
    std::memset(bytes.data(), 0x5a, bytes.size());
    CHECK(bytes.front() == std::byte{0x5a});
    CHECK(bytes.back() == std::byte{0x5a});
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::complex<float>) == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::max_align_t) == 0);
  }
}

TEST_CASE("a buffer that was moved from is empty and can be used again") {
  mrcz::detail::buffer from;
  const auto* const memory = from.acquire(100).data();
  mrcz::detail::buffer to = std::move(from);
  CHECK(to.capacity() == 100);
  CHECK(to.acquire(100).data() == memory);
  CHECK(from.capacity() == 0);  // NOLINT(bugprone-use-after-move): this is what is tested
  const auto again = from.acquire(50);
  REQUIRE(again.data() != nullptr);
  CHECK(again.data() != memory);
  again.back() = std::byte{1};

  to = std::move(from);
  CHECK(to.capacity() == 50);
  CHECK(to.acquire(50).data() == again.data());
  CHECK(to.acquire(50).back() == std::byte{1});
  CHECK(from.capacity() == 0);
}

TEST_CASE("a pool hands out again what it was given, and nothing twice") {
  mrcz::detail::buffer_pool pool;
  CHECK(pool.take().capacity() == 0);
  mrcz::detail::buffer first;
  mrcz::detail::buffer second;
  const std::set<const std::byte*> given{first.acquire(10).data(), second.acquire(20).data()};
  pool.give_back(std::move(first));
  pool.give_back(std::move(second));
  mrcz::detail::buffer a = pool.take();
  mrcz::detail::buffer b = pool.take();
  CHECK(a.capacity() + b.capacity() == 30);
  CHECK(std::set<const std::byte*>{a.acquire(1).data(), b.acquire(1).data()} == given);
  CHECK(pool.take().capacity() == 0);
}

TEST_CASE("a pool does not keep buffers without memory") {
  mrcz::detail::buffer_pool pool;
  mrcz::detail::buffer used;
  used.acquire(10);
  pool.give_back(std::move(used));
  pool.give_back(std::move(used));  // NOLINT(bugprone-use-after-move): empty now, so nothing is added
  pool.give_back({});
  CHECK(pool.take().capacity() == 10);
  CHECK(pool.take().capacity() == 0);
}

TEST_CASE("threads that share a pool never hold the same memory") {
  mrcz::detail::buffer_pool pool;
  std::array<bool, 4> undisturbed{};
  {
    std::vector<std::jthread> threads;
    for (std::size_t id = 0; id < undisturbed.size(); ++id)
      threads.emplace_back([&, id] {
        bool fine = true;
        for (int round = 0; round < 500; ++round) {
          mrcz::detail::buffer memory = pool.take();
          const auto bytes = memory.acquire(64);
          std::memset(bytes.data(), static_cast<int>(id), bytes.size());
          std::this_thread::yield();
          for (const std::byte b : bytes) fine = fine && b == static_cast<std::byte>(id);
          pool.give_back(std::move(memory));
        }
        undisturbed[id] = fine;
      });
  }
  CHECK(undisturbed == std::array{true, true, true, true});
}
