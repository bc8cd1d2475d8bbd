#include "mrcz/reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <complex>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <vector>

#include "mrcz/array/xyz_order.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/edit.hpp"
#include "mrcz/io/mapped_file.hpp"
#include "mrcz/read.hpp"
#include "mrcz/read_header.hpp"
#include "mrcz/validate.hpp"
#include "mrcz/write.hpp"
#include "tests/whole_files.hpp"

using mrcz::codec;
using mrcz::errc;
using mrcz::mode;

namespace {

constexpr mrcz::write_options with_zstd{.compression = {.codec = codec::zstd}};

/// The error of opening the file and reading all of it.
template <class T = float>
test::failure refusal(test::bytes file, const mrcz::read_options& options = {}) {
  const auto failure = test::failure_of([&] { test::reader_of(std::move(file), options).read<T>(); });
  REQUIRE(failure);
  return *failure;
}

/// Every non-empty range within an extent, and one empty range per place.
std::vector<mrcz::range> all_ranges(std::size_t extent) {
  std::vector<mrcz::range> ranges;
  for (std::size_t first = 0; first <= extent; ++first)
    for (std::size_t count = 0; first + count <= extent; ++count) ranges.push_back({first, count});
  return ranges;
}

/// Reads every region of `in` and compares it with the same box of `all`. Returns how many differ.
template <class T>
int differing_regions(const mrcz::reader& in, const mrcz::volume<T>& all) {
  const auto extents = in.shape();
  int differing = 0;
  for (const auto z : all_ranges(extents[0])) {
    for (const auto y : all_ranges(extents[1])) {
      for (const auto x : all_ranges(extents[2])) {
        const auto box = in.read_region<T>({.z = z, .y = y, .x = x});
        bool same = mrcz::detail::shape_of(box) == mrcz::shape{*z.count, *y.count, *x.count};
        if (box.size() == 0) {  // nothing else to compare
          differing += !same;
          continue;
        }
        const T* voxel = box.data();
        for (std::size_t k = 0; same && k < *z.count; ++k)
          for (std::size_t j = 0; same && j < *y.count; ++j, voxel += *x.count)
            same = std::memcmp(voxel, &all.data()[((z.first + k) * extents[1] + y.first + j) * extents[2] + x.first],
                               *x.count * sizeof(T)) == 0;
        if (!same) ++differing;
      }
    }
  }
  return differing;
}

/// A source that counts the bytes that are read from it, and fails at the n-th read.
class watched_source final : public mrcz::byte_source {
 public:
  explicit watched_source(test::bytes content, int good_reads = 1 << 30)
      : content_{std::move(content)}, good_reads_{good_reads} {}

  std::uint64_t size() const override { return content_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    if (reads_++ == good_reads_) mrcz::detail::fail_system(EIO, "read failed");
    bytes_read_ += into.size();
    REQUIRE(offset + into.size() <= content_.size());
    std::memcpy(into.data(), content_.data() + offset, into.size());
  }
  std::string name() const override { return "watched"; }

  std::size_t bytes_read() const { return bytes_read_; }

 private:
  test::bytes content_;
  int good_reads_;
  mutable std::atomic<int> reads_ = 0;
  mutable std::atomic<std::size_t> bytes_read_ = 0;
};

}  // namespace

TEST_CASE("every region of a file in every mode is the same box of the whole volume") {
  const mrcz::shape extents{2, 3, 5};
  for (const mode m : mrcz::all_modes) {
    for (const auto order : {std::endian::little, std::endian::big}) {
      for (const auto c : {codec::none, codec::zstd}) {
        CAPTURE(mrcz::name_of(m));
        CAPTURE(mrcz::name_of(order));
        CAPTURE(mrcz::name_of(c));
        const auto in =
            test::reader_of(test::file_of(m, extents, {.compression = {.codec = c}, .byte_order = order, .threads = 1}),
                            {.threads = 1});
        REQUIRE(in.mode() == m);
        in.visit([&]<class T>(std::type_identity<T>) { CHECK(differing_regions(in, test::counts<T>(extents)) == 0); });
      }
    }
  }
}

TEST_CASE("regions that are converted are the same box of the converted volume") {
  const mrcz::shape extents{2, 4, 5};
  for (const mode m : {mode::uint4, mode::int16, mode::float16}) {
    for (const auto c : {codec::none, codec::lz4}) {
      CAPTURE(mrcz::name_of(m));
      const auto in = test::reader_of(test::file_of(m, extents, {.compression = {.codec = c}}), {.threads = 1});
      CHECK(differing_regions(in, test::counts<double>(extents)) == 0);
    }
  }
}

TEST_CASE("a region of an uncompressed file costs only its rows, a slice of a compressed file only its chunk") {
  const auto bytes_for = [](test::bytes file, auto&& read) {
    auto source = std::make_unique<watched_source>(std::move(file));
    const auto& watched = *source;
    const mrcz::reader in{std::move(source)};
    static_cast<void>(in.slices());  // finds them
    const auto opened = watched.bytes_read();
    read(in);
    return watched.bytes_read() - opened;
  };
  const mrcz::shape extents{4, 32, 16};
  const auto plain = test::file_of(mode::int16, extents);
  CHECK(bytes_for(plain, [](const mrcz::reader& in) {
          in.read_region<std::int16_t>({.z = {.first = 1, .count = 2}, .y = {.first = 5, .count = 3}});
        }) == 2 * 3 * 16 * 2);
  CHECK(bytes_for(plain, [](const mrcz::reader& in) { in.read_slice<float>(3); }) == 32 * 16 * 2);
  CHECK(bytes_for(plain, [](const mrcz::reader& in) { in.read_region<float>({.x = {.first = 3, .count = 0}}); }) == 0);

  const auto packed = test::file_of(mode::int16, extents, with_zstd);
  const auto chunk = test::reader_of(packed).slices()[2].packed_bytes;
  CHECK(bytes_for(packed, [](const mrcz::reader& in) { in.read_slice<float>(2); }) == chunk);
}

TEST_CASE("slices and ranges of slices are those of the volume") {
  const mrcz::shape extents{5, 6, 7};
  const auto all = test::counts<float>(extents);
  for (const auto c : {codec::none, codec::blosclz}) {
    const auto in = test::reader_of(test::file_of(mode::float32, extents, {.compression = {.codec = c}}));
    CHECK(in.read<float>() == all);
    for (std::size_t z = 0; z < 5; ++z)
      CHECK(in.read_slice<float>(z) == mrcz::image<float>(xt::view(all, z, xt::all(), xt::all())));
    CHECK(in.read_slices<float>({.first = 2, .count = 2}) ==
          mrcz::volume<float>(xt::view(all, xt::range(2, 4), xt::all(), xt::all())));
    CHECK(in.read_slices<float>({.first = 3}) ==
          mrcz::volume<float>(xt::view(all, xt::range(3, 5), xt::all(), xt::all())));
    CHECK(mrcz::detail::shape_of(in.read_slices<float>({.first = 5})) == mrcz::shape{0, 6, 7});
  }
}

TEST_CASE("a place outside the volume is refused by name and number") {
  const test::scratch_folder folder;
  mrcz::write(folder / "small.mrc", test::counts<std::int8_t>({3, 4, 5}));
  const mrcz::reader in{folder / "small.mrc"};
  const auto refused = [&](auto&& action, const std::string& message) {
    CAPTURE(message);
    const auto failure = test::failure_of(action);
    REQUIRE(failure);
    CHECK(failure->code == errc::out_of_range);
    CHECK(failure->mentions((folder / "small.mrc").string() + ": " + message));
  };
  refused([&] { in.read_slice<float>(3); }, "slice 3 was asked for, but there are 3");
  refused([&] { in.read_slices<float>({.first = 4}); }, "range along z begins at 4, but the extent is 3");
  refused([&] { in.read_slices<float>({.first = 1, .count = 3}); },
          "range along z spans 3 from 1, but the extent is 3");
  refused([&] { in.read_region<float>({.y = {.first = 2, .count = SIZE_MAX}}); }, "range along y spans");
  refused([&] { in.read_region<float>({.x = {.first = SIZE_MAX, .count = 2}}); }, "range along x begins");
  auto image = mrcz::detail::make_image<float>(4, 5);
  refused([&] { in.read_slice(17, image); }, "slice 17 was asked for");
}

TEST_CASE("voxels are widened exactly or refused with the type to ask for") {
  const mrcz::shape extents{1, 2, 3};
  const auto reader_in = [&](mode m) { return test::reader_of(test::file_of(m, extents)); };

  CHECK(reader_in(mode::int8).read<std::int16_t>() == test::counts<std::int16_t>(extents));
  CHECK(reader_in(mode::int8).read<mrcz::complex_int16>() == test::counts<mrcz::complex_int16>(extents));
  CHECK(reader_in(mode::uint4).read<std::int8_t>() == test::counts<std::int8_t>(extents));
  CHECK(reader_in(mode::uint16).read<std::uint32_t>() == test::counts<std::uint32_t>(extents));
  CHECK(reader_in(mode::uint32).read<double>() == test::counts<double>(extents));
  CHECK(reader_in(mode::float16).read<float>() == test::counts<float>(extents));
  CHECK(reader_in(mode::complex_int16).read<std::complex<float>>() == test::counts<std::complex<float>>(extents));

  const auto refused = [](const mrcz::reader& in, auto type, const std::string& message) {
    using T = typename decltype(type)::type;
    CAPTURE(message);
    for (const auto& action : std::vector<std::function<void()>>{[&] { in.read<T>(); }, [&] { in.read_slice<T>(0); },
                                                                 [&] {
                                                                   auto into = mrcz::detail::make_volume<T>(in.shape());
                                                                   in.read(into);
                                                                 }}) {
      const auto failure = test::failure_of(action);
      REQUIRE(failure);
      CHECK(failure->code == errc::mode_mismatch);
      CHECK(failure->mentions("memory: voxels are " + message));
    }
  };
  refused(reader_in(mode::int16), std::type_identity<std::int8_t>{},
          "int16, which std::int8_t cannot represent exactly; read<std::int16_t> can");
  refused(reader_in(mode::float32), std::type_identity<std::int16_t>{},
          "float32, which std::int16_t cannot represent exactly; read<float> can");
  refused(reader_in(mode::int32), std::type_identity<float>{},
          "int32, which float cannot represent exactly; read<std::int32_t> can");
  refused(reader_in(mode::uint16), std::type_identity<std::int16_t>{}, "uint16, which std::int16_t cannot");
  refused(reader_in(mode::complex64), std::type_identity<float>{}, "complex64, which float cannot");
  refused(reader_in(mode::complex64), std::type_identity<mrcz::complex_int16>{},
          "complex64, which mrcz::complex_int16");
}

TEST_CASE("voxels are read into memory that the caller owns") {
  const mrcz::shape extents{3, 4, 5};
  const auto all = test::counts<float>(extents);
  const auto in = test::reader_of(test::file_of(mode::int8, extents, with_zstd));

  auto whole = mrcz::detail::make_volume<float>(extents);
  in.read(whole);
  CHECK(whole == all);

  auto image = mrcz::detail::make_image<float>(4, 5);
  in.read_slice(2, image);
  CHECK(image == mrcz::image<float>(xt::view(all, 2, xt::all(), xt::all())));

  auto two = mrcz::detail::make_volume<float>({2, 4, 5});
  in.read_slices({.first = 1, .count = 2}, two);
  CHECK(two == mrcz::volume<float>(xt::view(all, xt::range(1, 3), xt::all(), xt::all())));

  auto box = mrcz::detail::make_volume<std::int8_t>({1, 2, 3});
  in.read_region({.z = {.first = 1, .count = 1}, .y = {.first = 1, .count = 2}, .x = {.first = 2, .count = 3}}, box);
  CHECK(box == mrcz::volume<std::int8_t>(xt::view(all, xt::range(1, 2), xt::range(1, 3), xt::range(2, 5))));

  std::vector<double> memory(4 * 5, -1);
  in.read_slice(1, xt::adapt(memory.data(), memory.size(), xt::no_ownership(), std::array<std::size_t, 2>{4, 5}));
  CHECK(std::equal(memory.begin(), memory.end(), all.data() + 20));

  xt::xarray<float> dynamic = xt::xarray<float>::from_shape({3, 4, 5});
  in.read(dynamic);
  CHECK(dynamic == all);
}

TEST_CASE("a view that is contiguous is read into, and nothing around it is touched") {
  const mrcz::shape extents{2, 3, 4};
  const auto in = test::reader_of(test::file_of(mode::float32, extents));
  const auto all = test::counts<float>(extents);
  mrcz::volume<float> larger = mrcz::detail::make_volume<float>({4, 3, 4});
  larger.fill(-1);
  in.read(xt::view(larger, xt::range(1, 3), xt::all(), xt::all()));
  CHECK(std::all_of(larger.data(), larger.data() + 12, [](float v) { return v == -1; }));
  CHECK(std::equal(all.data(), all.data() + 24, larger.data() + 12));
  CHECK(std::all_of(larger.data() + 36, larger.data() + 48, [](float v) { return v == -1; }));
  in.read_slice(1, xt::view(larger, 0, xt::all(), xt::all()));
  CHECK(std::equal(all.data() + 12, all.data() + 24, larger.data()));
}

TEST_CASE("memory of the wrong shape is refused before anything is read") {
  const mrcz::shape extents{2, 3, 4};
  const auto in = test::reader_of(test::file_of(mode::float32, extents));
  const auto refused = [&](auto&& into, const std::string& message) {
    const auto failure = test::failure_of([&] { in.read(into); });
    REQUIRE(failure);
    CHECK(failure->code == errc::shape_mismatch);
    CAPTURE(failure->message);
    CHECK(failure->mentions("memory: array " + message));
  };
  refused(mrcz::detail::make_volume<float>({2, 4, 3}), "has the shape 2 x 4 x 3, but 2 x 3 x 4 is to be read");
  refused(mrcz::detail::make_image<float>(3, 4), "has the shape 1 x 3 x 4");
  refused(xt::xarray<float>::from_shape({24}), "has rank 1, expected 2 (an image) or 3 (a volume)");
  refused(xt::xarray<float>::from_shape({1, 2, 3, 4}), "has rank 4");
  mrcz::volume<float> larger = mrcz::detail::make_volume<float>({2, 6, 4});
  larger.fill(-1);
  refused(xt::view(larger, xt::all(), xt::range(0, 4), xt::all()), "has the shape 2 x 4 x 4");
  CHECK(std::all_of(larger.begin(), larger.end(), [](float v) { return v == -1; }));
}

TEST_CASE("arrays and views of any layout are read into, and nothing around them is touched") {
  for (const mode m : {mode::float32, mode::int8, mode::uint4}) {
    const auto in = test::reader_of(test::file_of(m, {4, 3, 5}));
    const auto expected = in.read<float>();
    xt::xtensor<float, 3, xt::layout_type::column_major> columns =
        xt::xtensor<float, 3, xt::layout_type::column_major>::from_shape({4, 3, 5});
    in.read(columns);
    CHECK(columns == expected);

    mrcz::volume<float> larger = xt::ones<float>({4, 6, 7}) * -1.0F;
    auto every_other_row = xt::view(larger, xt::all(), xt::range(0, 6, 2), xt::range(1, 6));
    in.read(every_other_row);
    CHECK(every_other_row == expected);
    CHECK(xt::sum(xt::cast<int>(xt::equal(larger, -1.0F)))() >= 4 * 6 * 7 - 60);
    CHECK(xt::all(xt::equal(xt::view(larger, xt::all(), xt::range(1, 6, 2), xt::all()), -1.0F)));

    std::vector<float> padded(3 * 8, -1.0F);
    in.read_slice(2, mrcz::view_of(padded.data(), {3, 5}, {8, 1}));
    for (std::size_t y = 0; y < 3; ++y)
      for (std::size_t x = 0; x < 8; ++x) CHECK(padded[8 * y + x] == (x < 5 ? expected(2, y, x) : -1.0F));

    std::vector<double> upside_down(15);
    in.read_slice(1, mrcz::view_of(upside_down.data() + 10, {3, 5}, {-5, 1}));
    for (std::size_t y = 0; y < 3; ++y)
      for (std::size_t x = 0; x < 5; ++x) CHECK(upside_down[5 * (2 - y) + x] == static_cast<double>(expected(1, y, x)));
  }
}

TEST_CASE("memory that is none, or in which voxels would share a place, is refused with the name of the file") {
  const auto in = test::reader_of(test::file_of(mode::float32, {2, 3, 5}));
  std::vector<float> row(5);
  float* const none = nullptr;
  for (const auto& into : {mrcz::view_of(none, {3, 5}), mrcz::view_of(row.data(), {3, 5}, {0, 1})}) {
    const auto failure = test::failure_of([&] { in.read_slice(0, into); });
    REQUIRE(failure);
    CHECK(failure->code == errc::bad_option);
    CHECK(failure->mentions("memory: array to read into has "));
  }
  std::vector<std::byte> content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content)};
  for (const auto& from : {mrcz::view_of(none, {3, 5}), mrcz::view_of(none, {3, 5}, {8, 1})}) {
    const auto failure = test::failure_of([&] { out.append(from); });
    REQUIRE(failure);
    CHECK(failure->code == errc::bad_option);
    CHECK(failure->mentions("array to write has no memory"));
  }
  out.append(mrcz::view_of(row.data(), {3, 5}, {0, 1}));  // one row thrice is an image
  out.close();
}

TEST_CASE("any slices are read in any order, also one of them twice") {
  for (const mrcz::codec codec : {mrcz::codec::none, mrcz::codec::zstd}) {
    const auto all = test::counts<std::int16_t>({20, 3, 5});
    std::vector<std::byte> content;
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.compression = {.codec = codec}}};
    out.append(all);
    out.close();
    for (const std::size_t threads : {1U, 3U}) {
      const mrcz::reader in{std::make_unique<mrcz::memory_source>(content), {.threads = threads}};
      const std::vector<std::size_t> wanted{3, 17, 4, 5, 6, 19, 3, 0};
      const auto found = in.read_slices<float>(wanted);
      REQUIRE(found.shape()[0] == wanted.size());
      for (std::size_t i = 0; i < wanted.size(); ++i)
        CHECK(xt::view(found, i, xt::all(), xt::all()) == xt::view(all, wanted[i], xt::all(), xt::all()));
      CHECK(in.read_slices<float>({3, 17, 4}) == xt::view(found, xt::range(0, 3), xt::all(), xt::all()));
      auto existing = mrcz::detail::make_volume<double>({3, 3, 5});
      in.read_slices({3, 17, 4}, existing);
      CHECK(existing == xt::view(found, xt::range(0, 3), xt::all(), xt::all()));
      CHECK(in.read_slices<float>(std::vector<std::size_t>{}).shape()[0] == 0);
      const auto failure = test::failure_of([&] { in.read_slices<float>({3, 20, 4}); });
      REQUIRE(failure);
      CHECK(failure->code == errc::out_of_range);
      CHECK(failure->mentions("slice 20 was asked for, but there are 20"));
    }
  }
}

TEST_CASE("the file decides the type that visit calls with") {
  for (const mode m : mrcz::all_modes) {
    const auto in = test::reader_of(test::file_of(m, {1, 1, 1}));
    mrcz::with_mode(m, [&]<class Row>(Row) {
      in.visit([&]<class T>(std::type_identity<T>) { CHECK(std::is_same_v<T, typename Row::type>); });
      CHECK(std::holds_alternative<std::type_identity<typename Row::type>>(in.voxel_type()));
    });
  }
}

TEST_CASE("mode 0 is signed unless IMOD's stamp or the caller says otherwise") {
  mrcz::volume<std::int8_t> voxels{{{-128, -1, 0, 127}}};
  for (const auto& options : {mrcz::write_options{}, with_zstd}) {
    auto file = test::file_with(voxels, options);
    const mrcz::volume<std::uint8_t> as_unsigned{{{128, 255, 0, 127}}};

    CHECK(test::reader_of(file).read<std::int8_t>() == voxels);
    CHECK_FALSE(test::reader_of(file).unsigned_bytes());
    CHECK(test::reader_of(file, {.signed_bytes = false}).read<std::uint8_t>() == as_unsigned);
    CHECK(test::reader_of(file, {.signed_bytes = false}).read<float>()(0, 0, 1) == 255);
    CHECK(test::reader_of(file, {.signed_bytes = false}).unsigned_bytes());
    const auto failure = refusal<std::int8_t>(file, {.signed_bytes = false});
    CHECK(failure.code == errc::mode_mismatch);
    CHECK(failure.mentions("voxels are unsigned int8"));
    CHECK(failure.mentions("read<std::uint8_t> can"));

    test::patch(file, 152, mrcz::imod_stamp_value);
    test::patch(file, 156, std::int32_t{0});
    CHECK(test::reader_of(file).read<std::uint8_t>() == as_unsigned);
    CHECK(std::holds_alternative<std::type_identity<std::uint8_t>>(test::reader_of(file).voxel_type()));
    CHECK(test::reader_of(file, {.signed_bytes = true}).read<std::int8_t>() == voxels);
    test::patch(file, 156, std::int32_t{1});
    CHECK(test::reader_of(file).read<std::int8_t>() == voxels);
  }
}

TEST_CASE("the caller's word on unsigned bytes does not change other modes") {
  auto file = test::file_of(mode::int16, {1, 2, 2});
  CHECK_FALSE(test::reader_of(file, {.signed_bytes = false}).unsigned_bytes());
  CHECK(test::reader_of(file, {.signed_bytes = false}).read<std::int16_t>() == test::counts<std::int16_t>({1, 2, 2}));
}

TEST_CASE("a volume stack is read volume by volume") {
  const auto all = test::counts<std::int16_t>({6, 3, 4});
  const auto in = test::reader_of(test::file_with(all, {.kind = mrcz::kind::volume_stack, .sections_per_volume = 2}));
  REQUIRE(in.frames() == 3);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(in.read_frame<std::int16_t>(i) ==
          mrcz::volume<std::int16_t>(xt::view(all, xt::range(2 * i, 2 * i + 2), xt::all(), xt::all())));
  const auto volume = test::reader_of(test::file_with(all));
  CHECK(volume.frames() == 1);
  CHECK(volume.read_frame<std::int16_t>(0) == all);
}

TEST_CASE("of a file that lacks slices, those that are there can be read") {
  const mrcz::shape extents{4, 5, 6};
  const auto all = test::counts<float>(extents);
  for (const auto c : {codec::none, codec::zstd}) {
    CAPTURE(mrcz::name_of(c));
    const auto whole = test::file_of(mode::float32, extents, {.compression = {.codec = c}});
    const auto third = test::reader_of(whole).slices()[2];
    for (const std::uint64_t missing : {std::uint64_t{1}, third.packed_bytes - 1, third.packed_bytes}) {
      const auto cut = test::first(whole, third.offset + third.packed_bytes - missing);
      const auto failure = refusal(cut);
      CHECK(failure.code == errc::truncated);
      CHECK(failure.mentions(fmt::format("(slice 2, byte {})", third.offset)));

      const auto in = test::reader_of(cut);
      CHECK(in.shape() == extents);
      CHECK(in.slices().complete() == 2);
      CHECK(in.read_slice<float>(1) == mrcz::image<float>(xt::view(all, 1, xt::all(), xt::all())));
      CHECK(test::failure_of([&] { in.read_slice<float>(2); })->code == errc::truncated);

      const auto shorter = test::reader_of(cut, {.incomplete = true});
      CHECK(shorter.shape() == mrcz::shape{2, 5, 6});
      CHECK(shorter.read<float>() == mrcz::volume<float>(xt::view(all, xt::range(0, 2), xt::all(), xt::all())));
      CHECK(test::failure_of([&] { shorter.read_slice<float>(2); })->code == errc::out_of_range);
    }
  }
}

TEST_CASE("a file without any voxels opens when incomplete files are wanted and has no slices") {
  const auto header_only = test::first(test::file_of(mode::int16, {3, 4, 5}, with_zstd), 1024);
  CHECK(refusal(header_only).code == errc::truncated);
  const auto in = test::reader_of(header_only, {.incomplete = true});
  CHECK(in.shape() == mrcz::shape{0, 4, 5});
  CHECK(in.read<float>().size() == 0);
  CHECK(in.codec() == codec::zstd);
}

TEST_CASE("bytes behind the last slice are ignored") {
  for (const auto c : {codec::none, codec::snappy}) {
    auto file = test::file_of(mode::uint16, {2, 3, 3}, {.compression = {.codec = c}});
    file.resize(file.size() + 100, std::byte{0x77});
    CHECK(test::reader_of(file).read<std::uint16_t>() == test::counts<std::uint16_t>({2, 3, 3}));
  }
}

TEST_CASE("a damaged chunk is refused with its slice and byte, and its neighbours can be read") {
  const mrcz::shape extents{3, 16, 16};
  const auto all = test::counts<std::int16_t>(extents);
  const auto good = test::file_of(mode::int16, extents, with_zstd);
  const auto place = test::reader_of(good).slices()[1];
  const auto at = static_cast<std::size_t>(place.offset);
  const auto where = fmt::format("(slice 1, byte {})", place.offset);

  const auto check_refused = [&](const test::bytes& file, const std::string& message) {
    for (const std::size_t threads : {1U, 3U}) {
      const auto in = test::reader_of(file, {.threads = threads});
      CHECK(in.read_slice<std::int16_t>(0) == mrcz::image<std::int16_t>(xt::view(all, 0, xt::all(), xt::all())));
      CHECK(in.read_slice<std::int16_t>(2) == mrcz::image<std::int16_t>(xt::view(all, 2, xt::all(), xt::all())));
      for (const auto& action : std::vector<std::function<void()>>{
               [&] { in.read<std::int16_t>(); }, [&] { in.read_slice<float>(1); },
               [&] { in.read_region<float>({.z = {.first = 1, .count = 1}, .y = {.first = 2, .count = 1}}); }}) {
        const auto failure = test::failure_of(action);
        REQUIRE(failure);
        CAPTURE(failure->message);
        CHECK(failure->code == errc::bad_chunk);
        CHECK(failure->mentions("memory: "));
        CHECK(failure->mentions(message));
        CHECK(failure->mentions(where));
      }
    }
  };
  auto file = good;
  test::patch(file, at + 4, std::uint32_t{511});
  check_refused(file, "says that it holds 511 bytes, expected 512");
  file = good;
  file[at + 1] = std::byte{9};
  check_refused(file, "format version 2.9, expected 2.1");
  file = good;
  file[at + 3] = std::byte{0};
  check_refused(file, "elements of 0 bytes");
  file = good;
  test::patch(file, at + 8, std::uint32_t{0});
  check_refused(file, "blocks of 0 bytes");
  file = good;
  file[at + 2] = std::byte{0xe0};
  check_refused(file, "no codec");
  file = good;
  std::fill(file.begin() + static_cast<std::ptrdiff_t>(at) + 24,  // behind the length of the stream
            file.begin() + static_cast<std::ptrdiff_t>(at + place.packed_bytes), std::byte{0xee});
  check_refused(file, "does not decompress to 512 bytes");
}

TEST_CASE("where no chunk follows, the file is refused from that slice on") {
  const auto good = test::file_of(mode::int16, {3, 16, 16}, with_zstd);
  const auto at = static_cast<std::size_t>(test::reader_of(good).slices()[1].offset);
  auto file = good;
  file[at] = std::byte{77};
  auto failure = refusal(file);
  CHECK(failure.code == errc::bad_chunk);
  CHECK(failure.mentions("no chunk found where one was expected: format version 77"));
  CHECK(failure.mentions(fmt::format("(slice 1, byte {})", at)));
  CHECK(test::reader_of(file, {.incomplete = true}).shape()[0] == 1);

  file = good;
  test::patch(file, at + 12, std::uint32_t{15});  // a chunk shorter than its own header would never end
  failure = refusal(file);
  CHECK(failure.code == errc::bad_chunk);
  CHECK(failure.mentions("15 packed bytes"));

  file = good;
  test::patch(file, at + 12, std::uint32_t{0xffffffff});
  failure = refusal(file);
  CHECK(failure.code == errc::truncated);
  CHECK(failure.mentions("chunk has 4294967295 packed bytes, but only"));
}

TEST_CASE("nothing is allocated for a slice that its chunk cannot hold") {
  auto file = test::file_of(mode::uint16, {2, 8, 8}, with_zstd);
  test::patch(file, 0, std::int32_t{30000});  // 1.8 GB per slice
  test::patch(file, 4, std::int32_t{30000});
  const auto at = static_cast<std::size_t>(test::reader_of(file).slices()[0].offset);
  auto failure = refusal(file);
  CHECK(failure.code == errc::bad_chunk);
  CHECK(failure.mentions("says that it holds 128 bytes, expected 1800000000 (slice 0, byte 1024)"));

  test::patch(file, at + 4, std::uint32_t{1'800'000'000});  // now the chunk lies as well
  failure = refusal(file);
  CHECK(failure.code == errc::bad_chunk);
  CHECK(failure.mentions("says that it holds 1800000000 bytes"));
}

TEST_CASE("the codec of the chunk counts, not the one that MODE names") {
  for (const codec real : {codec::blosclz, codec::lz4, codec::snappy, codec::zlib, codec::zstd}) {
    if (!mrcz::available(real)) continue;
    for (const codec claimed : {codec::blosclz, codec::lz4hc, codec::zstd}) {
      auto file = test::file_of(mode::int16, {2, 16, 16}, {.compression = {.codec = real}});
      test::patch(file, 12, mrcz::encode({mode::int16, claimed}));
      const auto in = test::reader_of(file);
      const bool cannot_be_told = real == codec::lz4 && claimed == codec::lz4hc;
      CHECK(in.codec() == (cannot_be_told ? codec::lz4hc : real));
      CHECK(in.read<std::int16_t>() == test::counts<std::int16_t>({2, 16, 16}));
    }
  }
}

TEST_CASE("the mode word of the first version of python-mrcz is understood") {
  auto file = test::file_of(mode::uint16, {2, 16, 16}, with_zstd);
  test::patch(file, 12, std::int32_t{50006});
  const auto in = test::reader_of(file);
  CHECK(in.mode() == mode::uint16);
  CHECK(in.codec() == codec::zstd);
  CHECK(in.read<std::uint16_t>() == test::counts<std::uint16_t>({2, 16, 16}));
}

TEST_CASE("chunks as other programs make them are read") {
  // by byte shuffle or none, with a typesize of 1, stored, in many blocks
  const auto voxels = test::counts<float>({1, 64, 64});
  const auto plain = std::as_bytes(std::span{voxels.data(), voxels.size()});
  auto header = test::first(test::file_with(voxels, with_zstd), 1024);
  for (const auto filter : {mrcz::shuffle::none, mrcz::shuffle::byte, mrcz::shuffle::bit}) {
    for (const std::size_t typesize : {std::size_t{1}, std::size_t{4}, std::size_t{8}}) {
      for (const int level : {0, 1, 9}) {
        for (const std::size_t block : {std::size_t{512}, std::size_t{1} << 20U}) {
          mrcz::detail::buffer memory;
          const auto chunk = mrcz::detail::compress(
              plain, typesize, {.codec = codec::lz4, .level = level, .shuffle = filter, .block_size = block}, memory);
          auto file = header;
          file.insert(file.end(), chunk.begin(), chunk.end());
          CHECK(test::reader_of(file).read<float>() == voxels);
        }
      }
    }
  }
}

TEST_CASE("a file whose NSYMBT outlived its extended header is read from byte 1024") {
  auto file = test::file_of(mode::int16, {2, 3, 4});
  test::patch(file, 92, std::int32_t{4096});
  std::memcpy(file.data() + 104, "FEI1", 4);
  const auto in = test::reader_of(file);
  CHECK(in.extended_header().empty());
  CHECK(in.read<std::int16_t>() == test::counts<std::int16_t>({2, 3, 4}));
}

TEST_CASE("a compressed file of c-mrcz, without MAP, labels and packed size, is read") {
  auto file = test::file_of(mode::int16, {2, 16, 16}, with_zstd);
  std::fill(file.begin() + 96, file.begin() + 132, std::byte{0});
  std::fill(file.begin() + 144, file.begin() + 212, std::byte{0});
  std::fill(file.begin() + 214, file.begin() + 216, std::byte{0});
  std::fill(file.begin() + 220, file.begin() + 1024, std::byte{0});
  const auto in = test::reader_of(file);
  CHECK(in.header().packed_bytes == 0);
  CHECK(in.read<std::int16_t>() == test::counts<std::int16_t>({2, 16, 16}));
}

TEST_CASE("stamps and MAP words of the wild do not keep a file from being read") {
  const auto expected = test::counts<std::int16_t>({2, 3, 4});
  for (const auto order : {std::endian::little, std::endian::big}) {
    const auto file = test::file_of(mode::int16, {2, 3, 4}, {.byte_order = order});
    for (const std::array<int, 4> stamp : {std::array{0x44, 0x44, 0, 0},
                                           {0x44, 0x41, 0, 0},
                                           {0x44, 0, 0, 0},
                                           {0x44, 0x11, 0, 0},
                                           {0x44, 0x20, 0x20, 0x20},
                                           {0, 0, 0, 0},
                                           {0x68, 0, 0, 0},
                                           {0x22, 0x41, 0, 0},
                                           {0x90, 0x42, 0x4d, 0xc3},
                                           {0x11, 0x11, 0, 0},
                                           {0x17, 0x17, 0, 0}}) {
      auto odd = file;
      for (std::size_t i = 0; i < 4; ++i) odd[212 + i] = static_cast<std::byte>(stamp[i]);
      CHECK(test::reader_of(odd).read<std::int16_t>() == expected);
      for (const char* map : {"MAP ", "MAP", "M\0\0", "\0\0\0"}) {
        std::memcpy(odd.data() + 208, map, 4);
        CHECK(test::reader_of(odd).read<std::int16_t>() == expected);
      }
    }
  }
}

TEST_CASE("the caller's byte order counts more than the header's looks") {
  auto file = test::file_of(mode::int8, {1, 1, 1}, {.byte_order = std::endian::big});
  CHECK(test::reader_of(file, {.byte_order = std::endian::big}).shape() == mrcz::shape{1, 1, 1});
  const auto misread = test::reader_of(file, {.byte_order = std::endian::little});
  CHECK(misread.header().byte_order == std::endian::little);
  CHECK(misread.shape() == mrcz::shape{1U << 24U, 1U << 24U, 1U << 24U});
  CHECK(test::failure_of([&] { misread.read<std::complex<double>>(); })->code == errc::truncated);
}

TEST_CASE("metadata and extended header are as they stand in the file") {
  const mrcz::metadata values{
      {"name", "K2 \u2603"}, {"dose", 1.25}, {"list", {1, 2, 3}}, {"deep", {{"null", nullptr}}}};
  for (const auto c : {codec::none, codec::zstd}) {
    auto file = test::file_of(mode::int8, {2, 3, 4}, {.compression = {.codec = c}}, values);
    const auto in = test::reader_of(file);
    CHECK(in.metadata() == values);
    CHECK(in.extended_header().type() == "json");
    CHECK(in.extended_header().bytes.size() == (values.dump().size() + 15) / 16 * 16);
    CHECK(in.read<std::int8_t>() == test::counts<std::int8_t>({2, 3, 4}));

    file[1024] = std::byte{'!'};
    const auto broken = test::reader_of(file);
    CHECK(broken.read<std::int8_t>() == test::counts<std::int8_t>({2, 3, 4}));  // the voxels are still good
    const auto failure = test::failure_of([&] { broken.metadata(); });
    REQUIRE(failure);
    CHECK(failure->code == errc::bad_metadata);
    CHECK(failure->mentions("memory: JSON metadata (extended header) cannot be read"));
  }
  CHECK(test::reader_of(test::file_of(mode::int8, {1, 1, 1})).metadata().is_null());
}

TEST_CASE("what is no MRC file is refused with what was found") {
  const test::scratch_folder folder;
  const auto path = folder / "bad.mrc";
  const auto refused = [&](auto code, const std::string& message) {
    const auto failure = test::failure_of([&] { mrcz::reader{path}.read<float>(); });
    REQUIRE(failure);
    CAPTURE(failure->message);
    CHECK(failure->code == code);
    CHECK(failure->mentions(path.string() + ": " + message));
  };
  refused(std::errc::no_such_file_or_directory, "cannot open: No such file");
  test::write_bytes(path, {});
  refused(errc::not_mrc,
          "is not an MRC file but an empty file; whatever wrote, copied or downloaded it did not finish");
  const auto good = test::file_of(mode::float32, {2, 3, 4});
  test::write_bytes(path, test::first(good, 1023));
  refused(errc::not_mrc, "is not an MRC file: it has 1023 bytes, expected at least 1024");
  test::write_bytes(path, test::bytes(5000, std::byte{0xfe}));
  refused(errc::not_mrc, "is not an MRC file: no 'MAP' at byte 208, extents -16843010 x -16843010 x -16843010");
  test::write_bytes(path, test::bytes(5000, std::byte{'x'}));
  refused(errc::not_mrc, "is not an MRC file but a text that begins 'xxxx");
  test::write_bytes(path, test::bytes(5000));
  refused(errc::not_mrc, "is not an MRC file but a file that begins with zeros; whatever wrote");
  auto packed = test::bytes(300, std::byte{7});
  packed[0] = std::byte{0x1f}, packed[1] = std::byte{0x8b}, packed[2] = std::byte{8};
  test::write_bytes(path, packed);
  refused(errc::truncated, "the data of gzip end after 0 unpacked bytes: they were cut off (byte 300)");

  const auto patched = [&](std::size_t at, std::int32_t value) {
    auto file = good;
    test::patch(file, at, value);
    test::write_bytes(path, file);
  };
  patched(0, 0);
  refused(errc::bad_header, "NX, NY, NZ are 0, 3, 2, expected positive numbers (byte 0)");
  patched(0, -5);
  refused(errc::bad_header, "NX, NY, NZ are -5, 3, 2, expected positive numbers (byte 0)");
  patched(4, 0);
  refused(errc::bad_header, "NX, NY, NZ are 4, 0, 2");
  patched(8, INT32_MIN);
  refused(errc::bad_header, "NX, NY, NZ are 4, 3, -2147483648");
  patched(12, 5);
  refused(errc::bad_mode, "MODE is 5, which is no voxel type of MRC or MRCZ that can be read (byte 12)");
  patched(12, 7002);
  refused(errc::bad_mode, "MODE is 7002, ");
  patched(12, -1);
  refused(errc::bad_mode, "MODE is -1, ");
  auto longer = good;  // an exact size would show that the extended header is not there
  longer.resize(longer.size() + 1);
  test::patch(longer, 92, std::int32_t{200});
  test::write_bytes(path, longer);
  refused(errc::bad_header, "NSYMBT is 200, but only 97 bytes follow the header (byte 92)");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  refused(std::errc::is_a_directory, "cannot read or write");
}

TEST_CASE("a negative NSYMBT is refused unless the size of the file shows that nothing is there") {
  auto file = test::file_of(mode::float32, {2, 3, 4});
  test::patch(file, 92, std::int32_t{-80});
  CHECK(test::reader_of(file).read<float>() == test::counts<float>({2, 3, 4}));
  file.resize(file.size() + 10);
  const auto failure = refusal(file);
  CHECK(failure.code == errc::bad_header);
  CHECK(failure.mentions("memory: NSYMBT is -80, expected the size of the extended header (byte 92)"));
}

TEST_CASE("extents whose product overflows are an error and no allocation") {
  for (const mode m : {mode::complex64, mode::int8, mode::uint4}) {
    for (const auto c : {codec::none, codec::zstd}) {
      auto file = test::file_of(m, {2, 3, 4}, {.compression = {.codec = c}});
      for (const std::size_t at : {0U, 4U, 8U}) test::patch(file, at, INT32_MAX);
      const auto failure = refusal<std::complex<double>>(file);
      CAPTURE(failure.message);
      CHECK((failure.code == errc::too_large || failure.code == errc::truncated || failure.code == errc::bad_chunk));
    }
  }
}

TEST_CASE("an option that means nothing is refused") {
  const auto failure = test::failure_of([] { test::reader_of(test::file_of(mode::int8, {1, 1, 1}), {.threads = 0}); });
  REQUIRE(failure);
  CHECK(failure->code == errc::bad_option);
  CHECK(failure->mentions("threads is 0, expected at least 1"));
}

TEST_CASE("a source that fails at its n-th read fails the call, whatever n is") {
  for (const auto c : {codec::none, codec::zstd}) {
    const auto file = test::file_of(mode::int16, {3, 4, 5}, {.compression = {.codec = c}}, {{"a", 1}});
    bool succeeded = false;
    int reads = 0;
    for (; !succeeded && reads < 100; ++reads) {
      const auto failure = test::failure_of([&] {
        const mrcz::reader in{std::make_unique<watched_source>(file, reads), {.threads = 2}};
        const auto values = in.metadata();
        const auto voxels = in.read<float>();
        succeeded = true;
        CHECK(values.at("a") == 1);
        CHECK(voxels == test::counts<float>({3, 4, 5}));
      });
      CHECK(failure.has_value() != succeeded);
      if (failure) {
        CHECK(failure->code == std::errc::io_error);
        CHECK(failure->mentions("watched: "));
      }
    }
    CHECK(reads > 4);
    CHECK(succeeded);
  }
}

TEST_CASE("reading stops between slices when the caller asks for it, and says why") {
  const auto file = test::file_of(mode::int16, {40, 30, 31}, {.compression = {.codec = codec::zstd}});
  for (const std::size_t threads : {1U, 3U}) {
    std::stop_source source;
    const std::stop_token token = source.get_token();
    std::atomic<std::uint64_t> done = 0;
    const auto in = test::reader_of(file, {.threads = threads, .stop = &token, .progress = &done});
    (void)in.read<float>();
    CHECK(done == std::uint64_t{40} * 30 * 31 * 2);
    (void)in.read_region<float>({.z = {0, 2}, .y = {3, 4}, .x = {5, 6}});
    CHECK(done == std::uint64_t{40} * 30 * 31 * 2 + 2 * 4 * 6 * 2);
    source.request_stop();
    const auto failure = test::failure_of([&] { (void)in.read<float>(); });
    REQUIRE(failure);
    CHECK(failure->code == errc::stopped);
    CHECK(failure->mentions("memory: stopped"));
  }
}

TEST_CASE("a stack of images of IMOD's has as many frames as images, and one of MRCZ's as its MZ says") {
  auto file = test::file_of(mode::int16, {6, 3, 4}, {.kind = mrcz::kind::image_stack});
  test::patch(file, 36, std::int32_t{6});
  CHECK(test::reader_of(file).frames() == 6);
  CHECK(test::reader_of(file).read_frame<float>(5).shape(0) == 1);
  auto packed =
      test::file_of(mode::int16, {6, 3, 4}, {.compression = {.codec = codec::lz4}, .kind = mrcz::kind::image_stack});
  test::patch(packed, 36, std::int32_t{6});
  CHECK(test::reader_of(packed).frames() == 1);
  CHECK(test::reader_of(packed).read_frame<float>(0).shape(0) == 6);
}

TEST_CASE("one reader serves many threads at once") {
  const test::scratch_folder folder;
  const mrcz::shape extents{8, 32, 33};
  const auto all = test::counts<float>(extents);
  for (const auto c : {codec::none, codec::lz4}) {
    const auto path = folder / fmt::format("{}.mrc", mrcz::name_of(c));
    test::write_bytes(path, test::file_of(mode::int16, extents, {.compression = {.codec = c}}, {{"a", 1}}));
    const mrcz::reader in{path, {.threads = 2}};
    std::atomic<int> wrong = 0;
    {
      std::vector<std::jthread> threads;
      for (std::size_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
          for (std::size_t i = 0; i < 8; ++i) {
            const auto z = (i + t) % 8;
            const auto slice = in.read_slice<float>(z);
            wrong += !std::equal(slice.begin(), slice.end(), all.data() + z * 32 * 33);
            wrong += in.read<float>() != all;
            wrong += in.metadata().at("a") != 1;
          }
        });
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("a reader can be moved, also while its file lies in memory") {
  auto first = test::reader_of(test::file_of(mode::int16, {2, 3, 4}, with_zstd));
  const mrcz::reader second{std::move(first)};
  CHECK(second.read<std::int16_t>() == test::counts<std::int16_t>({2, 3, 4}));
}

TEST_CASE("a file cut off by as much as its metadata take is not mistaken for one without them") {
  const auto file = test::file_of(mode::int16, {2, 3, 4}, {}, {{"name", "K2"}});
  const auto failure = refusal(test::first(file, 1024 + 2 * 3 * 4 * 2));
  CHECK(failure.code == errc::truncated);
  CHECK(failure.mentions("(slice 1, byte "));
}

TEST_CASE("a volume is read in the order x, y, z of the specimen, whole and in parts") {
  mrcz::header h;
  h.ispg = 1;
  for (const auto& axes : {std::array{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}})
    for (const auto used : {codec::none, codec::zstd}) {
      CAPTURE(axes[0]);
      CAPTURE(axes[1]);
      const auto of_file = test::counts<std::int16_t>({5, 6, 7});
      std::tie(h.mapc, h.mapr, h.maps) = std::tuple{axes[0], axes[1], axes[2]};
      test::bytes content;
      mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.compression = {.codec = used}}};
      out.header() = h;
      out.append(of_file);
      out.close();
      const auto ordered = mrcz::in_xyz_order(of_file, h);
      const auto open = [&](mrcz::read_options options) {
        return mrcz::reader{std::make_unique<mrcz::memory_source>(content), options};
      };
      const auto in = open({.axes = mrcz::axis_order::xyz});
      CHECK(in.shape() == mrcz::detail::shape_of(ordered));
      CHECK(in.header().mapc == axes[0]);
      CHECK(in.header_as_read().mapc == 1);
      CHECK(static_cast<std::size_t>(in.header_as_read().nx) == in.shape()[2]);
      CHECK(in.read<std::int16_t>() == ordered);
      CHECK(in.read<float>() == xt::cast<float>(ordered));
      CHECK(in.read_slice<std::int16_t>(2) == xt::view(ordered, 2, xt::all(), xt::all()));
      CHECK(in.read_slices<std::int16_t>({4, 0, 2}) == xt::view(ordered, xt::keep(4, 0, 2), xt::all(), xt::all()));
      CHECK(in.read_slices<float>({2, 2, 0, 1, 4}) ==
            xt::cast<float>(xt::view(ordered, xt::keep(2, 2, 0, 1, 4), xt::all(), xt::all())));
      CHECK(in.read_slices<float>(mrcz::slice_list{}).shape()[0] == 0);
      const auto [depth, rows, columns] = in.shape();
      mrcz::volume<float> sparse = xt::zeros<float>(mrcz::shape{5, rows, 2 * columns});
      const auto stride = static_cast<std::ptrdiff_t>(rows * 2 * columns);
      in.read_slices(mrcz::slice_list{3, 1}, mrcz::view_of(&sparse(4, 0, 0), {std::size_t{2}, rows, columns},
                                                           {-2 * stride, stride / static_cast<int>(rows), 2}));
      for (std::size_t y = 0; y < rows; ++y)
        for (std::size_t x = 0; x < columns; ++x) {
          CHECK(sparse(4, y, 2 * x) == ordered(3, y, x));
          CHECK(sparse(2, y, 2 * x) == ordered(1, y, x));
        }
      CHECK(xt::sum(sparse)() == xt::sum(xt::cast<float>(xt::view(ordered, xt::keep(3, 1), xt::all(), xt::all())))());
      CHECK(in.read_region<std::int16_t>({.z = {.first = 1, .count = 3}, .y = {.first = 2}, .x = {.count = 4}}) ==
            xt::view(ordered, xt::range(1, 4), xt::range(2, xt::placeholders::_), xt::range(0, 4)));
      CHECK(test::failure_of([&] { in.read_slice<float>(in.shape()[0]); })->code == errc::out_of_range);
      CHECK(in.frames() == 1);
      auto turned = mrcz::volume<std::int16_t>::from_shape(in.shape());
      in.read(mrcz::view_of(turned.data(), in.shape()));
      CHECK(turned == ordered);
      CHECK(open({}).read<std::int16_t>() == of_file);
    }
}

TEST_CASE("a volume is read in any order of axes") {
  const auto of_file = test::counts<std::int16_t>({5, 6, 7});
  mrcz::header h;
  h.ispg = 1;
  for (const auto& axes : {std::array{1, 2, 3}, {2, 3, 1}, {3, 2, 1}}) {
    std::tie(h.mapc, h.mapr, h.maps) = std::tuple{axes[0], axes[1], axes[2]};
    const auto content = test::file_with(of_file, {.like = h});
    const auto expected = mrcz::in_xyz_order(of_file, h);
    for (const char* const name : {"file", "xyz", "xzy", "yxz", "yzx", "zxy", "zyx"}) {
      CAPTURE(name);
      const auto in = test::reader_of(content, {.axes = mrcz::axis_order_named(name).value()});
      const auto found = in.read<std::int16_t>();
      CHECK(mrcz::detail::shape_of(found) == in.shape());
      CHECK(mrcz::in_xyz_order(found, in.header_as_read()) == expected);
    }
  }
}

TEST_CASE("a list of slices in the order x, y, z is read in one pass through the file") {
  const auto of_file = test::counts<std::int16_t>({5, 60, 70});
  for (const auto& axes : {std::array{1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}})
    for (const auto used : {codec::none, codec::zstd}) {
      CAPTURE(axes[0]);
      CAPTURE(axes[1]);
      CAPTURE(name_of(used));
      test::bytes content;
      mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.compression = {.codec = used}}};
      out.header().ispg = 1;
      out.header().mapc = axes[0], out.header().mapr = axes[1], out.header().maps = axes[2];
      out.append(of_file);
      out.close();
      std::atomic<std::uint64_t> count = 0;
      std::atomic<std::uint64_t> progress = 0;
      const mrcz::reader in{std::make_unique<test::counting_source>(std::move(content), count),
                            {.axes = mrcz::axis_order::xyz, .progress = &progress}};
      in.read_slice<std::int16_t>(0);
      const std::uint64_t once = in.slices().packed_bytes() + (used == codec::none ? 0U : 1000U);  // and chunk headers
      count = progress = 0;
      const auto found = in.read_slices<std::int16_t>({4, 0, 2, 3, 1});
      CHECK(count <= once);
      CHECK(progress == 2 * found.size());
      if (used != codec::none || axes[1] != 3) continue;
      count = 0;
      in.read_slices<std::int16_t>({59, 0, 1});  // rows of the file
      CHECK(count == 5 * 3 * 70 * 2);
    }
}

TEST_CASE("a stack whose axes are no x, y, z is refused in that order, and read in its own") {
  test::bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.kind = mrcz::kind::image_stack}};
  std::tie(out.header().mapc, out.header().mapr) = std::tuple{2, 1};
  out.append(test::counts<std::int16_t>({2, 3, 4}));
  out.close();
  const auto open = [&](mrcz::read_options options) {
    return mrcz::reader{std::make_unique<mrcz::memory_source>(content), options};
  };
  CHECK(test::failure_of([&] { open({.axes = mrcz::axis_order::xyz}); })->code == errc::bad_option);
  CHECK(open({}).shape() == mrcz::shape{2, 3, 4});
}

TEST_CASE("a reader of a file that grows sees the slices that are complete by then") {
  const test::scratch_folder folder;
  const auto all = test::counts<float>({5, 3, 4});
  for (const char* const name : {"a.mrc", "a.mrcz"}) {
    mrcz::writer out{folder / name, {.keep_partial = true}};
    out.append(mrcz::image<float>{xt::view(all, 0, xt::all(), xt::all())});
    mrcz::reader in{out.partial_path()};
    for (std::size_t z = 1; z < 5; ++z) {
      CHECK(in.shape()[0] == z);
      out.append(mrcz::image<float>{xt::view(all, z, xt::all(), xt::all())});
      CHECK(in.read<float>() == xt::view(all, xt::range(0, z), xt::all(), xt::all()));
      in.refresh();
    }
    out.close();  // the file has its name now
    in.refresh();
    CHECK(in.read<float>() == all);
  }
}

namespace {

/// Two states of a growing file: it changes between the moment at which its size and that at which its header is read.
class growing_source final : public mrcz::byte_source {
 public:
  growing_source(test::bytes before, test::bytes after) : states_{std::move(before), std::move(after)} {}

  std::uint64_t size() const override { return size_; }
  void refresh() const override { size_ = states_[grown_ ? 1 : 0].size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    if (will_grow) grown_ = true;
    const auto& now = states_[grown_ ? 1 : 0];
    std::copy_n(now.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
  }
  std::string name() const override { return "growing"; }

  mutable bool will_grow = false;

 private:
  std::array<test::bytes, 2> states_;
  mutable bool grown_ = false;
  mutable std::uint64_t size_ = states_[0].size();
};

}  // namespace

TEST_CASE("slices that come between a look at the size and one at the header are there") {
  const auto all = test::counts<float>({3, 2, 2});
  const mrcz::volume<float> two = xt::view(all, xt::range(0, 2), xt::all(), xt::all());
  auto source = std::make_unique<growing_source>(test::file_with(two), test::file_with(all));
  const auto& file = *source;
  mrcz::reader in{std::move(source)};
  CHECK(in.shape()[0] == 2);
  file.will_grow = true;
  in.refresh();
  CHECK(in.read<float>() == all);

  auto other = std::make_unique<growing_source>(test::file_with(two), test::file_with(all));
  other->will_grow = true;
  CHECK(mrcz::reader{std::move(other)}.read<float>() == all);
}

TEST_CASE("a reader is not refreshed with a file of other slices") {
  const test::scratch_folder folder;
  mrcz::write(folder / "a.mrc", test::counts<float>({2, 3, 4}));
  mrcz::reader in{folder / "a.mrc"};
  auto content = test::bytes_of(folder / "a.mrc");
  content[0] = std::byte{5};  // NX
  std::ofstream{folder / "a.mrc", std::ios::binary | std::ios::in}.write(reinterpret_cast<const char*>(content.data()),
                                                                         4);
  const auto failure = test::failure_of([&] { in.refresh(); });
  REQUIRE(failure);
  CHECK(failure->code == errc::bad_header);
  CHECK(failure->mentions("a.mrc"));
  CHECK(in.shape() == mrcz::shape{2, 3, 4});
}

namespace {

std::vector<std::string> texts_of(const std::vector<mrcz::finding>& findings) {
  std::vector<std::string> texts;
  for (const auto& one : findings) texts.push_back(to_string(one));
  return texts;
}

/// The findings of `validate` in such a file.
std::vector<std::string> findings_in(const test::bytes& content) {
  return texts_of(mrcz::validate(std::make_unique<mrcz::memory_source>(content)));
}

}  // namespace

TEST_CASE("an NSYMBT that outlived its extended header is remarked") {
  auto content = test::file_of(mode::int16, {2, 3, 4});
  test::patch(content, 92, std::int32_t{40});
  std::memcpy(content.data() + 104, "FEI1", 4);
  const std::vector<std::string> expected{
      "error: NSYMBT (byte 92): found 40, expected 0, as the voxels follow the header at once"};
  CHECK(texts_of(test::reader_of(content).remarks()) == expected);
  CHECK(findings_in(content) == expected);
}

TEST_CASE("a MODE that names another codec than the first slice has is remarked") {
  for (const auto real : {codec::blosclz, codec::lz4, codec::zstd}) {
    for (const auto claimed : {codec::lz4, codec::lz4hc, codec::zstd}) {
      CAPTURE(name_of(real));
      CAPTURE(name_of(claimed));
      auto content = test::file_of(mode::int16, {2, 16, 16}, {.compression = {.codec = real}});
      test::patch(content, 12, mrcz::encode({mode::int16, claimed}));
      std::vector<std::string> expected;
      if (real != claimed && !(real == codec::lz4 && claimed == codec::lz4hc))
        expected.push_back(fmt::format("warning: MODE (byte 12): found {}, {}, expected {}, {}, as the first slice has",
                                       mrcz::encode({mode::int16, claimed}), name_of(claimed),
                                       mrcz::encode({mode::int16, real}), name_of(real)));
      CHECK(texts_of(test::reader_of(content).remarks()) == expected);
      CHECK(findings_in(content) == expected);
    }
  }
}

TEST_CASE("remarks are about the header in the byte order that the options state") {
  const auto content = test::file_of(mode::int8, {1, 1, 1}, {.byte_order = std::endian::big});
  CHECK(test::reader_of(content, {.byte_order = std::endian::big}).remarks().empty());
  const auto remarks = test::reader_of(content, {.byte_order = std::endian::little}).remarks();
  REQUIRE_FALSE(remarks.empty());
  CHECK(to_string(remarks[0]) ==
        "error: MACHST (byte 212): found 11 11 00 00, expected the stamp of little-endian data, "
        "which these are");
}

TEST_CASE("remarks read no more than the header") {
  auto content = test::file_of(mode::int16, {200, 16, 16}, with_zstd);
  test::patch(content, 12, mrcz::encode({mode::int16, codec::lz4}));
  std::atomic<std::uint64_t> count = 0;
  const mrcz::reader in{std::make_unique<test::counting_source>(std::move(content), count)};
  CHECK(count == 1024 + 16);
  CHECK(in.remarks().size() == 1);
  CHECK(count == 1024 + 16 + 1024);
}

TEST_CASE("remarks say what opening repaired or doubted, as validate does") {
  auto content = test::file_with(test::counts<std::int8_t>({2, 3, 4}), {.mode = mode::int8});
  CHECK(test::reader_of(content).remarks().empty());
  const float dmin = 0;
  const float dmax = 200;
  std::memcpy(content.data() + 76, &dmin, 4);
  std::memcpy(content.data() + 80, &dmax, 4);
  std::memset(content.data() + 64, 0, 12);  // MAPC, MAPR, MAPS
  std::memset(content.data() + 212, 0, 4);  // the stamp
  const auto remarks = test::reader_of(content).remarks();
  const auto about = [&](std::string_view field) {
    return std::find_if(remarks.begin(), remarks.end(), [&](const auto& f) { return f.field == field; });
  };
  REQUIRE(about("DMAX") != remarks.end());
  CHECK(about("DMAX")->expected.find("signed_bytes = false") != std::string::npos);
  CHECK(about("MAPC, MAPR, MAPS") != remarks.end());
  CHECK(about("MACHST") != remarks.end());
  const auto findings = mrcz::validate(std::make_unique<mrcz::memory_source>(content));
  for (const auto& remark : remarks)
    CHECK(std::any_of(findings.begin(), findings.end(),
                      [&](const auto& f) { return mrcz::to_string(f) == mrcz::to_string(remark); }));
}

TEST_CASE("IMOD's bytes of two voxels are read, appended to and edited as mode 101") {
  const test::scratch_folder folder;
  const auto path = folder / "packed.mrc";
  mrcz::volume<std::uint8_t> voxels = mrcz::detail::make_volume<std::uint8_t>({2, 3, 8});
  for (std::size_t i = 0; i < voxels.size(); ++i) voxels.data()[i] = static_cast<std::uint8_t>(i * 7 % 16);
  mrcz::write(path, voxels, {.mode = mode::uint4, .voxel_size = mrcz::voxel_size{2, 2, 2}});
  auto file = test::bytes_of(path);
  test::patch(file, 0, 4);
  test::patch(file, 12, 0);
  test::patch(file, 28, 4);
  test::patch(file, 40, 8.0F);
  test::patch(file, 152, mrcz::imod_stamp_value);
  test::patch(file, 156, 16);
  test::write_bytes(path, file);

  const mrcz::reader in{path};
  CHECK(in.mode() == mode::uint4);
  CHECK(in.shape() == mrcz::shape{2, 3, 8});
  CHECK(in.voxel_size() == mrcz::voxel_size{2, 2, 2});
  CHECK(in.read<std::uint8_t>() == voxels);
  const auto remarks = in.remarks();
  CHECK(std::any_of(remarks.begin(), remarks.end(), [](const auto& f) { return f.field == "MODE"; }));

  mrcz::edit(path, [](mrcz::header_fields& fields) { fields.labels.add("mode 101 now"); });
  CHECK(mrcz::read<std::uint8_t>(path) == voxels);
  CHECK(mrcz::validate(path).empty());

  test::write_bytes(path, file);
  mrcz::append_to(path, mrcz::image<std::uint8_t>{xt::view(voxels, 0)});
  const auto more = mrcz::read<std::uint8_t>(path);
  CHECK(more.shape(0) == 3);
  CHECK(xt::view(more, 2) == xt::view(voxels, 0));
  CHECK(mrcz::read_header(path).header.mode == 101);
}

TEST_CASE("IMOD's colour images are refused by name") {
  auto file = test::file_of(mode::int8, {1, 3, 12});
  test::patch(file, 0, 4);
  test::patch(file, 12, 16);
  const auto failure = test::failure_of([&] { test::reader_of(file); });
  REQUIRE(failure);
  CHECK(failure->code == errc::bad_mode);
  CHECK(failure->mentions("MODE is 16, that of IMOD's colour images (RGB)"));
}
