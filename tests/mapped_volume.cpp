#include "mrcz/mapped_volume.hpp"

#include <doctest/doctest.h>

#include "mrcz/metadata.hpp"
#include "mrcz/write.hpp"
#include "tests/support.hpp"

TEST_CASE("a mapped volume shows the voxels of the file") {
  const test::scratch_folder folder;
  const auto written = test::counts<float>({3, 20, 30});
  mrcz::write(folder / "a.mrc", written, {.voxel_size = mrcz::voxel_size{2, 2, 2}});
  const mrcz::mapped_volume<float> mapped{folder / "a.mrc"};
  CHECK(mapped.shape() == mrcz::shape{3, 20, 30});
  CHECK(mapped.header().voxel_size() == mrcz::voxel_size{2, 2, 2});
  CHECK(mapped.voxels() == written);
  CHECK(mapped.voxels()(2, 19, 29) == written(2, 19, 29));
}

TEST_CASE("unsigned bytes map as what they are") {
  const test::scratch_folder folder;
  const mrcz::volume<std::int8_t> written = xt::xtensor<std::int8_t, 3>({1, 4, 4}, std::int8_t{-1});
  mrcz::write(folder / "a.mrc", written);
  const mrcz::mapped_volume<std::uint8_t> mapped{folder / "a.mrc", {.signed_bytes = false}};
  CHECK(mapped.voxels()(0, 0, 0) == 255);
}

TEST_CASE("a file with metadata can be mapped, whatever their length") {
  const test::scratch_folder folder;
  const mrcz::volume<std::complex<float>> voxels = xt::ones<std::complex<float>>({2, 3, 4});
  for (std::size_t length = 0; length < 20; ++length) {
    CAPTURE(length);
    mrcz::write(folder / "a.mrc", voxels, {}, {{"key", std::string(length, 'x')}});
    CHECK(mrcz::mapped_volume<std::complex<float>>{folder / "a.mrc"}.shape() == mrcz::shape{2, 3, 4});
    const mrcz::mapped_volume<std::complex<float>> mapped{folder / "a.mrc"};
    CHECK(mapped.voxels() == voxels);
  }
}

template <class Volume>
concept gives_voxels = requires(Volume&& volume) { std::forward<Volume>(volume).voxels(); };

TEST_CASE("a temporary gives no view of voxels that it takes with it") {
  CHECK(gives_voxels<mrcz::mapped_volume<float>&>);
  CHECK_FALSE(gives_voxels<mrcz::mapped_volume<float>>);
}

TEST_CASE("what cannot be mapped is refused, and the message names the call that can") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<std::int16_t>({2, 6, 5});
  const auto refused = [&](const char* file) {
    return test::failure_of([&] { (void)mrcz::mapped_volume<std::int16_t>{folder / file}; });
  };
  mrcz::write(folder / "compressed.mrcz", voxels);
  mrcz::write(folder / "swapped.mrc", voxels, {.byte_order = mrcz::detail::opposite(std::endian::native)});
  mrcz::write(folder / "four_bits.mrc", voxels, {.mode = mrcz::mode::uint4});
  mrcz::writer odd{folder / "misaligned.mrc"};
  odd.set_extended_header({{'M', 'R', 'C', 'O'}, std::vector<std::byte>(9)});
  odd.append(voxels);
  odd.close();
  CHECK(mrcz::reader{folder / "misaligned.mrc"}.slices().begin() % 2 == 1);
  for (const auto& [name, reason] :
       {std::pair{"compressed.mrcz", "compressed with zstd"}, std::pair{"swapped.mrc", "endian"},
        std::pair{"four_bits.mrc", "uint4"}, std::pair{"misaligned.mrc", "multiple of 2"}}) {
    const char* const file = name;
    CAPTURE(file);
    const auto failure = refused(file);
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::not_mappable);
    CHECK(failure->mentions(reason));
    CHECK(failure->mentions(file));
    CHECK(failure->mentions("mrcz::read<std::int16_t>"));
  }
}

TEST_CASE("another type and a file without all its slices are refused as by a reader") {
  const test::scratch_folder folder;
  mrcz::write(folder / "a.mrc", test::counts<std::int16_t>({2, 6, 5}));
  CHECK(test::failure_of([&] { (void)mrcz::mapped_volume<std::int8_t>{folder / "a.mrc"}; })->code ==
        mrcz::errc::mode_mismatch);
  std::filesystem::resize_file(folder / "a.mrc", 1024 + 100);
  CHECK(test::failure_of([&] { (void)mrcz::mapped_volume<std::int16_t>{folder / "a.mrc"}; })->code ==
        mrcz::errc::truncated);
  const mrcz::mapped_volume<std::int16_t> first{folder / "a.mrc", {.incomplete = true}};
  CHECK(first.shape() == mrcz::shape{1, 6, 5});
  CHECK(test::failure_of([&] { (void)mrcz::mapped_volume<float>{folder / "absent.mrc"}; })->code ==
        std::errc::no_such_file_or_directory);
}
