#include "mrcz/array/xyz_order.hpp"

#include <tuple>

#include <doctest/doctest.h>

#include "tests/support.hpp"

TEST_CASE("each voxel of a volume stands at its x, y, z, whatever the order of the file") {
  mrcz::header h;
  h.ispg = 1;
  for (const auto& [c, r, s] : {std::tuple{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}}) {
    std::tie(h.mapc, h.mapr, h.maps) = std::tuple{c, r, s};
    const std::array<std::size_t, 3> extents{2, 3, 5};  // sections, rows, columns
    auto of_file = mrcz::detail::make_volume<std::int32_t>(extents);
    for (std::size_t i = 0; i < of_file.size(); ++i) of_file.data()[i] = static_cast<std::int32_t>(i);
    const auto ordered = mrcz::in_xyz_order(of_file, h);
    for (std::size_t section = 0; section < 2; ++section)
      for (std::size_t row = 0; row < 3; ++row)
        for (std::size_t column = 0; column < 5; ++column) {
          std::array<std::size_t, 4> at{};  // by the number of the axis
          at[static_cast<std::size_t>(c)] = column;
          at[static_cast<std::size_t>(r)] = row;
          at[static_cast<std::size_t>(s)] = section;
          REQUIRE(ordered(at[3], at[2], at[1]) == of_file(section, row, column));
        }
  }
}

TEST_CASE("an image has no third axis to exchange") {
  mrcz::header h;
  h.ispg = 1;
  const auto failure = test::failure_of([&] { mrcz::in_xyz_order(mrcz::detail::make_image<float>(2, 3), h); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::shape_mismatch);
}
