#include "mrcz/document.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <tuple>

#include "mrcz/write.hpp"
#include "tests/whole_files.hpp"

TEST_CASE("a document is read, changed and written with everything else kept") {
  const test::scratch_folder folder;
  mrcz::writer out{folder / "first.mrc", {.kind = mrcz::kind::volume, .voxel_size = mrcz::voxel_size{2, 2, 3}}};
  out.header().labels.add("as measured");
  out.header().voltage = 300;
  out.header().origin = {1, 2, 3};
  out.set_extended_header({{'F', 'E', 'I', '1'}, test::bytes(768, std::byte{7})});
  out.append(test::counts<float>({3, 4, 5}));
  out.close();

  auto document = mrcz::read_document<float>(folder / "first.mrc");
  document.voxels *= 2;
  for (const char* const name : {"second.mrc", "second.mrcz"}) {
    mrcz::write(folder / name, document);
    const auto again = mrcz::read_document<float>(folder / name);
    CHECK(again.voxels == document.voxels);
    CHECK(again.extended_header == document.extended_header);
    CHECK(again.header.voltage == 300);
    CHECK(again.header.origin == mrcz::per_axis<float>{1, 2, 3});
    CHECK(again.header.kind() == mrcz::kind::volume);
    CHECK(again.header.voxel_size() == mrcz::voxel_size{2, 2, 3});
    const std::size_t ours = again.header.mode >= 1000 ? 1 : 0;
    REQUIRE(again.header.labels.size() == 1 + ours);
    CHECK(again.header.labels[ours] == "as measured");
    CHECK(again.header.dmax == 2 * document.header.dmax);
  }
}

TEST_CASE("a document that was not changed is written as the same file") {
  const test::scratch_folder folder;
  mrcz::writer out{folder / "first.mrcs", {.voxel_size = mrcz::voxel_size{1, 1, 1}}};
  for (int i = 0; i < 10; ++i) out.header().labels.add("label " + std::to_string(i));
  out.header().extra3 = [] {
    std::array<std::byte, 36> tilt{};
    tilt.fill(std::byte{9});
    return tilt;
  }();
  out.append(test::counts<std::int16_t>({3, 4, 5}));
  out.close();
  mrcz::write(folder / "second.mrc", mrcz::read_document<std::int16_t>(folder / "first.mrcs"));
  CHECK(test::bytes_of(folder / "second.mrc") == test::bytes_of(folder / "first.mrcs"));
}

TEST_CASE("a document in the order x, y, z has a header of that order") {
  const test::scratch_folder folder;
  mrcz::writer out{folder / "yxz.mrc", {.kind = mrcz::kind::volume, .start = mrcz::per_axis<std::int32_t>{-1, -2, -3}}};
  out.header().mapc = 2;
  out.header().mapr = 1;
  out.append(test::counts<float>({3, 4, 5}));
  out.close();
  const auto document = mrcz::read_document<float>(folder / "yxz.mrc", {.axes = mrcz::axis_order::xyz});
  mrcz::write(folder / "xyz.mrc", document);
  const mrcz::reader in{folder / "xyz.mrc"};
  CHECK(in.shape() == mrcz::shape{3, 5, 4});
  CHECK(std::tuple{in.header().mapc, in.header().nxstart, in.header().nystart} == std::tuple{1, -2, -1});
  CHECK(in.read<float>() == document.voxels);
}
