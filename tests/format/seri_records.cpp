#include "mrcz/format/seri_records.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/core/endian.hpp"
#include "tests/support.hpp"

namespace {

using mrcz::extended_header;
using mrcz::seri;

/// Records of these integers.
extended_header records_of(const std::vector<int>& words, std::int16_t nint, std::int16_t nreal,
                           std::endian order = std::endian::native) {
  extended_header e{seri::exttyp, std::vector<std::byte>(words.size() * 2), 0, nint, nreal, order};
  for (std::size_t i = 0; i < words.size(); ++i)
    mrcz::detail::store(e.bytes.data() + 2 * i, static_cast<std::int16_t>(words[i]), order);
  return e;
}

std::int16_t word(const extended_header& e, std::size_t i) {
  return mrcz::detail::load<std::int16_t>(e.bytes.data() + 2 * i, e.byte_order);
}

std::optional<test::failure> failure_of_reading(const extended_header& e) {
  return test::failure_of([&] { static_cast<void>(e.records<seri>()); });
}

void set(extended_header& e, const std::vector<seri>& all) { e.set_records(std::span<const seri>{all}); }

}  // namespace

TEST_CASE("items stand in the order of their flags, in both byte orders") {
  for (const auto order : {std::endian::little, std::endian::big}) {
    // 0x600000 times 2 to the power of -22 are 1.5 electrons per square angstrom
    const auto e = records_of({-6050, 40000, 100, -2, 2500, -2500, 530, 12500, 0x6000, -22 * 256, 77}, 22, 0x7f, order);
    CHECK(e.records<seri>() == std::vector<seri>{{.tilt_angle = -60.5,
                                                  .piece_x = 40000,
                                                  .piece_y = 100,
                                                  .piece_z = -2,
                                                  .stage_x = 1e-4,
                                                  .stage_y = -1e-4,
                                                  .magnification = 53000,
                                                  .intensity = 0.5,
                                                  .exposure_dose = 1.5e20}});
  }
}

TEST_CASE("a field without its flag is empty, and a record is as long as NINT says") {
  const auto e = records_of({100, 530, 200, 540, 300, 550}, 4, 1 | 8);
  const auto all = e.records<seri>();
  REQUIRE(all.size() == 3);
  CHECK(all[2] == seri{.tilt_angle = 3, .magnification = 55000});

  auto longer = records_of({100, 0, 200, 0, 300, 0}, 4, 1);  // items that nobody has documented
  longer.sections = 2;
  CHECK(longer.records<seri>() == std::vector<seri>{{.tilt_angle = 1}, {.tilt_angle = 2}});
  longer.nreal = 0x1001;
  CHECK(longer.records<seri>()[1] == seri{.tilt_angle = 2});
  longer.sections = 10;
  CHECK(longer.records<seri>().size() == 3);
}

TEST_CASE("without EXTTYP, NINT and NREAL must fit each other") {
  auto e = records_of({100, 530, 200, 540}, 4, 1 | 8);
  e.exttyp = {};
  CHECK(e.records<seri>().size() == 2);
  e.exttyp = {' ', ' ', ' ', ' '};
  CHECK(e.records<seri>().size() == 2);
  e.nreal = 1;
  CHECK(failure_of_reading(e)->mentions("has the type '', NINT 4 and NREAL 1, so it holds no records of SERI"));
  e.nreal = 0;
  CHECK(failure_of_reading(e));
  e.exttyp = {'A', 'G', 'A', 'R'};
  e.nreal = 1 | 8;
  CHECK(failure_of_reading(e)->code == mrcz::errc::bad_header);
}

TEST_CASE("sizes that cannot be are refused with what they are") {
  for (const int nint : {0, -4, 2, 5, 10}) {
    const auto e = records_of({100, 530, 200, 540}, static_cast<std::int16_t>(nint), 1 | 8);
    CAPTURE(nint);
    REQUIRE(failure_of_reading(e));
    CHECK(failure_of_reading(e)->message ==
          "NINT states " + std::to_string(nint) +
              " bytes for each section, expected an even number, at least the 4 of the items that NREAL states, up to "
              "the 8 of the extended header");
    CHECK_FALSE(mrcz::detail::has_seri_records(e));
  }
  CHECK(failure_of_reading(records_of({100, 530}, 4, 0))->message == "NREAL is 0, expected the items of each section");
  CHECK(failure_of_reading(records_of({100, 530}, 4, -1)));
  CHECK(failure_of_reading(records_of({}, 4, 1 | 8)));
}

TEST_CASE("doses are read as SerialEM writes them, and written with 23 bits") {
  CHECK(mrcz::detail::decode_seri_dose(0, 0) == 0);
  CHECK(mrcz::detail::decode_seri_dose(1, 3) == 259);
  CHECK(mrcz::detail::decode_seri_dose(-1, 3) == -259);
  CHECK(mrcz::detail::decode_seri_dose(1, 2 * 256 + 3) == 259 * 4);
  CHECK(mrcz::detail::decode_seri_dose(1, -(2 * 256 + 3)) == 259 / 4.0);
  for (const double value : {0.0, 1.0, -1.5, 0.1, 3.14159, 1e-30, 123456.789, 1e30, 8388607.0, 8388608.0, 0.99999999}) {
    const auto words = mrcz::detail::encode_seri_dose(value);
    REQUIRE(words);
    CHECK(mrcz::detail::decode_seri_dose(words->first, words->second) == doctest::Approx(value).epsilon(1.2e-7));
  }
  CHECK(mrcz::detail::encode_seri_dose(1e-60) == std::pair<std::int16_t, std::int16_t>{0, -127 * 256});
  CHECK_FALSE(mrcz::detail::encode_seri_dose(1e46));
  CHECK_FALSE(mrcz::detail::encode_seri_dose(std::numeric_limits<double>::infinity()));
  CHECK_FALSE(mrcz::detail::encode_seri_dose(std::numeric_limits<double>::quiet_NaN()));
}

TEST_CASE("records that are written are read again") {
  std::vector<seri> all(3);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].tilt_angle = static_cast<double>(i) * 3 - 60.25;
    all[i].piece_x = 65535, all[i].piece_y = 0, all[i].piece_z = static_cast<std::int32_t>(i) - 1;
    all[i].stage_x = 4e-8 * static_cast<double>(i), all[i].stage_y = -4e-8;
    all[i].magnification = 53000;
    all[i].intensity = 0.5;
    all[i].exposure_dose = 1.5e20;
  }
  extended_header e;
  set(e, all);
  CHECK(e.type() == "SERI");
  CHECK(e.nint == 20);
  CHECK(e.nreal == 0x3f);
  CHECK(e.bytes.size() == 60);
  CHECK(e.records<seri>() == all);
  CHECK(word(e, 0) == -6025);

  all[0].magnification = 53049;
  set(e, all);
  CHECK(e.records<seri>()[0].magnification == 53000);  // the step is 100
}

TEST_CASE("what belongs to no field stays, unless the fields change") {
  auto e = records_of({100, 11, 200, 12, 300, 13, 99}, 4, 1 | 64);
  set(e, {{.tilt_angle = 5}, {.tilt_angle = 6}});
  CHECK(e.bytes.size() == 14);
  for (const auto& [i, value] : {std::pair{0, 500}, {1, 11}, {2, 600}, {3, 12}, {4, 300}, {5, 13}, {6, 99}})
    CHECK(word(e, static_cast<std::size_t>(i)) == value);
  CHECK(e.nreal == (1 | 64));

  set(e, {{.tilt_angle = 5, .intensity = 1}});
  CHECK(e.bytes.size() == 4);
  CHECK(e.nreal == (1 | 16));
  CHECK(e.records<seri>() == std::vector<seri>{{.tilt_angle = 5, .intensity = 1}});

  extended_header fei{{'F', 'E', 'I', '1'}, std::vector<std::byte>(768)};
  set(fei, {{.tilt_angle = 5}});
  CHECK(fei.type() == "SERI");
  CHECK(fei.bytes.size() == 2);
}

TEST_CASE("records that no file can hold are refused") {
  const auto message = [](const std::vector<seri>& all) {
    extended_header e;
    const auto failure = test::failure_of([&] { set(e, all); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::bad_option);
    return failure->message;
  };
  CHECK(message({}) == "there are no records of SERI with a field");
  CHECK(message({{}}) == "there are no records of SERI with a field");
  CHECK(message({{.tilt_angle = 1}, {.intensity = 1}}) ==
        "records of SERI have different fields, but a file has the same fields for each section");
  CHECK(message({{.stage_x = 1}}) ==
        "a record of SERI has some of the piece coordinates or of the stage position, but not all");
  CHECK(message({{.tilt_angle = 400}}) == "Tilt angle is 400, but a record of SERI holds -327.68 to 327.67");
  CHECK(message({{.tilt_angle = std::nan("")}}) == "Tilt angle is nan, but a record of SERI holds -327.68 to 327.67");
  CHECK(message({{.piece_x = -1, .piece_y = 0, .piece_z = 0}}) ==
        "Piece coordinate X is -1, but a record of SERI holds 0 to 65535");
  CHECK(message({{.exposure_dose = 1e80}}) ==
        "Exposure dose is 1e+80, but a record of SERI holds finite numbers up to 1e65");
}

TEST_CASE("another byte order swaps each integer, and the records say the same") {
  auto e = records_of({100, 530, 200, 540, 77}, 4, 1 | 8, std::endian::little);
  const auto before = e;
  mrcz::detail::set_seri_byte_order(e, std::endian::little);
  CHECK(e == before);
  mrcz::detail::set_seri_byte_order(e, std::endian::big);
  CHECK(e.byte_order == std::endian::big);
  CHECK(e != before);
  CHECK(e.records<seri>() == before.records<seri>());
  CHECK(word(e, 4) == 77);
  mrcz::detail::set_seri_byte_order(e, std::endian::little);
  CHECK(e == before);
}
