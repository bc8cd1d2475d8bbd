// How fast are whole files, against c-blosc alone (ceiling) and c-blosc plus the system's copy of its output (ideal)?
#include <algorithm>
#include <optional>
#include <string>

#include "ceiling.hpp"
#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"

namespace {

struct setting {
  const char* name;
  mrcz::codec codec;
  int level;
};

constexpr setting codec_settings[] = {{"none", mrcz::codec::none, 1},
                                      {"lz4-1", mrcz::codec::lz4, 1},
                                      {"lz4-9", mrcz::codec::lz4, 9},
                                      {"zstd-1", mrcz::codec::zstd, 1}};

/// python-mrcz uses blocks of at most 64 KiB.
constexpr std::size_t python_mrcz_block = 65536;

template <class T>
void measure_movie(const benchmark::settings& s, benchmark::table& table, const std::string& kind,
                   const mrcz::volume<T>& movie) {
  const double megabytes = static_cast<double>(movie.size() * sizeof(T)) / 1e6;
  for (const auto& [name, codec, level] : codec_settings) {
    const auto ours = s.folder / "ours.mrcz";
    const auto theirs = s.folder / "theirs.bin";
    const mrcz::write_options options{.compression = {.codec = codec, .level = level},
                                      .durability = mrcz::durability::none};
    benchmark::ceiling<T> ceiling{movie, codec, level, mrcz::default_block_size};
    const auto times = benchmark::measure(
        {{"compress", [&] { ceiling.compress(); }},
         {"write packed", [&] { ceiling.write_packed(theirs); }},
         {"write", [&] { mrcz::write(ours, movie, options); }, [&] { std::filesystem::remove(ours); }},
         {"decompress", [&] { ceiling.decompress(); }},
         {"read packed", [&] { ceiling.read_packed(theirs); }},
         {"read", [&] { (void)mrcz::read<T>(ours); }}},
        s.repeats);
    const double write_ideal = (codec == mrcz::codec::none ? 0 : times[0]) + times[1];
    const double read_ideal = (codec == mrcz::codec::none ? 0 : times[3]) + times[4];
    const double size = static_cast<double>(std::filesystem::file_size(ours));
    const benchmark::ceiling<T> python{movie, codec, level, python_mrcz_block};
    const bool compressed = codec != mrcz::codec::none;
    const auto against = [&](bool shown, double reference, double time) {
      return shown ? std::optional{reference / time} : std::nullopt;
    };
    table.row(fmt::format("{} {}", kind, name),
              {megabytes * 1e6 / size, megabytes / times[2], write_ideal / times[2],
               against(compressed, times[0], times[2]), megabytes / times[5], read_ideal / times[5],
               against(compressed, times[3], times[5]), static_cast<double>(python.packed_bytes()) / (size - 1024)});
    if (!compressed) continue;
    if (level == 9 || codec == mrcz::codec::zstd) table.target("write/ideal", write_ideal / times[2], 1.10);
    table.target("read/ideal", read_ideal / times[5], 0.90);
    table.target("size at python-mrcz's settings/size", static_cast<double>(python.packed_bytes()) / (size - 1024),
                 1.0);
  }
}

}  // namespace

void benchmark::whole_files(const settings& s, nlohmann::ordered_json& all) {
  table t{all,
          "Whole files",
          "Slices of 4096 x 4096, hot page cache, not synced, with statistics; read into fresh arrays. MB/s of voxels; "
          "/ means times as fast.",
          {"ratio", "write MB/s", "write/ideal", "write/ceiling", "read MB/s", "read/ideal", "read/ceiling",
           "size/python"}};
  measure_movie(s, t, "int8 counts", counts(s));
  measure_movie(s, t, "int16 integrated", integrated(s));
  measure_movie(s, t, "float32 corrected", gain_corrected(s));
}
