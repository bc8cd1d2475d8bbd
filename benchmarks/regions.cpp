// What does it cost to read a region, compared with the whole slice that contains it?
#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/mapped_volume.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"

void benchmark::regions(const settings& s, nlohmann::ordered_json& all) {
  table t{all,
          "Regions",
          "256 x 256 pixels in the middle of one 4096 x 4096 slice of float32, and the whole slice; hot page cache, "
          "one reader.",
          {"slice ms", "region ms", "times faster"}};
  const auto movie = gain_corrected(s);
  const auto path = s.folder / "movie.mrcz";
  const mrcz::region middle{
      .z = {.first = 1, .count = 1}, .y = {.first = 1900, .count = 256}, .x = {.first = 1700, .count = 256}};
  for (const auto codec : {mrcz::codec::none, mrcz::codec::lz4, mrcz::codec::zstd}) {
    mrcz::write(path, movie, {.compression = {.codec = codec}, .durability = mrcz::durability::none});
    const mrcz::reader in{path};
    const auto times = measure(s, {{"slice", [&] { (void)in.read_slice<float>(1); }},
                                   {"region", [&] { (void)in.read_region<float>(middle); }}});
    t.row(fmt::format("{}", mrcz::name_of(codec)), {times[0] * 1e3, times[1] * 1e3, times[0] / times[1]});
    if (codec != mrcz::codec::none)
      t.target("region of a compressed slice, times faster than the slice", times[0] / times[1], 10);
  }
  mrcz::write(path, movie, {.compression = {.codec = mrcz::codec::none}, .durability = mrcz::durability::none});
  const auto times = measure(s, {{"map", [&] { (void)mrcz::mapped_volume<float>{path}; }}});
  t.row("open a mapped volume", {std::nullopt, times[0] * 1e3, std::nullopt});
  t.target("a mapped open, 1 ms / time", 1e-3 / times[0], 1);
}
