#include "mrcz/format/header.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace {

mrcz::header with_kind(std::int32_t ispg, std::int32_t nz, std::int32_t mz) {
  mrcz::header h;
  h.nx = 4;
  h.ny = 5;
  h.nz = nz;
  h.mx = 4;
  h.my = 5;
  h.mz = mz;
  h.ispg = ispg;
  return h;
}

mrcz::header with_cell(mrcz::per_axis<float> cell, mrcz::per_axis<std::int32_t> m) {
  mrcz::header h;
  h.nx = 10;
  h.ny = 20;
  h.nz = 40;
  h.mx = m.x;
  h.my = m.y;
  h.mz = m.z;
  h.cella = cell;
  return h;
}

}  // namespace

TEST_CASE("ISPG and NZ tell images, stacks, volumes and stacks of volumes apart") {
  using mrcz::kind;
  CHECK(with_kind(0, 1, 1).kind() == kind::image);
  CHECK(with_kind(0, 2, 1).kind() == kind::image_stack);
  CHECK(with_kind(0, 7, 7).kind() == kind::image_stack);  // RELION, IMOD: ISPG 0 for everything
  CHECK(with_kind(1, 1, 1).kind() == kind::volume);       // one section is still a volume
  CHECK(with_kind(1, 9, 9).kind() == kind::volume);
  CHECK(with_kind(4, 9, 9).kind() == kind::volume);
  CHECK(with_kind(230, 9, 9).kind() == kind::volume);
  CHECK(with_kind(400, 9, 9).kind() == kind::volume);
  CHECK(with_kind(401, 9, 3).kind() == kind::volume_stack);
  CHECK(with_kind(630, 9, 3).kind() == kind::volume_stack);
  CHECK(with_kind(631, 9, 3).kind() == kind::volume);
}

TEST_CASE("kinds have names") {
  CHECK(mrcz::name_of(mrcz::kind::image) == "image");
  CHECK(mrcz::name_of(mrcz::kind::image_stack) == "image stack");
  CHECK(mrcz::name_of(mrcz::kind::volume) == "volume");
  CHECK(mrcz::name_of(mrcz::kind::volume_stack) == "volume stack");
  CHECK(mrcz::name_of(static_cast<mrcz::kind>(9)).empty());
}

TEST_CASE("MZ says how many slices make a frame, where that makes sense") {
  CHECK(with_kind(0, 12, 1).slices_per_frame() == 1);
  CHECK(with_kind(0, 12, 3).slices_per_frame() == 3);  // python-mrcz: a list of four (3, y, x) arrays
  CHECK(with_kind(401, 12, 4).slices_per_frame() == 4);
  CHECK(with_kind(1, 12, 12).slices_per_frame() == 12);
  CHECK(with_kind(1, 12, 5).slices_per_frame() == 12);  // a crystallographic cell need not be sampled NZ times
  CHECK(with_kind(0, 12, 0).slices_per_frame() == 1);   // python-mrcz: an array, not a list
  CHECK(with_kind(0, 12, -3).slices_per_frame() == 1);
  CHECK(with_kind(0, 12, 5).slices_per_frame() == 1);
  CHECK(with_kind(0, 12, 13).slices_per_frame() == 1);
  CHECK(with_kind(401, 12, 0).slices_per_frame() == 1);
}

TEST_CASE("python-mrcz before 0.5.0 put NZ into MZ and meant nothing by it") {
  auto h = with_kind(0, 12, 12);
  h.labels.add("MRCZ0.4.1");
  CHECK(h.is_early_mrcz());
  CHECK(h.slices_per_frame() == 1);
  for (const std::string label : {"MRCZ0.5.0", "MRCZ0.5.7", "MRCZ1.0.0", "RELION", "mrcz0.4.1"}) {
    CAPTURE(label);
    auto other = with_kind(0, 12, 6);
    other.labels.add(label);
    other.labels.add("MRCZ0.4.1");  // only the first label counts
    CHECK_FALSE(other.is_early_mrcz());
    CHECK(other.slices_per_frame() == 6);
  }
}

TEST_CASE("MZ = NZ of a stack of images means one frame in MRCZ, and nothing where IMOD and others write it") {
  auto h = with_kind(0, 12, 12);
  CHECK(h.slices_per_frame() == 1);
  h.labels.add("RELION");
  CHECK(h.slices_per_frame() == 1);
  h.mode = 7002;  // compressed: only MRCZ does that
  CHECK(h.slices_per_frame() == 12);
  h.mode = 2;
  h.labels.add_first("MRCZ0.5.7");
  CHECK(h.slices_per_frame() == 12);
  CHECK(with_kind(401, 12, 12).slices_per_frame() == 12);
  CHECK(with_kind(1, 12, 12).slices_per_frame() == 12);
}

TEST_CASE("the voxel size is the cell divided by M, not by N") {
  CHECK(with_cell({20, 60, 160}, {10, 20, 40}).voxel_size() == mrcz::voxel_size{2, 3, 4});
  CHECK(with_cell({20, 60, 160}, {5, 10, 20}).voxel_size() == mrcz::voxel_size{4, 6, 8});
  CHECK(with_cell({20, 60, 4}, {10, 20, 1}).voxel_size() == mrcz::voxel_size{2, 3, 4});  // a stack: MZ is 1
}

TEST_CASE("where M is 0 the voxel size is the cell divided by N") {
  CHECK(with_cell({20, 60, 160}, {0, 0, 0}).voxel_size() == mrcz::voxel_size{2, 3, 4});
  CHECK(with_cell({20, 60, 160}, {-1, -7, -40}).voxel_size() == mrcz::voxel_size{2, 3, 4});
  CHECK(with_cell({20, 60, 160}, {5, 0, 20}).voxel_size() == mrcz::voxel_size{4, 3, 8});
}

TEST_CASE("MZ of python-mrcz is no sampling when MX and MY are 0") {
  CHECK(with_cell({20, 60, 160}, {0, 0, 1}).voxel_size() == mrcz::voxel_size{2, 3, 4});
  CHECK(with_cell({20, 60, 160}, {0, 0, 8}).voxel_size() == mrcz::voxel_size{2, 3, 4});
}

TEST_CASE("M and the cell go by axis, not by column, row and section") {
  auto h = with_cell({14, 20, 30}, {0, 0, 0});  // as in EMD-3001: columns along Z, rows along X
  h.mapc = 3;
  h.mapr = 1;
  h.maps = 2;
  CHECK(h.n_along(3) == 10);
  CHECK(h.n_along(1) == 20);
  CHECK(h.n_along(2) == 40);
  CHECK(h.voxel_size() == mrcz::voxel_size{14.0F / 20, 20.0F / 40, 30.0F / 10});
  h.mx = 7;
  h.my = 4;
  h.mz = 5;
  CHECK(h.voxel_size() == mrcz::voxel_size{2, 5, 6});
}

TEST_CASE("axes that are no permutation count as 1, 2, 3") {
  auto h = with_cell({20, 60, 160}, {0, 0, 0});
  for (const auto& [c, r, s] : {std::array{0, 0, 0}, std::array{1, 1, 3}, std::array{1, 2, 2}, std::array{3, 2, 3},
                                std::array{1, -2, 3}, std::array{1, 2, 4}, std::array{0, 1, 2}}) {
    h.mapc = c;
    h.mapr = r;
    h.maps = s;
    CHECK_FALSE(h.has_axes());
    CHECK(h.n_along(1) == 10);
    CHECK(h.n_along(2) == 20);
    CHECK(h.n_along(3) == 40);
    CHECK(h.voxel_size() == mrcz::voxel_size{2, 3, 4});
  }
  int permutations = 0;
  for (h.mapc = 0; h.mapc < 5; ++h.mapc)
    for (h.mapr = 0; h.mapr < 5; ++h.mapr)
      for (h.maps = 0; h.maps < 5; ++h.maps) permutations += h.has_axes();
  CHECK(permutations == 6);
}

TEST_CASE("a cell that says nothing gives no voxel size") {
  using limits = std::numeric_limits<float>;
  for (const float cell : {0.0F, -0.0F, -20.0F, limits::quiet_NaN(), limits::infinity(), -limits::infinity()}) {
    CAPTURE(cell);
    const auto size = with_cell({cell, 60, cell}, {10, 20, 40}).voxel_size();
    CHECK(size == mrcz::voxel_size{0, 3, 0});
    CHECK_FALSE(std::signbit(size->x));
  }
  CHECK(with_cell({limits::max(), 60, 160}, {1, 20, 40}).voxel_size()->x == limits::max());
  CHECK(
      with_cell({limits::denorm_min(), 60, 160}, {std::numeric_limits<std::int32_t>::max(), 20, 40}).voxel_size()->x ==
      0);
  CHECK_FALSE(mrcz::header{}.voxel_size());
}

TEST_CASE("bytes are unsigned only where IMOD's stamp stands without its flag") {
  mrcz::header h;
  CHECK_FALSE(has_unsigned_bytes(h));
  h.imod_flags = 0;
  h.imod_stamp = mrcz::imod_stamp_value;
  CHECK(h.from_imod());
  CHECK(has_unsigned_bytes(h));
  h.imod_flags = 2 | 8;
  CHECK(has_unsigned_bytes(h));
  h.imod_flags = 1;
  CHECK_FALSE(has_unsigned_bytes(h));
  h.imod_flags = 1 | 4;
  CHECK_FALSE(has_unsigned_bytes(h));
  h.imod_stamp = 1;
  h.imod_flags = 0;
  CHECK_FALSE(h.from_imod());
  CHECK_FALSE(has_unsigned_bytes(h));
  h.dmin = 0;  // IMOD would guess "unsigned" from this; the standard would not
  h.dmax = 255;
  CHECK_FALSE(has_unsigned_bytes(h));
}

TEST_CASE("a new header is one of the standard that says nothing yet") {
  const mrcz::header h;
  CHECK(h.nversion == 20141);
  CHECK(std::string_view{h.map.data(), 4} == "MAP ");
  CHECK(mrcz::is_standard(h.machst));
  CHECK(mrcz::byte_order_of(h.machst) == h.byte_order);
  CHECK(h.has_axes());
  CHECK(h.cellb == mrcz::per_axis<float>{90, 90, 90});
  CHECK(h.dmax < h.dmin);
  CHECK(h.dmean < h.dmax);
  CHECK(h.rms < 0);
  CHECK(h.labels.empty());
  CHECK(h.nsymbt == 0);
}

TEST_CASE("fmt prints a header, a line for each field or group of fields and for each label") {
  mrcz::header h;
  h.nx = 64;
  h.ny = 48;
  h.nz = 3;
  h.mode = 5002;
  h.cella = {64, 48, 1.5F};
  h.ispg = 1;
  h.exttyp = {'M', 'R', 'C', 'Z'};
  h.nsymbt = 16;
  h.byte_order = std::endian::big;
  h.labels.add("made by a test");
  h.labels.add("second");
  CHECK(fmt::format("{}", h) ==
        "nx, ny, nz: 64, 48, 3\n"
        "mode: 5002 (float32, zlib)\n"
        "nxstart, nystart, nzstart: 0, 0, 0\n"
        "mx, my, mz: 0, 0, 0\n"
        "cella: 64, 48, 1.5\n"
        "cellb: 90, 90, 90\n"
        "mapc, mapr, maps: 1, 2, 3\n"
        "dmin, dmax, dmean, rms: 0, -1, -2, -1\n"
        "ispg: 1 (volume)\n"
        "nsymbt: 16\n"
        "exttyp: MRCZ\n"
        "nversion: 20141\n"
        "nint, nreal: 0, 0\n"
        "voltage, c3, gain: 0, 0, 0\n"
        "packed_bytes: 0\n"
        "imod_stamp, imod_flags: 0, 0\n"
        "origin: 0, 0, 0\n"
        "map: MAP\n"
        "byte_order: big\n"
        "label: made by a test\n"
        "label: second");
  h.mode = 2;
  CHECK(fmt::format("{}", h).find("\nmode: 2 (float32)\n") != std::string::npos);
  h.mode = -7;
  CHECK(fmt::format("{}", h).find("\nmode: -7 (unknown)\n") != std::string::npos);
}
