#include "mrcz/format/validate.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "tests/format/raw_header.hpp"

namespace mrcz {
static bool operator==(const finding& a, const finding& b) {
  return a.severity == b.severity && a.field == b.field && a.offset == b.offset && a.found == b.found &&
         a.expected == b.expected;
}
static std::ostream& operator<<(std::ostream& out, const finding& f) { return out << to_string(f); }
}  // namespace mrcz

namespace {

using mrcz::finding;
using enum mrcz::severity;

constexpr std::uint64_t file_size = 1024 + 4 * 6 * 5 * 4;

/// A volume of 6 x 5 x 4 floats without labels and extended header.
test::raw_header good(std::endian order) { return test::sane_header(order, 6, 5, 4, 2); }

/// What is found after `change` in a header of each byte order, which must be the same.
std::vector<finding> after(const std::function<void(test::raw_header&)>& change, std::uint64_t size = file_size) {
  std::vector<std::vector<finding>> both;
  for (const auto order : {std::endian::little, std::endian::big}) {
    auto header = good(order);
    change(header);
    both.push_back(mrcz::validate_header(header.bytes(), size));
  }
  CHECK(both[0] == both[1]);
  return both[0];
}

std::vector<finding> only(mrcz::severity severity, std::string field, std::uint64_t offset, std::string found,
                          std::string expected) {
  return {{severity, std::move(field), offset, std::move(found), std::move(expected)}};
}

constexpr float infinite = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("a good header of either byte order has no findings") {
  CHECK(after([](auto&) {}).empty());
  CHECK(after([](auto& h) { h.i32(108, 20140); }).empty());
  CHECK(after([](auto& h) { h.i32(220, 2).text(224, "one").text(304, "two"); }).empty());
  CHECK(after([](auto& h) { h.i32(92, 160).text(104, "CCP4"); }).empty());
  CHECK(after([](auto& h) { h.i32(64, 3).i32(68, 1).i32(72, 2); }).empty());
  CHECK(after([](auto& h) { h.i32(88, 401).i32(36, 2); }).empty());
  CHECK(after([](auto& h) { h.i32(88, 630).i32(36, 1); }).empty());
  CHECK(after([](auto& h) { h.i32(88, 0).i32(36, 1); }).empty());
  CHECK(after([](auto& h) { h.f32(40, 0).f32(44, 0).f32(48, 0); }).empty());
  CHECK(after([](auto& h) { h.i32(12, 2 + 6000); }).empty());
}

TEST_CASE("a finding reads as one line") {
  const auto found = after([](auto& h) { h.i32(108, 0); });
  REQUIRE(found.size() == 1);
  CHECK(to_string(found[0]) == "error: NVERSION (byte 108): found 0, expected 20140 or 20141");
}

TEST_CASE("MAP, MACHST and NVERSION") {
  CHECK(after([](auto& h) { h.text(208, {"MAP\0", 4}); }) == only(error, "MAP", 208, "'MAP\\x00'", "'MAP '"));
  CHECK(after([](auto& h) { h.text(208, "MAPX"); }) == only(error, "MAP", 208, "'MAPX'", "'MAP '"));
  CHECK(after([](auto& h) { h.text(208, "EMDB"); }) == only(error, "MAP", 208, "'EMDB'", "'MAP '"));
  CHECK(after([](auto& h) { h.raw(212, {0, 0, 0, 0}); }) ==
        only(error, "MACHST", 212, "00 00 00 00", "44 44, 44 41 or 11 11"));
  CHECK(after([](auto& h) { h.i32(108, 20139); }) == only(error, "NVERSION", 108, "20139", "20140 or 20141"));
}

TEST_CASE("a stamp that contradicts the data") {
  const auto little = good(std::endian::little).raw(212, {0x11, 0x11, 0, 0}).bytes();
  CHECK(mrcz::validate_header(little, file_size) ==
        only(error, "MACHST", 212, "11 11 00 00", "the stamp of little-endian data, which these are"));
  const auto big = good(std::endian::big).raw(212, {0x44, 0x41, 0, 0}).bytes();
  CHECK(mrcz::validate_header(big, file_size) ==
        only(error, "MACHST", 212, "44 41 00 00", "the stamp of big-endian data, which these are"));
}

TEST_CASE("MODE") {
  const std::string known = "a mode of MRC2014, or one plus 1000 times a codec of MRCZ";
  for (const std::int32_t mode : {-1, 5, 9, 17, 102, 7002, 60002})
    CHECK(after([&](auto& h) { h.i32(12, mode); }) == only(error, "MODE", 12, std::to_string(mode), known));
  for (const std::int32_t mode : {0, 1, 2, 3, 4, 6, 12, 101, 1000, 6012, 3101, 6007})
    CHECK(after([&](auto& h) { h.i32(12, mode); }).empty());
  // python-mrcz's modes are at home in its own files only.
  for (const std::int32_t mode : {7, 8}) {
    const std::string number = std::to_string(mode);
    CHECK(after([&](auto& h) { h.i32(12, mode); }) ==
          only(error, "MODE", 12, number, "a mode of MRC2014; only MRCZ has 7 and 8"));
    CHECK(after([&](auto& h) { h.i32(12, mode).i32(220, 1).text(224, "MRCZ0.5.7"); }).empty());
  }
  // python-mrcz 0.1 numbered the codecs otherwise: 1 was zlib, which is 5 today.
  CHECK(after([](auto& h) { h.i32(12, 10002); }) ==
        only(warning, "MODE", 12, "10002", "5002, as MRCZ has numbered its codecs since 2016"));
}

TEST_CASE("extents, intervals and cell") {
  struct number {
    const char* field;
    std::size_t offset;
  };
  for (const auto& n : {number{"NX", 0}, number{"NY", 4}, number{"NZ", 8}})
    for (const std::int32_t value : {0, -5})
      CHECK(after([&](auto& h) { h.i32(n.offset, value); }) ==
            only(error, n.field, n.offset, std::to_string(value), "a positive number"));
  for (const auto& m : {number{"MX", 28}, number{"MY", 32}, number{"MZ", 36}})
    CHECK(after([&](auto& h) { h.i32(m.offset, -1); }) ==
          only(error, m.field, m.offset, "-1", "0 or a positive number"));
  const std::string intervals = "the intervals of the cell; without them other programs find no voxel size";
  CHECK(after([](auto& h) { h.i32(28, 0).i32(32, 0); }) == only(warning, "MX, MY, MZ", 28, "0, 0, 4", intervals));
  const std::string length = "a finite number of angstroms, 0 if unknown";
  for (const auto& f : {number{"CELLA.x", 40}, number{"CELLA.y", 44}, number{"CELLA.z", 48}}) {
    CHECK(after([&](auto& h) { h.f32(f.offset, -1.5F); }) == only(error, f.field, f.offset, "-1.5", length));
    CHECK(after([&](auto& h) { h.f32(f.offset, infinite); }) == only(error, f.field, f.offset, "inf", length));
    CHECK(after([&](auto& h) { h.f32(f.offset, not_a_number); }) == only(error, f.field, f.offset, "nan", length));
  }
  const std::string angle = "an angle between 0 and 180 degrees";
  for (const auto& f : {number{"CELLB.alpha", 52}, number{"CELLB.beta", 56}, number{"CELLB.gamma", 60}}) {
    CHECK(after([&](auto& h) { h.f32(f.offset, 0); }) == only(warning, f.field, f.offset, "0", angle));
    CHECK(after([&](auto& h) { h.f32(f.offset, 180); }) == only(warning, f.field, f.offset, "180", angle));
    CHECK(after([&](auto& h) { h.f32(f.offset, not_a_number); }) == only(warning, f.field, f.offset, "nan", angle));
  }
}

TEST_CASE("axes") {
  const std::string expected = "1, 2, 3 in any order";
  CHECK(after([](auto& h) { h.i32(64, 0).i32(68, 0).i32(72, 0); }) ==
        only(error, "MAPC, MAPR, MAPS", 64, "0, 0, 0", expected));
  CHECK(after([](auto& h) { h.i32(68, 1); }) == only(error, "MAPC, MAPR, MAPS", 64, "1, 1, 3", expected));
  CHECK(after([](auto& h) { h.i32(68, -2); }) ==
        only(error, "MAPC, MAPR, MAPS", 64, "1, -2, 3",
             "2; IMOD's -2 says that the first row is at the top, and arrays have the rows as stored"));
}

TEST_CASE("headers of MRC's relatives are remarked") {
  CHECK(after([](auto& h) { h.i16(96, -16224); }) ==
        only(warning, "EXTRA", 96, "-16224, the number of DeltaVision",
             "a file of an electron microscope; lengths are in micrometres, bytes unsigned, and sections may be of "
             "several wavelengths and times"));
  CHECK(after([](auto& h) { h.i32(12, 0).i32(152, 1146047817).i32(156, 16); })[0] ==
        only(warning, "MODE", 12, "0 with IMOD's flag of two voxels per byte, and NX 6",
             "101 and NX 12, as the file is read")[0]);
  CHECK(after([](auto& h) { h.i32(12, 16); }) ==
        only(error, "MODE", 12, "16", "a mode of MRC2014; 16 is that of IMOD's colour images (RGB)"));
  const auto old = mrcz::validate_header(
      good(std::endian::little).f32(208, 3).f32(212, 1).f32(216, 2).i32(108, 0).bytes(), file_size);
  CHECK(std::find(old.begin(), old.end(),
                  only(warning, "ORIGIN", 208, "1, 2, 3 where it stood before 2000",
                       "ORIGIN in bytes 196 to 207")[0]) != old.end());
}

TEST_CASE("ISPG and MZ") {
  const std::string groups = "0, 1 to 230 or 401 to 630";
  CHECK(after([](auto& h) { h.i32(88, -1); }) == only(error, "ISPG", 88, "-1", groups));
  for (const std::int32_t group : {231, 400, 631})
    CHECK(after([&](auto& h) { h.i32(88, group); }) == only(warning, "ISPG", 88, std::to_string(group), groups));
  CHECK(after([](auto& h) { h.i32(88, 401).i32(36, 3); }) == only(error, "MZ", 36, "3", "a divisor of NZ, which is 4"));
  const auto zero = after([](auto& h) { h.i32(88, 401).i32(36, 0); });
  REQUIRE(zero.size() == 2);
  CHECK(zero[0].severity == warning);
  CHECK(zero[1] == finding{error, "MZ", 36, "0", "a divisor of NZ, which is 4"});
}

TEST_CASE("labels") {
  CHECK(after([](auto& h) { h.i32(220, 2).text(224, "one"); }) ==
        only(error, "NLABL", 220, "2", "1, the number of labels with text"));
  CHECK(after([](auto& h) { h.i32(220, -1); }) == only(error, "NLABL", 220, "-1", "0, the number of labels with text"));
  CHECK(after([](auto& h) { h.i32(220, 2).text(224, "one").text(384, "three"); }) ==
        only(error, "LABEL", 384, "a label behind an empty one", "labels without gaps"));
  CHECK(after([](auto& h) { h.i32(220, 2).text(304, "two").text(944, "ten"); }) ==
        only(error, "LABEL", 304, "a label behind an empty one", "labels without gaps"));
  CHECK(after([](auto& h) { h.i32(220, 1).text(224, "\xc3\x85"); }) ==
        only(warning, "LABEL", 224, "a character that is not printable ASCII", "ASCII text"));
  // Blanks are no text, be they spaces, tabs or NULs.
  CHECK(after([](auto& h) { h.text(224, std::string(80, ' ')).text(304, "\t\n"); }).empty());
  CHECK(after([](auto& h) { h.i32(220, 1).text(224, "  indented"); }).empty());
}

TEST_CASE("python-mrcz's NLABL in the order of the machine") {
  // A big-endian file in which what is written last is little-endian.
  auto h = good(std::endian::big);
  h.text(224, "MRCZ0.5.7").raw(220, {1, 0, 0, 0}).raw(12, {2, 0, 0, 0});
  CHECK(mrcz::validate_header(h.bytes(), file_size) ==
        only(error, "NLABL", 220, "1 in the wrong byte order", "1, the number of labels with text"));
}

TEST_CASE("extended header") {
  CHECK(after([](auto& h) { h.i32(92, -80); }) ==
        only(error, "NSYMBT", 92, "-80", "at most the 480 bytes behind the header"));
  CHECK(after([](auto& h) { h.i32(92, 481).text(104, "FEI1"); }) ==
        only(error, "NSYMBT", 92, "481", "at most the 480 bytes behind the header"));
  const std::string types = "CCP4, MRCO, SERI, AGAR, FEI1, FEI2, HDF5 or json";
  CHECK(after([](auto& h) { h.i32(92, 80); }) == only(error, "EXTTYP", 104, "'\\x00\\x00\\x00\\x00'", types));
  CHECK(after([](auto& h) { h.i32(92, 80).text(104, "JSON"); }) == only(error, "EXTTYP", 104, "'JSON'", types));
  for (const char* type : {"CCP4", "MRCO", "SERI", "AGAR", "FEI1", "FEI2", "HDF5", "json"}) {
    CHECK(after([&](auto& h) { h.i32(92, 80).text(104, type); }).empty());
    CHECK(after([&](auto& h) { h.text(104, type); }) ==
          only(warning, "EXTTYP", 104, fmt::format("'{}'", type), "nothing, as there is no extended header"));
  }
}

TEST_CASE("something else than an MRC file is one finding") {
  mrcz::header_bytes bytes{};
  bytes.fill(std::byte{0xfe});
  CHECK(mrcz::validate_header(bytes, 5000) == only(error, "MAP", 208, R"('\xfe\xfe\xfe\xfe')",
                                                   "'MAP ', or at least extents and a MODE: this is not an MRC file"));
  bytes[0] = std::byte{'B'}, bytes[1] = std::byte{'Z'}, bytes[2] = std::byte{'h'};
  CHECK(mrcz::validate_header(bytes, 5000) ==
        only(error, "file", 0, "a file that bzip2 packed", "an MRC file; unpack it first, for instance with bzip2 -d"));
  CHECK(mrcz::validate_header({}, 1024).size() == 1);
}

TEST_CASE("several things are found at once") {
  const auto found = after([](auto& h) { h.i32(108, 0).i32(28, -1).i32(220, 3).f32(40, not_a_number); });
  std::vector<std::string> fields;
  for (const auto& f : found) fields.push_back(f.field);
  CHECK(fields == std::vector<std::string>{"NVERSION", "MX", "CELLA.x", "NLABL"});
}

TEST_CASE("bytes of mode 0 whose range is that of unsigned ones") {
  const auto with = [](float dmin, float dmax) {
    return after([&](auto& h) { h.i32(12, 0).f32(76, dmin).f32(80, dmax); });
  };
  const auto doubt = only(warning, "DMAX", 80, "200, more than a signed byte holds",
                          "at most 127; read_options::signed_bytes = false reads the bytes as 0 to 255");
  CHECK(with(0, 200) == doubt);
  CHECK(with(0, 127).empty());
  CHECK(with(-1, 200).empty());
  CHECK(after([](auto& h) { h.i32(12, 1).f32(76, 0).f32(80, 200); }).empty());
  CHECK(after([](auto& h) { h.i32(12, 0).f32(76, 0).f32(80, 200).i32(152, mrcz::imod_stamp_value); }).empty());
}
