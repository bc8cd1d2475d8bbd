#include "mrcz/format/byte_order.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <random>

#include <doctest/doctest.h>

#include "mrcz/core/endian.hpp"
#include "tests/format/raw_header.hpp"

namespace {

constexpr std::array both_orders{std::endian::little, std::endian::big};

std::endian vote(const test::raw_header& h, std::uint64_t file_size = 0) {
  return mrcz::detail::vote_byte_order(h.bytes(), file_size);
}

/// A header of zeros: only fields that are set later can tell the byte order.
test::raw_header mute(std::endian order) { return test::raw_header{order}; }

void check_both(const auto& make, std::uint64_t file_size = 0) {
  for (const std::endian order : both_orders) {
    CAPTURE(mrcz::name_of(order));
    CHECK(vote(make(order), file_size) == order);
  }
}

}  // namespace

TEST_CASE("a sane header is read in its order, whatever the stamp") {
  constexpr std::array<std::array<unsigned, 4>, 12> stamps{{{0x44, 0x44, 0, 0},
                                                            {0x44, 0x41, 0, 0},
                                                            {0x44, 0, 0, 0},
                                                            {0x44, 0x11, 0, 0},
                                                            {0x44, 0x20, 0x20, 0x20},
                                                            {0, 0, 0, 0},
                                                            {0x68, 0, 0, 0},
                                                            {0x22, 0x41, 0, 0},
                                                            {0x90, 0x42, 0x4d, 0xc3},
                                                            {0x11, 0x11, 0, 0},
                                                            {0x17, 0x17, 0, 0},
                                                            {0xff, 0xff, 0xff, 0xff}}};
  for (const auto& stamp : stamps) {
    CAPTURE(stamp[0]);
    CAPTURE(stamp[1]);
    const auto stamped = [&](std::endian order) {
      return test::sane_header(order, 64, 48, 5, 2).raw(212, {stamp[0], stamp[1], stamp[2], stamp[3]});
    };
    check_both(stamped, 1024 + 64 * 48 * 5 * 4);
  }
}

TEST_CASE("a sane header is read in its order, whatever the mode") {
  for (const std::int32_t mode : {0, 1, 2, 3, 4, 6, 7, 8, 12, 101, 1002, 2002, 6002, 6000, 6001, 3001, 50002}) {
    CAPTURE(mode);
    // A wrong stamp and an unknown file size: the numbers must do.
    check_both([&](std::endian order) {
      return test::sane_header(order, 3838, 3710, 40, mode).raw(212, {order == std::endian::big ? 0x44U : 0x11U});
    });
  }
}

TEST_CASE("mode 0 looks the same in both orders, so the other fields decide") {
  check_both([](std::endian order) { return mute(order).i32(0, 64).i32(4, 64).i32(8, 1); });
  check_both([](std::endian order) { return mute(order).i32(64, 1).i32(68, 2).i32(72, 3); });
  check_both([](std::endian order) { return mute(order).i32(64, 3).i32(68, 1).i32(72, 2); });
}

TEST_CASE("each telling field decides alone") {
  check_both([](std::endian order) { return mute(order).i32(12, 1); });
  check_both([](std::endian order) { return mute(order).i32(12, 6002); });
  check_both([](std::endian order) { return mute(order).i32(108, 20140); });
  check_both([](std::endian order) { return mute(order).i32(108, 20141); });
  check_both([](std::endian order) { return mute(order).i32(92, 128); }, 1024 + 128);
  check_both([](std::endian order) { return mute(order).i32(92, 131073); }, 1 << 20);
}

TEST_CASE("the file size decides between extents that make sense in both orders") {
  // 256 is 65536 when its bytes are swapped, and 65536 is 256. Only the product with the file tells.
  const auto make = [](std::endian order) {
    return mute(order).i32(0, 256).i32(4, 256).i32(8, 512).raw(212, {order == std::endian::big ? 0x44U : 0x11U});
  };
  check_both(make, 1024 + std::uint64_t{256} * 256 * 512);
  for (const std::endian order : both_orders)
    CHECK(vote(make(order), 5000) == mrcz::detail::opposite(order));  // stamp only
}

TEST_CASE("the file size counts the extended header and 4-bit rows") {
  const auto wrong_stamp = [](std::endian order) { return order == std::endian::big ? 0x44U : 0x11U; };
  check_both(
      [&](std::endian order) {
        return mute(order).i32(0, 256).i32(4, 256).i32(8, 512).i32(92, 512).raw(212, {wrong_stamp(order)});
      },
      1024 + 512 + std::uint64_t{256} * 256 * 512);
  check_both([&](std::endian order) { return mute(order).i32(0, 257).i32(4, 256).i32(8, 256).i32(12, 101); },
             1024 + std::uint64_t{129} * 256 * 256);
}

TEST_CASE("NSYMBT that does not fit the file is no vote") {
  // 768 swapped is 196608: with a file of that size both fit and the stamp decides.
  for (const std::endian stamp : both_orders) {
    const auto h = mute(std::endian::little).i32(92, 768).raw(212, {stamp == std::endian::big ? 0x11U : 0x44U});
    CHECK(vote(h, 1 << 20) == stamp);
    CHECK(vote(h, 4096) == std::endian::little);
    CHECK(vote(h, 1024) == stamp);
  }
}

TEST_CASE("when the fields disagree the stamp votes with them") {
  for (const std::endian order : both_orders) {
    const std::endian other = mrcz::detail::opposite(order);
    const auto mode_of_other = test::raw_header{other}.i32(12, 1);
    // One against one: the stamp decides.
    for (const std::endian stamp : both_orders) {
      auto h = mute(order).i32(64, 1).i32(68, 2).i32(72, 3).raw(212, {stamp == std::endian::big ? 0x11U : 0x44U});
      for (std::size_t i = 12; i < 16; ++i) h.raw(i, {std::to_integer<unsigned>(mode_of_other.bytes()[i])});
      CHECK(vote(h) == stamp);
    }
    // Two against one and the stamp: a tie, which the stamp decides.
    auto h = mute(order).i32(64, 1).i32(68, 2).i32(72, 3).i32(108, 20140);
    h.raw(212, {other == std::endian::big ? 0x11U : 0x44U});
    for (std::size_t i = 12; i < 16; ++i) h.raw(i, {std::to_integer<unsigned>(mode_of_other.bytes()[i])});
    CHECK(vote(h) == other);
    // Three against one and the stamp.
    h.i32(0, 64).i32(4, 64).i32(8, 64);
    CHECK(vote(h) == order);
  }
}

TEST_CASE("without any evidence the stamp decides, and without a stamp the order is little") {
  CHECK(vote(mute(std::endian::little)) == std::endian::little);
  CHECK(vote(mute(std::endian::little).raw(212, {0x11, 0x11})) == std::endian::big);
  CHECK(vote(mute(std::endian::little).raw(212, {0x44, 0x41})) == std::endian::little);
  CHECK(vote(mute(std::endian::little).raw(212, {0x68})) == std::endian::little);
}

TEST_CASE("python-mrcz's big-endian files have a little-endian MODE") {
  auto h = test::sane_header(std::endian::big, 70, 64, 2, 0).i32(108, 0).raw(12, {0x72, 0x17, 0, 0});
  CHECK(vote(h) == std::endian::big);
  h.raw(12, {1, 0, 0, 0});
  CHECK(vote(h) == std::endian::big);
}

TEST_CASE("hostile numbers do not overflow the vote") {
  std::mt19937 random{11};
  for (int round = 0; round < 2000; ++round) {
    test::raw_header h{both_orders[random() % 2]};
    for (std::size_t word = 0; word < 224; word += 4)
      h.i32(word, random() % 3 == 0 ? std::bit_cast<std::int32_t>(static_cast<std::uint32_t>(random()))
                                    : static_cast<std::int32_t>(random() % 0x100000));
    h.i32(12, static_cast<std::int32_t>(random() % 5));
    const auto order = vote(h, std::uint64_t{random()} << (random() % 32));
    CHECK((order == std::endian::little || order == std::endian::big));
  }
}

TEST_CASE("IMOD's axes with -2 are no sign of the other byte order") {
  for (const auto order : {std::endian::little, std::endian::big}) {
    auto raw = test::raw_header{order};
    raw.i32(64, 1).i32(68, -2).i32(72, 3);
    CHECK(mrcz::detail::vote_byte_order(raw.bytes(), 5000) == order);
  }
}
