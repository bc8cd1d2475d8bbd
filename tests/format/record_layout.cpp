#include "mrcz/format/record_layout.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support.hpp"

namespace {

using namespace mrcz::detail;

mrcz::extended_header of_size(std::size_t size, std::size_t sections = 0) {
  return {{'S', 'E', 'R', 'I'}, std::vector<std::byte>(size), sections};
}

}  // namespace

TEST_CASE("there are as many records as sections, or as many whole ones as the bytes hold") {
  CHECK(layout_of(of_size(40, 4), 10, std::endian::big).count == 4);
  CHECK(layout_of(of_size(40, 3), 10, std::endian::big).count == 3);
  CHECK(layout_of(of_size(39, 4), 10, std::endian::big).count == 3);
  CHECK(layout_of(of_size(9, 4), 10, std::endian::big).count == 0);
  CHECK(layout_of(of_size(45), 10, std::endian::big).count == 4);
  CHECK(layout_of(of_size(45), 10, std::endian::big).order == std::endian::big);
}

TEST_CASE("records are read one after the other, and written with the bytes after them unchanged") {
  auto extended = of_size(7);
  for (std::size_t i = 0; i < 7; ++i) extended.bytes[i] = static_cast<std::byte>(i);
  const record_layout layout{std::endian::little, 3, 2};
  const auto all = decode_records<std::vector<std::byte>>(
      extended, layout,
      [](std::span<const std::byte> bytes, auto& record) { record.assign(bytes.begin(), bytes.end()); });
  REQUIRE(all.size() == 2);
  CHECK(all[1] == std::vector<std::byte>{std::byte{3}, std::byte{4}, std::byte{5}});

  const std::array numbers{std::byte{10}, std::byte{20}, std::byte{30}};
  const auto put = [](std::span<std::byte> bytes, std::byte number) { bytes[2] = number; };
  encode_records(extended, layout, std::span{numbers}.first(1), put);
  CHECK(extended.sections == 1);
  CHECK(extended.bytes.size() == 7);
  CHECK(extended.bytes[2] == std::byte{10});
  CHECK(extended.bytes[5] == std::byte{5});
  encode_records(extended, layout, std::span<const std::byte>{numbers}, put);
  CHECK(extended.sections == 3);
  CHECK(extended.bytes.size() == 9);
  CHECK(extended.bytes[8] == std::byte{30});
}

TEST_CASE("words are swapped, and what does not fill one stays") {
  std::array bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}};
  swap_words(bytes, 2);
  CHECK(bytes == std::array{std::byte{2}, std::byte{1}, std::byte{4}, std::byte{3}, std::byte{5}});
  swap_words(bytes, 4);
  CHECK(bytes == std::array{std::byte{3}, std::byte{4}, std::byte{1}, std::byte{2}, std::byte{5}});
}

TEST_CASE("the error for records of another type says what the extended header is") {
  CHECK(test::failure_of([] { fail_no_records({{'F', 'E', 'I', '1'}, {}, 0, 5, 7}, "SERI"); })->message ==
        "the extended header has the type 'FEI1', NINT 5 and NREAL 7, so it holds no records of SERI");
}
