#include "mrcz/format/agar_records.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/core/endian.hpp"
#include "tests/support.hpp"

namespace {

using mrcz::agar;
using mrcz::extended_header;

constexpr std::array<char, 4> no_type{};
constexpr std::size_t feis_bytes = std::size_t{1024} * 128;

/// Records of 32 reals: 0, 1/1024, 2/1024 and so on.
extended_header of_fei(std::array<char, 4> type, std::size_t size, std::int16_t nint, std::int16_t nreal,
                       std::endian order = std::endian::native) {
  extended_header e{type, std::vector<std::byte>(size), 0, nint, nreal, order};
  for (std::size_t i = 0; i < size / 4; ++i)
    mrcz::detail::store(e.bytes.data() + 4 * i, static_cast<float>(i % 32) / 1024, order);
  return e;
}

void put(extended_header& e, std::size_t number, float value) {
  mrcz::detail::store(e.bytes.data() + 4 * number, value, e.byte_order);
}

std::optional<test::failure> failure_of_reading(const extended_header& e) {
  return test::failure_of([&] { static_cast<void>(e.records<agar>()); });
}

void set(extended_header& e, const std::vector<agar>& all) { e.set_records(std::span<const agar>{all}); }

agar with_reals(std::size_t count) {
  agar record;
  record.reals.resize(count);
  return record;
}

}  // namespace

TEST_CASE("FEI's 32 reals stand where its description puts them, in both byte orders") {
  for (const auto order : {std::endian::little, std::endian::big}) {
    const auto e = of_fei(agar::exttyp, 3 * 128, 0, 32, order);
    const auto all = e.records<agar>();
    REQUIRE(all.size() == 3);
    const agar& r = all[2];
    const std::array fields{r.alpha_tilt,    r.beta_tilt,      r.stage_x,   r.stage_y,
                            r.stage_z,       r.shift_x,        r.shift_y,   r.defocus,
                            r.exposure_time, r.mean_intensity, r.tilt_axis, r.pixel_size,
                            r.magnification, r.high_tension,   r.binning,   r.applied_defocus};
    for (std::size_t i = 0; i < fields.size(); ++i) CHECK(fields[i] == static_cast<float>(i) / 1024);
    REQUIRE(r.reals.size() == 16);
    CHECK(r.reals[15] == 31.0F / 1024);
    CHECK(r.integers.empty());
  }
}

TEST_CASE("FEI's records are known without EXTTYP, also with its mistake in NINT, or by the size of them all") {
  for (const auto& type : {agar::exttyp, no_type, std::array{' ', ' ', ' ', ' '}}) {
    CHECK(of_fei(type, 256, 0, 32).records<agar>().size() == 2);
    CHECK(of_fei(type, 256, 128, 32).records<agar>().size() == 2);
    CHECK(of_fei(type, feis_bytes, 0, 0).records<agar>().size() == 1024);
    CHECK(of_fei(type, feis_bytes, 128, 32).records<agar>().size() == 1024);
  }
  auto e = of_fei(no_type, feis_bytes, 0, 0);
  e.sections = 5;
  CHECK(e.records<agar>().size() == 5);
  e.sections = 2000;
  CHECK(e.records<agar>().size() == 1024);
  CHECK(failure_of_reading(of_fei(no_type, feis_bytes - 128, 0, 0)));
  CHECK(failure_of_reading(of_fei(no_type, 256, 0, 16)));
  CHECK(failure_of_reading(of_fei(no_type, 256, 8, 32)));
  CHECK(failure_of_reading(of_fei({'F', 'E', 'I', '1'}, 256, 0, 32)));
  CHECK(failure_of_reading(of_fei(no_type, feis_bytes, -1, -1)));  // DeltaVision
  extended_header text{no_type, std::vector<std::byte>(feis_bytes * 5, std::byte{'X'}), 0, 0, 32};
  CHECK(failure_of_reading(text)->mentions("has the type '', NINT 0 and NREAL 32, so it holds no records of AGAR"));
}

TEST_CASE("lengths of more than a metre are in micrometres") {
  auto e = of_fei(agar::exttyp, 256, 0, 32);
  put(e, 2, -250);  // stage
  put(e, 7, -3);    // defocus
  put(e, 15, -2);   // the applied defocus is in metres in each file
  const auto all = e.records<agar>();
  CHECK(all[0].stage_x == -250e-6F);
  CHECK(all[0].defocus == -3e-6F);
  CHECK(all[0].stage_y == doctest::Approx(3e-6 / 1024));
  CHECK(all[0].applied_defocus == -2.0F);
  CHECK(all[0].alpha_tilt == 0.0F);
  CHECK(all[1].stage_x == 2.0F / 1024);
}

TEST_CASE("of other records the first real is the tilt, and the rest has no name") {
  extended_header e{agar::exttyp, std::vector<std::byte>(2 * 20), 0, 2, 3};
  mrcz::detail::store(e.bytes.data() + 24, std::int32_t{-7}, std::endian::native);
  put(e, 7, -60.5F);
  put(e, 9, 4);
  const auto all = e.records<agar>();
  REQUIRE(all.size() == 2);
  agar expected;
  expected.integers = {0, -7};
  expected.alpha_tilt = -60.5F;
  expected.reals = {0, 4};
  CHECK(all[1] == expected);

  const extended_header integers{agar::exttyp, std::vector<std::byte>(16), 0, 2, 0};
  CHECK(integers.records<agar>().size() == 2);
  CHECK_FALSE(integers.records<agar>()[0].alpha_tilt);
}

TEST_CASE("sizes that cannot be are refused with what they are") {
  for (const auto& [nint, nreal] : {std::pair{0, 0}, {-1, 5}, {5, -1}, {60, 5}})
    CHECK(failure_of_reading({agar::exttyp, std::vector<std::byte>(256), 0, static_cast<std::int16_t>(nint),
                              static_cast<std::int16_t>(nreal)})
              ->message == "NINT and NREAL state " + std::to_string(nint) + " integers and " + std::to_string(nreal) +
                               " reals for each section, expected numbers of 4 bytes, up to the 256 bytes of the "
                               "extended header");
}

TEST_CASE("records that are written are read again") {
  std::vector<agar> all(2, with_reals(16));
  extended_header fresh;
  all[0].alpha_tilt = -60, all[1].alpha_tilt = -57;
  set(fresh, all);
  CHECK(fresh.type() == "AGAR");
  CHECK(fresh.nint == 0);
  CHECK(fresh.nreal == 32);
  CHECK(fresh.bytes.size() == 256);
  CHECK(fresh.records<agar>()[1].alpha_tilt == -57.0F);
  CHECK(fresh.records<agar>()[1].defocus == 0.0F);

  auto e = of_fei(no_type, feis_bytes, 128, 32, std::endian::big);
  all[0].reals.clear(), all[1].reals.clear();
  set(e, all);
  CHECK(e.type() == "AGAR");
  CHECK(e.nint == 0);
  CHECK(e.bytes.size() == feis_bytes);
  CHECK(e.records<agar>()[0].alpha_tilt == -60.0F);
  CHECK(e.records<agar>()[0].reals[15] == 31.0F / 1024);  // records without reals keep those of the file
  CHECK(mrcz::detail::load<float>(e.bytes.data() + 256 + 124, std::endian::big) == 31.0F / 1024);

  auto numbers = with_reals(4);
  numbers.integers = {1, 2};
  numbers.alpha_tilt = 3;
  set(e, {numbers});
  CHECK(e.nint == 2);
  CHECK(e.nreal == 5);
  CHECK(e.bytes.size() == 28);
  CHECK(e.records<agar>() == std::vector{numbers});
}

TEST_CASE("records that no file can hold are refused") {
  const auto message = [](const std::vector<agar>& all) {
    extended_header e;
    const auto failure = test::failure_of([&] { set(e, all); });
    REQUIRE(failure);
    return failure->message;
  };
  CHECK(message({}) == "there are no records of AGAR");
  CHECK(message({with_reals(16), with_reals(15)}) ==
        "a record of AGAR has 0 integers and 15 reals without a name, others have 0 and 16");
  auto both = with_reals(0);
  both.integers = {1};
  both.defocus = 1e-6F;
  CHECK(message({both}) == "a record of AGAR with defocus has 32 reals and no integers");
  auto many = with_reals(0);
  many.integers.resize(40000);
  CHECK(message({many}) == "40000 integers and 1 reals for each section, but a header states at most 32767");
}

TEST_CASE("another byte order swaps each number, and the records say the same") {
  auto e = of_fei(agar::exttyp, 256, 0, 32, std::endian::little);
  const auto before = e;
  mrcz::detail::set_agar_byte_order(e, std::endian::big);
  CHECK(e.byte_order == std::endian::big);
  CHECK(e != before);
  CHECK(e.records<agar>() == before.records<agar>());
  mrcz::detail::set_agar_byte_order(e, std::endian::little);
  CHECK(e == before);
}
