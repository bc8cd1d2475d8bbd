#include "mrcz/edit.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <random>

#include <stdexcept>
#include <string>
#include <vector>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/io/undo_record.hpp"
#include "mrcz/metadata.hpp"
#include "mrcz/read.hpp"
#include "mrcz/read_header.hpp"
#include "mrcz/validate.hpp"
#include "mrcz/write.hpp"
#include "tests/lazy.hpp"
#include "tests/whole_files.hpp"

using mrcz::errc;
using mrcz::header;
using mrcz::header_fields;
using test::bytes;

namespace {

constexpr mrcz::shape extents{4, 5, 6};

header header_of(const std::filesystem::path& path) { return mrcz::read_header(path).header; }

bytes behind_header(const bytes& file) { return {file.begin() + 1024, file.end()}; }

/// A file of each kind that is edited.
struct sample {
  const char* name;
  mrcz::codec codec;
  std::endian byte_order;
};

constexpr sample samples[]{{"little.mrc", mrcz::codec::none, std::endian::little},
                           {"big.mrc", mrcz::codec::none, std::endian::big},
                           {"little.mrcz", mrcz::codec::zstd, std::endian::little},
                           {"big.mrcz", mrcz::codec::lz4, std::endian::big}};

void write_sample(const std::filesystem::path& path, const sample& one) {
  mrcz::write(
      path, test::counts<std::int16_t>(extents),
      {.compression = {.codec = one.codec}, .voxel_size = mrcz::voxel_size{2, 2, 2}, .byte_order = one.byte_order},
      {{"answer", 42}});
}

/// The error of an edit, which must leave the file as it is.
std::optional<test::failure> refusal(const std::filesystem::path& path,
                                     const std::function<void(header_fields&)>& change) {
  const bytes before = test::bytes_of(path);
  auto thrown = test::failure_of([&] { mrcz::edit(path, change); });
  CHECK(test::bytes_of(path) == before);
  return thrown;
}

void write_raw(const std::filesystem::path& path, const header& h, std::size_t voxel_bytes) {
  const auto first = mrcz::encode(h);
  bytes file{first.begin(), first.end()};
  file.resize(1024 + voxel_bytes, std::byte{1});
  test::write_bytes(path, file);
}

/// As it may come from another program: 2 x 3 x 4 voxels of 16 bits.
header foreign_header() {
  header h;
  h.nx = 4, h.ny = 3, h.nz = 2;
  h.mode = 1;
  h.ispg = 1;
  return h;
}

}  // namespace

TEST_CASE("an edit changes the fields that it assigns, and no byte after the header") {
  const test::scratch_folder folder;
  for (const auto& one : samples) {
    CAPTURE(one.name);
    const auto path = folder / one.name;
    write_sample(path, one);
    const bytes before = test::bytes_of(path);
    header expected = header_of(path);
    mrcz::edit(path, [](header_fields& fields) {
      CHECK(fields.nx == 6);
      fields.nxstart = -7;
      fields.origin = {1.5F, 2.5F, 3.5F};
      fields.labels.add("edited");
      fields.extra3 = {std::byte{7}};
    });
    expected.nxstart = -7;
    expected.origin = {1.5F, 2.5F, 3.5F};
    expected.labels.add("edited");
    expected.nlabl += 1;
    expected.extra3 = {std::byte{7}};
    CHECK(header_of(path) == expected);
    CHECK(behind_header(test::bytes_of(path)) == behind_header(before));
    CHECK(mrcz::read<std::int16_t>(path) == test::counts<std::int16_t>(extents));
    CHECK(mrcz::validate(path).empty());
    CHECK(folder.files().size() == static_cast<std::size_t>(&one - samples) + 1);
  }
}

TEST_CASE("an edit states the voxel size in one word") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  write_sample(path, samples[0]);
  mrcz::edit(path, [](header_fields& fields) { fields.set_voxel_size({1.5F, 2.5F, 0.5F}); });
  const header h = header_of(path);
  CHECK(h.voxel_size() == mrcz::voxel_size{1.5F, 2.5F, 0.5F});
  CHECK(h.cella == mrcz::per_axis<float>{9, 12.5F, 2});
  CHECK(refusal(path, [](header_fields& fields) { fields.set_voxel_size({-1, 1, 1}); })->code == errc::bad_option);
  const auto both = refusal(path, [](header_fields& fields) {
    fields.set_voxel_size({1, 1, 1});
    fields.cella.x = 7;
  });
  REQUIRE(both);
  CHECK(both->mentions("CELLA.x is 7 in the header, but 6 voxels of the stated size make 6"));
}

TEST_CASE("a voxel size is stated for a file that has neither M nor a cell") {
  const test::scratch_folder folder;
  write_raw(folder / "a", foreign_header(), 48);
  mrcz::edit(folder / "a", [](header_fields& fields) { fields.set_voxel_size({3, 3, 3}); });
  const header h = header_of(folder / "a");
  CHECK(h.mx == 4);
  CHECK(h.mz == 2);
  CHECK(h.voxel_size() == mrcz::voxel_size{3, 3, 3});
}

TEST_CASE("what the rest of the file determines is refused, with the reason") {
  const test::scratch_folder folder;
  const auto check = [&](const std::filesystem::path& path, const std::function<void(header_fields&)>& change,
                         const std::string& reason) {
    const auto thrown = refusal(path, change);
    REQUIRE(thrown);
    CHECK(thrown->code == errc::bad_option);
    CHECK(thrown->message == path.string() + ": " + reason);
  };
  for (const auto& one : samples) {
    CAPTURE(one.name);
    const auto path = folder / one.name;
    write_sample(path, one);
    const int mode = 1 + 1000 * static_cast<int>(one.codec);
    check(path, [](header_fields& f) { f.nx = 7; }, "NX is stated as 7, but the slices make it 6");
    check(path, [](header_fields& f) { f.nz = 5; }, "NZ is stated as 5, but the slices make it 4");
    check(
        path, [](header_fields& f) { f.mode = 6; },
        fmt::format("MODE is stated as 6, but voxel type and codec make it {}", mode));
    check(path, [](header_fields& f) { f.nsymbt = 0; }, "NSYMBT is stated as 0, but the extended header makes it 16");
    check(
        path, [](header_fields& f) { f.exttyp = {'F', 'E', 'I', '1'}; },
        "EXTTYP is stated as FEI1, but the extended header makes it json");
    check(
        path, [](header_fields& f) { f.map = {'m', 'a', 'p', ' '}; },
        "MAP is stated as map\\x20, but the standard makes it MAP\\x20");
    check(
        path, [](header_fields& f) { f.nlabl = 9; },
        fmt::format("NLABL is stated as 9, but the labels make it {}", one.codec == mrcz::codec::none ? 0 : 1));
    check(
        path, [&](header_fields& f) { f.byte_order = mrcz::detail::opposite(one.byte_order); },
        fmt::format("the header is stated {}-endian, but the voxels are {}-endian",
                    mrcz::name_of(mrcz::detail::opposite(one.byte_order)), mrcz::name_of(one.byte_order)));
    check(path, [](header_fields& f) { f.mapc = 4; }, "MAPC is stated as 4, but the standard makes it 1");
    if (one.codec == mrcz::codec::none) continue;
    const auto packed = header_of(path).packed_bytes;
    check(
        path, [](header_fields& f) { f.packed_bytes = 1; },
        fmt::format("packed size is stated as 1, but the chunks make it {}", packed));
  }
}

TEST_CASE("statistics may be stated, since the voxels stay") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrcz";
  mrcz::write(path, test::counts<float>(extents), {.statistics = false});
  mrcz::edit(path, [](header_fields& fields) { fields.dmin = 0, fields.dmax = 7; });
  CHECK(header_of(path).dmin == 0);
  CHECK(header_of(path).dmax == 7);
  CHECK(header_of(path).rms == -1);
}

TEST_CASE("nothing is written if nothing changes") {
  const test::scratch_folder folder;
  header odd = foreign_header();
  odd.nversion = 0;
  odd.mapc = 0;
  odd.machst = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  write_raw(folder / "a", odd, 48);
  write_sample(folder / "b", samples[2]);
  for (const char* name : {"a", "b"}) {
    const bytes before = test::bytes_of(folder / name);
    const auto long_ago = std::filesystem::file_time_type{} + std::chrono::hours{1};
    std::filesystem::last_write_time(folder / name, long_ago);
    mrcz::edit(folder / name, [](header_fields&) {});
    mrcz::edit(folder / name, [](const header_fields& fields) { CHECK(fields.nz > 0); });
    CHECK(test::bytes_of(folder / name) == before);
    CHECK(std::filesystem::last_write_time(folder / name) == long_ago);
  }
  const auto time = std::filesystem::last_write_time(folder / "b");
  mrcz::edit(folder / "b", [](header_fields& fields) { fields.nx = 6, fields.nxstart = 0; });
  CHECK(std::filesystem::last_write_time(folder / "b") == time);
}

TEST_CASE("an edited header follows the standard where the old one did not") {
  const test::scratch_folder folder;
  header odd = foreign_header();
  odd.nversion = 0;
  odd.mapc = 0;
  odd.machst = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  write_raw(folder / "a", odd, 48);
  mrcz::edit(folder / "a", [](header_fields& fields) { fields.labels.add("repaired"); });
  const header h = header_of(folder / "a");
  CHECK(h.nversion == 20141);
  CHECK(h.mapc == 1);
  CHECK(mrcz::is_standard(h.machst));
  CHECK(h.nlabl == 1);
}

TEST_CASE("the header of the time before 2000 is edited to one of today, with its origin") {
  const test::scratch_folder folder;
  bytes file(1024 + 48, std::byte{0});
  const std::int32_t numbers[]{4, 3, 2, 1};
  for (std::size_t i = 0; i < 4; ++i) test::patch(file, 4 * i, numbers[i]);
  test::patch(file, 208, 30.0F), test::patch(file, 212, 10.0F), test::patch(file, 216, 20.0F);
  test::write_bytes(folder / "a", file);
  REQUIRE(header_of(folder / "a").origin == mrcz::per_axis<float>{10, 20, 30});
  mrcz::edit(folder / "a", [](header_fields& fields) { fields.nxstart = 5; });
  const header h = header_of(folder / "a");
  CHECK(h.origin == mrcz::per_axis<float>{10, 20, 30});
  CHECK(h.map == std::array{'M', 'A', 'P', ' '});
  CHECK(h.nxstart == 5);
}

TEST_CASE("the numbers that python-mrcz writes in the order of its machine are edited like the others") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrcz";
  test::write_bytes(path, test::bytes_of(std::filesystem::path{MRCZ_TEST_GOLDEN} / "be_f4_zstd.mrcz"));
  const header before = header_of(path);
  const auto voxels = mrcz::read<float>(path);
  mrcz::edit(path, [](header_fields& fields) { fields.voltage = 200; });
  const header h = header_of(path);
  CHECK(h.voltage == 200);
  CHECK(h.byte_order == before.byte_order);
  CHECK(h.dmax == before.dmax);
  CHECK(h.packed_bytes == before.packed_bytes);
  CHECK(mrcz::read<float>(path) == voxels);
}

TEST_CASE("bytes stay signed or unsigned, whatever is said of IMOD") {
  const test::scratch_folder folder;
  header imod = foreign_header();
  imod.mode = 0;
  imod.imod_stamp = mrcz::imod_stamp_value;
  write_raw(folder / "unsigned", imod, 24);
  imod.imod_flags = 1;
  write_raw(folder / "signed", imod, 24);
  imod.imod_stamp = 0;
  imod.imod_flags = 0;
  write_raw(folder / "plain", imod, 24);
  const auto flip = [](header_fields& fields) { fields.imod_flags = fields.imod_flags ^ 1; };
  CHECK(refusal(folder / "unsigned", flip)->code == errc::bad_option);
  CHECK(refusal(folder / "signed", flip)->code == errc::bad_option);
  const auto without = refusal(folder / "unsigned", [](header_fields& fields) { fields.imod_stamp = 0; });
  REQUIRE(without);
  CHECK(without->mentions("would no longer be read as unsigned"));
  mrcz::edit(folder / "signed", [](header_fields& fields) { fields.imod_stamp = 0; });
  mrcz::edit(folder / "plain", [](header_fields& fields) { fields.imod_stamp = mrcz::imod_stamp_value; });
  CHECK_FALSE(mrcz::has_unsigned_bytes(header_of(folder / "signed")));
  CHECK_FALSE(mrcz::has_unsigned_bytes(header_of(folder / "plain")));
  mrcz::edit(folder / "unsigned", [](header_fields& fields) { fields.nxstart = 1; });
  CHECK(mrcz::has_unsigned_bytes(header_of(folder / "unsigned")));
}

TEST_CASE("images become a volume, and a volume becomes images, with the voxel size that they had") {
  const test::scratch_folder folder;
  for (const char* name : {"a.mrc", "a.mrcz"}) {
    CAPTURE(name);
    const auto path = folder / name;
    mrcz::write(path, test::counts<float>(extents),
                {.kind = mrcz::kind::image_stack, .voxel_size = mrcz::voxel_size{2, 2, 3}});
    mrcz::edit(path, [](header_fields& fields) { fields.ispg = 1; });
    CHECK(header_of(path).kind() == mrcz::kind::volume);
    CHECK(header_of(path).mz == 4);
    CHECK(header_of(path).voxel_size() == mrcz::voxel_size{2, 2, 3});
    CHECK(mrcz::validate(path).empty());
    mrcz::edit(path, [](header_fields& fields) { fields.ispg = 0; });
    CHECK(header_of(path).kind() == mrcz::kind::image_stack);
    CHECK(header_of(path).mz == 1);
    CHECK(header_of(path).slices_per_frame() == 1);
    CHECK(header_of(path).voxel_size() == mrcz::voxel_size{2, 2, 3});
    CHECK(mrcz::validate(path).empty());
  }
}

TEST_CASE("the header of another file is copied where it fits") {
  const test::scratch_folder folder;
  write_sample(folder / "a", samples[0]);
  header other = foreign_header();
  other.origin = {1, 2, 3};
  other.byte_order = std::endian::big;
  other.labels.add("of another file");
  mrcz::edit(folder / "a", [&](header_fields& fields) { fields = other; });
  const header h = header_of(folder / "a");
  CHECK(h.nx == 6);
  CHECK(h.origin == mrcz::per_axis<float>{1, 2, 3});
  CHECK(h.labels[0] == "of another file");
  CHECK(h.byte_order == std::endian::little);
  CHECK(mrcz::read<std::int16_t>(folder / "a") == test::counts<std::int16_t>(extents));
}

TEST_CASE("what the caller's function throws reaches the caller and changes nothing") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  write_sample(path, samples[0]);
  const bytes before = test::bytes_of(path);
  CHECK_THROWS_AS(mrcz::edit(path,
                             [](header_fields& fields) {
                               fields.nxstart = 9;
                               throw std::logic_error{"no"};
                             }),
                  std::logic_error);
  CHECK(test::bytes_of(path) == before);
  const auto label = refusal(path, [](header_fields& fields) { fields.labels.add("\n"); });
  REQUIRE(label);
  CHECK(label->message.starts_with(path.string() + ": "));
  mrcz::edit(path, [](header_fields& fields) { fields.nxstart = 9; });  // the lock is free again
}

TEST_CASE("a file is edited by one at a time, and while nobody appends to it") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  write_sample(path, samples[0]);
  mrcz::edit(path, [&](header_fields&) {
    CHECK(refusal(path, [](header_fields& fields) { fields.nxstart = 1; })->code == std::errc::operation_would_block);
  });
  const auto out = mrcz::writer::append_to(path);
  CHECK(refusal(path, [](header_fields& fields) { fields.nxstart = 1; })->code == std::errc::operation_would_block);
}

TEST_CASE("a file that another program changes during an edit stays as that program left it") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  write_sample(path, samples[0]);
  bytes theirs = test::bytes_of(path);
  test::patch(theirs, 16, std::int32_t{77});
  const auto thrown = test::failure_of([&] {
    mrcz::edit(path, [&](header_fields& fields) {
      test::write_bytes(path, theirs);
      fields.nystart = 5;
    });
  });
  REQUIRE(thrown);
  CHECK(thrown->mentions("another program changed it meanwhile"));
  CHECK(test::bytes_of(path) == theirs);
}

TEST_CASE("a file that is no MRC file, or is missing, is not edited") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", bytes(2000, std::byte{0xff}));
  CHECK(refusal(folder / "a", [](header_fields&) {})->code == errc::not_mrc);
  const auto missing = test::failure_of([&] { mrcz::edit(folder / "b", [](header_fields&) {}); });
  REQUIRE(missing);
  CHECK(missing->code == std::errc::no_such_file_or_directory);
}

TEST_CASE("ten labels are edited, and gaps between them closed") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  write_sample(path, samples[0]);
  mrcz::edit(path, [](header_fields& fields) {
    for (int i = 0; i < 10; ++i) fields.labels.add(fmt::format("label {}", i));
  });
  mrcz::edit(path, [](header_fields& fields) {
    fields.labels.erase(3);
    fields.labels.replace(0, "first");
  });
  const header h = header_of(path);
  CHECK(h.nlabl == 9);
  CHECK(h.labels[0] == "first");
  CHECK(h.labels[3] == "label 4");
  CHECK(refusal(path, [](header_fields& fields) {
          fields.labels.add("ten");
          fields.labels.add("eleven");
        })->code == errc::too_large);
}

namespace {

/// Slices that compress, each to another size.
mrcz::volume<std::int16_t> movie() {
  auto voxels = test::counts<std::int16_t>({4, 64, 48});
  for (std::size_t z = 0; z < 4; ++z)
    for (std::size_t i = 0; i < 64 * 48 / (6 - z); ++i) voxels.data()[z * 64 * 48 + i] = static_cast<std::int16_t>(z);
  return voxels;
}

mrcz::image<std::int16_t> constant(std::int16_t value) {
  mrcz::image<std::int16_t> image = xt::zeros<std::int16_t>({64, 48});
  image.fill(value);
  return image;
}

/// Which no codec compresses.
mrcz::image<std::int16_t> noise() {
  auto image = constant(0);
  std::mt19937 random{7};
  for (auto& voxel : image) voxel = static_cast<std::int16_t>(random() >> 16U);
  return image;
}

void put(mrcz::volume<std::int16_t>& voxels, std::size_t z, const mrcz::image<std::int16_t>& image) {
  xt::view(voxels, z, xt::all(), xt::all()) = image;
}

/// Bytes that this process has read and written so far.
struct traffic {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
};

traffic traffic_so_far() {
  traffic all;
  std::ifstream in{"/proc/self/io"};
  std::string name;
  for (std::uint64_t count = 0; in >> name >> count;) {
    if (name == "rchar:") all.read = count;
    if (name == "wchar:") all.written = count;
  }
  return all;
}

}  // namespace

TEST_CASE("a slice of a plain file is overwritten, and then the file is as if it had been written so") {
  const test::scratch_folder folder;
  for (const auto order : {std::endian::little, std::endian::big}) {
    const mrcz::write_options options{.byte_order = order};
    auto voxels = movie();
    mrcz::write(folder / "a.mrc", voxels, options, {{"answer", 42}});
    for (const std::size_t z : {3U, 0U, 2U}) {
      mrcz::overwrite_slice(folder / "a.mrc", z, noise() / 2);
      put(voxels, z, noise() / 2);
      CHECK(mrcz::read<std::int16_t>(folder / "a.mrc") == voxels);
      CHECK(mrcz::statistics_of(header_of(folder / "a.mrc")) == mrcz::statistics{});
      CHECK(mrcz::validate(folder / "a.mrc").empty());
    }
    mrcz::update_statistics(folder / "a.mrc");
    mrcz::write(folder / "b.mrc", voxels, options, {{"answer", 42}});
    CHECK(test::bytes_of(folder / "a.mrc") == test::bytes_of(folder / "b.mrc"));
    CHECK(folder.files().size() == 2);
  }
}

TEST_CASE("a compressed slice keeps its place, whatever the codec") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrcz";
  for (const auto codec : mrcz::all_codecs) {
    if (codec == mrcz::codec::none || !mrcz::available(codec)) continue;
    CAPTURE(name_of(codec));
    auto voxels = movie();
    mrcz::write(path, voxels, {.compression = {.codec = codec, .block_size = 1024}});
    const auto places = [&] {
      const mrcz::reader in{path};
      std::vector<std::uint64_t> begins;
      for (std::size_t z = 0; z < 4; ++z) begins.push_back(in.slices()[z].offset);
      begins.push_back(in.slices().end());
      return begins;
    };
    const auto before = places();
    for (const std::size_t z : {1U, 3U, 0U}) {
      mrcz::overwrite_slice(path, z, constant(-5));
      put(voxels, z, constant(-5));
      CHECK(places() == before);
      CHECK(mrcz::read<std::int16_t>(path) == voxels);
      const mrcz::reader in{path};
      const auto rows = in.read_region<std::int16_t>({.z = {z, 1}, .y = {50, 14}, .x = {3, 40}});
      CHECK(xt::all(xt::equal(rows, -5)));
    }
    mrcz::overwrite_slice(path, 3, xt::view(movie(), 3, xt::all(), xt::all()));  // there is still room for the old one
    put(voxels, 3, xt::view(movie(), 3, xt::all(), xt::all()));
    mrcz::append_to(path, constant(9));
    CHECK(mrcz::read_header(path).header.nz == 5);
    mrcz::update_statistics(path);
    CHECK(mrcz::validate(path).empty());
    CHECK(xt::view(mrcz::read<std::int16_t>(path), xt::range(0, 4), xt::all(), xt::all()) == voxels);
  }
}

TEST_CASE("a slice that needs more room than its place has is refused") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrcz";
  mrcz::write(path, movie());
  const bytes before = test::bytes_of(path);
  const auto thrown = test::failure_of([&] { mrcz::overwrite_slice(path, 1, noise()); });
  REQUIRE(thrown);
  CHECK(thrown->code == errc::too_large);
  const auto room = mrcz::reader{path}.slices()[1].packed_bytes;
  CHECK(
      thrown->mentions(fmt::format("the new chunk has 6160 bytes, which do not fit the place of the old one with {}; "
                                   "compress it with a higher level, or write a new file (slice 1, byte ",
                                   room)));
  CHECK(test::bytes_of(path) == before);
  CHECK(folder.files().size() == 1);
}

TEST_CASE("a stored slice that is shorter than its place is refused, and why") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrcz";
  mrcz::write(path, mrcz::volume<std::int16_t>{xt::view(movie(), xt::range(0, 1), xt::all(), xt::all())});
  bytes file = test::bytes_of(path);
  const std::uint32_t room = 7000;  // as another program may leave it
  file.resize(1024 + room);
  test::patch(file, 1024 + 12, room);
  test::write_bytes(path, file);
  const auto thrown = test::failure_of([&] { mrcz::overwrite_slice(path, 0, noise()); });
  REQUIRE(thrown);
  CHECK(thrown->code == errc::too_large);
  CHECK(
      thrown->mentions("the new chunk of 6160 bytes is stored, not compressed, and cannot fill the place of the old "
                       "one with 7000; compress it with a higher level, or write a new file (slice 0, byte 1024)"));
  CHECK(test::bytes_of(path) == file);
  mrcz::overwrite_slice(path, 0, constant(4));
  CHECK(mrcz::reader{path}.read_slice<std::int16_t>(0) == constant(4));
}

TEST_CASE("a stored slice is replaced by a stored or by a compressed one") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrcz";
  auto voxels = movie();
  put(voxels, 2, noise());
  mrcz::write(path, voxels);
  for (const auto& image : {mrcz::image<std::int16_t>{noise() / -1}, constant(4), noise()}) {
    mrcz::overwrite_slice(path, 2, image);
    put(voxels, 2, image);
    CHECK(mrcz::read<std::int16_t>(path) == voxels);
    CHECK(mrcz::validate(path).empty());
  }
}

TEST_CASE("a slice is replaced in each mode, with the conversions of writing") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  for (const auto mode : {mrcz::mode::int8, mrcz::mode::int16, mrcz::mode::float32, mrcz::mode::uint16,
                          mrcz::mode::float16, mrcz::mode::uint4, mrcz::mode::int32, mrcz::mode::uint32})
    for (const auto codec : {mrcz::codec::none, mrcz::codec::zstd}) {
      CAPTURE(static_cast<int>(mode));
      mrcz::write(path, test::counts<std::uint8_t>({3, 7, 9}), {.compression = {.codec = codec}, .mode = mode});
      const mrcz::image<std::uint8_t> image = xt::zeros<std::uint8_t>({7, 9}) + std::uint8_t{2};
      mrcz::overwrite_slice(path, 1, image);
      mrcz::update_statistics(path);
      CHECK(mrcz::read<double>(path)(1, 6, 8) == 2);
      CHECK(mrcz::read<double>(path)(2, 3, 4) == test::counts<double>({3, 7, 9})(2, 3, 4));
      CHECK(mrcz::validate(path).empty());
    }
}

TEST_CASE("an image that is no slice of the file is refused, and nothing changes") {
  const test::scratch_folder folder;
  for (const char* name : {"a.mrc", "a.mrcz"}) {
    const auto path = folder / name;
    mrcz::write(path, movie());
    const bytes before = test::bytes_of(path);
    const auto code_of = [&](std::size_t z, const auto& image, const mrcz::compression& wanted = {}) {
      const auto thrown = test::failure_of([&] { mrcz::overwrite_slice(path, z, image, wanted); });
      CHECK(test::bytes_of(path) == before);
      REQUIRE(thrown);
      CHECK(thrown->message.starts_with(path.string() + ": "));
      return thrown->code;
    };
    CHECK(code_of(4, constant(1)) == errc::out_of_range);
    CHECK(code_of(0, xt::xtensor<std::int16_t, 2>{xt::zeros<std::int16_t>({64, 47})}) == errc::shape_mismatch);
    CHECK(code_of(0, xt::xtensor<std::int16_t, 3>{xt::zeros<std::int16_t>({1, 64, 48})}) == errc::shape_mismatch);
    CHECK(code_of(0, xt::xtensor<float, 2>{xt::zeros<float>({64, 48}) + 0.5F}) == errc::mode_mismatch);
    CHECK(code_of(0, constant(1), {.codec = mrcz::codec::lz4}) == errc::bad_option);
    CHECK(code_of(0, constant(1), {.level = 11}) == errc::bad_option);
    CHECK(folder.files().size() == (name == std::string{"a.mrc"} ? 1 : 2));
    bytes cut = before;
    cut.resize(cut.size() - 1);
    test::write_bytes(path, cut);
    const auto missing = test::failure_of([&] { mrcz::overwrite_slice(path, 3, constant(1)); });
    REQUIRE(missing);
    CHECK(missing->code == errc::truncated);
    mrcz::overwrite_slice(path, 0, constant(1));
    CHECK(mrcz::reader{path}.read_slice<std::int16_t>(0) == constant(1));
    CHECK(test::failure_of([&] { mrcz::update_statistics(path); })->code == errc::truncated);
  }
}

TEST_CASE("the statistics of a file without any are those that a writer computes") {
  const test::scratch_folder folder;
  const auto check = [&](const auto& voxels, const mrcz::write_options& options) {
    auto without = options;
    without.statistics = false;
    mrcz::write(folder / "a", voxels, without);
    mrcz::write(folder / "b", voxels, options);
    mrcz::update_statistics(folder / "a");
    CHECK(test::bytes_of(folder / "a") == test::bytes_of(folder / "b"));
    mrcz::update_statistics(folder / "b");
    CHECK(test::bytes_of(folder / "a") == test::bytes_of(folder / "b"));
  };
  check(test::counts<float>({17, 30, 20}), {});
  check(test::counts<float>({17, 30, 20}), {.compression = {.codec = mrcz::codec::zstd}});
  check(test::counts<std::int8_t>({3, 30, 21}), {.mode = mrcz::mode::uint4});
  check(test::counts<std::complex<float>>({3, 4, 5}), {});
  check(test::counts<mrcz::complex_int16>({3, 4, 5}), {.byte_order = std::endian::big});
  check(test::counts<std::uint32_t>({3, 4, 5}), {});
}

TEST_CASE("metadata are replaced by others that fit their place") {
  const test::scratch_folder folder;
  for (const auto& one : samples) {
    CAPTURE(one.name);
    const auto path = folder / one.name;
    write_sample(path, one);
    bytes before = test::bytes_of(path);
    mrcz::edit_metadata(path, {{"answer", 1}});
    CHECK(mrcz::reader{path}.metadata() == mrcz::metadata{{"answer", 1}});
    mrcz::edit_metadata(path, {{"a", "23456789"}});  // 16 characters, all there is room for
    CHECK(mrcz::reader{path}.metadata() == mrcz::metadata{{"a", "23456789"}});
    bytes after = test::bytes_of(path);
    std::fill(before.begin() + 1024, before.begin() + 1040, std::byte{});
    std::fill(after.begin() + 1024, after.begin() + 1040, std::byte{});
    CHECK(after == before);
    CHECK(mrcz::validate(path).empty());
    const bytes now = test::bytes_of(path);
    const auto code_of = [&](const mrcz::metadata& values) {
      const auto thrown = test::failure_of([&] { mrcz::edit_metadata(path, values); });
      CHECK(test::bytes_of(path) == now);
      REQUIRE(thrown);
      return thrown->code;
    };
    CHECK(code_of({{"a", "234567890"}}) == errc::too_large);
    CHECK(code_of(nullptr) == errc::bad_option);
    CHECK(code_of({1, 2}) == errc::bad_metadata);
    mrcz::edit_metadata(path, mrcz::metadata::object());
    CHECK(mrcz::reader{path}.metadata() == mrcz::metadata::object());
  }
  CHECK(folder.files().size() == 4);
}

TEST_CASE("there is no room for metadata where there are none, and other extended headers are not replaced") {
  const test::scratch_folder folder;
  mrcz::write(folder / "a", movie());
  const auto none = test::failure_of([&] { mrcz::edit_metadata(folder / "a", {{"answer", 42}}); });
  REQUIRE(none);
  CHECK(none->code == errc::too_large);
  CHECK(none->mentions("the metadata have 13 bytes, but there is only room for 0; a new file can have more"));
  mrcz::writer out{folder / "b"};
  out.set_extended_header({{'F', 'E', 'I', '1'}, bytes(768)});
  out.append(movie());
  out.close();
  const auto other = test::failure_of([&] { mrcz::edit_metadata(folder / "b", {{"answer", 42}}); });
  REQUIRE(other);
  CHECK(other->code == errc::bad_option);
  CHECK(other->mentions("the extended header has the type 'FEI1', so it holds no metadata to replace"));
}

TEST_CASE("each opening for writing undoes a change that was interrupted") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  mrcz::write(path, movie());
  const auto before = header_of(path);
  const auto interrupt = [&] {
    const mrcz::detail::byte_range range{2000, 100};
    mrcz::file opened{path, mrcz::file::access::read_write};
    mrcz::detail::undo_record{path}.keep(opened, {&range, 1});
    opened.write_at(2000, bytes(100, std::byte{0x55}));
    REQUIRE(mrcz::read<std::int16_t>(path) != movie());
  };
  interrupt();
  mrcz::edit(path, [](header_fields&) {});
  CHECK(mrcz::read<std::int16_t>(path) == movie());
  interrupt();
  mrcz::update_statistics(path);
  CHECK(header_of(path) == before);
  interrupt();
  CHECK(test::failure_of([&] { mrcz::edit_metadata(path, {{"answer", 42}}); }));
  CHECK(mrcz::read<std::int16_t>(path) == movie());
  interrupt();
  mrcz::append_to(path, constant(1));
  CHECK(xt::view(mrcz::read<std::int16_t>(path), xt::range(0, 4), xt::all(), xt::all()) == movie());
  CHECK(folder.files().size() == 1);
}

TEST_CASE("what a lazy image throws is a failure of the caller, and changes nothing") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  mrcz::write(path, movie());
  const bytes before = test::bytes_of(path);
  const auto failing = test::refusing(constant(3), std::int16_t{3});
  const auto thrown = test::failure_of([&] { mrcz::overwrite_slice(path, 2, failing); });
  REQUIRE(thrown);
  CHECK(thrown->code == errc::caller_failed);
  CHECK(thrown->mentions("slice 2"));
  CHECK(test::bytes_of(path) == before);
}

#if defined(__linux__)

TEST_CASE("a file of 10 GB is changed by reading and writing a few kilobytes") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  mrcz::write(path, mrcz::image<float>{xt::zeros<float>({500, 500})}, {.kind = mrcz::kind::volume}, {{"answer", 42}});
  header h = header_of(path);
  h.nz = h.mz = 10'000;
  const auto first = mrcz::encode(h);
  bytes beginning = test::bytes_of(path);
  std::copy(first.begin(), first.end(), beginning.begin());
  test::write_bytes(path, beginning);
  std::filesystem::resize_file(path, 1040 + 10'000'000'000);
  REQUIRE(traffic_so_far().written > 0);

  const auto check = [&](std::uint64_t most, const auto& change) {
    const auto before = traffic_so_far();
    change();
    const auto after = traffic_so_far();
    CHECK(after.read - before.read < most);
    CHECK(after.written - before.written < most);
    CHECK(after.written > before.written);
  };
  check(10'000, [&] { mrcz::edit(path, [](header_fields& fields) { fields.set_voxel_size({1, 1, 1}); }); });
  check(100'000, [&] { mrcz::edit_metadata(path, {{"answer", 43}}); });
  check(2'500'000,
        [&] { mrcz::overwrite_slice(path, 9'999, mrcz::image<float>{xt::zeros<float>({500, 500}) + 3.0F}); });
  const mrcz::reader in{path};
  CHECK(in.voxel_size() == mrcz::voxel_size{1, 1, 1});
  CHECK(in.metadata() == mrcz::metadata{{"answer", 43}});
  CHECK(in.read_slice<float>(9'999)(499, 499) == 3);
  CHECK(std::filesystem::file_size(path) == 1040 + 10'000'000'000);
}

#endif
