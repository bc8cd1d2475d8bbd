#include "mrcz/stored_slices.hpp"

#include <cstddef>
#include <cstring>
#include <type_traits>

#include <doctest/doctest.h>

#include "mrcz/format/mode.hpp"
#include "tests/whole_files.hpp"

TEST_CASE("stored slices have the bytes that a read in the type of the file has") {
  const mrcz::shape extents{4, 5, 7};
  for (const auto mode : mrcz::all_modes) {
    CAPTURE(mrcz::name_of(mode));
    const auto in = test::reader_of(test::file_of(mode, extents, {.compression = {.codec = mrcz::codec::zstd}}));
    const mrcz::detail::stored_slices stored{in};
    mrcz::detail::buffer memory;
    in.visit([&]<class T>(std::type_identity<T>) {
      const auto expected = in.read_slices<T>({.first = 1, .count = 2});
      const auto found = stored.read({1, 2}, memory);
      CHECK(found.extents == mrcz::shape{2, 5, 7});
      CHECK(stored.slice_bytes() == 5 * 7 * sizeof(T));
      CHECK(found.slice_bytes() == stored.slice_bytes());
      CHECK(std::memcmp(found.in_place, expected.data(), 2 * stored.slice_bytes()) == 0);
    });
  }
}

TEST_CASE("the statistics of a stored slice are those that a writer puts into the header") {
  const auto in = test::reader_of(test::file_of(mrcz::mode::int16, {1, 30, 40}));
  mrcz::detail::buffer memory;
  const auto found = mrcz::detail::stored_slices{in}.summarise(0, memory).statistics();
  CHECK(found.min == in.statistics().min);
  CHECK(found.max == in.statistics().max);
  CHECK(static_cast<float>(*found.mean) == static_cast<float>(*in.statistics().mean));
  CHECK(static_cast<float>(*found.rms) == static_cast<float>(*in.statistics().rms));
}
