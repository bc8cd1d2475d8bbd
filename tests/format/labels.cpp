#include "mrcz/format/labels.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support.hpp"

namespace {

using block = std::array<char, 800>;

block filled(char padding) {
  block text;
  text.fill(padding);
  return text;
}

void put(block& text, std::size_t label, std::string_view content) {
  std::copy(content.begin(), content.end(), text.begin() + static_cast<std::ptrdiff_t>(80 * label));
}

}  // namespace

TEST_CASE("labels are found whether they are padded with blanks or NULs") {
  for (const char padding : {' ', '\0'}) {
    block text = filled(padding);
    put(text, 0, "MRCZ0.5.7");
    put(text, 1, "motion corrected");
    const auto found = mrcz::labels::decode(text.data());
    REQUIRE(found.size() == 2);
    CHECK(found[0] == "MRCZ0.5.7");
    CHECK(found[1] == "motion corrected");
  }
}

TEST_CASE("each field stays as it stands, and gaps close on request") {
  block text = filled(' ');
  put(text, 3, "third");
  put(text, 9, "ninth");
  put(text, 5, std::string_view{"\0 \0 ", 4});
  auto found = mrcz::labels::decode(text.data());
  CHECK(found.size() == 2);
  CHECK(found[0].empty());
  CHECK(found[3] == "third");
  CHECK(found[5].empty());
  CHECK(found.field(5).substr(0, 4) == std::string_view{"\0 \0 ", 4});
  CHECK(found.next_free() == 0U);
  CHECK(std::vector<std::string_view>(found.begin(), found.end()) == std::vector<std::string_view>{"third", "ninth"});
  block written;
  found.encode(written.data());
  CHECK(written == text);

  found.close_gaps();
  CHECK(found[0] == "third");
  CHECK(found[1] == "ninth");
  CHECK(found.size() == 2);
  CHECK(found.next_free() == 2U);
}

TEST_CASE("odd text of other programs is kept as it is") {
  block text = filled('\0');
  const std::string full(80, 'x');
  const std::string odd{"\xc3\xa9 \x01\0 inside", 12};
  put(text, 0, full);
  put(text, 1, odd);
  put(text, 2, "  indented");
  const auto found = mrcz::labels::decode(text.data());
  REQUIRE(found.size() == 3);
  CHECK(found[0] == full);
  CHECK(found[1] == odd);
  CHECK(found[2] == "  indented");
  block written;
  found.encode(written.data());
  CHECK(mrcz::labels::decode(written.data()) == found);
}

TEST_CASE("no label in 800 blanks or zeros") {
  for (const char padding : {' ', '\0'}) CHECK(mrcz::labels::decode(filled(padding).data()).empty());
  block written = filled('x');
  mrcz::labels{}.encode(written.data());
  CHECK(written == filled(' '));
}

TEST_CASE("the eleventh label is refused, unless it may overwrite the last") {
  mrcz::labels all;
  for (int i = 0; i < 10; ++i) all.add("label " + std::to_string(i));
  REQUIRE(all.size() == mrcz::labels::capacity);
  const auto failure = test::failure_of([&] { all.add("label 10"); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::too_large);
  CHECK(all[9] == "label 9");
  all.add_or_overwrite_last("label 10");
  CHECK(all[8] == "label 8");
  CHECK(all[9] == "label 10");

  all.add_first("front");
  REQUIRE(all.size() == mrcz::labels::capacity);
  CHECK(all[0] == "front");
  CHECK(all[1] == "label 0");
  CHECK(all[9] == "label 8");

  all.clear();
  CHECK(all.empty());
  CHECK(all.begin() == all.end());
}

TEST_CASE("labels are replaced and erased, and those behind move up") {
  mrcz::labels all;
  for (int i = 0; i < 3; ++i) all.add("label " + std::to_string(i));
  all.replace(1, "other");
  CHECK(all[1] == "other");
  all.erase(0);
  CHECK(all.size() == 2);
  CHECK(all[0] == "other");
  CHECK(all[1] == "label 2");
  CHECK(all[2].empty());
  CHECK_THROWS(all.replace(10, "no such field"));
  CHECK_THROWS(all.erase(10));
}

TEST_CASE("a label that is added is what will be read back") {
  mrcz::labels all;
  all.add(std::string(80, '~'));
  all.add("trailing blanks   ");
  all.add_first("  first ");
  block written;
  all.encode(written.data());
  CHECK(mrcz::labels::decode(written.data()) == all);
  CHECK(all[2] == "trailing blanks");
}

TEST_CASE("text that is no label is refused") {
  const auto refusal = [](const std::string& text) {
    mrcz::labels all;
    const auto one = test::failure_of([&] { all.add(text); });
    const auto other = test::failure_of([&] { all.add_first(text); });
    REQUIRE(one);
    REQUIRE(other);
    CHECK(one->code == mrcz::errc::bad_option);
    CHECK(other->message == one->message);
    CHECK(all.empty());
    return *one;
  };
  CHECK(refusal(std::string(81, 'x')).mentions("label has 81 characters, expected at most 80"));
  CHECK(refusal("").mentions("blank"));
  CHECK(refusal("   ").mentions("blank"));
  CHECK(refusal(std::string(3, '\0')).mentions("blank"));
  CHECK(refusal("two\nlines").mentions("printable ASCII"));
  CHECK(refusal("caf\xc3\xa9").mentions("printable ASCII"));
  CHECK(refusal(std::string{"a\0b", 3}).mentions("printable ASCII"));
  CHECK(refusal("\x7f").mentions("printable ASCII"));
}

TEST_CASE("a label that is refused replaces none") {
  mrcz::labels all;
  for (int i = 0; i < 10; ++i) all.add("label " + std::to_string(i));
  CHECK(test::failure_of([&] { all.add("\t"); }));
  REQUIRE(all.size() == 10);
  CHECK(all[9] == "label 9");
}
