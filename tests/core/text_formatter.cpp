#include "mrcz/core/text_formatter.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

struct greeting {
  const char* name;
};

}  // namespace

template <>
struct fmt::formatter<greeting> : mrcz::detail::text_formatter {
  fmt::format_context::iterator format(const greeting& g, fmt::format_context& context) const {
    return print(g.name, context);
  }
};

TEST_CASE("a value is printed as its text, between others") {
  CHECK(fmt::format("{}", greeting{"hello"}) == "hello");
  CHECK(fmt::format("{} {} {}", 1, greeting{"hello"}, 2) == "1 hello 2");
  CHECK(fmt::format("{1} {0}", 1, greeting{"hello"}) == "hello 1");
}

TEST_CASE("a value is printed with the options of a text") {
  CHECK(fmt::format("{:>8}|", greeting{"hello"}) == "   hello|");
  CHECK(fmt::format("{:*<8}|", greeting{"hello"}) == "hello***|");
  CHECK(fmt::format("{:^9.3}|", greeting{"hello"}) == "   hel   |");
  CHECK(fmt::format("{0:8}|{0:s}|", greeting{"hello"}) == "hello   |hello|");
}

TEST_CASE("braces in a text are no format") { CHECK(fmt::format("{}", greeting{"{0} {} }{"}) == "{0} {} }{"); }

TEST_CASE("options that texts do not have are refused") {
  const greeting hello{"hello"};
  CHECK_THROWS(fmt::vformat("{:d}", fmt::make_format_args(hello)));
  CHECK_THROWS(fmt::vformat("{:>{}}", fmt::make_format_args(hello)));
  CHECK_THROWS(fmt::vformat("{:", fmt::make_format_args(hello)));
}
