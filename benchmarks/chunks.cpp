// How fast is one chunk decompressed, compared with c-blosc and, if it was found, c-blosc2?
#include <cstring>

#include "blosc2.hpp"
#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_reader.hpp"

namespace {

using mrcz::detail::instructions;

struct setting {
  const char* name;
  mrcz::codec codec;
  int level;
  double least;            ///< times as fast as c-blosc
  double least_with_avx2;  ///< the same with AVX2 alone
};

template <class T>
void measure_slice(const benchmark::settings& s, benchmark::table& t, const std::string& kind,
                   const mrcz::volume<T>& movie, const std::vector<setting>& settings) {
  const std::span slice{movie.data(), movie.shape()[1] * movie.shape()[2]};
  const auto plain = std::as_bytes(slice);
  std::vector<std::byte> into(plain.size());
  mrcz::detail::buffer packed;
  for (const setting& wanted : settings) {
    const auto chunk = mrcz::detail::compress(plain, sizeof(T), {.codec = wanted.codec, .level = wanted.level}, packed);
    const auto ours = [&](instructions with) {
      return [&, memory = std::make_shared<mrcz::detail::unpack_memory>(), with] {
        memory->unshuffle_with = mrcz::detail::has(with) ? with : instructions::any;
        mrcz::detail::decompress(chunk, into, *memory);
      };
    };
    const auto times = benchmark::measure(s, {{"c-blosc", [&] { mrcz::detail::decompress_with_blosc(chunk, into); }},
                                              {"c-blosc2", [&] { benchmark::decompress_with_blosc2(chunk, into); }},
                                              {"any", ours(instructions::any)},
                                              {"AVX2", ours(instructions::avx2)},
                                              {"AVX-512", ours(instructions::avx512)},
                                              {"GFNI", ours(instructions::gfni)},
                                              {"ours", ours(mrcz::detail::fastest_for_unshuffle())},
                                              {"copy", [&] { std::memcpy(into.data(), plain.data(), plain.size()); }}});
    const auto speed = [&](double time) { return static_cast<double>(plain.size()) / 1e6 / time; };
    const auto& [blosc, blosc2, any, avx2, avx512, gfni, fastest, copy] = times;
    t.row(fmt::format("{} {}", kind, wanted.name),
          {speed(blosc), benchmark::has_blosc2() ? std::optional{speed(blosc2)} : std::nullopt, speed(any), speed(avx2),
           speed(avx512), speed(gfni), speed(copy), blosc / fastest, blosc / avx2});
    t.target("ours/c-blosc", blosc / fastest, wanted.least);
    t.target("AVX2/c-blosc", blosc / avx2, wanted.least_with_avx2);
  }
}

}  // namespace

void benchmark::chunks(const settings& s, nlohmann::ordered_json& all) {
  table t{all,
          "Chunks",
          "Decompressing one chunk of 4096 x 4096 voxels on one thread, in warm memory, MB/s of voxels. The columns "
          "from `any` to `GFNI` are our loops with these instructions; `ours` are the ones that the library chooses.",
          {"c-blosc", "c-blosc2", "any", "AVX2", "AVX-512", "GFNI", "copy", "ours/c-blosc", "AVX2/c-blosc"}};
  settings many = s;
  many.repeats = 9;
  many.largest_array = std::size_t{1} << 27U;
  constexpr mrcz::shape one{1, 4096, 4096};
  measure_slice(many, t, "int8 counts", counts(one),
                {{"lz4-9", mrcz::codec::lz4, 9, 2.6, 1}, {"zstd-1", mrcz::codec::zstd, 1, 1.8, 1}});
  measure_slice(many, t, "int16 counts", many_counts(one),
                {{"lz4-9", mrcz::codec::lz4, 9, 1.7, 1.27}, {"zstd-1", mrcz::codec::zstd, 1, 2.1, 1.5}});
  measure_slice(many, t, "float32 corrected", gain_corrected(one),
                {{"lz4-9", mrcz::codec::lz4, 9, 1.85, 1.3}, {"zstd-1", mrcz::codec::zstd, 1, 1.14, 1.05}});
}
