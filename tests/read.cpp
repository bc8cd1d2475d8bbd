#include "mrcz/read.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <system_error>
#include <type_traits>
#include <variant>

#include "mrcz/write.hpp"
#include "tests/whole_files.hpp"

using mrcz::errc;
using mrcz::mode;

TEST_CASE("one call reads a file as the type that is asked for") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<std::int16_t>({3, 4, 5});
  mrcz::write(folder / "a.mrc", voxels);
  mrcz::write(folder / "a.mrcz", voxels);
  for (const char* name : {"a.mrc", "a.mrcz"}) {
    CHECK(mrcz::read<std::int16_t>(folder / name) == voxels);
    CHECK(mrcz::read<float>(folder / name, {.threads = 2}) == test::counts<float>({3, 4, 5}));
    const auto failure = test::failure_of([&] { mrcz::read<std::uint16_t>(folder / name); });
    REQUIRE(failure);
    CHECK(failure->code == errc::mode_mismatch);
    CHECK(failure->mentions((folder / name).string() + ": voxels are int16"));
  }
}

TEST_CASE("without a type, the file decides which volume comes back") {
  const test::scratch_folder folder;
  const mrcz::shape extents{2, 3, 5};
  for (const mode m : mrcz::all_modes) {
    CAPTURE(mrcz::name_of(m));
    test::write_bytes(folder / "any.mrc", test::file_of(m, extents, {.compression = {.codec = mrcz::codec::zstd}}));
    const mrcz::any_volume any = mrcz::read(folder / "any.mrc");
    mrcz::with_mode(m, [&]<class Row>(Row) {
      using T = typename Row::type;
      const auto* voxels = std::get_if<mrcz::volume<T>>(&any);
      REQUIRE(voxels != nullptr);
      const auto expected = test::counts<T>(extents);
      CHECK(mrcz::detail::shape_of(*voxels) == extents);
      CHECK(std::equal(voxels->begin(), voxels->end(), expected.begin()));
    });
  }
}

TEST_CASE("the options of a reader apply to a whole file too") {
  const test::scratch_folder folder;
  const mrcz::volume<std::int8_t> voxels{{{-1, 5}}, {{7, -128}}};
  mrcz::write(folder / "bytes.mrc", voxels);
  const auto any = mrcz::read(folder / "bytes.mrc", {.signed_bytes = false});
  REQUIRE(std::holds_alternative<mrcz::volume<std::uint8_t>>(any));
  CHECK(std::get<mrcz::volume<std::uint8_t>>(any) == mrcz::volume<std::uint8_t>{{{255, 5}}, {{7, 128}}});

  test::write_bytes(folder / "cut.mrc", test::first(test::bytes_of(folder / "bytes.mrc"), 1024 + 3));
  CHECK(test::failure_of([&] { mrcz::read(folder / "cut.mrc"); })->code == errc::truncated);
  const auto shorter = mrcz::read<float>(folder / "cut.mrc", {.incomplete = true});
  CHECK(shorter == mrcz::volume<float>{{{-1, 5}}});
}

TEST_CASE("a file that is not there is the system's error with its path") {
  const auto failure = test::failure_of([] { mrcz::read("/no/such/folder/a.mrc"); });
  REQUIRE(failure);
  CHECK(failure->code == std::errc::no_such_file_or_directory);
  CHECK(failure->mentions("/no/such/folder/a.mrc: cannot open"));
}
