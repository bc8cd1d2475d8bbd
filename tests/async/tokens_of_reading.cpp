// Each operation that reads, with each kind of token.
#include <cstdint>
#include <optional>
#include <utility>

#include <doctest/doctest.h>

#include "mrcz/async/read.hpp"
#include "mrcz/async/reader.hpp"
#include "tests/async/each_token.hpp"

using namespace test;
namespace async = mrcz::async;

namespace {

const auto is_movie = [](const mrcz::volume<std::int16_t>& found) { CHECK(found == movie(3)); };
const auto is_frame = [](const mrcz::image<std::int16_t>& found) { CHECK(found == frame(1)); };

}  // namespace

TEST_CASE("next takes each token") {
  workshop shop;
  with_each_token<std::optional<mrcz::image<std::int16_t>>>(
      shop, [&](auto&&... token) { return shop.new_stream().next(std::forward<decltype(token)>(token)...); },
      [](const std::optional<mrcz::image<std::int16_t>>& slice) { CHECK(slice == frame(0)); });
}

TEST_CASE("read takes each token") {
  workshop shop;
  with_each_token<mrcz::volume<std::int16_t>>(
      shop,
      [&](auto&&... token) {
        return async::read<std::int16_t>(shop.workers(), shop.file(), std::forward<decltype(token)>(token)...);
      },
      is_movie);
}

TEST_CASE("read_slice takes each token") {
  workshop shop;
  with_each_token<mrcz::image<std::int16_t>>(
      shop,
      [&](auto&&... token) {
        return async::read_slice<std::int16_t>(shop.workers(), shop.file(), 1, std::forward<decltype(token)>(token)...);
      },
      is_frame);
}

// The reads of a reader differ in what they read, and share how they complete. So two kinds of token are enough.

TEST_CASE("the reads of a reader take tokens") {
  workshop shop;
  const auto in = shop.reader();
  is_movie(in.read<std::int16_t>(asio::use_future).get());
  is_movie(run(in.read<std::int16_t>()));
  is_movie(in.read_slices<std::int16_t>({}, asio::use_future).get());
  is_movie(run(in.read_slices<std::int16_t>({})));
  is_movie(in.read_region<std::int16_t>({}, asio::use_future).get());
  is_movie(run(in.read_region<std::int16_t>({})));
  is_frame(in.read_slice<std::int16_t>(1, asio::use_future).get());
  is_frame(run(in.read_slice<std::int16_t>(1)));
  CHECK(in.read_frame<std::int16_t>(0, asio::use_future).get().shape()[0] ==
        run(in.read_frame<std::int16_t>(0)).shape()[0]);
}

TEST_CASE("a token may follow any of the defaulted arguments of what reads") {
  workshop shop;
  const auto ex = shop.workers();
  static_cast<void>(async::open(ex, shop.file(), {.byte_order = std::endian::little}, asio::use_future).get());
  is_movie(async::read<std::int16_t>(ex, shop.file(), {.signed_bytes = true}, asio::use_future).get());
  is_frame(async::read_slice<std::int16_t>(ex, shop.file(), 1, {.signed_bytes = true}, asio::use_future).get());
}
