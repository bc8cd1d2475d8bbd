#include "mrcz/bloscpack/dtype.hpp"

#include <set>

#include "tests/bloscpack/support.hpp"

using test::bp::dtype;
using test::bp::metadata;
using test::bp::parse_dtype;

static_assert(test::bp::element<bool> && test::bp::element<mrcz::half> && test::bp::element<std::complex<double>>);
static_assert(!test::bp::element<long double> && !test::bp::element<char> && !test::bp::element<const float>);

TEST_CASE("every plain type is found again by its name, in both byte orders") {
  std::set<std::string> names;
  for (const char* name : {"|b1",  "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8",
                           "<c16", ">i2", ">i4", ">i8", ">u2", ">u4", ">u8", ">f2", ">f4", ">f8", ">c8", ">c16"}) {
    const dtype d = parse_dtype(name);
    CHECK(to_string(d) == name);
    bool called = false;
    CHECK(visit(d, [&]<class T>(std::type_identity<T>) {
      called = true;
      CHECK(sizeof(T) == d.size);
      CHECK(test::bp::dtype_of<T>().kind == d.kind);
    }));
    CHECK(called);
    names.insert(to_string(d));
  }
  CHECK(names.size() == 25);
}

TEST_CASE("words are what a byte order concerns") {
  CHECK(word_bytes(parse_dtype("<c16")) == 8);
  CHECK(word_bytes(parse_dtype("<f8")) == 8);
  CHECK(word_bytes(parse_dtype("|b1")) == 1);
}

TEST_CASE("all spellings of the history of bloscpack mean the same") {
  const dtype expected{'f', 8, std::endian::little};
  CHECK(parse_dtype("<f8") == expected);
  CHECK(parse_dtype("'<f8'") == expected);
  CHECK(parse_dtype("\"<f8\"") == expected);
  CHECK(parse_dtype(metadata::array({metadata::array({"", "<f8"})})) == expected);
  CHECK(parse_dtype("[('', '<f8')]") == expected);
  CHECK(parse_dtype("=f8").byte_order == std::endian::native);
}

TEST_CASE("types that are not plain are refused by their name") {
  const auto complaint = [](const metadata& value) {
    const auto thrown = test::failure_of([&] { parse_dtype(value); });
    if (!thrown) return std::string{};
    CHECK(thrown->code == mrcz::errc::bad_metadata);
    return thrown->message;
  };
  CHECK(complaint("[('a', '<i4'), ('s', '|S5')]")
            .starts_with("the dtype [('a', '<i4'), ('s', '|S5')] is a record, not one of numpy's plain types"));
  CHECK(
      complaint(metadata::array({metadata::array({"a", "<i4"})})).starts_with("the dtype [('a', '<i4')] is a record"));
  CHECK(complaint("'|O'").starts_with("the dtype |O is Python objects"));
  for (const char* name : {"|S5", "<U7", "<M8[ns]", "<m8",  "|V3",  "<f16", "<c32", "<f3",  "<i16", "|f8", "<b", "f8",
                           "",    "<",   "<f",      "<f8 ", " <f8", "<f-8", "<f08", "<f88", "b1",   "'",   "''"}) {
    CAPTURE(std::string{name});
    CHECK(complaint(name).starts_with("the dtype "));
  }
  CHECK_FALSE(complaint(nullptr).empty());
  CHECK_FALSE(complaint(5).empty());
}

TEST_CASE("descriptions of any type are read in each spelling, and their elements have a size") {
  using test::bp::element_bytes;
  using test::bp::parse_description;
  CHECK(parse_description("'|S5'") == "|S5");
  CHECK(parse_description(metadata::parse(R"([["a", "<i4"], ["s", "|S5", [2]]])")) ==
        "[('a', '<i4'), ('s', '|S5', (2,))]");
  CHECK(parse_description(metadata::parse(R"([["r", [["x", "<f8"]]]])")) == "[('r', [('x', '<f8')])]");
  CHECK(parse_description(metadata::parse(R"([["it's", "<i4"]])")) == R"([('it\'s', '<i4')])");
  CHECK(element_bytes("<M8[25us]") == 8);
  CHECK(element_bytes("<m8") == 8);
  CHECK(element_bytes("<U3") == 12);
  CHECK(element_bytes("|V17") == 17);
  CHECK(element_bytes("<f16") == 16);
  CHECK(element_bytes("[]") == 0);
  CHECK(element_bytes("[(\"it's\", '<i4', (2, 3)), ('', '|V8'), ('n', '<u2', 5)]") == 42);
  for (const char* bad : {"", "f8", "<", "|O", "[('a', '|O')]", "[('a', '<i4')", "[('a')]", "[('a', '<i4'),, ]", "<f",
                          "<f8x", "[('a', '<i4', (2,)] ", "[('a', '<i4', (99999, 99999, 99999))]", "<q8"}) {
    CAPTURE(std::string{bad});
    CHECK(test::code_of([&] { element_bytes(bad); }).category() == mrcz::error_category());
  }
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "[('a', ";
  CHECK(test::code_of([&] { element_bytes(deep); }) == mrcz::errc::bad_metadata);
}
