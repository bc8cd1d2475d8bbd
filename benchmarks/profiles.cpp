// Where other benchmarks miss their target: how much of the time do steps take that no library can avoid?
#include <algorithm>
#include <string>

#include "ceiling.hpp"
#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"

namespace {

constexpr mrcz::compression lz4{.codec = mrcz::codec::lz4, .level = 9};
constexpr mrcz::compression zstd{.codec = mrcz::codec::zstd, .level = 1};

template <class T>
benchmark::ceiling<T> ceiling_of(const mrcz::volume<T>& movie, const mrcz::compression& compression) {
  return {movie, *compression.codec, compression.level,
          mrcz::detail::default_block_size(*compression.codec, sizeof(T))};
}

/// Computes only the statistics, of all slices in parallel.
template <class T>
void summarise(const mrcz::volume<T>& movie) {
  const auto& extents = movie.shape();
  const std::size_t slice = extents[1] * extents[2];
  std::vector<mrcz::running_statistics> of_slice(extents[0]);
  mrcz::detail::parallel_for(extents[0], mrcz::detail::thread_count(std::nullopt, extents[0]),
                             [&](std::size_t z, std::size_t) {
                               of_slice[z] = mrcz::running_statistics::of(std::span{movie.data() + z * slice, slice});
                             });
}

template <class T>
void profile_writing(const benchmark::settings& s, benchmark::table& t, const std::string& kind,
                     const mrcz::volume<T>& movie) {
  const auto ours = s.folder / "ours.mrcz";
  const auto theirs = s.folder / "theirs.bin";
  for (const auto& [name, compression] : {std::pair{"lz4-9", lz4}, std::pair{"zstd-1", zstd}}) {
    auto ceiling = ceiling_of(movie, compression);
    const mrcz::write_options options{.compression = compression, .durability = mrcz::durability::none};
    const auto remove_ours = [&] { std::filesystem::remove(ours); };
    const auto remove_theirs = [&] { std::filesystem::remove(theirs); };
    const auto times = benchmark::measure(s, {{"compress", [&] { ceiling.compress(); }},
                                              {"copy", [&] { ceiling.write_packed(theirs); }, remove_theirs},
                                              {"pipeline", [&] { ceiling.write_in_order(theirs); }, remove_theirs},
                                              {"statistics", [&] { summarise(movie); }},
                                              {"write", [&] { mrcz::write(ours, movie, options); }, remove_ours}});
    const auto [compress, copy, pipeline, statistics, write] = times;
    const double ideal = compress + copy;
    t.row(fmt::format("{} {}", kind, name), {compress * 1e3, copy * 1e3, pipeline * 1e3, statistics * 1e3, write * 1e3,
                                             ideal / pipeline, ideal / (pipeline + statistics), ideal / write});
  }
}

void profile_reading(const benchmark::settings& s, benchmark::table& t, const mrcz::volume<std::int8_t>& movie) {
  const auto path = s.folder / "movie.mrcz";
  auto own_array = mrcz::detail::make_volume<std::int8_t>(mrcz::detail::shape_of(movie));
  auto float_array = mrcz::detail::make_volume<float>(mrcz::detail::shape_of(movie));
  for (const auto& [name, compression] : {std::pair{"int8 lz4-9", lz4}, std::pair{"int8 zstd-1", zstd}}) {
    auto ceiling = ceiling_of(movie, compression);
    mrcz::write(path, movie, {.compression = compression, .durability = mrcz::durability::none});
    const auto times =
        benchmark::measure(s, {{"decompress", [&] { ceiling.decompress(); }},
                               {"int8 zeros", [&] { benchmark::touch_fresh_memory(movie.size()); }},
                               {"float zeros", [&] { benchmark::touch_fresh_memory(movie.size() * sizeof(float)); }},
                               {"read<int8>", [&] { (void)mrcz::read<std::int8_t>(path); }},
                               {"read<float>", [&] { (void)mrcz::read<float>(path); }},
                               {"int8 again", [&] { mrcz::reader{path}.read(own_array); }},
                               {"float again", [&] { mrcz::reader{path}.read(float_array); }}});
    const auto [decompress, own_zeros, float_zeros, own, converted, own_again, converted_again] = times;
    t.row(name, {decompress * 1e3, own_zeros * 1e3, float_zeros * 1e3, own * 1e3, converted * 1e3,
                 (decompress + own_zeros) / (decompress + float_zeros), own / converted, own_again * 1e3,
                 converted_again * 1e3, own_again / converted_again});
    if (*compression.codec == mrcz::codec::zstd)
      t.target("float/own, into arrays that are there", own_again / converted_again, 0.9);
  }
}

}  // namespace

void benchmark::profiles(const settings& s, nlohmann::ordered_json& all) {
  table writing{
      all,
      "Where the time of writing goes",
      "Milliseconds of the parts alone and of the whole, by the threads of the machine. pipeline: c-blosc and "
      "the system alone, slice by slice in order. The last columns are the ideal (compress + copy) against the "
      "pipeline, against the pipeline and statistics, and against what we take for both.",
      {"compress", "copy packed", "pipeline", "statistics", "write", "pipeline/ideal", "+ statistics", "write/ideal"}};
  const auto int8 = counts(s);
  profile_writing(s, writing, "int8 counts", int8);
  profile_writing(s, writing, "int16 integrated", integrated(s));
  profile_writing(s, writing, "float32 corrected", gain_corrected(s));

  table reading{all,
                "Where the time of reading as float goes",
                "Milliseconds. zeros: what the system takes to provide a new array, which it fills with zeros. free: "
                "float/own if converting cost nothing at all. again: into arrays that are there.",
                {"decompress", "int8 zeros", "float zeros", "read<int8>", "read<float>", "free", "float/own",
                 "int8 again", "float again", "again"}};
  profile_reading(s, reading, int8);
}
