#include "mrcz/write.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/read.hpp"
#include "mrcz/read_header.hpp"
#include "mrcz/validate.hpp"
#include "tests/lazy.hpp"
#include "tests/whole_files.hpp"

using mrcz::codec;
using mrcz::errc;
using mrcz::kind;
using mrcz::mode;

namespace {

const mrcz::metadata values{
    {"camera", "K2 \u2603"}, {"dose", {1.25, 2}}, {"nested", {{"flag", true}, {"none", nullptr}}}};

void check_round_trip(mode m, const mrcz::shape& extents, const mrcz::write_options& options) {
  const auto file = test::file_of(m, extents, options, values);
  const auto in = test::reader_of(file);
  const auto wanted = options.compression.codec.value_or(codec::none);
  CHECK(in.shape() == extents);
  CHECK(in.mode() == m);
  CHECK(in.codec() == wanted);
  CHECK(in.header().byte_order == options.byte_order.value_or(std::endian::native));
  CHECK(in.metadata() == values);
  CHECK(in.slices().complete() == extents[0]);
  CHECK(in.slices().end() == file.size());
  CHECK(in.header().packed_bytes ==
        (wanted == codec::none ? 0 : static_cast<std::int64_t>(in.slices().packed_bytes())));
  CHECK(test::numbers_of(in) == test::expected_counts(extents));
}

}  // namespace

TEST_CASE("every mode survives every codec in both byte orders") {
  for (const mode m : mrcz::all_modes) {
    for (const codec c : mrcz::all_codecs) {
      if (!mrcz::available(c)) continue;
      for (const auto order : {std::endian::little, std::endian::big}) {
        CAPTURE(mrcz::name_of(m));
        CAPTURE(mrcz::name_of(c));
        CAPTURE(mrcz::name_of(order));
        check_round_trip(m, {3, 17, 23}, {.compression = {.codec = c}, .byte_order = order});
        check_round_trip(m, {1, 1, 1}, {.compression = {.codec = c}, .byte_order = order});
      }
    }
  }
}

TEST_CASE("every codec survives every level, shuffle and block size") {
  for (const codec c : mrcz::all_codecs) {
    if (!mrcz::available(c)) continue;
    for (const auto filter : {mrcz::shuffle::none, mrcz::shuffle::byte, mrcz::shuffle::bit}) {
      for (int level = 0; level <= 9; ++level) {
        CAPTURE(mrcz::name_of(c));
        CAPTURE(mrcz::name_of(filter));
        CAPTURE(level);
        const mrcz::compression how{.codec = c, .level = level, .shuffle = filter};
        check_round_trip(level % 2 == 0 ? mode::int16 : mode::float32, {2, 33, 37}, {.compression = how});
      }
      for (const std::size_t block : {std::size_t{128}, std::size_t{1000}, std::size_t{65536}, std::size_t{1} << 30U}) {
        const mrcz::compression how{.codec = c, .shuffle = filter, .block_size = block};
        check_round_trip(mode::complex64, {2, 33, 37}, {.compression = how});
      }
    }
  }
}

TEST_CASE("odd and tiny extents survive, also where two voxels share a byte") {
  for (const mode m : {mode::uint4, mode::int8, mode::float16, mode::complex_int16}) {
    for (const auto c : {codec::none, codec::zstd, codec::lz4}) {
      for (std::size_t nx = 1; nx <= 5; ++nx)
        for (std::size_t ny = 1; ny <= 3; ++ny)
          check_round_trip(m, {2, ny, nx}, {.compression = {.codec = c}, .byte_order = std::endian::big});
      check_round_trip(m, {1, 1, 1001}, {.compression = {.codec = c}});
      check_round_trip(m, {1, 1001, 1}, {.compression = {.codec = c}});
      check_round_trip(m, {300, 1, 1}, {.compression = {.codec = c}});
    }
  }
}

TEST_CASE("every kind of file says what it is and gives back its voxels") {
  for (const auto c : {codec::none, codec::zstd}) {
    for (const auto order : {std::endian::little, std::endian::big}) {
      const auto written = [&](const mrcz::shape& extents, mrcz::write_options options) {
        options.compression.codec = c;
        options.byte_order = order;
        check_round_trip(mode::int16, extents, options);
        return test::reader_of(test::file_of(mode::int16, extents, options)).header();
      };
      auto h = written({1, 4, 5}, {.kind = kind::image});
      CHECK(std::tuple{h.kind(), h.ispg, h.mz} == std::tuple{kind::image, 0, 1});
      h = written({6, 4, 5}, {.kind = kind::image_stack});
      CHECK(std::tuple{h.kind(), h.ispg, h.mz} == std::tuple{kind::image_stack, 0, 1});
      h = written({6, 4, 5}, {});
      CHECK(std::tuple{h.kind(), h.ispg, h.mz} == std::tuple{kind::volume, 1, 6});
      h = written({1, 4, 5}, {.kind = kind::volume});
      CHECK(std::tuple{h.kind(), h.ispg, h.mz} == std::tuple{kind::volume, 1, 1});
      h = written({6, 4, 5}, {.kind = kind::volume_stack, .sections_per_volume = 3});
      CHECK(std::tuple{h.kind(), h.ispg, h.mz} == std::tuple{kind::volume_stack, 401, 3});
      h = written({6, 4, 5}, {.space_group = 19});
      CHECK(std::tuple{h.kind(), h.ispg, h.mz} == std::tuple{kind::volume, 19, 6});
    }
  }
}

TEST_CASE("an uncompressed file is exactly the header and the voxels in their order") {
  const mrcz::volume<std::int16_t> voxels{{{1, 2}, {3, -2}}};
  for (const auto order : {std::endian::little, std::endian::big}) {
    const auto file = test::file_with(voxels, {.byte_order = order});
    REQUIRE(file.size() == 1024 + 8);
    CHECK(mrcz::detail::load<std::int32_t>(file.data(), order) == 2);
    CHECK(mrcz::detail::load<std::int32_t>(file.data() + 8, order) == 1);
    CHECK(mrcz::detail::load<std::int32_t>(file.data() + 12, order) == 1);
    CHECK(mrcz::detail::load<std::int32_t>(file.data() + 108, order) == 20141);
    CHECK(file[212] == std::byte{order == std::endian::little ? std::uint8_t{0x44} : std::uint8_t{0x11}});
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(mrcz::detail::load<std::int16_t>(file.data() + 1024 + 2 * i, order) == voxels.data()[i]);
  }
  const auto nibbles = test::file_with(mrcz::volume<std::uint8_t>{{{1, 2, 3}, {4, 5, 6}}}, {.mode = mode::uint4});
  CHECK(test::bytes(nibbles.begin() + 1024, nibbles.end()) ==
        test::bytes{std::byte{0x21}, std::byte{0x03}, std::byte{0x54}, std::byte{0x06}});
}

TEST_CASE("each slice of a compressed file is one blosc chunk behind the other") {
  const auto all = test::counts<float>({3, 64, 65});
  const auto file = test::file_with(all, {.compression = {.codec = codec::zstd}}, values);
  CHECK(mrcz::detail::load<std::int32_t>(file.data() + 12, std::endian::native) == 6002);
  std::size_t at = 1024 + mrcz::to_extended_header(values).bytes.size();
  for (std::size_t z = 0; z < 3; ++z) {
    const auto h = mrcz::detail::chunk_header::decode(std::span{file}.subspan(at).first<16>());
    CHECK(h.version == 2);
    CHECK(h.typesize == 4);
    CHECK(h.bytes == 64 * 65 * 4);
    CHECK(h.codec() == codec::zstd);
    CHECK(h.shuffle() == mrcz::shuffle::bit);
    std::vector<float> slice(64 * 65);
    mrcz::detail::decompress_with_blosc(std::span{file}.subspan(at, h.packed_bytes),
                                        std::as_writable_bytes(std::span{slice}));
    CHECK(std::equal(slice.begin(), slice.end(), all.data() + z * slice.size()));
    at += h.packed_bytes;
  }
  CHECK(at == file.size());
}

TEST_CASE("voxels that cannot be compressed are stored at 16 bytes more per slice") {
  auto noise = mrcz::detail::make_volume<std::uint32_t>({2, 64, 64});
  std::mt19937 random{7};
  for (auto& v : noise) v = static_cast<std::uint32_t>(random());
  for (const auto c : {codec::blosclz, codec::lz4, codec::zlib, codec::zstd}) {
    const auto file = test::file_with(noise, {.compression = {.codec = c}});
    CHECK(file.size() == 1024 + 2 * (64 * 64 * 4 + 16));
    CHECK(test::reader_of(file).read<std::uint32_t>() == noise);
  }
}

TEST_CASE("the modes that an array does not have by itself are taken from the options, if every value fits") {
  const auto floats = test::counts<float>({2, 3, 5});
  for (const mode m : mrcz::all_modes) {
    CAPTURE(mrcz::name_of(m));
    const auto in = test::reader_of(test::file_with(floats, {.compression = {.codec = codec::lz4}, .mode = m}));
    CHECK(in.mode() == m);
    CHECK(test::numbers_of(in) == test::expected_counts({2, 3, 5}));
  }
  const auto bytes = test::counts<std::uint8_t>({2, 3, 5});
  CHECK(test::reader_of(test::file_with(bytes)).mode() == mode::uint16);
  CHECK(test::reader_of(test::file_with(bytes, {.mode = mode::uint4})).read<std::uint8_t>() == bytes);
}

TEST_CASE("three lines write a lazy expression with voxel size and metadata") {
  const test::scratch_folder folder;
  const auto movie = test::counts<std::int8_t>({4, 16, 18});
  const xt::xtensor<float, 2> gain = xt::ones<float>({16, 18}) * 0.5F;
  mrcz::write(folder / "out.mrcz", xt::cast<float>(movie) * gain, {.voxel_size = mrcz::voxel_size{1.2F, 1.2F, 1.2F}},
              values);
  const mrcz::reader in{folder / "out.mrcz"};
  CHECK(in.codec() == codec::zstd);
  CHECK(in.voxel_size()->x == doctest::Approx(1.2F));
  CHECK(in.metadata() == values);
  CHECK(in.read<float>() == mrcz::volume<float>(xt::cast<float>(movie) * gain));
  CHECK(folder.files() == std::vector<std::string>{"out.mrcz"});
}

TEST_CASE("a file is replaced in one step, keeps its permissions, and a symbolic link stays one") {
  const test::scratch_folder folder;
  const auto path = folder / "a.mrc";
  mrcz::write(path, test::counts<float>({1, 2, 2}));
  std::filesystem::permissions(path, std::filesystem::perms{0640});
  std::filesystem::create_symlink(path, folder / "link.mrc");
  const mrcz::reader old{path};
  mrcz::write(folder / "link.mrc", test::counts<float>({3, 4, 5}));
  CHECK(std::filesystem::is_symlink(folder / "link.mrc"));
  CHECK(mrcz::read<float>(path) == test::counts<float>({3, 4, 5}));
  CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms{0640});
  CHECK(old.read<float>() == test::counts<float>({1, 2, 2}));  // a reader that has the old file open keeps reading it
  CHECK(folder.files().size() == 2);
}

TEST_CASE("a file can be rewritten from its own voxels") {
  const test::scratch_folder folder;
  const auto path = folder / "self.mrc";
  mrcz::write(path, test::counts<std::int16_t>({2, 5, 6}));
  mrcz::write(path, xt::cast<std::int16_t>(mrcz::read<std::int16_t>(path) * 2));
  CHECK(mrcz::read<std::int16_t>(path) == mrcz::volume<std::int16_t>(test::counts<std::int16_t>({2, 5, 6}) * 2));
}

TEST_CASE("an error while writing leaves the old file and nothing else") {
  const test::scratch_folder folder;
  const auto path = folder / "kept.mrc";
  mrcz::write(path, test::counts<float>({1, 2, 2}));
  const auto old = test::bytes_of(path);
  mrcz::volume<float> fractions = test::counts<float>({3, 2, 2});
  fractions(2, 1, 1) = 0.25F;
  for (const std::size_t threads : {1U, 2U}) {
    const auto failure =
        test::failure_of([&] { mrcz::write(path, fractions, {.mode = mode::int16, .threads = threads}); });
    REQUIRE(failure);
    CHECK(failure->code == errc::mode_mismatch);
    CHECK(failure->mentions(path.string() + ": voxel 3 has the value 0.25, which mode int16 cannot represent"));
    CHECK(failure->mentions("(slice 2)"));
    CHECK(test::bytes_of(path) == old);
    CHECK(folder.files().size() == 1);
  }
  for (const auto& bad : {xt::xarray<float>::from_shape({4}), xt::xarray<float>::from_shape({0, 2})}) {
    CHECK(test::failure_of([&] { mrcz::write(path, bad); })->code == errc::shape_mismatch);
    CHECK(test::bytes_of(path) == old);
    CHECK(folder.files().size() == 1);
  }
}

TEST_CASE("one call puts more slices behind those of a file") {
  const test::scratch_folder folder;
  const auto all = test::counts<std::int16_t>({6, 7, 8});
  for (const std::string name : {"a.mrc", "a.mrcz"}) {
    mrcz::write(folder / name, xt::view(all, 0, xt::all(), xt::all()));
    mrcz::append_to(folder / name, xt::view(all, 1, xt::all(), xt::all()));
    mrcz::append_to(folder / name, xt::view(all, xt::range(2, 6), xt::all(), xt::all()), {.threads = 2});
    CHECK(mrcz::read<std::int16_t>(folder / name) == all);
  }
}

TEST_CASE("a stack is written with one word, whatever the rank and the name say") {
  const test::scratch_folder folder;
  const auto frames = test::counts<std::int16_t>({4, 3, 5});
  for (const char* const name : {"a.mrc", "a.mrcz"}) {
    mrcz::write_stack(folder / name, frames);
    const mrcz::reader in{folder / name};
    CHECK(in.kind() == kind::image_stack);
    CHECK(in.header().mz == 1);
    CHECK(in.read<std::int16_t>() == frames);
  }
  mrcz::write_stack(folder / "b.mrc", frames, {}, {{"camera", "K3"}});
  CHECK(mrcz::reader{folder / "b.mrc"}.metadata().at("camera") == "K3");
  const auto failure = test::failure_of([&] { mrcz::write_stack(folder / "c.mrc", frames, {.kind = kind::volume}); });
  REQUIRE(failure);
  CHECK(failure->code == errc::bad_option);
  CHECK(failure->mentions("kind is volume, but a stack of images is to be written"));
}

TEST_CASE("conditions are written as bytes of 0 and 1") {
  const test::scratch_folder folder;
  const auto path = folder / "mask.mrcz";
  const mrcz::volume<float> density{{{1, 5, 2}, {7, 0, 9}}};
  mrcz::write(path, density > 3.0F);
  CHECK(mrcz::reader{path}.mode() == mode::int8);
  CHECK(mrcz::read<std::int8_t>(path) == mrcz::volume<std::int8_t>{{{0, 1, 0}, {1, 0, 1}}});
  CHECK(mrcz::reader{path}.statistics().mean == 0.5);

  const xt::xtensor<bool, 2> mask{{true, false, true}};
  mrcz::write(path, mask, {.mode = mode::uint4});
  CHECK(mrcz::read<std::uint8_t>(path) == mrcz::volume<std::uint8_t>{{{1, 0, 1}}});
  mrcz::write(path, xt::view(mask, xt::all(), xt::range(1, 3)));
  CHECK(mrcz::read<std::int8_t>(path) == mrcz::volume<std::int8_t>{{{0, 1}}});
  mrcz::append_to(path, xt::xtensor<bool, 2>{{true, true}});
  CHECK(mrcz::reader{path}.shape()[0] == 2);
  const bool flags[] = {true, false};
  mrcz::write(path, mrcz::view_of(flags, {1, 2}));
  CHECK(mrcz::read<std::int8_t>(path) == mrcz::volume<std::int8_t>{{{1, 0}}});
}

TEST_CASE("averages in double precision are written as floats, and the header describes the floats") {
  const test::scratch_folder folder;
  const auto path = folder / "average.mrc";
  const xt::xtensor<double, 3> average{{{1.0 / 3, 2.0 / 3, -1e-9}}};
  mrcz::write(path, average);
  CHECK(mrcz::reader{path}.mode() == mode::float32);
  CHECK(mrcz::read<float>(path) == mrcz::volume<float>{{{1.0F / 3, 2.0F / 3, -1e-9F}}});
  CHECK(mrcz::validate(path).empty());
  mrcz::write(path, average * 1e38, {.compression = {.codec = codec::zstd}});
  CHECK(test::failure_of([&] { mrcz::write(path, average * 1e39); })->code == errc::mode_mismatch);

  const xt::xtensor<std::complex<double>, 3> transform{{{{0.1, 0.2}, {-1, 3}}}};
  mrcz::write(path, transform);
  CHECK(mrcz::reader{path}.mode() == mode::complex64);
  CHECK(mrcz::read<std::complex<float>>(path)(0, 0, 0) == std::complex<float>{0.1F, 0.2F});
}

TEST_CASE("64-bit integers need a mode") {
  const test::scratch_folder folder;
  const auto path = folder / "counts.mrc";
  const xt::xtensor<long long, 3> counts{{{1, -40000, 3}}};
  const auto failure = test::failure_of([&] { mrcz::write(path, counts); });
  REQUIRE(failure);
  CHECK(failure->code == errc::bad_option);
  CHECK(failure->mentions("64-bit integers, for which MRC has no mode; write_options::mode says"));
  CHECK_FALSE(std::filesystem::exists(path));
  mrcz::write(path, counts, {.mode = mode::int32});
  CHECK(mrcz::read<std::int32_t>(path) == mrcz::volume<std::int32_t>{{{1, -40000, 3}}});
  CHECK(test::failure_of([&] { mrcz::write(path, counts, {.mode = mode::int16}); })->code == errc::mode_mismatch);
  mrcz::write(path, counts, {.mode = mode::int16, .saturate = true});
  CHECK(mrcz::read<std::int16_t>(path) == mrcz::volume<std::int16_t>{{{1, -32768, 3}}});
  mrcz::append_to(path, xt::xtensor<long, 2>{{7, 8, 9}});
  CHECK(mrcz::reader{path}.shape()[0] == 2);
  mrcz::write(path, xt::xtensor<std::size_t, 2>{{7, 8}} * std::size_t{2}, {.mode = mode::float32});
  CHECK(mrcz::read<float>(path) == mrcz::volume<float>{{{14, 16}}});
}

TEST_CASE("one option rounds, in every mode, codec and byte order, and the header describes what is stored") {
  const test::scratch_folder folder;
  const auto path = folder / "rounded.mrcz";
  mrcz::volume<float> voxels = mrcz::detail::make_volume<float>({3, 33, 65});
  std::mt19937 random{16};
  std::uniform_real_distribution<float> any{0, 15};
  for (float& v : voxels) v = any(random);
  for (const mode m : mrcz::all_modes)
    for (const codec c : {codec::none, codec::zstd})
      for (const auto order : {std::endian::little, std::endian::big}) {
        CAPTURE(mrcz::name_of(m));
        const mrcz::write_options options{
            .compression = {.codec = c}, .mode = m, .rounding = mrcz::rounding::nearest, .byte_order = order};
        mrcz::write(path, voxels, options);
        CHECK(mrcz::validate(path).empty());
        const auto stored = mrcz::read<std::complex<double>>(path);
        const bool floats = m == mode::float32 || m == mode::complex64;
        const double step = floats ? 0.0 : m == mode::float16 ? 0x1p-8 : 0.5;
        bool near = true;
        for (std::size_t i = 0; i < stored.size(); ++i)
          near = near && std::abs(stored.data()[i] - static_cast<double>(voxels.data()[i])) <= step;
        CHECK(near);
      }
}

TEST_CASE("a name that ends in .gz or .zst packs the file, and the rest of the name means what it means alone") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<std::int16_t>({3, 20, 30});
  struct expectation {
    const char* name;
    mrcz::packing packing;
    mrcz::codec codec;
    mrcz::kind kind;
  };
  const expectation all[]{{"a.map.gz", mrcz::packing::gzip, codec::none, kind::volume},
                          {"a.mrc.zst", mrcz::packing::zstd, codec::none, kind::volume},
                          {"a.mrcz.gz", mrcz::packing::gzip, codec::zstd, kind::volume},
                          {"a.mrcs.gz", mrcz::packing::gzip, codec::none, kind::image_stack},
                          {"a.gz", mrcz::packing::gzip, codec::none, kind::volume},
                          {"gz", mrcz::packing::none, codec::none, kind::volume}};
  for (const auto& expected : all)
    for (const std::size_t threads : {1U, 3U}) {
      CAPTURE(expected.name);
      mrcz::write(folder / expected.name, voxels, {.threads = threads}, {{"detector", "K3"}});
      const mrcz::reader in{folder / expected.name};
      CHECK(in.packing() == expected.packing);
      CHECK(in.codec() == expected.codec);
      CHECK(in.kind() == expected.kind);
      CHECK(in.metadata().at("detector") == "K3");
      CHECK(in.read<std::int16_t>() == voxels);
      CHECK(mrcz::validate(folder / expected.name).empty());
    }
  CHECK(folder.files().size() == std::size(all));
}

TEST_CASE("the option packs any file, also one in memory, or keeps a name from packing it") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<float>({3, 20, 30});
  mrcz::write(folder / "a.map.gz", voxels, {.packing = mrcz::packing::none});
  CHECK(mrcz::reader{folder / "a.map.gz"}.packing() == mrcz::packing::none);
  mrcz::write(folder / "a.map", voxels, {.packing = mrcz::packing::zstd});
  CHECK(mrcz::reader{folder / "a.map"}.packing() == mrcz::packing::zstd);
  const auto in = test::reader_of(test::file_with(voxels, {.packing = mrcz::packing::gzip}));
  CHECK(in.packing() == mrcz::packing::gzip);
  CHECK(in.read<float>() == voxels);
}

TEST_CASE("a packing that is not written, or cannot be, is refused before a file is touched") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<float>({3, 20, 30});
  const auto refused = [&](const char* name, const mrcz::write_options& options, const char* message) {
    const auto thrown = test::failure_of([&] { mrcz::write(folder / name, voxels, options); });
    REQUIRE(thrown);
    CHECK(thrown->code == errc::bad_option);
    CHECK(thrown->mentions(message));
    CHECK(folder.files().empty());
  };
  refused("a.map.bz2", {}, "packing is bzip2, which is only read, expected gzip or zstd");
  refused("a.map.xz", {}, "packing is xz, which is only read, expected gzip or zstd");
  refused("a.map.gz", {.keep_partial = true},
          "keep_partial is true, but a file that gzip packs cannot be read before it is complete");
  mrcz::write(folder / "a.map", voxels);
  const auto thrown =
      test::failure_of([&] { mrcz::append_to(folder / "a.map", voxels, {.packing = mrcz::packing::gzip}); });
  REQUIRE(thrown);
  CHECK(thrown->mentions("packing is gzip, but the file is not packed"));
}

TEST_CASE("an error while a packed file is written leaves the old file and nothing else") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<float>({3, 20, 30});
  mrcz::write(folder / "a.map.gz", voxels);
  const auto before = test::bytes_of(folder / "a.map.gz");
  {
    mrcz::writer out{folder / "a.map.gz"};
    out.append(voxels + 1.0F);
  }
  mrcz::writer stopped{folder / "a.map.gz"};
  stopped.append(voxels);
  stopped.header().ispg = 1000;
  CHECK(test::failure_of([&] { stopped.close(); }));
  CHECK(test::failure_of([&] { mrcz::write(folder / "a.map.gz", voxels, {.replace = false}); })->code ==
        errc::already_exists);
  CHECK(test::bytes_of(folder / "a.map.gz") == before);
  CHECK(folder.files() == std::vector<std::string>{"a.map.gz"});
}

TEST_CASE("a packed volume of several pieces is the same with any number of threads") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<float>({5, 300, 400});
  mrcz::write(folder / "one.map.gz", voxels, {.threads = 1});
  mrcz::write(folder / "three.map.gz", voxels, {.threads = 3});
  CHECK(test::bytes_of(folder / "one.map.gz") == test::bytes_of(folder / "three.map.gz"));
  CHECK(mrcz::read<float>(folder / "one.map.gz") == voxels);
  CHECK(mrcz::read_header(folder / "one.map.gz").header.nx == 400);
}
