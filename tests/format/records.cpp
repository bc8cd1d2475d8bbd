#include "mrcz/format/records.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/core/endian.hpp"
#include "tests/support.hpp"

namespace {

using mrcz::extended_header;

extended_header fei_records() {
  extended_header e;
  e.set_records(std::span<const mrcz::fei2>{std::vector<mrcz::fei2>(2)});
  return e;
}

extended_header seri_records() {
  extended_header e;
  e.set_records(std::span<const mrcz::seri>{std::vector<mrcz::seri>(3, mrcz::seri{.tilt_angle = 2.5})});
  return e;
}

extended_header agar_records() {
  extended_header e;
  mrcz::agar record;
  record.alpha_tilt = 2.5F;
  e.set_records(std::span<const mrcz::agar>{std::vector{record}});
  return e;
}

std::string visited(const extended_header& e) {
  std::string found = "nothing";
  mrcz::detail::visit_records(e, [&](const auto& records) {
    using record = typename std::remove_cvref_t<decltype(records)>::value_type;
    found = std::string{record::exttyp.data(), 4} + " " + std::to_string(records.size());
  });
  return found;
}

extended_header of_text(std::string_view type, std::size_t size, char c) {
  extended_header e;
  std::copy(type.begin(), type.end(), e.exttyp.begin());
  e.bytes.resize(size, static_cast<std::byte>(c));
  return e;
}

}  // namespace

TEST_CASE("records are found whatever their type is") {
  CHECK(visited(fei_records()) == "FEI1 2");
  CHECK(visited(seri_records()) == "SERI 3");
  CHECK(visited(agar_records()) == "AGAR 1");
  CHECK(visited({}) == "nothing");
  CHECK(visited(of_text("SERI", 0, ' ')) == "nothing");
  CHECK(visited(of_text("json", 16, ' ')) == "nothing");
  CHECK(visited(of_text("", 100, '\1')) == "nothing");
  CHECK(test::failure_of([] { visited(of_text("SERI", 16, '\1')); }));
  CHECK(test::failure_of([] { visited(of_text("AGAR", 16, '\1')); }));
}

TEST_CASE("numbers are known in records and absent in texts") {
  for (const auto& e : {fei_records(), seri_records(), agar_records(), extended_header{}, of_text("json", 3, '1'),
                        of_text("CCP4", 160, 'X'), of_text("", 80, 'X')})
    CHECK(mrcz::detail::has_known_numbers(e));
  for (const auto& e : {of_text("HDF5", 100, '\1'), of_text("MRCO", 100, '\1'), of_text("", 100, '\1'),
                        of_text("SERI", 100, '\1'), of_text("AGAR", 100, '\1')})
    CHECK_FALSE(mrcz::detail::has_known_numbers(e));
}

TEST_CASE("another byte order swaps known records, and nothing else") {
  for (const auto& records : {fei_records(), seri_records(), agar_records()}) {
    auto e = records;
    mrcz::detail::set_byte_order(e, std::endian::big);
    const auto big = e;
    mrcz::detail::set_byte_order(e, std::endian::little);
    CHECK(e != big);
    CHECK(visited(e) == visited(big));
    mrcz::detail::set_byte_order(e, std::endian::big);
    CHECK(e == big);
  }
  auto unknown = of_text("SERI", 100, '\1');
  unknown.bytes[0] = std::byte{2};
  const auto before = unknown;
  mrcz::detail::set_byte_order(unknown, mrcz::detail::opposite(std::endian::native));
  CHECK(unknown == before);
  CHECK(unknown.byte_order == std::endian::native);
}

TEST_CASE("some sections have their own records, whatever their type") {
  const auto check = []<class Record, class Number>(std::optional<Number> Record::* tilt) {
    std::vector<Record> all(3);
    for (std::size_t z = 0; z < all.size(); ++z) all[z].*tilt = static_cast<Number>(z + 1);
    extended_header e;
    e.set_records(std::span<const Record>{all});
    const auto last = mrcz::detail::of_sections(e, 1, 2).template records<Record>();
    REQUIRE(last.size() == 2);
    CHECK(last[0].*tilt == 2);
    CHECK(last[1].*tilt == 3);
    CHECK(mrcz::detail::of_sections(e, 2, 2) == e);  // there are not so many
  };
  check(&mrcz::fei1::alpha_tilt);
  check(&mrcz::seri::tilt_angle);
  check(&mrcz::agar::alpha_tilt);
  const auto json = of_text("json", 16, ' ');
  CHECK(mrcz::detail::of_sections(json, 1, 1) == json);
}

TEST_CASE("whatever type, size, NINT and NREAL are, records are read and written within the bytes or refused") {
  std::mt19937 random{16};
  const auto below = [&](unsigned limit) { return static_cast<std::size_t>(random() % limit); };
  const std::array<std::string_view, 7> types{"FEI1", "FEI2", "SERI", "AGAR", "CCP4", "", "    "};
  const std::array numbers{0, 0, 1, 2, 4, 9, 32, 63, 128, 2047, 4096, 32767, -1, -32768};
  std::size_t found = 0;
  for (std::size_t round = 0; round < 5000; ++round) {
    const std::string_view type = types[below(types.size())];
    const std::size_t size = below(4) == 0 ? std::size_t{131072} : 1 + below(2000);
    auto e = of_text(type, size, '\0');
    for (std::size_t i = 0; i < std::min<std::size_t>(size, 64); ++i) e.bytes[i] = static_cast<std::byte>(below(256));
    e.nint = static_cast<std::int16_t>(numbers[below(numbers.size())]);
    e.nreal = static_cast<std::int16_t>(numbers[below(numbers.size())]);
    e.sections = below(3) * 1000;
    test::failure_of([&] {
      mrcz::detail::visit_records(e, [&](const auto& records) {
        using record = typename std::remove_cvref_t<decltype(records)>::value_type;
        CHECK(records.size() <= size);
        found += records.size();
        auto copy = e;
        test::failure_of([&] { copy.set_records(std::span<const record>{records}); });
      });
      mrcz::detail::set_byte_order(e, std::endian::big);
      mrcz::detail::set_byte_order(e, std::endian::little);
      found += e.records<mrcz::ccp4>().size();
    });
    REQUIRE(e.bytes.size() == size);
  }
  CHECK(found > 1000);
}
