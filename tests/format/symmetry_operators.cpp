#include "mrcz/format/symmetry_operators.hpp"

#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support.hpp"

namespace {

using mrcz::ccp4;
using mrcz::extended_header;

extended_header of_text(std::string text, std::array<char, 4> type) {
  const auto bytes = std::as_bytes(std::span{text});
  return {type, {bytes.begin(), bytes.end()}};
}

std::string filled(std::string line, char with = ' ') {
  line.resize(80, with);
  return line;
}

}  // namespace

TEST_CASE("each line of 80 characters is one operator, without what fills it") {
  const std::vector<ccp4> expected{{"X,  Y,  Z"}, {"-X,  Y+1/2,  -Z"}};
  const std::string text = filled("X,  Y,  Z") + filled("-X,  Y+1/2,  -Z");
  CHECK(of_text(text, ccp4::exttyp).records<ccp4>() == expected);
  CHECK(of_text(text, {}).records<ccp4>() == expected);
  CHECK(of_text(text + filled("") + filled("", '\0') + "   ", ccp4::exttyp).records<ccp4>() == expected);
  CHECK(of_text(filled("X,  Y,  Z", '\0') + "-X,  Y+1/2,  -Z", ccp4::exttyp).records<ccp4>() == expected);
  CHECK(of_text("", ccp4::exttyp).records<ccp4>().empty());
}

TEST_CASE("other extended headers hold no operators") {
  const auto failure = [](const extended_header& e) {
    return test::failure_of([&] { static_cast<void>(e.records<ccp4>()); });
  };
  CHECK(failure(of_text(filled("X"), {'S', 'E', 'R', 'I'}))->code == mrcz::errc::bad_header);
  CHECK(failure(of_text(filled("X", '\0'), {})));
  CHECK(failure({}));
}

TEST_CASE("operators that are written are read again, and replace everything else") {
  const std::vector<ccp4> all{{"X,Y,Z"}, {std::string(80, '~')}};
  extended_header e{{'S', 'E', 'R', 'I'}, std::vector<std::byte>(500), 7, 4, 9};
  e.set_records(std::span<const ccp4>{all});
  CHECK(e.type() == "CCP4");
  CHECK(e.bytes.size() == 160);
  CHECK(e.is_symmetry_text());
  CHECK(e.records<ccp4>() == all);
  CHECK(e.sections == 7);
  CHECK(e.nint == 0);
  CHECK(e.nreal == 0);
  e.set_records(std::span<const ccp4>{});
  CHECK(e.empty());
}

TEST_CASE("a line that a file cannot hold is refused") {
  for (const std::string& line : {std::string(81, 'X'), std::string("X\n"), std::string("caf\xe9")}) {
    extended_header e;
    const std::vector<ccp4> all{{line}};
    const auto failure = test::failure_of([&] { e.set_records(std::span<const ccp4>{all}); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::bad_option);
    CHECK(failure->message == "a line of symmetry operators has " + std::to_string(line.size()) +
                                  " characters, expected at most 80, all printable ASCII");
  }
}
