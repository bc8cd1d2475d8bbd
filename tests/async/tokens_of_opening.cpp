// Each operation that opens a file, with each kind of token.
#include <utility>

#include <doctest/doctest.h>

#include "mrcz/async/reader.hpp"
#include "mrcz/async/writer.hpp"
#include "tests/async/each_token.hpp"

using namespace test;
namespace async = mrcz::async;

TEST_CASE("create takes each token") {
  workshop shop;
  with_each_token<async::writer>(
      shop,
      [&](auto&&... token) {
        return async::create(shop.workers(), shop.new_file(), std::forward<decltype(token)>(token)...);
      },
      [](const async::writer& out) { CHECK(out.size() == 0); });
}

TEST_CASE("append_to takes each token") {
  workshop shop;
  with_each_token<async::writer>(
      shop,
      [&](auto&&... token) {
        return async::append_to(shop.workers(), shop.file(), std::forward<decltype(token)>(token)...);
      },
      [](const async::writer& out) { CHECK(out.size() == 3); });
}

TEST_CASE("open takes each token") {
  workshop shop;
  with_each_token<async::reader>(
      shop,
      [&](auto&&... token) {
        return async::open(shop.workers(), shop.file(), std::forward<decltype(token)>(token)...);
      },
      [](const async::reader& in) { CHECK(in.file().shape()[0] == 3); });
}
