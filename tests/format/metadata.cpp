#include "mrcz/format/metadata.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "mrcz/format/header_bytes.hpp"
#include "tests/support.hpp"

namespace {

using mrcz::metadata;
using mrcz::parse_metadata;

/// The JSON without trailing blanks.
std::string text_of(const mrcz::extended_header& e) {
  return std::string{mrcz::labels::trimmed({reinterpret_cast<const char*>(e.bytes.data()), e.bytes.size()})};
}

std::string nested(std::size_t depth, std::string_view inside = "") {
  return std::string(depth, '[') + std::string{inside} + std::string(depth, ']');
}

metadata nested_value(int depth) {
  metadata value = 1;
  for (int i = 0; i < depth; ++i) value = metadata{{"inner", std::move(value)}};
  return value;
}

test::failure parse_failure(std::string_view text) {
  const auto failure = test::failure_of([&] { parse_metadata(text); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_metadata);
  return *failure;
}

test::failure write_failure(const metadata& values) {
  const auto failure = test::failure_of([&] { mrcz::to_extended_header(values); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_metadata);
  return *failure;
}

}  // namespace

TEST_CASE("metadata come back as they were written") {
  const metadata values{{"pixel_size", 1.25},
                        {"frames", 40},
                        {"name", "Gatan K2 \u2603"},
                        {"none", nullptr},
                        {"flag", true},
                        {"axes", {"y", "x", {{"scale", 0.1}}}},
                        {"big", 1e300},
                        {"negative", -9007199254740993LL},
                        {"quote", "\"\\\n\t"},
                        {"empty", metadata::object()}};
  const auto e = mrcz::to_extended_header(values);
  CHECK(e.is_json());
  CHECK(e.type() == "json");
  CHECK(parse_metadata(e) == values);
}

TEST_CASE("no metadata are no extended header") {
  CHECK(mrcz::to_extended_header(nullptr).empty());
  CHECK(mrcz::to_extended_header(nullptr) == mrcz::extended_header{});
  CHECK(parse_metadata(mrcz::extended_header{}).is_null());
  CHECK(parse_metadata(mrcz::extended_header{mrcz::exttyp_json, {}}).is_null());
  CHECK(parse_metadata(mrcz::extended_header{{'F', 'E', 'I', '1'}, {std::byte{'{'}}}).is_null());
  CHECK(text_of(mrcz::to_extended_header(metadata::object())) == "{}");
}

TEST_CASE("what is no object cannot be written as metadata") {
  CHECK(write_failure(metadata::array({1, 2})).mentions("metadata are a JSON array, expected an object"));
  CHECK(write_failure("text").mentions("string"));
  CHECK(write_failure(5).mentions("number"));
  CHECK(write_failure(true).mentions("boolean"));
}

TEST_CASE("python-mrcz's own metadata are read") {
  const auto file = test::bytes_of(std::filesystem::path{MRCZ_TEST_GOLDEN} / "f4_meta_none.mrc");
  REQUIRE(file.size() == 1024 + 146 + 2 * 16 * 18 * 4);
  const metadata found =
      parse_metadata(mrcz::extended_header{mrcz::exttyp_json, {file.begin() + 1024, file.begin() + 1024 + 146}});
  CHECK(found == metadata::parse(R"({"foo": 5, "bar": 42.5, "name": "Gatan K2 \u2603", "flag": true, "none": null,
                                     "axes": [{"name": "y", "scale": 0.1}, {"name": "x", "scale": 0.1}]})"));
}

TEST_CASE("Python's NaN and infinities are numbers wherever a value may stand") {
  const metadata m =
      parse_metadata(R"({"a": NaN, "b": Infinity, "c":-Infinity, "d": [1, NaN,-Infinity,{"e":NaN}], "f": 2})");
  CHECK(std::isnan(m.at("a").get<double>()));
  CHECK(m.at("b").get<double>() == std::numeric_limits<double>::infinity());
  CHECK(m.at("c").get<double>() == -std::numeric_limits<double>::infinity());
  REQUIRE(m.at("d").size() == 4);
  CHECK(m.at("d")[0] == 1);
  CHECK(std::isnan(m.at("d")[1].get<double>()));
  CHECK(m.at("d")[2].get<double>() < 0);
  CHECK(std::isnan(m.at("d")[3].at("e").get<double>()));
  CHECK(m.at("f") == 2);
  CHECK(std::isnan(parse_metadata("NaN").get<double>()));
  CHECK(parse_metadata("[Infinity]")[0].get<double>() > 0);
}

TEST_CASE("strings that mention NaN and Infinity stay strings") {
  const std::string_view text =
      R"({"NaN": "NaN", "x": "is -Infinity, NaN", "y": "a \" NaN", "z": "\\", "w": Infinity, "Infinity": ["NaN", NaN]})";
  const metadata m = parse_metadata(text);
  CHECK(m.at("NaN") == "NaN");
  CHECK(m.at("x") == "is -Infinity, NaN");
  CHECK(m.at("y") == "a \" NaN");
  CHECK(m.at("z") == "\\");
  CHECK(m.at("w").is_number_float());
  CHECK(m.at("Infinity")[0] == "NaN");
  CHECK(m.at("Infinity")[1].is_number_float());
  CHECK(m.size() == 6);
  CHECK(parse_metadata(R"({"plain": "\u0000NaN and more"})").at("plain") == std::string{"\0NaN and more", 13});
}

TEST_CASE("words that only resemble NaN and Infinity are refused") {
  for (const char* text : {"nan", "-NaN", "+Infinity", "--Infinity", "NaNs", "NaN NaN", "[Infinit]", "1NaN",
                           "{\"a\": NaN", "[NaN", "\"NaN", "\"NaN\\"}) {
    CAPTURE(std::string{text});
    parse_failure(text);
  }
}

TEST_CASE("JSON ends at a multiple of 16 bytes, and nothing else is padded") {
  for (std::size_t length = 0; length < 40; ++length) {
    const mrcz::metadata values{{"k", std::string(length, 'x')}};
    const auto extended = mrcz::to_extended_header(values);
    CHECK(extended.bytes.size() % 16 == 0);
    CHECK(extended.bytes.size() < values.dump().size() + 16);
    CHECK(parse_metadata(extended) == values);
  }
  const mrcz::extended_header other{{'F', 'E', 'I', '1'}, std::vector<std::byte>(7)};
  CHECK(mrcz::detail::padded(other) == other);
  CHECK(mrcz::detail::padded({}) == mrcz::extended_header{});
}

TEST_CASE("padding behind the JSON is ignored") {
  const metadata expected{{"a", 1}};
  CHECK(parse_metadata(std::string{"{\"a\": 1}\0\0\0\0", 12}) == expected);
  CHECK(parse_metadata("{\"a\": 1}    ") == expected);
  CHECK(parse_metadata(std::string{"{\"a\": 1} \0 \0\n", 12}) == expected);
  CHECK(parse_metadata("\n  {\"a\": 1}\n") == expected);
  CHECK(parse_failure(std::string{"{\"a\"\0: 1}", 9}).mentions("JSON metadata"));
}

TEST_CASE("text that ends too early is refused, wherever it ends") {
  const std::string text = R"({"name": "Gatan \u2603 é", "list": [1.5e3, true, null, {"x": -0.25}], "z": NaN})";
  CHECK_NOTHROW(parse_metadata(text));
  for (std::size_t length = 0; length < text.size(); ++length) {
    CAPTURE(length);
    const auto failure = parse_failure(text.substr(0, length));
    CHECK(failure.mentions("extended header"));
    CHECK(failure.message.ends_with("(byte 1024)"));
  }
}

TEST_CASE("what is no JSON is refused") {
  for (const char* text : {"{'a': 1}", "{\"a\": 1}}", "{\"a\": 01}", "{a: 1}", "[1, 2,]", "{\"a\": 1} {\"b\": 2}",
                           "1e999", "\"tab\there\"", "// comment\n{}", "\"\\ud800\""}) {
    CAPTURE(std::string{text});
    parse_failure(text);
  }
}

TEST_CASE("invalid UTF-8 is refused in both directions") {
  for (const char* bad : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
    parse_failure("{\"a\": \"" + std::string{bad} + "\"}");
    CHECK(write_failure({{"a", bad}}).mentions("cannot be written as JSON"));
    CHECK(write_failure({{bad, 1}}).mentions("cannot be written as JSON"));
  }
  CHECK(parse_metadata("{\"a\": \"\xe2\x98\x83\"}").at("a") == "\u2603");
}

TEST_CASE("a hundred levels are read and one more is not") {
  for (const std::string_view inside : {"", "1", "\"text\"", "NaN"}) {
    CAPTURE(std::string{inside});
    CHECK_NOTHROW(parse_metadata(nested(100, inside)));
    CHECK(parse_failure(nested(101, inside)).mentions("deeper than 100 levels"));
  }
  std::string objects;
  for (int i = 0; i < 100; ++i) objects += "{\"a\":";
  CHECK_NOTHROW(parse_metadata(objects + "1" + std::string(100, '}')));
  CHECK(parse_failure("[" + objects + "1" + std::string(100, '}') + "]").mentions("deeper than 100 levels"));
}

TEST_CASE("a hundred levels are written and one more is not") {
  const auto e = mrcz::to_extended_header(nested_value(100));
  CHECK(parse_metadata(e) == nested_value(100));
  CHECK(write_failure(nested_value(101)).mentions("deeper than 100 levels"));
  CHECK(write_failure(nested_value(5000)).mentions("deeper than 100 levels"));
}

TEST_CASE("a megabyte of brackets is refused at the hundred and first") {
  const std::string brackets(1 << 20, '[');
  CHECK(parse_failure(brackets).mentions("deeper than 100 levels"));
  CHECK(parse_failure(brackets + "NaN").mentions("deeper than 100 levels"));
  std::string objects;
  for (int i = 0; i < 200000; ++i) objects += "{\"\":";
  CHECK(parse_failure(objects).mentions("deeper than 100 levels"));
}

TEST_CASE("JSON beyond the limit is refused unread") {
  const std::string text(mrcz::max_metadata_bytes + 1, ' ');
  const auto failure = parse_failure(text);
  CHECK(failure.mentions("67108865 bytes, expected at most 67108864"));
}

TEST_CASE("metadata that would not be read back for their size are not written") {
  const metadata values{{"a", std::string(mrcz::max_metadata_bytes, 'x')}};
  CHECK(write_failure(values).mentions("expected at most 67108864"));
}

TEST_CASE("values that JSON has no word for cannot be written") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinity, -infinity}) {
    CHECK(write_failure({{"a", bad}}).mentions("NaN, an infinity or binary data"));
    CHECK(write_failure({{"a", {1, {{"b", bad}}}}}).mentions("NaN"));
  }
  CHECK(write_failure({{"a", metadata::binary({1, 2})}}).mentions("binary data"));
  CHECK(write_failure({{"a", metadata{metadata::value_t::discarded}}}).mentions("JSON has no words"));
}

TEST_CASE("what python wrote as NaN must be replaced before it is written again") {
  metadata m = parse_metadata(R"({"a": NaN})");
  write_failure(m);
  m["a"] = nullptr;
  CHECK(text_of(mrcz::to_extended_header(m)) == R"({"a":null})");
}
