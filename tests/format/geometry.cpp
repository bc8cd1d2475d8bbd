#include "mrcz/format/geometry.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <tuple>
#include <vector>

#include "mrcz/compose_header.hpp"
#include "tests/support.hpp"

using mrcz::binned;
using mrcz::cropped;
using mrcz::errc;
using mrcz::header;
using mrcz::kind;
using mrcz::position_of;
using mrcz::region;

namespace {

using numbers = std::array<std::int32_t, 3>;
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

numbers n_of(const header& h) { return {h.nx, h.ny, h.nz}; }
numbers m_of(const header& h) { return {h.mx, h.my, h.mz}; }
numbers start_of(const header& h) { return {h.nxstart, h.nystart, h.nzstart}; }

/// A volume of 20 x 30 x 40 voxels of 1.5 x 2 x 3 angstrom.
header tomogram() {
  header h;
  std::tie(h.nx, h.ny, h.nz) = std::tuple{20, 30, 40};
  std::tie(h.mx, h.my, h.mz) = std::tuple{20, 30, 40};
  h.cella = {30, 60, 120};
  h.ispg = 1;
  return h;
}

/// 8 volumes of 5 sections.
header volume_stack() {
  header h = tomogram();
  h.ispg = 401;
  h.mz = 5;
  h.cella.z = 15;
  return h;
}

/// Images as IMOD and RELION write them, with MZ = NZ.
header images() {
  header h = tomogram();
  h.ispg = 0;
  return h;
}

/// EMD-3001: a part of the cell of a crystal, with columns along Z, rows along X, sections along Y.
header crystal() {
  header h;
  std::tie(h.nx, h.ny, h.nz) = std::tuple{73, 43, 25};
  std::tie(h.nxstart, h.nystart, h.nzstart) = std::tuple{0, -21, -12};
  std::tie(h.mx, h.my, h.mz) = std::tuple{40, 12, 72};
  std::tie(h.mapc, h.mapr, h.maps) = std::tuple{3, 1, 2};
  h.cella = {20, 24, 216};
  h.ispg = 4;
  return h;
}

/// Every kind of header, with all permutations of axes where they make sense. Always the same for the same seed.
class some_headers {
 public:
  explicit some_headers(unsigned seed) : random_{seed} {}

  header operator()() {
    header h;
    std::tie(h.nx, h.ny, h.nz) = std::tuple{pick(4, 40), pick(4, 40), pick(4, 40)};
    const int form = pick(0, 5);
    if (form < 4) permute_axes(h);
    h.ispg = 1;
    std::tie(h.mx, h.my, h.mz) = std::tuple{h.n_along(1), h.n_along(2), h.n_along(3)};
    switch (form) {
      case 0: break;
      case 1:
        h.ispg = 19;
        h.mx += pick(1, 9), h.my += pick(1, 9), h.mz += pick(1, 9);
        break;
      case 2:
        h.ispg = 0;
        h.mz = pick(0, 1) == 0 ? 1 : h.nz;
        break;
      case 3: h.mx = h.my = h.mz = 0; break;
      case 4:  // python-mrcz
        h.ispg = h.mx = h.my = h.mz = 0;
        h.mode = 6002;
        h.labels.add("MRCZ0.5.7");
        break;
      default:
        h.ispg = 401;
        h.mz = 4 * pick(1, 3);
        h.nz = h.mz * pick(1, 4);
    }
    set_voxel_size(h);
    set_place(h);
    return h;
  }

  int pick(int least, int most) { return std::uniform_int_distribution{least, most}(random_); }
  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random_); }

  /// A range that is not empty.
  mrcz::range part_of(std::int32_t extent) {
    const auto n = static_cast<std::size_t>(extent);
    const std::size_t first = below(n);
    return {.first = first, .count = 1 + below(n - first)};
  }

  /// A box of whole volumes, or within one, or anywhere if there is just one.
  region box_of(const header& h) {
    region box{.z = part_of(h.nz), .y = part_of(h.ny), .x = part_of(h.nx)};
    if (h.kind() != kind::volume_stack) return box;
    box.z = pick(0, 1) == 0 ? part_of(h.nz / h.mz) : part_of(h.mz);
    const auto depth = static_cast<std::size_t>(h.mz);
    if (*box.z.count <= depth && pick(0, 1) == 0) box.z.first += depth * below(static_cast<std::size_t>(h.nz / h.mz));
    const bool part = box.z.first % depth + *box.z.count <= depth;
    if (!part) box.z = {.first = 0, .count = depth};
    if (box.z.first + *box.z.count > static_cast<std::size_t>(h.nz)) box.z = {};
    return box;
  }

 private:
  void permute_axes(header& h) {
    std::array axes{1, 2, 3};
    std::shuffle(axes.begin(), axes.end(), random_);
    if (pick(0, 9) == 0) axes = {0, 0, 0};
    std::tie(h.mapc, h.mapr, h.maps) = std::tuple{axes[0], axes[1], axes[2]};
  }

  void set_voxel_size(header& h) {
    const std::array sizes{0.5F, 1.0F, 1.06F, 2.62F, 13.48F};
    const auto edge = [&](std::int32_t m, std::int32_t n) {
      return pick(0, 7) == 0 ? 0.0F : static_cast<float>(m > 0 ? m : n) * sizes[below(sizes.size())];
    };
    h.cella = {edge(h.mx, h.n_along(1)), edge(h.my, h.n_along(2)), edge(h.mz, h.n_along(3))};
  }

  void set_place(header& h) {
    if (pick(0, 2) > 0)
      std::tie(h.nxstart, h.nystart, h.nzstart) = std::tuple{pick(-50, 50), pick(-50, 50), pick(-50, 50)};
    const int origin = pick(0, 3);
    if (origin == 0) h.origin = {-12.5F, 0, 100};
    if (origin == 1) h.origin = {1, not_a_number, 0};
  }

  std::mt19937 random_;
};

/// Equal but for what float makes of sums of some hundred voxels.
bool agree(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-3 + 1e-6 * std::abs(b);
}

template <class Triple>
bool agree(const Triple& a, const Triple& b) {
  return agree(static_cast<double>(a.x), static_cast<double>(b.x)) &&
         agree(static_cast<double>(a.y), static_cast<double>(b.y)) &&
         agree(static_cast<double>(a.z), static_cast<double>(b.z));
}

mrcz::voxel_size voxel_of(const header& h) { return h.voxel_size().value_or(mrcz::voxel_size{}); }

bool same_geometry(const header& a, const header& b) {
  return n_of(a) == n_of(b) && start_of(a) == start_of(b) && m_of(a) == m_of(b) && a.ispg == b.ispg &&
         agree(a.cella, b.cella) && agree(a.origin, b.origin);
}

}  // namespace

TEST_CASE("the voxels of a box keep their positions and their size") {
  some_headers next{1};
  for (int round = 0; round < 20000; ++round) {
    const header whole = next();
    const region box = next.box_of(whole);
    const header part = cropped(whole, box);
    CAPTURE(fmt::format("{}", whole));
    CAPTURE(fmt::format("{}", part));
    const auto z = next.below(static_cast<std::size_t>(part.nz));
    const auto y = next.below(static_cast<std::size_t>(part.ny));
    const auto x = next.below(static_cast<std::size_t>(part.nx));
    const bool kept =
        agree(position_of(part, z, y, x), position_of(whole, box.z.first + z, box.y.first + y, box.x.first + x));
    REQUIRE(kept);
    REQUIRE(agree(voxel_of(part), voxel_of(whole)));
  }
}

TEST_CASE("a box of a box is one box") {
  some_headers next{2};
  for (int round = 0; round < 20000; ++round) {
    const header whole = next();
    const region outer = next.box_of(whole);
    const header part = cropped(whole, outer);
    const region inner = next.box_of(part);
    const auto both = [](const mrcz::range& a, const mrcz::range& b) {
      return mrcz::range{.first = a.first + b.first, .count = b.count ? b.count : a.count};
    };
    CAPTURE(fmt::format("{}", whole));
    CAPTURE(fmt::format("{}", part));
    const header at_once =
        cropped(whole, {.z = both(outer.z, inner.z), .y = both(outer.y, inner.y), .x = both(outer.x, inner.x)});
    REQUIRE(same_geometry(cropped(part, inner), at_once));
  }
}

TEST_CASE("blocks keep the corner and are n voxels wide") {
  some_headers next{3};
  for (int round = 0; round < 20000; ++round) {
    const header whole = next();
    mrcz::per_axis<std::size_t> n{1 + next.below(4), 1 + next.below(4), 1 + next.below(4)};
    if (whole.kind() == kind::volume_stack && n.z == 3) n.z = 2;
    const header blocks = binned(whole, n);
    CAPTURE(fmt::format("{}", whole));
    CAPTURE(fmt::format("{}", blocks));
    REQUIRE(agree(position_of(blocks, 0, 0, 0), position_of(whole, 0, 0, 0)));
    if (whole.kind() == kind::volume || whole.mz == whole.nz) {
      const bool in_step = agree(position_of(blocks, 1, 1, 1), position_of(whole, n.z, n.y, n.x));
      REQUIRE(in_step);
    }
    REQUIRE(blocks.nx == whole.nx / static_cast<std::int32_t>(n.x));
    REQUIRE(blocks.nz == whole.nz / static_cast<std::int32_t>(n.z));
  }
}

TEST_CASE("blocks of blocks are blocks, and a box of blocks is the blocks of a box") {
  some_headers next{4};
  for (int round = 0; round < 20000; ++round) {
    const header whole = next();
    const std::size_t n = 1 + next.below(2);
    CAPTURE(fmt::format("{}", whole));
    const header twice = binned(binned(whole, n), 2);
    const header at_once = binned(whole, 2 * n);
    REQUIRE(n_of(twice) == n_of(at_once));
    REQUIRE(start_of(twice) == start_of(at_once));
    REQUIRE(agree(position_of(twice, 0, 0, 0), position_of(at_once, 0, 0, 0)));
    REQUIRE(agree(voxel_of(twice), voxel_of(at_once)));

    if (mrcz::detail::is_images(whole.kind()) || whole.kind() == kind::volume_stack) continue;
    const header blocks = binned(whole, 2);
    const region box = next.box_of(blocks);
    const auto in_voxels = [](const mrcz::range& r) {
      return mrcz::range{.first = 2 * r.first, .count = 2 * *r.count};
    };
    const header part = cropped(whole, {.z = in_voxels(box.z), .y = in_voxels(box.y), .x = in_voxels(box.x)});
    const header box_of_blocks = cropped(blocks, box);
    CAPTURE(fmt::format("{}", part));
    CAPTURE(fmt::format("{}", box_of_blocks));
    REQUIRE(n_of(binned(part, 2)) == n_of(box_of_blocks));
    REQUIRE(start_of(binned(part, 2)) == start_of(box_of_blocks));
    REQUIRE(agree(position_of(binned(part, 2), 1, 2, 3), position_of(box_of_blocks, 1, 2, 3)));
    REQUIRE(agree(voxel_of(binned(part, 2)), voxel_of(box_of_blocks)));
  }
}

TEST_CASE("a file like such a header has its geometry, plain and compressed") {
  some_headers next{5};
  for (int round = 0; round < 20000; ++round) {
    const header whole = next();
    header wanted = next.pick(0, 1) == 0 ? cropped(whole, next.box_of(whole)) : binned(whole, 2);
    const bool compressed = next.pick(0, 1) == 0;
    const mrcz::detail::file_content content{
        .shape = {static_cast<std::size_t>(wanted.nz), static_cast<std::size_t>(wanted.ny),
                  static_cast<std::size_t>(wanted.nx)},
        .mode = {mrcz::mode::float32, compressed ? mrcz::codec::zstd : mrcz::codec::none},
        .volumes = next.pick(0, 1) == 0};
    const header written = mrcz::detail::compose_header(wanted, content, {});
    CAPTURE(fmt::format("{}", wanted));
    CAPTURE(fmt::format("{}", written));
    if (mrcz::detail::is_images(wanted.kind()) && wanted.mz == wanted.nz && compressed) {
      wanted.cella.z = voxel_of(wanted).z;  // there, MZ = NZ would mean one frame
      wanted.mz = 1;
    }
    REQUIRE(same_geometry(written, wanted));
    REQUIRE_FALSE(test::failure_of([&] { mrcz::detail::require_as_stated(written, wanted, content, {}); }));
  }
}

TEST_CASE("a box begins at NSTART + first, and at ORIGIN + first x voxel if ORIGIN is set") {
  header whole = tomogram();
  const region box{.z = {.first = 10, .count = 8}, .y = {.first = 5}, .x = {.first = 4, .count = 6}};
  header part = cropped(whole, box);
  CHECK(n_of(part) == numbers{6, 25, 8});
  CHECK(start_of(part) == numbers{4, 5, 10});
  CHECK(part.origin == mrcz::per_axis<float>{0, 0, 0});
  CHECK(m_of(part) == numbers{6, 25, 8});
  CHECK(part.cella == mrcz::per_axis<float>{9, 50, 24});
  CHECK(position_of(part, 0, 0, 0) == mrcz::per_axis<double>{6, 10, 30});

  whole.origin = {0, -100, 0.5F};
  std::tie(whole.nxstart, whole.nystart, whole.nzstart) = std::tuple{-10, -15, -20};
  part = cropped(whole, box);
  CHECK(start_of(part) == numbers{-6, -10, -10});
  CHECK(part.origin == mrcz::per_axis<float>{6, -90, 30.5F});

  whole.origin = {not_a_number, 1, 1};  // not set
  CHECK(std::isnan(cropped(whole, box).origin.x));
  CHECK(cropped(whole, box).origin.y == 1);
  CHECK(cropped(whole, {}) == whole);
}

TEST_CASE("an ORIGIN that comes out as 0 stays set") {
  header whole = tomogram();
  whole.origin = {-15, -20, -30};
  header part = cropped(whole, {.z = {.first = 10}, .y = {.first = 10}, .x = {.first = 10}});
  CHECK(start_of(part) == numbers{10, 10, 10});
  CHECK(part.origin == mrcz::per_axis<float>{std::numeric_limits<float>::min(), 0, 0});
  CHECK(agree(position_of(part, 0, 0, 0), mrcz::per_axis<double>{}));

  whole.nxstart = whole.nystart = whole.nzstart = -10;  // says the same
  part = cropped(whole, {.z = {.first = 10}, .y = {.first = 10}, .x = {.first = 10}});
  CHECK(start_of(part) == numbers{0, 0, 0});
  CHECK(part.origin == mrcz::per_axis<float>{0, 0, 0});
}

TEST_CASE("the cell of a crystal stays, with axes in any order") {
  const header whole = crystal();
  header part = cropped(whole, {.z = {.first = 3, .count = 12}, .y = {.first = 2, .count = 4}, .x = {.first = 1}});
  CHECK(n_of(part) == numbers{72, 4, 12});
  CHECK(start_of(part) == numbers{1, -19, -9});
  CHECK(m_of(part) == m_of(whole));
  CHECK(part.cella == whole.cella);
  CHECK(position_of(part, 0, 0, 0) == mrcz::per_axis<double>{-19 * 0.5, -9 * 2, 1 * 3});

  part = binned(whole, 4);  // 4 divides M and NSTART of Y and Z
  CHECK(n_of(part) == numbers{18, 10, 6});
  CHECK(m_of(part) == numbers{10, 3, 18});
  CHECK(part.cella == whole.cella);
  CHECK(start_of(part) == numbers{0, -6, -3});
  CHECK(part.origin == mrcz::per_axis<float>{-10.5F, -24, 0});

  part = binned(whole, 5);  // 5 divides M of X alone
  CHECK(n_of(part) == numbers{14, 8, 5});
  CHECK(m_of(part) == numbers{8, 5, 14});
  CHECK(part.cella == mrcz::per_axis<float>{20, 50, 210});
}

TEST_CASE("blocks drop what is left over, and keep CELLA if they need not") {
  header whole = tomogram();
  header blocks = binned(whole, 2);
  CHECK(n_of(blocks) == numbers{10, 15, 20});
  CHECK(m_of(blocks) == numbers{10, 15, 20});
  CHECK(blocks.cella == whole.cella);
  CHECK(blocks.voxel_size() == mrcz::voxel_size{3, 4, 6});

  blocks = binned(whole, {.x = 3, .y = 7, .z = 1});
  CHECK(n_of(blocks) == numbers{6, 4, 40});
  CHECK(m_of(blocks) == numbers{6, 4, 40});
  CHECK(blocks.cella == mrcz::per_axis<float>{27, 56, 120});
  CHECK(binned(whole, 1) == whole);
}

TEST_CASE("NSTART that blocks do not divide is rounded down, and ORIGIN says the corner") {
  header whole = tomogram();
  std::tie(whole.nxstart, whole.nystart, whole.nzstart) = std::tuple{-10, 6, 20};
  header blocks = binned(whole, 2);
  CHECK(start_of(blocks) == numbers{-5, 3, 10});
  CHECK(blocks.origin == mrcz::per_axis<float>{0, 0, 0});
  blocks = binned(whole, 4);
  CHECK(start_of(blocks) == numbers{-3, 1, 5});
  CHECK(blocks.origin == mrcz::per_axis<float>{-15, 12, 60});

  whole.origin = {7, 8, 9};
  blocks = binned(whole, 4);
  CHECK(start_of(blocks) == numbers{-3, 1, 5});
  CHECK(blocks.origin == whole.origin);
}

TEST_CASE("slices of an image stack are binned only if the caller says so") {
  header stack = images();
  header blocks = binned(stack, 3);
  CHECK(n_of(blocks) == numbers{6, 10, 40});
  CHECK(m_of(blocks) == numbers{6, 10, 40});
  CHECK(blocks.voxel_size() == mrcz::voxel_size{4.5F, 6, 3});
  blocks = binned(stack, {.x = 3, .y = 3, .z = 3});  // a volume of IMOD or RELION
  CHECK(n_of(blocks) == numbers{6, 10, 13});
  CHECK(m_of(blocks) == numbers{6, 10, 13});
  CHECK(blocks.voxel_size() == mrcz::voxel_size{4.5F, 6, 9});

  stack.mz = 1;
  stack.cella.z = 3;
  CHECK(m_of(binned(stack, 2)) == numbers{10, 15, 1});
  CHECK(binned(stack, 2).cella == stack.cella);
  CHECK(binned(stack, {.x = 1, .y = 1, .z = 4}).mz == 1);
  CHECK(binned(stack, {.x = 1, .y = 1, .z = 4}).cella.z == 12);
}

TEST_CASE("a part of an image stack has MZ = 1, the same slices have it as it was") {
  const header stack = images();
  CHECK(cropped(stack, {.x = {.first = 2}}).mz == 40);
  CHECK(cropped(stack, {.x = {.first = 2}}).cella.z == 120);
  const header part = cropped(stack, {.z = {.first = 7, .count = 2}});
  CHECK(part.mz == 1);
  CHECK(part.cella.z == 3);
  CHECK(part.nzstart == 7);
  CHECK(cropped(stack, {.z = {.first = 7, .count = 1}}).kind() == kind::image);
}

TEST_CASE("frames stay whole") {
  header movie = images();
  movie.mz = 8;  // 5 frames of 8 slices
  movie.cella.z = 24;
  CHECK(cropped(movie, {.z = {.first = 8, .count = 16}}).mz == 8);
  CHECK(cropped(movie, {.z = {.first = 8, .count = 17}}).mz == 1);
  CHECK(binned(movie, {.x = 1, .y = 1, .z = 4}).mz == 2);
  CHECK(binned(movie, {.x = 1, .y = 1, .z = 4}).voxel_size() == mrcz::voxel_size{1.5F, 2, 12});
  const auto refused = test::failure_of([&] { binned(movie, {.x = 1, .y = 1, .z = 3}); });
  REQUIRE(refused);
  CHECK(refused->code == errc::shape_mismatch);
  CHECK(refused->message == "blocks of 3 sections would mix frames of 8 sections");
}

TEST_CASE("a box of a volume stack is whole volumes, or a part of one") {
  const header stack = volume_stack();
  header part = cropped(stack, {.z = {.first = 10, .count = 15}, .x = {.first = 3}});
  CHECK(part.kind() == kind::volume_stack);
  CHECK(part.mz == 5);
  CHECK(start_of(part) == numbers{3, 0, 0});
  CHECK(part.cella.z == 15);

  part = cropped(stack, {.z = {.first = 11, .count = 3}});
  CHECK(part.ispg == 1);
  CHECK(n_of(part) == numbers{20, 30, 3});
  CHECK(m_of(part) == numbers{20, 30, 3});
  CHECK(start_of(part) == numbers{0, 0, 1});
  CHECK(part.voxel_size() == stack.voxel_size());
  CHECK(position_of(part, 0, 0, 0).z == 3);

  const auto refused = test::failure_of([&] { cropped(stack, {.z = {.first = 3, .count = 4}}); });
  REQUIRE(refused);
  CHECK(refused->code == errc::shape_mismatch);
  CHECK(refused->message == "sections 3 to 6 are neither whole volumes of 5 sections nor part of one");
}

TEST_CASE("blocks do not mix the volumes of a stack") {
  header stack = volume_stack();
  const header blocks = binned(stack, 5);
  CHECK(n_of(blocks) == numbers{4, 6, 8});
  CHECK(m_of(blocks) == numbers{4, 6, 1});
  CHECK(blocks.voxel_size() == mrcz::voxel_size{7.5F, 10, 15});
  CHECK(test::failure_of([&] { binned(stack, 2); })->message == "blocks of 2 sections would mix volumes of 5 sections");
  CHECK(test::failure_of([&] { binned(stack, 10); })->code == errc::shape_mismatch);
  stack.mz = 1;
  CHECK(test::failure_of([&] { binned(stack, 2); })->code == errc::shape_mismatch);
  stack.mz = 40;  // one volume
  CHECK(binned(stack, 3).mz == 13);
}

TEST_CASE("a position counts from ORIGIN if it is set, else from NSTART") {
  header h = tomogram();
  CHECK(position_of(h, 3, 2, 1) == mrcz::per_axis<double>{1.5, 4, 9});
  std::tie(h.nxstart, h.nystart, h.nzstart) = std::tuple{10, -20, 30};
  CHECK(position_of(h, 3, 2, 1) == mrcz::per_axis<double>{16.5, -36, 99});
  h.origin = {0, 0, 0.25F};
  CHECK(position_of(h, 3, 2, 1) == mrcz::per_axis<double>{1.5, 4, 9.25});
  for (const float bad : {not_a_number, std::numeric_limits<float>::infinity()}) {
    h.origin.x = bad;
    CHECK(position_of(h, 3, 2, 1) == mrcz::per_axis<double>{16.5, -36, 99});
  }
}

TEST_CASE("positions are along x, y, z in each order of axes") {
  std::array axes{1, 2, 3};
  do {
    header h = tomogram();
    std::tie(h.mapc, h.mapr, h.maps) = std::tuple{axes[0], axes[1], axes[2]};
    std::tie(h.nxstart, h.nystart, h.nzstart) = std::tuple{100, 200, 300};
    const std::array<double, 3> voxel{1.5, 2, 3};
    const auto position = position_of(h, 7, 6, 5);
    const std::array found{position.x, position.y, position.z};
    const auto axis = [&](std::size_t i) { return static_cast<std::size_t>(axes[i] - 1); };
    CHECK(found[axis(0)] == 105 * voxel[axis(0)]);
    CHECK(found[axis(1)] == 206 * voxel[axis(1)]);
    CHECK(found[axis(2)] == 307 * voxel[axis(2)]);
  } while (std::next_permutation(axes.begin(), axes.end()));
}

TEST_CASE("the sections of a volume stack count from the beginning of their volume") {
  CHECK(position_of(volume_stack(), 0, 0, 0).z == 0);
  CHECK(position_of(volume_stack(), 4, 0, 0).z == 12);
  CHECK(position_of(volume_stack(), 5, 0, 0).z == 0);
}

TEST_CASE("without a voxel size there is no position, and nothing pretends that there is") {
  header h = tomogram();
  h.cella.y = -60;  // as Direct Electron writes it
  h.origin = {1, 2, 3};
  CHECK(std::isnan(position_of(h, 0, 0, 0).y));
  CHECK(position_of(h, 1, 0, 0).z == 6);
  for (const header& other : {cropped(h, {.y = {.first = 10}, .x = {.first = 10}}), binned(h, 2)}) {
    CHECK(other.voxel_size()->y == 0);
    CHECK(other.cella.y == 0);
    CHECK(other.origin.y == 2);
  }
  CHECK(cropped(h, {.y = {.first = 10}}).nystart == 10);
}

TEST_CASE("a box outside the volume is refused as in reads") {
  const header h = tomogram();
  const auto refused = [&](const region& box) { return test::failure_of([&] { cropped(h, box); }); };
  CHECK(refused({.x = {.first = 15, .count = 6}})->message == "range along x spans 6 from 15, but the extent is 20");
  CHECK(refused({.z = {.first = 41}})->code == errc::out_of_range);
  CHECK_FALSE(refused({.z = {.first = 40}}));
  header damaged = h;
  damaged.nx = -1;
  CHECK(test::failure_of([&] { cropped(damaged, {.x = {.first = 1}}); })->code == errc::out_of_range);
}

TEST_CASE("blocks of no voxels and blocks that are larger than the volume are refused") {
  const header h = tomogram();
  const auto refused = [&](const mrcz::per_axis<std::size_t>& n) { return test::failure_of([&] { binned(h, n); }); };
  CHECK(refused({1, 0, 1})->code == errc::bad_option);
  CHECK(refused({1, 31, 1})->message == "blocks along y have 31 voxels, but the extent is 30");
  CHECK(refused({1, 31, 1})->code == errc::out_of_range);
  CHECK(refused({1, 1, std::numeric_limits<std::size_t>::max()})->code == errc::out_of_range);
  CHECK_FALSE(refused({20, 30, 40}));
  CHECK(binned(cropped(h, {.z = {.first = 40}}), 1).nz == 0);
}

TEST_CASE("a start that does not fit its field is refused") {
  header h = tomogram();
  h.nystart = std::numeric_limits<std::int32_t>::max() - 3;
  CHECK(cropped(h, {.y = {.first = 3}}).nystart == std::numeric_limits<std::int32_t>::max());
  const auto refused = test::failure_of([&] { cropped(h, {.y = {.first = 4}}); });
  REQUIRE(refused);
  CHECK(refused->code == errc::too_large);
  CHECK(refused->message == "NYSTART would be 2147483648, more than the header can say");
  h.nystart = std::numeric_limits<std::int32_t>::min();
  CHECK(binned(h, 2).nystart == std::numeric_limits<std::int32_t>::min() / 2);
}

TEST_CASE("positions of IMOD's old files are those that the standard means, also of a part") {
  mrcz::header old;
  old.ispg = 1;
  std::tie(old.nx, old.ny, old.nz, old.mx, old.my, old.mz) = std::tuple{8, 8, 8, 8, 8, 8};
  old.cella = {16, 16, 16};
  old.imod_stamp = mrcz::imod_stamp_value;
  old.nversion = 0;
  old.origin = {-10, -20, -30};
  CHECK(mrcz::position_of(old, 0, 0, 0) == mrcz::per_axis<double>{10, 20, 30});
  const auto part = mrcz::cropped(old, {.z = {.first = 1}, .y = {.first = 2}, .x = {.first = 3}});
  CHECK(part.origin == mrcz::per_axis<float>{-16, -24, -32});
  CHECK(mrcz::position_of(part, 0, 0, 0) == mrcz::position_of(old, 1, 2, 3));
}
