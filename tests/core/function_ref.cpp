#include "mrcz/core/function_ref.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

using mrcz::detail::function_ref;

TEST_CASE("a function_ref calls the lambda that it refers to, with its state") {
  int calls = 0;
  const auto count = [&](int step) { return calls += step; };
  const function_ref<int(int)> by{count};
  CHECK(by(2) == 2);
  CHECK(by(3) == 5);
  CHECK(calls == 5);
}

TEST_CASE("copies refer to the same lambda") {
  int next = 0;
  auto number = [next]() mutable { return next++; };
  const function_ref<int()> first{number};
  const function_ref<int()> second = first;
  CHECK(first() == 0);
  CHECK(second() == 1);
  CHECK(number() == 2);
}

TEST_CASE("arguments that can only be moved arrive, and results that can only be moved come back") {
  const auto append = [](std::unique_ptr<std::string>&& text) {
    *text += "!";
    return std::move(text);
  };
  const function_ref<std::unique_ptr<std::string>(std::unique_ptr<std::string>&&)> by{append};
  CHECK(*by(std::make_unique<std::string>("slice")) == "slice!");
}

TEST_CASE("a result may be converted, and one that nobody wants is dropped") {
  const auto seven = [] { return 7; };
  CHECK(function_ref<double()>{seven}() == 7.0);
  bool called = false;
  const auto says = [&] { return called = true; };
  function_ref<void()>{says}();
  CHECK(called);
}

TEST_CASE("what cannot be called in this way is refused by the compiler") {
  const auto takes_text = [](const std::string&) {};
  using lambda = decltype(takes_text)&;
  CHECK(std::is_constructible_v<function_ref<void(std::string)>, lambda>);
  CHECK_FALSE(std::is_constructible_v<function_ref<void(int)>, lambda>);
  CHECK_FALSE(std::is_constructible_v<function_ref<int(std::string)>, lambda>);
}
