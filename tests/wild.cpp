// Files that other programs wrote, in every way that MRC2014 leaves open.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <tuple>

#include <nlohmann/json.hpp>

#include "mrcz/io/memory.hpp"
#include "mrcz/reader.hpp"
#include "tests/sha256.hpp"
#include "tests/whole_files.hpp"

namespace {

const std::filesystem::path wild = std::filesystem::path{MRCZ_TEST_SHARED} / "wild";

/// The bytes of a file, unpacked by gzip or bzip2 if its name says so.
test::bytes content_of(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  const std::string program = extension == ".gz" ? "gzip -dc" : extension == ".bz2" ? "bzip2 -dc" : "cat";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe{
      ::popen((program + " '" + path.string() + "'").c_str(), "r"), &::pclose};
  REQUIRE(pipe);
  test::bytes content;
  std::array<std::byte, 4096> some;
  while (const std::size_t count = std::fread(some.data(), 1, some.size(), pipe.get()))
    content.insert(content.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
  return content;
}

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
    const auto content = content_of(wild / name);
    const auto open = [&](mrcz::axis_order axes) {
      return mrcz::reader{std::make_unique<mrcz::memory_source>(content), {.axes = axes}};
    };
    const auto in = open(mrcz::axis_order::file);
    const auto& h = in.header();
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
