#include "mrcz/bloscpack/chunk_cache.hpp"

#include <thread>

#include "tests/bloscpack/support.hpp"

using test::bp::detail::chunk_cache;

namespace {

std::shared_ptr<mrcz::detail::buffer> filled(std::size_t size, unsigned value) {
  auto memory = std::make_shared<mrcz::detail::buffer>();
  std::ranges::fill(memory->acquire(size), static_cast<std::byte>(value));
  return memory;
}

/// The byte that the cache has for a chunk; nothing if it does not have it.
std::optional<unsigned> found(chunk_cache& cache, std::uint64_t chunk) {
  std::byte b{};
  if (!cache.copy(chunk, 3, std::span{&b, 1})) return std::nullopt;
  return std::to_integer<unsigned>(b);
}

}  // namespace

TEST_CASE("the chunks that were used last stay, as many as there is room for") {
  chunk_cache cache{30};
  for (unsigned i = 0; i < 3; ++i) cache.keep(i, filled(10, i), 10);
  CHECK(found(cache, 0) == 0U);  // and so it becomes the last one used
  cache.keep(3, filled(10, 3), 10);
  CHECK(found(cache, 1) == std::nullopt);
  CHECK(found(cache, 0) == 0U);
  CHECK(found(cache, 2) == 2U);
  CHECK(found(cache, 3) == 3U);
}

TEST_CASE("one chunk always stays, however large") {
  chunk_cache cache{0};
  cache.keep(7, filled(1000, 7), 1000);
  CHECK(found(cache, 7) == 7U);
  cache.keep(8, filled(1000, 8), 1000);
  CHECK(found(cache, 7) == std::nullopt);
  CHECK(found(cache, 8) == 8U);
}

TEST_CASE("a chunk that two threads decompressed is kept once") {
  chunk_cache cache{20};
  cache.keep(1, filled(10, 1), 10);
  cache.keep(2, filled(10, 2), 10);
  cache.keep(2, filled(10, 2), 10);
  CHECK(found(cache, 1) == 1U);
  CHECK(found(cache, 2) == 2U);
}

TEST_CASE("threads may keep and copy at the same time") {
  chunk_cache cache{40};
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (unsigned t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 2000; ++i) {
        const unsigned chunk = (i * (t + 1)) % 7;
        const auto got = found(cache, chunk);
        if (got && *got != chunk) ++wrong;
        if (!got) cache.keep(chunk, filled(10, chunk), 10);
      }
    });
  threads.clear();
  CHECK(wrong == 0);
}
