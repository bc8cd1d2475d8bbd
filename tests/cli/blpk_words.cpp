// How blpk prints sizes and JSON, and reads sizes.
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "python.hpp"
#include "sizes.hpp"

namespace {

std::string repr_of(const char* text) { return python::repr(python::json::parse(text)); }
std::string pretty_of(const std::string& text) { return python::pretty(python::json::parse(text)); }

}  // namespace

TEST_CASE("JSON is printed as Python prints it") {
  CHECK(repr_of("[null, true, false, -3, 18446744073709551615]") == "[None, True, False, -3, 18446744073709551615]");
  CHECK(repr_of("[1.0, 1e15, 1e16, 1e-5, 0.0001, -0.0, 0.1, 1e300]") ==
        "[1.0, 1000000000000000.0, 1e+16, 1e-05, 0.0001, -0.0, 0.1, 1e+300]");
  CHECK(repr_of(R"({"b": {}, "a": [], "B": ""})") == "{'B': '', 'a': [], 'b': {}}");
}

TEST_CASE("strings are quoted as Python quotes them") {
  CHECK(repr_of(R"(["it's", "\"", "'\"", "\\"])") == R"(["it's", '"', '\'"', '\\'])");
  CHECK(repr_of(R"("\n\r\t\u0000\u001b\u007f\u0085\u00ad")") == R"('\n\r\t\x00\x1b\x7f\x85\xad')");
  CHECK(repr_of(R"("\u00e9\u20ac\ud83d\ude00")") == "'\u00e9\u20ac\U0001f600'");
  CHECK(repr_of(R"("\u202e\ufeff\u061c")") == R"('\u202e\ufeff\u061c')");
  CHECK(repr_of(R"("\udb40\udc41")") == R"('\U000e0041')");
}

TEST_CASE("a list or dict of more than 90 characters has one line per member") {
  const std::string x(83, 'x');
  const std::string y(70, 'x');
  CHECK(pretty_of(fmt::format(R"(["{}", 1])", x)).find('\n') == std::string::npos);
  CHECK(pretty_of(fmt::format(R"(["{}", 12])", x)) == fmt::format("['{}',\n 12]", x));
  CHECK(pretty_of(fmt::format(R"({{"b": ["{}", "yyyyy"], "a": 1}})", y)) ==
        fmt::format("{{'a': 1,\n 'b': ['{}', 'yyyyy']}}", y));
  CHECK(pretty_of(fmt::format(R"({{"b": ["{}", "yyyyyyy"], "a": 1}})", y)) ==
        fmt::format("{{'a': 1,\n 'b': ['{}',\n       'yyyyyyy']}}", y));
}

TEST_CASE("a long string keeps to its line") {
  const std::string x(100, 'x');
  CHECK(pretty_of(fmt::format(R"("{} {}")", x, x)) == fmt::format("'{} {}'", x, x));
  CHECK(pretty_of(fmt::format(R"(["{}", 1])", x)) == fmt::format("['{}',\n 1]", x));
}

TEST_CASE("what Python takes for false") {
  for (const char* text : {"null", "0", "0.0", "\"\"", "{}", "[]", "false"})
    CHECK(python::is_false(python::json::parse(text)));
  for (const char* text : {"1", "0.5", "\"0\"", "{\"a\": 0}", "[0]", "true"})
    CHECK_FALSE(python::is_false(python::json::parse(text)));
}

TEST_CASE("sizes for people") {
  CHECK(sizes::with_bytes(0) == "0B (0B)");
  CHECK(sizes::with_bytes(352) == "352.0B (352B)");
  CHECK(sizes::with_bytes(1024) == "1.0K (1024B)");
  CHECK(sizes::pretty(616448) == "602.0K");
  CHECK(sizes::pretty(160000000) == "152.59M");
  CHECK(sizes::pretty(1600000000) == "1.49G");
  CHECK(sizes::pretty(std::uint64_t{3} << 40U) == "3.0T");
}

TEST_CASE("sizes of people") {
  CHECK(sizes::parsed_with_unit("1048576") == 1048576);
  CHECK(sizes::parsed_with_unit("0.5G") == 536870912);
  CHECK(sizes::parsed_with_unit("1.3K") == 1331);
  CHECK(sizes::parsed_with_unit("1e1K") == 10240);
  CHECK(sizes::parsed_with_unit(".5B") == 0);
  CHECK(sizes::parsed_with_unit("-1") == -1);
  for (const char* text : {"", "K", "1k", "1.5", "0x10", "nanM", "infM", "1e30T", "99999999999999999999", "1 K", "1KK"})
    CHECK_FALSE(sizes::parsed_with_unit(text));
}
