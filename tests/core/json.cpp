#include "mrcz/core/json.hpp"

#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "tests/sanitized.hpp"
#include "tests/support.hpp"

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

template <class Json>
std::string complaint(const std::string& text) {
  const auto thrown = test::failure_of([&] { mrcz::detail::parse_json<Json>(text, "the notes"); });
  if (!thrown) return "";
  CHECK(thrown->code == mrcz::errc::bad_metadata);
  return thrown->message;
}

std::string object(int keys) {
  std::string text = "{";
  for (int i = 0; i < keys; ++i) text += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", i, i);
  return text + "}";
}

}  // namespace

TEST_CASE("JSON is read into either kind of object, which keep their keys in their own order") {
  const std::string text = R"({"z": 1, "a": [NaN, -Infinity], "m": "é"})";
  CHECK(mrcz::detail::parse_json<json>(text, "x").begin().key() == "a");
  const auto ordered = mrcz::detail::parse_json<ordered_json>(text, "x");
  CHECK(ordered.begin().key() == "z");
  CHECK(std::isnan(ordered.at("a")[0].get<double>()));
  CHECK(std::isinf(ordered.at("a")[1].get<double>()));
}

TEST_CASE("what is refused is called what the caller calls it") {
  CHECK(complaint<json>("{").starts_with("the notes cannot be read: "));
  CHECK(complaint<ordered_json>("[1,]").starts_with("the notes cannot be read: "));
  CHECK(complaint<json>(std::string(101, '[')) == "the notes are nested deeper than 100 levels");
  CHECK(complaint<json>(std::string(mrcz::max_metadata_bytes + 1, ' ')).starts_with("the notes have 67108865 bytes"));
}

TEST_CASE("ordered objects may have so many keys that reading them stays quick") {
  if (MRCZ_TEST_SANITIZED != 0) return;  // a sanitizer makes this too slow
  CHECK(complaint<ordered_json>(object(20'000)).empty());
  CHECK(complaint<ordered_json>(object(30'000)) == "the notes have objects of too many keys");
  CHECK(complaint<json>(object(30'000)).empty());
  std::string many = "[";
  for (int i = 0; i < 100; ++i) many += object(500) + ",";
  CHECK(complaint<ordered_json>(many + "0]").empty());
}

TEST_CASE("JSON is written compactly, in UTF-8 or in ASCII") {
  const ordered_json value{{"z", {1, 2.5}}, {"a", "é\U0001F52C"}};
  CHECK(mrcz::detail::write_json(value, mrcz::detail::json_text::utf8) == "{\"z\":[1,2.5],\"a\":\"é\U0001F52C\"}");
  CHECK(mrcz::detail::write_json(value, mrcz::detail::json_text::ascii) == R"({"z":[1,2.5],"a":"\u00e9\ud83d\udd2c"})");
}

TEST_CASE("what JSON cannot say is not written") {
  const auto refused = [](const json& value) {
    return test::failure_of([&] { mrcz::detail::write_json(value, mrcz::detail::json_text::ascii); }).has_value();
  };
  CHECK(refused(std::numeric_limits<double>::quiet_NaN()));
  CHECK(refused({1, {{"a", std::numeric_limits<double>::infinity()}}}));
  CHECK(refused("\xff"));
  CHECK(refused(json::binary({1})));
  CHECK_FALSE(refused({1, {{"a", 2.5}}, nullptr, "x"}));
}
