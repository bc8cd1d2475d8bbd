#include "mrcz/validate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "mrcz/format/records.hpp"
#include "mrcz/io/undo_record.hpp"
#include "mrcz/write.hpp"
#include "tests/sanitized.hpp"
#include "tests/whole_files.hpp"

namespace mrcz {
static bool operator==(const finding& a, const finding& b) {
  return a.severity == b.severity && a.field == b.field && a.offset == b.offset && a.found == b.found &&
         a.expected == b.expected;
}
static std::ostream& operator<<(std::ostream& out, const finding& f) { return out << to_string(f); }
}  // namespace mrcz

namespace {

using mrcz::finding;
using test::bytes;
using enum mrcz::severity;

std::vector<finding> findings_in(bytes file) {
  return mrcz::validate(std::make_unique<mrcz::memory_source>(std::move(file)));
}

std::vector<finding> only(mrcz::severity severity, std::string field, std::uint64_t offset, std::string found,
                          std::string expected) {
  return {{severity, std::move(field), offset, std::move(found), std::move(expected)}};
}

constexpr mrcz::shape extents{4, 9, 11};

/// A file of floats with the values 0 to 7.
bytes plain_file() { return test::file_of(mrcz::mode::float32, extents, {.byte_order = std::endian::little}); }

bytes compressed_file(mrcz::compression compression = {.codec = mrcz::codec::zstd}) {
  return test::file_of(mrcz::mode::float32, extents, {.compression = compression, .byte_order = std::endian::little});
}

mrcz::detail::slice_place place_of_slice(const bytes& file, std::size_t z) { return test::reader_of(file).slices()[z]; }

std::string number(auto value) { return fmt::format("{}", value); }

/// A disk that breaks at byte 1024, behind the header.
class failing_source final : public mrcz::byte_source {
 public:
  explicit failing_source(bytes file) : file_{std::move(file)} {}
  std::uint64_t size() const override { return file_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    if (offset >= 1024) mrcz::detail::fail_system(EIO, "cannot read", name());
    file_.read_at(offset, into);
  }
  std::string name() const override { return "broken disk"; }

 private:
  mrcz::memory_source file_;
};

}  // namespace

TEST_CASE("a file that we wrote has no findings") {
  for (const auto mode : mrcz::all_modes)
    for (const auto codec : mrcz::all_codecs)
      for (const auto kind : {mrcz::kind::image, mrcz::kind::image_stack, mrcz::kind::volume, mrcz::kind::volume_stack})
        for (const auto order : {std::endian::little, std::endian::big}) {
          CAPTURE(name_of(mode));
          CAPTURE(name_of(codec));
          CAPTURE(name_of(kind));
          mrcz::write_options options{.compression = {.codec = codec}, .kind = kind, .byte_order = order};
          if (kind == mrcz::kind::volume_stack) options.sections_per_volume = 2;
          const mrcz::shape shape{kind == mrcz::kind::image ? 1U : 4U, 9, 11};
          CHECK(findings_in(test::file_of(mode, shape, options)).empty());
        }
}

TEST_CASE("nor has one with metadata, labels, or without statistics") {
  CHECK(findings_in(test::file_with(test::counts<float>(extents), {}, {{"dose", 1.5}, {"name", "\u00c5"}})).empty());
  CHECK(findings_in(test::file_with(test::counts<float>(extents), {.statistics = false})).empty());
  bytes labelled;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(labelled)};
  for (int i = 0; i < 12; ++i) out.header().labels.add_or_overwrite_last(fmt::format("label {}", i));
  out.append(test::counts<float>(extents));
  out.close();
  CHECK(findings_in(labelled).empty());
}

TEST_CASE("nor has one with voxels that are no numbers, or with extreme ones") {
  constexpr float most = std::numeric_limits<float>::max();
  for (const float odd :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -most, most}) {
    auto voxels = test::counts<float>(extents);
    voxels(2, 3, 4) = odd;
    CAPTURE(odd);
    CHECK(findings_in(test::file_with(voxels)).empty());
    CHECK(findings_in(test::file_with(voxels, {.compression = {.codec = mrcz::codec::lz4}})).empty());
  }
  CHECK(findings_in(test::file_with(mrcz::volume<float>{xt::zeros<float>({2, 3, 4})})).empty());
  CHECK(findings_in(test::file_with(mrcz::volume<float>{-7.5F * xt::ones<float>({2, 3, 4})})).empty());
}

TEST_CASE("nor has one that was stored in a mode of complex numbers") {
  CHECK(findings_in(test::file_with(test::counts<float>(extents), {.mode = mrcz::mode::complex64})).empty());
}

TEST_CASE("findings of the header come first") {
  auto file = plain_file();
  test::patch(file, 108, 0);
  test::patch(file, 216, 99.0F);
  const auto found = findings_in(file);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == finding{error, "NVERSION", 108, "0", "20140 or 20141"});
  CHECK(found[1].field == "RMS");
}

TEST_CASE("a file shorter than a header") {
  CHECK(findings_in({}) ==
        only(error, "file", 0, "an empty file", "an MRC file; whatever wrote, copied or downloaded it did not finish"));
  for (const std::size_t size : {1U, 1023U})
    CHECK(findings_in(test::first(plain_file(), size)) ==
          only(error, "file size", 0, fmt::format("{} bytes", size), "at least 1024, the header"));
}

TEST_CASE("what is no MRC file, or has a header that cannot be read by, is said once") {
  CHECK(findings_in(bytes(2000, std::byte{'x'})).size() == 1);
  auto file = plain_file();
  test::patch(file, 12, 77);
  CHECK(findings_in(file) ==
        only(error, "MODE", 12, "77", "a mode of MRC2014, or one plus 1000 times a codec of MRCZ"));
  file = plain_file();
  test::patch(file, 0, -11);
  CHECK(findings_in(file) == only(error, "NX", 0, "-11", "a positive number"));
  file = plain_file();
  test::patch(file, 92, -1);
  CHECK(findings_in(file)[0].field == "NSYMBT");
  auto packed = compressed_file();
  test::patch(packed, 92, -1);
  CHECK(findings_in(packed) ==
        only(error, "NSYMBT", 92, "-1", fmt::format("at most the {} bytes behind the header", packed.size() - 1024)));
}

TEST_CASE("the size of an uncompressed file") {
  constexpr std::size_t slice = 9 * 11 * 4;
  const auto file = plain_file();
  CHECK(findings_in(test::first(file, file.size() - 1)) == only(error, "slice 3", 1024 + 3 * slice,
                                                                fmt::format("file ends at byte {}", file.size() - 1),
                                                                "4 slices of 396 bytes from byte 1024"));
  auto longer = file;
  longer.resize(file.size() + 7);
  CHECK(findings_in(longer) == only(error, "file size", file.size(), fmt::format("{} bytes", file.size() + 7),
                                    fmt::format("{} bytes", file.size())));
}

TEST_CASE("an extended header that was dropped") {
  auto file = plain_file();
  test::patch(file, 92, 80);
  std::copy_n(reinterpret_cast<const std::byte*>("CCP4"), 4, file.begin() + 104);
  CHECK(findings_in(file) == only(error, "NSYMBT", 92, "80", "0, as the voxels follow the header at once"));
}

TEST_CASE("the extended header of MRCZ") {
  auto file = test::file_with(test::counts<float>(extents), {}, {{"a", 1}});
  file[1024] = std::byte{'!'};
  auto found = findings_in(file);
  REQUIRE(found.size() == 1);
  CHECK(found[0].severity == error);
  CHECK(found[0].field == "extended header");
  CHECK(found[0].offset == 1024);
  CHECK(found[0].found.starts_with("JSON metadata (extended header) cannot be read: "));
  CHECK(found[0].expected == "UTF-8 JSON");
}

TEST_CASE("chunks that are missing, cut off or no chunks") {
  const auto file = compressed_file();
  const auto last = place_of_slice(file, 3);
  CHECK(findings_in(test::first(file, last.offset)) == only(error, "slice 3", last.offset, "file has 3 chunks", "4"));
  CHECK(findings_in(test::first(file, last.offset + 20)) ==
        only(error, "slice 3", last.offset,
             fmt::format("chunk has {} packed bytes, but only 20 are left in the file", last.packed_bytes),
             "4 slices"));
  auto damaged = file;
  damaged[last.offset] = std::byte{9};
  CHECK(findings_in(damaged) ==
        only(error, "slice 3", last.offset,
             fmt::format("no chunk found where one was expected: format version 9, {} packed bytes", last.packed_bytes),
             "4 slices"));
}

TEST_CASE("a chunk that does not decompress is a finding, and the statistics of the rest are none") {
  auto file = compressed_file({.codec = mrcz::codec::lz4, .shuffle = mrcz::shuffle::none});
  const auto place = place_of_slice(file, 1);
  for (std::size_t i = 16; i < 24; ++i) file[place.offset + i] = std::byte{0xff};  // where its first block begins
  const auto found = findings_in(file);
  REQUIRE(found.size() == 1);
  CHECK(found[0].severity == error);
  CHECK(found[0].field == "slice 1");
  CHECK(found[0].offset == place.offset);
  CHECK(found[0].found == "block 0 of the chunk begins at byte 4294967295");
  CHECK(found[0].expected.find(" to ") != std::string::npos);
}

TEST_CASE("a chunk that holds something else than a slice") {
  auto file = compressed_file();
  const auto place = place_of_slice(file, 2);
  test::patch(file, place.offset + 4, 400);
  const auto found = findings_in(file);
  REQUIRE(found.size() == 1);
  CHECK(found[0] == finding{error, "slice 2", place.offset,
                            fmt::format("chunk of {} bytes says that it holds 400 bytes", place.packed_bytes), "396"});
}

TEST_CASE("extents that no chunk can hold cost no memory") {
  auto file = compressed_file();
  test::patch(file, 0, 1 << 30);
  test::patch(file, 4, 1 << 24);
  const auto found = findings_in(file);
  const auto slices =
      std::count_if(found.begin(), found.end(), [](const auto& f) { return f.field.starts_with("slice "); });
  CHECK(slices == 4);
  auto overflow = plain_file();
  test::patch(overflow, 0, std::numeric_limits<std::int32_t>::max());
  test::patch(overflow, 4, std::numeric_limits<std::int32_t>::max());
  CHECK(findings_in(overflow)[0].severity == error);
}

TEST_CASE("a million slices of one voxel take no memory of their own") {
  if (MRCZ_TEST_SANITIZED != 0) return;  // sanitizers take more than the limit
  const auto file = test::file_with(mrcz::volume<std::int8_t>{xt::ones<std::int8_t>({1 << 20, 1, 1})});
  const int status = test::in_child([&] {
    long pages = 0;
    std::FILE* memory = std::fopen("/proc/self/statm", "r");
    if (memory == nullptr || std::fscanf(memory, "%ld", &pages) != 1) return 1;
    constexpr rlim_t room = 48U << 20U;  // two threads with their stacks and heaps, and the copy of the file
    const rlim_t most = static_cast<rlim_t>(pages) * 4096 + file.size() + room;
    const rlimit bound{most, most};
    if (::setrlimit(RLIMIT_AS, &bound) != 0) return 2;
    return findings_in(file).empty() ? 0 : 3;
  });
  CHECK(test::exited_with(status, 0));
}

TEST_CASE("of many damaged slices the first hundred are named and the others counted") {
  auto file = test::file_with(mrcz::volume<std::int8_t>{xt::ones<std::int8_t>({250, 4, 4})},
                              {.compression = {.codec = mrcz::codec::zstd}});
  const auto whole = test::reader_of(file);
  for (std::size_t z = 0; z < 250; ++z) file[whole.slices()[z].offset + 3] = std::byte{0};  // elements of no bytes
  std::size_t named = 0;
  std::string rest;
  for (const auto& f : findings_in(file)) {
    if (f.field.starts_with("slice ") && f.expected == "a chunk that decompresses") ++named;
    if (f.field == "slices") rest = f.found;
  }
  CHECK(named == 100);
  CHECK(rest == "150 more damaged slices");
}

TEST_CASE("packed size, trailing bytes and the element size of chunks are warnings") {
  auto file = compressed_file();
  test::patch(file, 144, std::int64_t{5});
  CHECK(findings_in(file) == only(warning, "packed size", 144, "5", number(file.size() - 1024)));
  test::patch(file, 144, std::int64_t{0});  // c-mrcz
  CHECK(findings_in(file).empty());

  auto longer = compressed_file();
  const auto size = longer.size();
  longer.resize(size + 3);
  CHECK(findings_in(longer) == only(warning, "file size", size, number(size + 3) + " bytes", number(size) + " bytes"));

  // Stored chunks can be read with any element size; python-mrcz writes wrong ones when it converts.
  auto stored = compressed_file({.codec = mrcz::codec::zstd, .level = 0});
  const auto second = place_of_slice(stored, 1);
  const auto third = place_of_slice(stored, 2);
  stored[second.offset + 3] = std::byte{8};
  stored[third.offset + 3] = std::byte{8};
  CHECK(findings_in(stored) ==
        only(warning, "slice 1", second.offset, "a chunk of zstd with elements of 8 bytes", "zstd with elements of 4"));
}

TEST_CASE("chunks of several codecs in one file") {
  auto file = compressed_file({.codec = mrcz::codec::zstd});
  const auto other = compressed_file({.codec = mrcz::codec::lz4});
  const auto first = place_of_slice(file, 0);
  const auto lz4 = place_of_slice(other, 0);
  const auto at = [](const bytes& of, std::uint64_t offset) {
    return of.begin() + static_cast<std::ptrdiff_t>(offset);
  };
  bytes mixed(at(file, 0), at(file, 1024));
  mixed.insert(mixed.end(), at(file, first.offset), at(file, first.offset + first.packed_bytes));
  mixed.insert(mixed.end(), at(other, lz4.offset + lz4.packed_bytes), other.end());
  test::patch(mixed, 144, std::int64_t{0});
  CHECK(findings_in(mixed) == only(warning, "slice 1", first.offset + first.packed_bytes,
                                   "a chunk of lz4 with elements of 4 bytes", "zstd with elements of 4"));
  // python-mrcz calls lz4hc lz4, and a chunk cannot tell the two apart.
  auto lz4hc = compressed_file({.codec = mrcz::codec::lz4hc});
  CHECK(findings_in(lz4hc).empty());
  test::patch(lz4hc, 12, 2002);
  CHECK(findings_in(lz4hc).empty());
}

TEST_CASE("the MODE of python-mrcz 0.1") {
  auto file = compressed_file({.codec = mrcz::codec::zstd});
  test::patch(file, 12, 50002);
  CHECK(findings_in(file) == only(warning, "MODE", 12, "50002", "6002, as MRCZ has numbered its codecs since 2016"));
}

TEST_CASE("statistics that are not those of the voxels") {
  const auto file = plain_file();
  const auto real = test::reader_of(file).statistics();
  const auto after = [&](std::size_t at, float value) {
    auto changed = file;
    test::patch(changed, at, value);
    return findings_in(changed);
  };
  CHECK(real.min == 0);
  CHECK(real.max == 7);
  const auto rms = static_cast<float>(*real.rms);
  const auto mean = static_cast<float>(*real.mean);
  CHECK(after(76, -1) == only(error, "DMIN", 76, "-1", "0"));
  CHECK(after(80, 7.5F) == only(error, "DMAX", 80, "7.5", "7"));
  CHECK(after(216, 1) == only(error, "RMS", 216, "1", number(rms)));
  CHECK(after(84, 1) == only(error, "DMEAN", 84, "1", number(mean)));
  // Mean and deviation may be off by 1 %, but not by infinity.
  CHECK(after(216, rms * 1.009F).empty());
  CHECK(after(216, rms * 1.02F).size() == 1);
  CHECK(after(84, mean * 0.991F).empty());
  CHECK(after(84, mean * 0.98F).size() == 1);
  constexpr float infinite = std::numeric_limits<float>::infinity();
  CHECK(after(216, infinite) == only(error, "RMS", 216, "inf", number(rms)));
  CHECK(after(84, infinite) == only(error, "DMEAN", 84, "inf", number(mean)));
  // The markers of the standard, and numbers that are none, say nothing that could be wrong.
  CHECK(after(216, -1).empty());
  CHECK(after(84, -1).empty());
  CHECK(after(80, -1).empty());
  for (const std::size_t at : {76U, 80U, 84U, 216U}) CHECK(after(at, std::numeric_limits<float>::quiet_NaN()).empty());
}

TEST_CASE("statistics of voxels that are no numbers") {
  auto voxels = test::counts<float>(extents);
  voxels(0, 0, 0) = std::numeric_limits<float>::quiet_NaN();
  auto file = test::file_with(voxels, {.byte_order = std::endian::little});
  test::patch(file, 76, 0.0F);
  test::patch(file, 80, 7.0F);
  test::patch(file, 84, 3.5F);
  test::patch(file, 216, 2.0F);
  const std::string none = "no value, as not all voxels are finite";
  CHECK(findings_in(file) == std::vector<finding>{{error, "RMS", 216, "2", none},
                                                  {error, "DMIN", 76, "0", none},
                                                  {error, "DMAX", 80, "7", none},
                                                  {error, "DMEAN", 84, "3.5", none}});
}

TEST_CASE("complex voxels have no extremes and no mean") {
  auto file = test::file_of(mrcz::mode::complex64, extents, {.byte_order = std::endian::little});
  test::patch(file, 80, 7.0F);
  test::patch(file, 84, 3.0F);
  CHECK(findings_in(file) ==
        std::vector<finding>{
            {error, "DMIN, DMAX", 76, "0, 7", "DMAX below DMIN, as complex voxels have no extremes"},
            {error, "DMEAN", 84, "3", "a number below DMIN and DMAX, as complex voxels have no mean here"}});
}

TEST_CASE("unsigned bytes are summarised as such") {
  auto voxels = test::counts<std::uint8_t>(extents);
  voxels(0, 0, 0) = 200;
  bytes file;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), {.mode = mrcz::mode::int8}};
  out.header().imod_stamp = mrcz::imod_stamp_value;
  out.append(voxels);
  out.close();
  CHECK(test::reader_of(file).statistics().max == 200);
  CHECK(findings_in(file).empty());
}

TEST_CASE("a file on disk, and one that cannot be read") {
  const test::scratch_folder folder;
  mrcz::write(folder / "a.mrcz", test::counts<float>(extents));
  CHECK(mrcz::validate(folder / "a.mrcz").empty());
  const auto missing = test::failure_of([&] { (void)mrcz::validate(folder / "missing.mrc"); });
  REQUIRE(missing);
  CHECK(missing->code == std::errc::no_such_file_or_directory);
  const auto directory = test::failure_of([&] { (void)mrcz::validate(folder.path()); });
  REQUIRE(directory);
  CHECK(directory->code == std::errc::is_a_directory);
}

TEST_CASE("a failing disk is no fault of the file") {
  for (const auto& file :
       {plain_file(), compressed_file(), test::file_with(test::counts<float>(extents), {}, {{"a", 1}})}) {
    const auto failure = test::failure_of([&] { (void)mrcz::validate(std::make_unique<failing_source>(file)); });
    REQUIRE(failure);
    CHECK(failure->code == std::errc::io_error);
  }
}

TEST_CASE("a change in place that was interrupted is a finding of the file's path") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  test::write_bytes(path, plain_file());
  REQUIRE(mrcz::validate(path).empty());
  const mrcz::detail::byte_range range{1100, 40};
  mrcz::detail::undo_record{path}.keep(mrcz::file{path, mrcz::file::access::read}, {&range, 1});
  CHECK(mrcz::validate(path) == only(error, "undo record", 1100,
                                     "a.mrc.undo keeps 40 old bytes: a change in place was interrupted, or runs now",
                                     "no such file; the next opening for writing undoes the change"));
  CHECK(mrcz::reader{path}.remarks() == mrcz::validate(path));
  bytes other = plain_file();
  test::patch(other, 196, 1.0F);
  test::write_bytes(path, other);
  const std::string found = "a.mrc.undo belongs to an interrupted change, but does not fit this file";
  CHECK(mrcz::validate(path) ==
        only(warning, "undo record", 1100, found, "no such file; the next opening for writing removes it"));
  mrcz::file{path, mrcz::file::access::read_write}.write_at(1100, bytes(40, std::byte{1}));
  CHECK(std::vector{mrcz::validate(path).front()} ==
        only(warning, "undo record", 1100, found, "no such file; remove it if this file is as it should be"));
}

TEST_CASE("sections without a record of the microscope are found") {
  mrcz::extended_header records;
  records.set_records(std::span<const mrcz::fei1>{std::vector<mrcz::fei1>(extents[0] - 1)});
  bytes file;
  {
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), {.byte_order = std::endian::little}};
    out.set_extended_header(records);
    out.append(test::counts<float>(extents));
    out.close();
  }
  CHECK(findings_in(file) == only(warning, "extended header", 1024, number(extents[0] - 1) + " records of FEI1",
                                  number(extents[0]) + ", one for each section"));
  test::patch(file, 1024, 5);
  CHECK(findings_in(file) ==
        only(warning, "extended header", 1024, "the first record of FEI1 states 5 bytes",
             fmt::format("768 or more, up to the {} of the extended header", 768 * (extents[0] - 1))));
}

TEST_CASE("records of other vendors are counted too, and sizes that cannot be are found") {
  mrcz::extended_header records;
  records.set_records(std::span<const mrcz::seri>{std::vector<mrcz::seri>(extents[0] - 1, {.tilt_angle = 3})});
  bytes file;
  {
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), {.byte_order = std::endian::little}};
    out.set_extended_header(records);
    out.append(test::counts<float>(extents));
    out.close();
  }
  CHECK(findings_in(file) == only(warning, "extended header", 1024, number(extents[0] - 1) + " records of SERI",
                                  number(extents[0]) + ", one for each section"));
  test::patch(file, 128, std::int16_t{1});
  CHECK(findings_in(file) ==
        only(warning, "extended header", 1024, "NINT states 1 bytes for each section",
             fmt::format("an even number, at least the 2 of the items that NREAL states, up to the {} of the extended "
                         "header",
                         2 * (extents[0] - 1))));
}
