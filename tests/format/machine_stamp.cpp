#include "mrcz/format/machine_stamp.hpp"

#include <bit>
#include <optional>
#include <vector>

#include <doctest/doctest.h>

namespace {

constexpr mrcz::machine_stamp stamp(unsigned a, unsigned b, unsigned c, unsigned d) {
  return {std::byte(a), std::byte(b), std::byte(c), std::byte(d)};
}

struct found_stamp {
  mrcz::machine_stamp bytes;
  std::optional<std::endian> order;
  bool standard;
};

const std::vector<found_stamp> stamps_of_the_wild{
    {stamp(0x44, 0x44, 0x00, 0x00), std::endian::little, true},   // the standard, IMOD, mrcfile
    {stamp(0x44, 0x41, 0x00, 0x00), std::endian::little, true},   // CCP4, EMDB, RELION, python-mrcz
    {stamp(0x44, 0x00, 0x00, 0x00), std::endian::little, false},  // SerialEM
    {stamp(0x44, 0x11, 0x00, 0x00), std::endian::little, false},  // EMDB
    {stamp(0x44, 0x20, 0x20, 0x20), std::endian::little, false},
    {stamp(0x11, 0x11, 0x00, 0x00), std::endian::big, true},
    {stamp(0x00, 0x00, 0x00, 0x00), std::nullopt, false},
    {stamp(0x68, 0x00, 0x00, 0x00), std::nullopt, false},  // python-mrcz before 0.1.4
    {stamp(0x22, 0x41, 0x00, 0x00), std::nullopt, false},  // VAX
    {stamp(0x90, 0x42, 0x4d, 0xc3), std::nullopt, false},  // Amira
    {stamp(0x17, 0x17, 0x00, 0x00), std::nullopt, false},  // 17 read as hexadecimal
};

}  // namespace

TEST_CASE("stamps of the wild mean the order of their first byte") {
  for (const auto& found : stamps_of_the_wild) {
    CAPTURE(std::to_integer<int>(found.bytes[0]));
    CAPTURE(std::to_integer<int>(found.bytes[1]));
    CHECK(mrcz::byte_order_of(found.bytes) == found.order);
    CHECK(mrcz::is_standard(found.bytes) == found.standard);
  }
}

TEST_CASE("the stamps that are written are the standard's") {
  CHECK(mrcz::stamp_of(std::endian::little) == stamp(0x44, 0x44, 0, 0));
  CHECK(mrcz::stamp_of(std::endian::big) == stamp(0x11, 0x11, 0, 0));
  for (const auto order : {std::endian::little, std::endian::big}) {
    CHECK(mrcz::is_standard(mrcz::stamp_of(order)));
    CHECK(mrcz::byte_order_of(mrcz::stamp_of(order)) == order);
  }
}

TEST_CASE("a strict reader takes no mixture of stamps, whatever follows them") {
  CHECK(mrcz::is_standard(stamp(0x44, 0x41, 0xff, 0xff)));
  CHECK_FALSE(mrcz::is_standard(stamp(0x11, 0x44, 0, 0)));
  CHECK_FALSE(mrcz::is_standard(stamp(0x11, 0x41, 0, 0)));
  CHECK_FALSE(mrcz::is_standard(stamp(0x44, 0x11, 0, 0)));
}
