#include "mrcz/format/fei_records.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/core/endian.hpp"
#include "mrcz/read_header.hpp"
#include "tests/support.hpp"

namespace {

using mrcz::extended_header;
using mrcz::fei1;
using mrcz::fei2;

template <class T>
void put(extended_header& e, std::size_t at, T value, std::endian order = std::endian::little) {
  mrcz::detail::store(e.bytes.data() + at, value, order);
}

/// Records with nothing but a size.
extended_header empty_records(std::array<char, 4> type, std::size_t count, std::size_t size,
                              std::endian order = std::endian::little) {
  extended_header e{type, std::vector<std::byte>(count * size)};
  for (std::size_t i = 0; i < count; ++i) put(e, i * size, static_cast<std::int32_t>(size), order);
  return e;
}

}  // namespace

TEST_CASE("fields stand where the vendor's documents put them, in both byte orders, with their bits in little-endian") {
  for (const auto order : {std::endian::little, std::endian::big}) {
    auto e = empty_records(fei2::exttyp, 1, 888, order);
    put(e, 8, std::uint32_t{1U << 6U | 1U << 7U | 1U << 22U | 1U << 31U});
    put(e, 92, 1.25e20, order);
    put(e, 100, -60.5, order);
    put(e, 220, -3e-6, order);
    put(e, 289, 53000.0, order);
    put(e, 297, std::uint32_t{1U << 16U | 1U << 19U});
    put(e, 419, 2.5, order);
    std::copy_n(reinterpret_cast<const std::byte*>("Falcon"), 6, e.bytes.begin() + 435);
    put(e, 490, std::uint32_t{1U << 31U | 1U << 28U});
    put(e, 656, std::int32_t{7}, order);
    std::copy_n(reinterpret_cast<const std::byte*>("stack.mrc"), 9, e.bytes.begin() + 668);
    put(e, 748, std::uint32_t{1U | 1U << 6U | 1U << 16U});
    put(e, 752, -60.0, order);
    put(e, 796, std::int64_t{1700000000000000}, order);
    std::copy_n(reinterpret_cast<const std::byte*>("70 um"), 5, e.bytes.begin() + 872);

    fei2 expected;
    expected.dose = 1.25e20;
    expected.alpha_tilt = -60.5;
    expected.defocus = -3e-6;
    expected.magnification = 53000;
    expected.integration_time = 2.5;
    expected.camera_name = "Falcon";
    expected.fraction_number = 7;
    expected.input_stack_filename = "stack.mrc";
    expected.alpha_tilt_min = -60;
    expected.acquisition_time_stamp = 1700000000000000;
    expected.objective_aperture_name = "70 um";
    CHECK(e.records<fei2>() == std::vector{expected});
    CHECK(e.records<fei1>() == std::vector<fei1>{expected});
  }
}

TEST_CASE("a field whose bit is not set is empty, whatever its bytes are") {
  auto e = empty_records(fei1::exttyp, 1, 768);
  put(e, 100, 12.5);
  CHECK(e.records<fei1>() == std::vector<fei1>(1));
  put(e, 8, std::uint32_t{1U << 7U});
  CHECK(e.records<fei1>()[0].alpha_tilt == 12.5);
}

TEST_CASE("records are as long as the first says, and as many as the file has sections") {
  CHECK(empty_records(fei1::exttyp, 3, 768).records<fei1>().size() == 3);
  CHECK(empty_records(fei1::exttyp, 3, 1000).records<fei1>().size() == 3);
  auto padded = empty_records(fei1::exttyp, 3, 768);
  padded.bytes.resize(4096);
  CHECK(padded.records<fei1>().size() == 3);  // the padding states no size
  padded.sections = 2;
  CHECK(padded.records<fei1>().size() == 2);
  padded.sections = 10;
  CHECK(padded.records<fei1>().size() == 3);
  auto sizeless = extended_header{fei1::exttyp, std::vector<std::byte>(2 * 768), 2};
  CHECK(sizeless.records<fei1>().size() == 2);
  sizeless.bytes.resize(700);
  CHECK(sizeless.records<fei1>().empty());
}

TEST_CASE("what holds no records is refused with what it states") {
  auto e = empty_records(fei1::exttyp, 1, 768);
  for (const std::int32_t size : {1, 767, 769, 100000, -1}) {
    put(e, 0, size);
    const auto failure = test::failure_of([&] { static_cast<void>(e.records<fei1>()); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::bad_header);
    CHECK(failure->message == "the first record of FEI1 states " + std::to_string(size) +
                                  " bytes, expected 768 or more, up to the 768 of the extended header");
    CHECK(test::failure_of([&] { e.set_records(std::span<const fei1>{}); }));
    const auto before = e;
    mrcz::detail::set_byte_order(e, std::endian::big);
    CHECK(e == before);
  }
  const auto seri = extended_header{{'S', 'E', 'R', 'I'}, std::vector<std::byte>(888)};
  CHECK(test::failure_of([&] {
          static_cast<void>(seri.records<fei1>());
        })->mentions("has the type 'SERI', so it holds no records of FEI1"));
  CHECK(test::failure_of([&] {
          static_cast<void>(e.records<fei2>());
        })->mentions("has the type 'FEI1', so it holds no records of FEI2"));
}

TEST_CASE("records that are written are read again, and bytes that belong to no field stay") {
  std::vector<fei2> all(3);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].alpha_tilt = static_cast<double>(i) * 3 - 60;
    all[i].eftem_on = i == 1;
    all[i].camera_name = std::string(16, 'c');
    all[i].spot_index = static_cast<std::int32_t>(i);
  }
  extended_header e;
  e.set_records(std::span<const fei2>{all});
  CHECK(e.type() == "FEI2");
  CHECK(e.bytes.size() == 3 * 888);
  CHECK(e.records<fei2>() == all);

  auto longer = empty_records(fei2::exttyp, 4, 900, std::endian::big);
  longer.bytes[172] = longer.bytes[895] = longer.bytes[3 * 900 + 100] = std::byte{77};
  longer.set_records(std::span<const fei2>{all});
  CHECK(longer.records<fei2>() == all);
  CHECK(longer.bytes.size() == 4 * 900);
  for (const std::size_t at : {172U, 895U, 3 * 900U + 100U}) CHECK(longer.bytes[at] == std::byte{77});

  all[0].camera_name = std::string(17, 'c');
  CHECK(test::failure_of([&] {
          e.set_records(std::span<const fei2>{all});
        })->mentions("Camera name has 17 characters, but a record of FEI holds 16"));
  e.set_records(std::span<const fei1>{std::vector<fei1>(1)});
  CHECK(e.type() == "FEI1");
  CHECK(e.bytes.size() == 768);
}

TEST_CASE("another byte order swaps each number, but not texts and validity bits, and swapping back undoes it") {
  for (const auto& type : {fei1::exttyp, fei2::exttyp}) {
    const std::size_t size = type == fei1::exttyp ? 768 : 888;
    auto e = empty_records(type, 2, size);
    for (std::size_t i = 0; i < e.bytes.size(); ++i)
      if (i % size >= 4) e.bytes[i] = static_cast<std::byte>(i * 37);
    e.sections = 1;
    const auto little = e;
    const auto records = e.records<fei1>();
    mrcz::detail::set_byte_order(e, std::endian::little);
    CHECK(e == little);
    mrcz::detail::set_byte_order(e, std::endian::big);
    CHECK(e != little);
    CHECK(e.bytes[size + 2] == little.bytes[size + 1]);  // the record behind those of the sections
    CHECK(std::equal(e.bytes.begin() + 20, e.bytes.begin() + 84, little.bytes.begin() + 20));
    for (const std::size_t mask : {8U, 297U, 490U, 748U})
      CHECK(std::equal(e.bytes.begin() + static_cast<std::ptrdiff_t>(mask),
                       e.bytes.begin() + static_cast<std::ptrdiff_t>(mask + 4),
                       little.bytes.begin() + static_cast<std::ptrdiff_t>(mask)));
    CHECK(mrcz::detail::load<double>(e.bytes.data() + 100, std::endian::big) ==
          mrcz::detail::load<double>(little.bytes.data() + 100, std::endian::little));
    mrcz::detail::set_byte_order(e, std::endian::little);
    CHECK(e == little);
  }
  extended_header seri{{'S', 'E', 'R', 'I'}, std::vector<std::byte>(888, std::byte{1})};
  const auto before = seri;
  mrcz::detail::set_byte_order(seri, std::endian::big);
  CHECK(seri == before);
}

TEST_CASE("the record of a real file of Velox") {
  const auto path = std::filesystem::path{MRCZ_TEST_SHARED} / "wild" / "velox_haadf_fei2.mrc";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: there are no files of other programs beside the repository");
    return;
  }
  const auto records = mrcz::read_header(path).extended.records<fei2>();
  REQUIRE(records.size() == 1);  // of the 1024 records that Velox reserves
  CHECK(records[0].microscope_type == "Spectra");
  CHECK(records[0].application == "Velox");
  CHECK(records[0].high_tension == 300000.0);
  CHECK(records[0].pixel_size_x == 5.679131290012676e-09);
}

TEST_CASE("some slices have their own records, and all of an extended header of another type") {
  auto e = empty_records(fei1::exttyp, 3, 1000);
  e.sections = 3;
  for (std::size_t i = 0; i < 3; ++i) {
    put(e, 1000 * i + 8, std::uint32_t{1U << 7U});
    put(e, 1000 * i + 100, static_cast<double>(i));
  }
  const auto last = mrcz::detail::of_sections(e, 1, 2);
  CHECK(last.bytes.size() == 2000);
  REQUIRE(last.records<fei1>().size() == 2);
  CHECK(last.records<fei1>()[0].alpha_tilt == 1);
  CHECK(last.records<fei1>()[1].alpha_tilt == 2);
  CHECK(mrcz::detail::of_sections(e, 2, 2) == e);  // there are not so many
  const extended_header json{mrcz::exttyp_json, std::vector<std::byte>(16, std::byte{' '})};
  CHECK(mrcz::detail::of_sections(json, 1, 1) == json);
}
