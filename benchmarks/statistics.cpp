// What do the statistics in the header cost?
#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/write.hpp"

namespace {

template <class T>
void measure_writing(const benchmark::settings& s, benchmark::table& t, const std::string& kind,
                     const mrcz::volume<T>& movie) {
  const auto path = s.folder / "movie.mrcz";
  for (const auto& [name, compression] : {std::pair{"lz4-9", mrcz::compression{.codec = mrcz::codec::lz4, .level = 9}},
                                          std::pair{"zstd-1", mrcz::compression{.codec = mrcz::codec::zstd}},
                                          std::pair{"none", mrcz::compression{.codec = mrcz::codec::none}}}) {
    const auto write = [&, wanted = compression](bool statistics) {
      return [&path, &movie, wanted, statistics] {
        mrcz::write(path, movie,
                    {.compression = wanted, .statistics = statistics, .durability = mrcz::durability::none});
      };
    };
    const auto remove = [&] { std::filesystem::remove(path); };
    const auto times = benchmark::measure(s, {{"without", write(false), remove}, {"with", write(true), remove}});
    const double megabytes = static_cast<double>(movie.size() * sizeof(T)) / 1e6;
    t.row(fmt::format("{} {}", kind, name), {megabytes / times[0], megabytes / times[1], times[0] / times[1]});
    if (compression.codec != mrcz::codec::none) t.target("with/without", times[0] / times[1], 0.9);
  }
}

}  // namespace

void benchmark::statistics(const settings& s, nlohmann::ordered_json& all) {
  table t{all,
          "Statistics",
          "Writing with and without minimum, maximum, mean and RMS, in MB/s of voxels; not synced.",
          {"without", "with", "with/without"}};
  measure_writing(s, t, "int8", counts(s));
  measure_writing(s, t, "int16", integrated(s));
  measure_writing(s, t, "float32", gain_corrected(s));
}
