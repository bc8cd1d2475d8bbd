// How fast are whole files, compared with c-blosc alone (ceiling) and c-blosc plus the system's copy of its output
// (ideal)?
#include <algorithm>
#include <optional>
#include <string>

#include "ceiling.hpp"
#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"

namespace {

struct setting {
  const char* name;
  mrcz::codec codec;
  int level;
  bool planes = false;
};

constexpr setting codec_settings[] = {{"none", mrcz::codec::none, 1},
                                      {"lz4-1", mrcz::codec::lz4, 1},
                                      {"lz4-9", mrcz::codec::lz4, 9},
                                      {"zstd-1", mrcz::codec::zstd, 1},
                                      {"zstd-1 planes", mrcz::codec::zstd, 1, true}};

/// The least that reading must be, in times as fast as the ideal.
struct targets {
  double lz4;
  double zstd;
  double lz4_again;
  double zstd_again;
};

/// python-mrcz uses blocks of at most 64 KiB.
constexpr std::size_t python_mrcz_block = 65536;

template <class T>
void measure_movie(const benchmark::settings& s, benchmark::table& table, const std::string& kind,
                   const mrcz::volume<T>& movie, const targets& least) {
  const double megabytes = static_cast<double>(movie.size() * sizeof(T)) / 1e6;
  for (const auto& [name, codec, level, planes] : codec_settings) {
    const auto ours = s.folder / "ours.mrcz";
    const auto theirs = s.folder / "theirs.bin";
    const mrcz::write_options options{.compression = {.codec = codec, .level = level, .planes = planes},
                                      .durability = mrcz::durability::none};
    auto without_statistics = options;
    without_statistics.statistics = false;
    benchmark::ceiling<T> ceiling{movie, codec, level, mrcz::detail::default_block_size(codec, sizeof(T))};
    auto again = mrcz::detail::make_volume<T>(mrcz::detail::shape_of(movie));
    const auto remove_ours = [&] { std::filesystem::remove(ours); };
    const auto times = benchmark::measure(
        s, {{"compress", [&] { ceiling.compress(); }},
            {"write packed", [&] { ceiling.write_packed(theirs); }, [&] { std::filesystem::remove(theirs); }},
            {"write", [&] { mrcz::write(ours, movie, options); }, remove_ours},
            {"write without statistics", [&] { mrcz::write(ours, movie, without_statistics); }, remove_ours},
            {"decompress", [&] { ceiling.decompress(); }},
            {"read packed", [&] { ceiling.read_packed(theirs); }},
            {"read", [&] { (void)mrcz::read<T>(ours); }},
            {"read again", [&] { mrcz::reader{ours}.read(again); }},
            {"fresh memory", [&] { benchmark::touch_fresh_memory(movie.size() * sizeof(T)); }}});
    const auto [compress, write_packed, write, write_without, decompress, read_packed, read, read_again, fresh] = times;
    const bool compressed = codec != mrcz::codec::none;
    const double write_ideal = (compressed ? compress : 0) + write_packed;
    const double read_ideal = (compressed ? decompress : 0) + read_packed;
    const double size = static_cast<double>(std::filesystem::file_size(ours));
    const benchmark::ceiling<T> python{movie, codec, level, python_mrcz_block};
    const auto against_ceiling = [&](double reference, double time) {
      return compressed ? std::optional{reference / time} : std::nullopt;
    };
    const double python_size = static_cast<double>(python.packed_bytes()) / (size - 1024);
    table.row(fmt::format("{} {}", kind, name),
              {megabytes * 1e6 / size, megabytes / write, write_ideal / write, write_ideal / write_without,
               against_ceiling(compress, write), megabytes / read, read_ideal / read, read_ideal / read_again,
               fresh / read, against_ceiling(decompress, read), python_size});
    if (!compressed) continue;
    const bool counts_by_planes = planes && sizeof(T) == 1;
    table.target("write/ideal", write_ideal / write, counts_by_planes ? 1.2 : 1.0);
    if (planes)
      table.target("size of c-blosc/size", static_cast<double>(ceiling.packed_bytes()) / (size - 1024),
                   counts_by_planes ? 1.02 : 1.0);
    table.target("size at python-mrcz's settings/size", python_size, 1.0);
    const bool quick_lz4 = codec == mrcz::codec::lz4 && level == 1;
    const bool zstd = codec == mrcz::codec::zstd;
    table.target("read/ideal", read_ideal / read, quick_lz4 ? 1.0 : zstd ? least.zstd : least.lz4);
    table.target("again/ideal", read_ideal / read_again, quick_lz4 ? 1.0 : zstd ? least.zstd_again : least.lz4_again);
  }
}

}  // namespace

void benchmark::whole_files(const settings& s, nlohmann::ordered_json& all) {
  table t{all,
          "Whole files",
          "Slices of 4096 x 4096, hot page cache, not synced, with statistics; read into fresh arrays. MB/s of voxels; "
          "/ means times as fast. no statistics: write/ideal without them. again: into an array that is there already. "
          "fresh/read: the part of the reading time that touching a new array's pages takes.",
          {"ratio", "write MB/s", "write/ideal", "no statistics", "write/ceiling", "read MB/s", "read/ideal",
           "again/ideal", "fresh/read", "read/ceiling", "python/size"}};
  measure_movie(s, t, "int8 counts", counts(s), {1.5, 1.5, 1.8, 1.8});
  measure_movie(s, t, "int16 integrated", integrated(s), {1.3, 1.3, 1.5, 1.5});
  measure_movie(s, t, "float32 corrected", gain_corrected(s), {1.3, 1.05, 1.5, 1.1});
}
