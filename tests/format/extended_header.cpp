#include "mrcz/format/extended_header.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

mrcz::extended_header of_kind(std::string_view kind, std::size_t size = 4) {
  mrcz::extended_header e;
  std::copy(kind.begin(), kind.end(), e.exttyp.begin());
  e.bytes.resize(size);
  return e;
}

}  // namespace

TEST_CASE("the kind of an extended header loses its padding") {
  CHECK(of_kind("FEI1").type() == "FEI1");
  CHECK(of_kind("json").type() == "json");
  CHECK(of_kind("ab  ").type() == "ab");
  CHECK(of_kind(std::string_view{"ab\0\0", 4}).type() == "ab");
  CHECK(of_kind("    ").type().empty());
  CHECK(mrcz::extended_header{}.type().empty());
}

TEST_CASE("only bytes of the kind json are JSON") {
  CHECK(of_kind("json").is_json());
  CHECK_FALSE(of_kind("json", 0).is_json());
  CHECK_FALSE(of_kind("JSON").is_json());
  CHECK_FALSE(of_kind("FEI1").is_json());
  CHECK_FALSE(of_kind("    ").is_json());
  CHECK(mrcz::exttyp_json == std::array<char, 4>{'j', 's', 'o', 'n'});
}

TEST_CASE("extended headers are equal when kind and bytes are") {
  CHECK(of_kind("SERI") == of_kind("SERI"));
  CHECK(of_kind("SERI") != of_kind("AGAR"));
  CHECK(of_kind("SERI") != of_kind("SERI", 5));
  CHECK(mrcz::extended_header{}.empty());
  CHECK_FALSE(of_kind("SERI").empty());
  CHECK(of_kind("SERI", 0).empty());
}

TEST_CASE("lines of 80 printable characters are symmetry operators, whatever the kind says") {
  const auto filled = [](std::size_t size, char c) {
    mrcz::extended_header e;
    e.bytes.assign(size, static_cast<std::byte>(c));
    return e;
  };
  CHECK(filled(80, 'X').is_symmetry_text());
  CHECK(filled(160, ' ').is_symmetry_text());
  CHECK(filled(160, '~').is_symmetry_text());
  CHECK_FALSE(filled(0, 'X').is_symmetry_text());
  CHECK_FALSE(filled(79, 'X').is_symmetry_text());
  CHECK_FALSE(filled(128, 'X').is_symmetry_text());
  CHECK_FALSE(filled(80, '\0').is_symmetry_text());
  CHECK_FALSE(filled(80, '\n').is_symmetry_text());
  CHECK_FALSE(filled(80, '\x7f').is_symmetry_text());
  auto one_bad = filled(160, 'X');
  one_bad.bytes.back() = std::byte{0xe9};
  CHECK_FALSE(one_bad.is_symmetry_text());
}
