#include "mrcz/copy_slices.hpp"

#include <bit>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/array/binned.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/format/geometry.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/validate.hpp"
#include "tests/whole_files.hpp"

using mrcz::errc;

namespace {

constexpr mrcz::shape extents{5, 6, 7};

/// The file that `copy(writer)` makes.
template <class Copy>
test::bytes made_by(const mrcz::write_options& options, Copy&& copy) {
  test::bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), options};
  copy(out);
  out.close();
  return content;
}

bool is_valid(const test::bytes& file) {
  return mrcz::validate(std::make_unique<mrcz::memory_source>(test::bytes{file})).empty();
}

}  // namespace

TEST_CASE("slices of every mode are copied into another codec, and back") {
  for (const auto mode : mrcz::all_modes) {
    CAPTURE(mrcz::name_of(mode));
    const auto in = test::reader_of(test::file_of(mode, extents));
    const auto packed = made_by({.compression = {.codec = mrcz::codec::lz4}, .mode = mode},
                                [&](mrcz::writer& out) { mrcz::copy_slices(in, {}, out); });
    const auto copy = test::reader_of(packed);
    CHECK(copy.codec() == mrcz::codec::lz4);
    CHECK(test::numbers_of(copy) == test::numbers_of(in));
    CHECK(copy.statistics() == in.statistics());
    CHECK(is_valid(packed));
  }
}

TEST_CASE("a box of voxels is copied, also in another order of axes") {
  auto content = test::file_of(mrcz::mode::int16, extents);
  for (const auto order : {mrcz::axis_order::file, mrcz::axis_order::zxy}) {
    const auto in = test::reader_of(content, {.axes = order});
    const mrcz::region box{.z = {.first = 1, .count = 3}, .y = {.first = 2}, .x = {.count = 4}};
    const auto copy = made_by({.like = mrcz::cropped(in.header_as_read(), box)},
                              [&](mrcz::writer& out) { mrcz::copy_region(in, box, out); });
    CHECK(test::reader_of(copy).read<std::int16_t>() == in.read_region<std::int16_t>(box));
    CHECK(is_valid(copy));
  }
  const auto in = test::reader_of(std::move(content));
  const auto copy_box = [&](const mrcz::region& box) {
    return test::failure_of([&] { made_by({}, [&](mrcz::writer& out) { mrcz::copy_region(in, box, out); }); });
  };
  CHECK(copy_box({.x = {.first = 7}})->mentions("a box of 6 rows and 0 columns has no voxels"));
  CHECK(copy_box({.y = {.first = 3, .count = 4}})->code == errc::out_of_range);
}

TEST_CASE("blocks of voxels are copied as their means, of a volume whole or of a box") {
  for (const auto mode : {mrcz::mode::int8, mrcz::mode::uint16, mrcz::mode::float32, mrcz::mode::uint4}) {
    CAPTURE(mrcz::name_of(mode));
    const auto in = test::reader_of(test::file_of(mode, {9, 10, 11}));
    const mrcz::per_axis<std::size_t> n{3, 2, 4};
    for (const mrcz::region& box : {mrcz::region{}, {.z = {.first = 1, .count = 8}, .x = {.first = 2}}}) {
      const auto copy = made_by({.like = mrcz::binned(mrcz::cropped(in.header(), box), n)},
                                [&](mrcz::writer& out) { mrcz::copy_binned(in, box, n, out); });
      CHECK(test::reader_of(copy).mode() == mrcz::mode::float32);
      CHECK(test::reader_of(copy).read<float>() == mrcz::binned(in.read_region<float>(box), n));
      CHECK(is_valid(copy));
    }
    const auto rounded = made_by({.mode = mode, .rounding = mrcz::rounding::nearest},
                                 [&](mrcz::writer& out) { mrcz::copy_binned(in, {}, n, out); });
    CHECK(test::reader_of(rounded).shape() == mrcz::shape{2, 5, 3});
  }
  const auto complex = test::reader_of(test::file_of(mrcz::mode::complex64, extents));
  const auto refused = test::failure_of(
      [&] { made_by({}, [&](mrcz::writer& out) { mrcz::copy_binned(complex, {}, {2, 2, 2}, out); }); });
  CHECK(refused->code == errc::bad_option);
}

TEST_CASE("a part of the slices is copied, and several files behind each other") {
  const auto in = test::reader_of(test::file_of(mrcz::mode::int16, extents));
  const auto copy = test::reader_of(made_by({}, [&](mrcz::writer& out) {
    mrcz::copy_slices(in, {.first = 3, .count = 2}, out);
    mrcz::copy_slices(in, {.first = 0, .count = 3}, out);
  }));
  CHECK(copy.shape() == extents);
  for (std::size_t z = 0; z < 5; ++z) CHECK(copy.read_slice<float>(z) == in.read_slice<float>(z < 2 ? z + 3 : z - 2));
}

TEST_CASE("slices beyond the file are refused") {
  const auto in = test::reader_of(test::file_of(mrcz::mode::int16, extents));
  test::bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content)};
  CHECK(test::failure_of([&] { mrcz::copy_slices(in, {.first = 4, .count = 2}, out); })->code == errc::out_of_range);
  CHECK(test::failure_of([&] { mrcz::copy_packed_slices(in, {.first = 6}, out); })->code == errc::out_of_range);
  CHECK(out.size() == 0);
}

TEST_CASE("packed slices keep their bytes, and the header says what a writer says") {
  for (const auto codec : mrcz::all_codecs) {
    if (!mrcz::available(codec)) continue;
    for (const auto order : {std::endian::little, std::endian::big}) {
      CAPTURE(mrcz::name_of(codec));
      const mrcz::write_options options{
          .compression = {.codec = codec, .level = 9}, .mode = mrcz::mode::int16, .byte_order = order};
      const auto file = test::file_of(mrcz::mode::int16, extents, options);
      const auto in = test::reader_of(file, {.threads = 1});
      auto weaker = options;
      weaker.compression.level = 1;
      const auto copy = made_by(weaker, [&](mrcz::writer& out) {
        REQUIRE(mrcz::can_copy_packed(in, out));
        mrcz::copy_packed_slices(in, {}, out);
      });
      CHECK(copy == file);
      CHECK(is_valid(copy));
    }
  }
}

TEST_CASE("packed slices of unsigned bytes stay unsigned") {
  auto file = test::file_of(mrcz::mode::int8, extents, {.compression = {.codec = mrcz::codec::zstd}});
  test::patch(file, 152, mrcz::imod_stamp_value);
  const auto in = test::reader_of(file, {.threads = 1});
  REQUIRE(in.unsigned_bytes());
  const mrcz::write_options options{
      .compression = {.codec = mrcz::codec::zstd}, .mode = mrcz::mode::int8, .like = in.header()};
  const auto copy =
      test::reader_of(made_by(options, [&](mrcz::writer& out) { mrcz::copy_packed_slices(in, {}, out); }));
  CHECK(copy.unsigned_bytes());
  CHECK(test::numbers_of(copy) == test::numbers_of(in));
}

TEST_CASE("packed slices of another codec, mode or byte order are refused") {
  const auto in = test::reader_of(
      test::file_of(mrcz::mode::int16, extents, {.compression = {.codec = mrcz::codec::zstd}}), {.threads = 1});
  const auto other = std::endian::native == std::endian::little ? std::endian::big : std::endian::little;
  for (const auto& options :
       {mrcz::write_options{.compression = {.codec = mrcz::codec::lz4}, .mode = mrcz::mode::int16},
        mrcz::write_options{.compression = {.codec = mrcz::codec::zstd}, .mode = mrcz::mode::float32},
        mrcz::write_options{.compression = {.codec = mrcz::codec::zstd}, .byte_order = other}}) {
    test::bytes content;
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), options};
    CHECK_FALSE(mrcz::can_copy_packed(in, out));
    CHECK(test::failure_of([&] { mrcz::copy_packed_slices(in, {}, out); })->code == errc::mode_mismatch);
  }
}

TEST_CASE("a damaged packed slice is refused by its number") {
  auto file = test::file_of(mrcz::mode::int16, {3, 64, 64}, {.compression = {.codec = mrcz::codec::zstd}});
  const auto place = test::reader_of(file).slices()[1];
  for (std::size_t i = 16; i < 40; ++i) file[static_cast<std::size_t>(place.offset) + i] = std::byte{0xff};
  const auto in = test::reader_of(file, {.threads = 1});
  test::bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content),
                   {.compression = {.codec = mrcz::codec::zstd}, .mode = mrcz::mode::int16}};
  try {
    mrcz::copy_packed_slices(in, {}, out);
    FAIL("a damaged slice was copied");
  } catch (const mrcz::error& e) {
    CHECK(e.code() == errc::bad_chunk);
    CHECK(e.slice() == 1U);
  }
}

TEST_CASE("a stop ends a copy") {
  std::stop_source source;
  source.request_stop();
  const auto token = source.get_token();
  const auto in = test::reader_of(test::file_of(mrcz::mode::int16, extents), {.threads = 1});
  for (const bool packed : {false, true}) {
    test::bytes content;
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.mode = mrcz::mode::int16, .stop = &token}};
    CHECK(test::failure_of([&] {
            if (packed) mrcz::copy_packed_slices(in, {}, out);
            else mrcz::copy_slices(in, {}, out);
          })->code == errc::stopped);
  }
}
