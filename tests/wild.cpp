// Files that other programs wrote, in every way that MRC2014 leaves open.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "mrcz/read_header.hpp"
#include "mrcz/reader.hpp"
#include "tests/packings.hpp"
#include "tests/sha256.hpp"
#include "tests/whole_files.hpp"

namespace {

const std::filesystem::path wild = std::filesystem::path{MRCZ_TEST_SHARED} / "wild";

}  // namespace

TEST_CASE("files of other programs are read as they mean it, in their own order of axes and in x, y, z") {
  if (!std::filesystem::exists(wild / "manifest.json")) {
    MESSAGE("skipped: there are no files of other programs beside the repository");
    return;
  }
  const auto manifest = nlohmann::json::parse(std::ifstream{wild / "manifest.json"});
  REQUIRE(manifest.size() == 11);
  for (const auto& file : manifest.items()) {
    const auto& name = file.key();
    const auto& expected = file.value();
    CAPTURE(name);
    const auto read_by_us = test::packings();
    if (name.ends_with(".bz2") &&
        std::find(read_by_us.begin(), read_by_us.end(), mrcz::packing::bzip2) == read_by_us.end()) {
      MESSAGE("skipped: this program was compiled without libbz2, which ", name, " needs");
      continue;
    }
    const auto open = [&](mrcz::axis_order axes) { return mrcz::reader{wild / name, {.axes = axes}}; };
    const auto in = open(mrcz::axis_order::file);
    const auto& h = in.header();
    CHECK(in.packing() == (name.ends_with(".gz")    ? mrcz::packing::gzip
                           : name.ends_with(".bz2") ? mrcz::packing::bzip2
                                                    : mrcz::packing::none));
    CHECK(mrcz::read_header(wild / name).header == in.header());
    CHECK(in.shape() == expected.at("shape_zyx").get<mrcz::shape>());
    CHECK(h.mode == expected.at("mode").get<std::int32_t>());
    CHECK(mrcz::name_of(h.byte_order) == expected.at("byte_order").get<std::string>());
    CHECK(h.nsymbt == expected.at("nsymbt").get<std::int32_t>());
    CHECK(h.ispg == expected.at("ispg").get<std::int32_t>());
    CHECK(std::array{h.mapc, h.mapr, h.maps} == expected.at("axes_mapc_mapr_maps").get<std::array<std::int32_t, 3>>());
    CHECK(std::array{h.nxstart, h.nystart, h.nzstart} == expected.at("start").get<std::array<std::int32_t, 3>>());
    CHECK(std::array{h.mx, h.my, h.mz} == expected.at("intervals").get<std::array<std::int32_t, 3>>());
    CHECK(std::array{h.cella.x, h.cella.y, h.cella.z} == expected.at("cell").get<std::array<float, 3>>());
    CHECK(test::sha256::of(test::voxel_bytes(in)) == expected.at("sha256_voxels_little_endian").get<std::string>());

    const auto ordered = open(mrcz::axis_order::xyz);
    CHECK(ordered.shape() == expected.at("shape_zyx_in_xyz_order").get<mrcz::shape>());
    CHECK(test::sha256::of(test::voxel_bytes(ordered)) == expected.at("sha256_in_xyz_order").get<std::string>());
    CHECK(ordered.header_as_read().has_axes());
  }
}
