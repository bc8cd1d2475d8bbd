#include "mrcz/try_compressions.hpp"

#include <algorithm>
#include <cstdint>
#include <stop_token>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/codec/blosc.hpp"
#include "tests/whole_files.hpp"

namespace {

mrcz::compression_trial trial(mrcz::codec codec, std::uint64_t packed_bytes, double rate) {
  constexpr std::uint64_t bytes = 1000;
  return {{.codec = codec, .level = 1}, bytes, packed_bytes, static_cast<double>(bytes) / rate};
}

}  // namespace

TEST_CASE("each codec that is there packs what a writer would pack") {
  const auto voxels = test::counts<float>({2, 40, 50});
  const auto trials = mrcz::try_compressions(voxels, {.mode = mrcz::mode::int16});
  const auto codecs = std::count_if(mrcz::all_codecs.begin(), mrcz::all_codecs.end(), [](mrcz::codec codec) {
    return codec != mrcz::codec::none && codec != mrcz::codec::snappy && mrcz::available(codec);
  });
  CHECK(trials.size() == static_cast<std::size_t>(3 * codecs));
  for (const auto& one : trials) {
    CAPTURE(mrcz::name_of(*one.compression.codec));
    CHECK(one.bytes == 2 * 40 * 50 * 2);
    const auto in =
        test::reader_of(test::file_with(voxels, {.compression = one.compression, .mode = mrcz::mode::int16}));
    CHECK(one.packed_bytes == in.slices().packed_bytes());
  }
}

TEST_CASE("the smallest that is fast enough is the best") {
  using enum mrcz::codec;
  const double fast = mrcz::fast_enough;
  const std::vector all{trial(lz4, 500, 9 * fast), trial(zstd, 400, 2 * fast), trial(zlib, 300, fast / 2)};
  CHECK(mrcz::best_of(all).compression.codec == zstd);
  const std::vector equal{trial(lz4, 400, 2 * fast), trial(zstd, 400, 3 * fast)};
  CHECK(mrcz::best_of(equal).compression.codec == zstd);
  const std::vector slow{trial(lz4, 500, fast / 2), trial(zstd, 300, fast / 3)};
  CHECK(mrcz::best_of(slow).compression.codec == lz4);
}

TEST_CASE("a sample that no mode can hold is refused") {
  const mrcz::image<float> halves{{0.5F, 1.5F}};
  CHECK(test::failure_of([&] { mrcz::try_compressions(halves, {.mode = mrcz::mode::int8}); })->code ==
        mrcz::errc::mode_mismatch);
}

TEST_CASE("a requested stop ends the trials") {
  std::stop_source source;
  source.request_stop();
  const std::stop_token stop = source.get_token();
  CHECK(test::failure_of([&] { mrcz::try_compressions(test::counts<float>({1, 2, 3}), {.stop = &stop}); })->code ==
        mrcz::errc::stopped);
}
