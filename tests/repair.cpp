#include "mrcz/repair.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "mrcz/format/seri_records.hpp"
#include "mrcz/read.hpp"
#include "mrcz/read_header.hpp"
#include "mrcz/validate.hpp"
#include "mrcz/write.hpp"
#include "tests/whole_files.hpp"

using mrcz::errc;
using mrcz::header;
using test::bytes;

namespace {

constexpr mrcz::shape extents{4, 5, 6};

void write_sample(const std::filesystem::path& path, const mrcz::write_options& options = {}) {
  mrcz::write(path, test::counts<std::int16_t>(extents), options);
}

/// Puts bytes over those of a file.
void poke(const std::filesystem::path& path, std::size_t at, const std::vector<int>& values) {
  bytes file = test::bytes_of(path);
  for (const int value : values) file.at(at++) = static_cast<std::byte>(value);
  test::write_bytes(path, file);
}

void append_bytes(const std::filesystem::path& path, const bytes& more) {
  bytes file = test::bytes_of(path);
  file.insert(file.end(), more.begin(), more.end());
  test::write_bytes(path, file);
}

void truncate(const std::filesystem::path& path, std::size_t missing) {
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - missing);
}

std::vector<mrcz::change> repaired(const std::filesystem::path& from, const std::filesystem::path& to,
                                   const mrcz::write_options& wanted = {}) {
  const bytes before = test::bytes_of(from);
  const mrcz::reader in{from, {.threads = 1, .incomplete = true}};
  auto options = wanted;
  options.mode = in.mode();
  options.byte_order = in.header().byte_order;
  mrcz::writer out{to, options};
  auto changes = mrcz::repair(in, out);
  CHECK(test::bytes_of(from) == before);
  CHECK(mrcz::validate(to).empty());
  return changes;
}

std::vector<std::string> lines(const std::vector<mrcz::change>& changes) {
  std::vector<std::string> all;
  for (const auto& one : changes) all.push_back(to_string(one));
  return all;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("each field of the header that breaks a rule is mended, and named") {
  const test::scratch_folder folder;
  const auto broken = folder / "broken.mrc";
  struct damage {
    std::size_t at;
    std::vector<int> values;
    texts expected;
  };
  const std::vector<damage> damages{
      {212, {0, 0}, {"MACHST (byte 212): '\\x00\\x00\\x00\\x00' -> 'DD\\x00\\x00'"}},
      {208, {'m', 'a', 'p', 0}, {"MAP (byte 208): 'map\\x00' -> 'MAP '"}},
      {108, {7, 0, 0, 0}, {"NVERSION (byte 108): 7 -> 20141"}},
      {220, {3}, {"NLABL (byte 220): 3 -> 0"}},
      {304, {'x'}, {"NLABL (byte 220): 0 -> 1", "LABEL 0 (byte 224): '' -> 'x'", "LABEL 1 (byte 304): 'x' -> ''"}},
      {28,
       {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
       {"MX (byte 28): 0 -> 6", "MY (byte 32): 0 -> 5", "MZ (byte 36): 0 -> 4"}},
      {92, {80}, {"NSYMBT (byte 92): 80 -> 0"}},
      {64, {2}, {"MAPC (byte 64): 2 -> 1"}},
      {88, {255, 255, 255, 255}, {"ISPG (byte 88): -1 -> 1"}},
      {76, {0, 0, 128, 63}, {"DMIN (byte 76): 1 -> 0"}},
  };
  for (const auto& one : damages) {
    CAPTURE(one.at);
    write_sample(broken, {.voxel_size = mrcz::voxel_size{2, 2, 2}, .byte_order = std::endian::little});
    poke(broken, one.at, one.values);
    const auto whole = mrcz::read<std::int16_t>(broken);
    CHECK(lines(repaired(broken, folder / "mended.mrc")) == one.expected);
    CHECK(mrcz::read<std::int16_t>(folder / "mended.mrc") == whole);
    CHECK(mrcz::read_header(folder / "mended.mrc").header.voxel_size() == mrcz::voxel_size{2, 2, 2});

    CHECK(lines(mrcz::repair_in_place(broken)) == one.expected);
    CHECK(mrcz::validate(broken).empty());
    CHECK(mrcz::repair_in_place(broken).empty());
  }
}

TEST_CASE("a file without faults has nothing to mend") {
  const test::scratch_folder folder;
  for (const auto order : {std::endian::little, std::endian::big}) {
    write_sample(folder / "a.mrcz", {.byte_order = order});
    CHECK(repaired(folder / "a.mrcz", folder / "b.mrcz").empty());
    CHECK(test::bytes_of(folder / "a.mrcz") == test::bytes_of(folder / "b.mrcz"));
  }
  mrcz::writer out{folder / "tilts.mrc"};
  out.set_extended_header({mrcz::seri::exttyp, bytes(16, std::byte{1}), 4, 2, 1});  // four tilts, and room for more
  out.append(test::counts<std::int16_t>(extents));
  out.close();
  CHECK(repaired(folder / "tilts.mrc", folder / "b.mrc").empty());
  truncate(folder / "tilts.mrc", 1);
  repaired(folder / "tilts.mrc", folder / "b.mrc");
  CHECK(mrcz::reader{folder / "b.mrc"}.extended_header().records<mrcz::seri>().size() == 3);
}

TEST_CASE("of a file that ends too early the whole slices are kept") {
  const test::scratch_folder folder;
  const auto all = test::counts<std::int16_t>(extents);
  for (const std::string name : {"a.mrc", "a.mrcz"}) {
    CAPTURE(name);
    write_sample(folder / name, {.voxel_size = mrcz::voxel_size{2, 2, 2}});
    truncate(folder / name, 1);
    const auto changes = repaired(folder / name, folder / ("mended_" + name));
    REQUIRE(!changes.empty());
    CHECK(changes.back().what == "slice 3");
    CHECK(changes.back().after == "left out");
    const mrcz::reader in{folder / ("mended_" + name)};
    CHECK(in.shape() == mrcz::shape{3, 5, 6});
    CHECK(in.voxel_size() == mrcz::voxel_size{2, 2, 2});
    CHECK(in.read<std::int16_t>() == xt::view(all, xt::range(0, 3)));
  }
  truncate(folder / "a.mrc", 100);
  CHECK(repaired(folder / "a.mrc", folder / "b.mrc").back().what == "slices 2 to 3");
  CHECK(test::failure_of([&] { mrcz::repair_in_place(folder / "a.mrc"); })->code == errc::truncated);
}

TEST_CASE("an interrupted acquisition becomes a file of the slices that were put") {
  const test::scratch_folder folder;
  const auto all = test::counts<std::int16_t>(extents);
  for (const std::string name : {"a.mrc", "a.mrcz"}) {
    std::filesystem::path partial;
    {
      mrcz::writer out{folder / name, {.keep_partial = true}};
      for (std::size_t z = 0; z < 3; ++z) out.put(out.pack(all, z));
      partial = out.partial_path();
    }
    append_bytes(partial, bytes(7, std::byte{1}));
    const auto changes = repaired(partial, folder / name);
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].what == "file size");
    CHECK(changes[0].before == "7 bytes after the last slice");
    CHECK(mrcz::read<std::int16_t>(folder / name) == xt::view(all, xt::range(0, 3)));
  }
}

TEST_CASE("a stack of volumes keeps whole volumes, and a part of one is a volume") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  const auto write_cut = [&](std::size_t missing) {
    write_sample(path, {.sections_per_volume = 2});
    truncate(path, missing);
    repaired(path, folder / "b.mrc");
    return mrcz::read_header(folder / "b.mrc").header;
  };
  const header one_volume = write_cut(1);
  CHECK(one_volume.kind() == mrcz::kind::volume_stack);
  CHECK(one_volume.nz == 2);
  const header part = write_cut(2 * 60 + 1);
  CHECK(part.kind() == mrcz::kind::volume);
  CHECK(part.nz == 1);
}

TEST_CASE("an EXTTYP that is missing is set where the bytes show it") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  const auto write_extended = [&](std::byte fill) {
    mrcz::writer out{path};
    out.set_extended_header({{'C', 'C', 'P', '4'}, bytes(160, fill)});
    out.append(test::counts<std::int16_t>(extents));
    out.close();
    poke(path, 104, {0, 0, 0, 0});
  };
  write_extended(std::byte{'X'});
  CHECK(lines(repaired(path, folder / "b.mrc")) == texts{"EXTTYP (byte 104): '\\x00\\x00\\x00\\x00' -> 'CCP4'"});
  CHECK(lines(mrcz::repair_in_place(path)) == texts{"EXTTYP (byte 104): '\\x00\\x00\\x00\\x00' -> 'CCP4'"});
  CHECK(mrcz::validate(path).empty());

  write_extended(std::byte{7});
  const auto refused = test::failure_of([&] { repaired(path, folder / "c.mrc"); });
  REQUIRE(refused);
  CHECK(refused->code == errc::bad_header);
  CHECK(refused->mentions("EXTTYP is '\\x00\\x00\\x00\\x00'"));
  CHECK(!std::filesystem::exists(folder / "c.mrc"));
}

TEST_CASE("what cannot be mended is refused, and nothing is left") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrcz";
  const auto refused = [&](errc expected) {
    const bytes before = test::bytes_of(path);
    CHECK(test::failure_of([&] { repaired(path, folder / "b.mrcz"); })->code == expected);
    CHECK(test::failure_of([&] { mrcz::repair_in_place(path); })->code == expected);
    CHECK(test::bytes_of(path) == before);
    CHECK(folder.files() == texts{"a.mrcz"});
  };
  write_sample(path);
  const auto second = mrcz::reader{path}.slices()[1].offset;
  poke(path, second, {0});  // of the chunk: its version
  refused(errc::bad_chunk);
  write_sample(path);
  poke(path, second + 4, {59});  // the size of its slice
  refused(errc::bad_chunk);
  mrcz::write(path, test::counts<std::int16_t>(extents), {}, {{"answer", 42}});
  poke(path, 1024, {'?'});
  refused(errc::bad_metadata);
  write_sample(path);
  std::filesystem::resize_file(path, 1030);
  refused(errc::truncated);
}

TEST_CASE("bytes after the last slice are left out of a copy, and stop a repair in place") {
  const test::scratch_folder folder;
  write_sample(folder / "a.mrc");
  append_bytes(folder / "a.mrc", bytes(11, std::byte{5}));
  CHECK(lines(repaired(folder / "a.mrc", folder / "b.mrc")) ==
        texts{"file size (byte 1264): 11 bytes after the last slice -> left out"});
  const auto refused = test::failure_of([&] { mrcz::repair_in_place(folder / "a.mrc"); });
  REQUIRE(refused);
  CHECK(refused->code == errc::bad_header);
  CHECK(refused->mentions("11 bytes follow the last slice"));
}
