/// The library with c-blosc alone. This program does not link to lz4 and zstd.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mrcz/io/memory.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write.hpp"
#include "mrcz/writer.hpp"
#include "tests/codec/support.hpp"
#include "tests/support.hpp"

#if MRCZ_TEST_BLOSCPACK
#include "mrcz/bloscpack.hpp"
#endif

TEST_CASE("neither lz4 nor zstd is there, so c-blosc decompresses every chunk") {
  CHECK_FALSE(mrcz::detail::has_lz4());
  CHECK_FALSE(mrcz::detail::has_zstd());
  for (const auto c : test::compressors)
    CHECK_FALSE(
        mrcz::detail::has_own_decoder(test::header_of(test::packed(test::image_like(10'000), 2, {.codec = c}))));
}

TEST_CASE("planes, which c-blosc does not know, are refused") {
  std::vector<std::byte> file;
  const auto thrown = test::failure_of([&] {
    mrcz::writer{std::make_unique<mrcz::memory_sink>(file),
                 {.compression = {.codec = mrcz::codec::zstd, .planes = true}}};
  });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::bad_option);
  CHECK(thrown->mentions("planes is true, but this program was compiled without zstd of its own (MRCZ_ONLY_BLOSC)"));
}

TEST_CASE("a file of each codec is read whole and in part") {
  const auto voxels = test::counts<std::int16_t>({3, 50, 60});
  for (const auto c : mrcz::all_codecs) {
    CAPTURE(mrcz::name_of(c));
    std::vector<std::byte> file;
    mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), {.compression = {.codec = c, .block_size = 1000}}};
    out.append(voxels);
    out.close();
    const mrcz::reader in{std::make_unique<mrcz::memory_source>(std::move(file))};
    CHECK(in.read<std::int16_t>() == voxels);
    CHECK(in.read_region<float>({.z = {1, 2}, .y = {10, 30}, .x = {7, 20}}) ==
          xt::view(voxels, xt::range(1, 3), xt::range(10, 40), xt::range(7, 27)));
  }
}

TEST_CASE("gzip is read and written; packings whose libraries are missing are refused, and the message names both") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<std::int16_t>({3, 50, 60});
  for (const char* const name : {"a.map.gz", "a.mrcz.gz"}) {
    mrcz::write(folder / name, voxels);
    CHECK(mrcz::reader{folder / name}.read<std::int16_t>() == voxels);
  }
  const auto written = test::failure_of([&] { mrcz::write(folder / "a.map.zst", voxels); });
  REQUIRE(written);
  CHECK(written->code == mrcz::errc::codec_unavailable);
  CHECK(written->mentions("packing is zstd, but this program was compiled without zstd of its own (MRCZ_ONLY_BLOSC)"));
  const auto refused = [](std::string_view beginning) {
    std::vector<std::byte> file(100);
    std::copy_n(reinterpret_cast<const std::byte*>(beginning.data()), beginning.size(), file.begin());
    const auto thrown = test::failure_of([&] { mrcz::reader{std::make_unique<mrcz::memory_source>(file, "a")}; });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::codec_unavailable);
    return thrown->message;
  };
  CHECK(refused("\x28\xb5\x2f\xfd") ==
        "a: is packed by zstd, but mrcz was compiled without zstd (it has MRCZ_ONLY_BLOSC); unpack it first, for "
        "instance with zstd -d");
  CHECK(refused("BZh9") ==
        "a: is packed by bzip2, but mrcz was compiled without libbz2 (it lacks MRCZ_BZIP2); unpack it first, for "
        "instance with bzip2 -d");
  CHECK(refused({"\xfd\x37zXZ\0", 6}) ==
        "a: is packed by xz, but mrcz was compiled without liblzma (it lacks MRCZ_XZ); unpack it first, for instance "
        "with xz -d");
}

#if MRCZ_TEST_BLOSCPACK
TEST_CASE("the wing unpacks what each codec packed") {
  const auto content = test::image_like(10'000);
  for (const auto c : test::compressors) {
    std::vector<std::byte> file;
    mrcz::memory_sink to{file};
    mrcz::bloscpack::pack(mrcz::memory_source{content}, to, {.codec = c});
    const mrcz::bloscpack::reader in{std::make_shared<mrcz::memory_source>(file)};
    std::vector<std::byte> read_back(content.size());
    in.read_at(0, read_back);
    CHECK(read_back == content);
  }
}
#endif
