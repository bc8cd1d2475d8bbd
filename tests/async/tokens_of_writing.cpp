// Each operation that writes, with each kind of token.
#include <utility>

#include <doctest/doctest.h>

#include "mrcz/async/write.hpp"
#include "mrcz/async/writer.hpp"
#include "tests/async/each_token.hpp"

using namespace test;
namespace async = mrcz::async;

namespace {

const auto nothing = [] {};

}  // namespace

TEST_CASE("append takes each token") {
  workshop shop;
  with_each_token(
      shop,
      [&](auto&&... token) { return shop.new_writer().append(frame(0), std::forward<decltype(token)>(token)...); },
      nothing);
}

TEST_CASE("flush takes each token") {
  workshop shop;
  with_each_token(
      shop, [&](auto&&... token) { return shop.writer_of_one_frame().flush(std::forward<decltype(token)>(token)...); },
      nothing);
}

TEST_CASE("close takes each token") {
  workshop shop;
  with_each_token(
      shop, [&](auto&&... token) { return shop.writer_of_one_frame().close(std::forward<decltype(token)>(token)...); },
      nothing);
}

TEST_CASE("write takes each token") {
  workshop shop;
  with_each_token(
      shop,
      [&](auto&&... token) {
        return async::write(shop.workers(), shop.new_file(), movie(2), std::forward<decltype(token)>(token)...);
      },
      nothing);
}

TEST_CASE("a token may follow any of the defaulted arguments of what writes") {
  workshop shop;
  const auto ex = shop.workers();
  async::write(ex, shop.new_file(), frame(0), {.statistics = false}, asio::use_future).get();
  async::write(ex, shop.new_file(), frame(0), {}, mrcz::metadata{{"a", 1}}, asio::use_future).get();
  async::write(ex, shop.new_file(), frame(0), {}, nullptr, {.slices = 1}, asio::use_future).get();
  static_cast<void>(async::create(ex, shop.new_file(), {.statistics = false}, asio::use_future).get());
  static_cast<void>(async::create(ex, shop.new_file(), {}, mrcz::metadata{{"a", 1}}, asio::use_future).get());
  static_cast<void>(async::create(ex, shop.new_file(), {}, nullptr, {.slices = 1}, asio::use_future).get());
  static_cast<void>(async::append_to(ex, shop.file(), {.statistics = false}, asio::use_future).get());
}
