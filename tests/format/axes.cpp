#include "mrcz/format/axes.hpp"

#include <array>
#include <string>
#include <tuple>

#include <doctest/doctest.h>

#include "tests/support.hpp"

namespace {

mrcz::header volume_with_axes(std::int32_t mapc, std::int32_t mapr, std::int32_t maps) {
  mrcz::header h;
  h.ispg = 1;
  std::tie(h.nx, h.ny, h.nz) = std::tuple{10, 20, 30};
  std::tie(h.nxstart, h.nystart, h.nzstart) = std::tuple{1, 2, 3};
  std::tie(h.mx, h.my, h.mz) = std::tuple{100, 200, 300};
  h.cella = {5, 6, 7};
  h.origin = {-1, -2, -3};
  std::tie(h.mapc, h.mapr, h.maps) = std::tuple{mapc, mapr, maps};
  return h;
}

}  // namespace

TEST_CASE("N and NSTART follow their axes into x, y, z, and what is in x, y, z already stays") {
  const auto h = volume_with_axes(3, 1, 2);  // columns along Z, rows along X, sections along Y
  const auto ordered = mrcz::in_xyz_order(h);
  CHECK(std::tuple{ordered.nx, ordered.ny, ordered.nz} == std::tuple{20, 30, 10});
  CHECK(std::tuple{ordered.nxstart, ordered.nystart, ordered.nzstart} == std::tuple{2, 3, 1});
  CHECK(std::tuple{ordered.mx, ordered.my, ordered.mz} == std::tuple{100, 200, 300});
  CHECK(ordered.cella == h.cella);
  CHECK(ordered.cellb == h.cellb);
  CHECK(ordered.origin == h.origin);
  CHECK(std::tuple{ordered.mapc, ordered.mapr, ordered.maps} == std::tuple{1, 2, 3});
  CHECK(ordered.voxel_size() == h.voxel_size());
  CHECK(mrcz::in_xyz_order(ordered) == ordered);
}

TEST_CASE("a header is put in any order of axes, and back") {
  const auto h = volume_with_axes(3, 1, 2);
  for (const std::string name : {"xyz", "xzy", "yxz", "yzx", "zxy", "zyx"}) {
    CAPTURE(name);
    const auto order = mrcz::axis_order_named(name);
    REQUIRE(order);
    const auto ordered = mrcz::in_axis_order(h, *order);
    const auto number = [&](std::size_t i) { return name[i] - 'x' + 1; };
    CHECK(std::tuple{ordered.mapc, ordered.mapr, ordered.maps} == std::tuple{number(0), number(1), number(2)});
    for (const std::int32_t axis : {1, 2, 3}) CHECK(ordered.n_along(axis) == h.n_along(axis));
    CHECK(mrcz::in_xyz_order(ordered) == mrcz::in_xyz_order(h));
  }
  CHECK(mrcz::in_axis_order(h, mrcz::axis_order::file) == h);
  CHECK(mrcz::axis_order_named("file") == mrcz::axis_order::file);
  CHECK(!mrcz::axis_order_named("xxy"));
}

TEST_CASE("values come back from x, y, z as they were in the file, for each order of axes") {
  const std::array<char, 3> of_file{'s', 'r', 'c'};
  for (const auto& [c, r, s] : {std::tuple{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}}) {
    const auto axes = mrcz::detail::axes_of(volume_with_axes(c, r, s));
    const auto zyx = mrcz::detail::in_xyz(of_file, axes);
    CHECK(mrcz::detail::in_file(zyx, axes) == of_file);
    CHECK(zyx[static_cast<std::size_t>(3 - c)] == 'c');
    CHECK(zyx[static_cast<std::size_t>(3 - r)] == 'r');
    CHECK(zyx[static_cast<std::size_t>(3 - s)] == 's');
  }
}

TEST_CASE("axes that are no permutation count as 1, 2, 3") {
  const auto ordered = mrcz::in_xyz_order(volume_with_axes(0, 0, 7));
  CHECK(std::tuple{ordered.nx, ordered.ny, ordered.nz} == std::tuple{10, 20, 30});
  CHECK(ordered.has_axes());
}

TEST_CASE("the axes of stacks are not exchanged") {
  for (const std::int32_t ispg : {0, 401}) {
    auto h = volume_with_axes(2, 1, 3);
    h.ispg = ispg;
    const auto failure = test::failure_of([&] { mrcz::in_xyz_order(h); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::bad_option);
    CHECK(failure->mentions("MAPC, MAPR, MAPS are 2, 1, 3 and cannot become 1, 2, 3: the file is of the kind"));
    CHECK(failure->mentions(std::string{mrcz::name_of(h.kind())}));
    std::tie(h.mapc, h.mapr, h.maps) = std::tuple{1, 2, 3};
    CHECK(mrcz::in_xyz_order(h) == h);
  }
}
