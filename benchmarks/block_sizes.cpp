// How many bytes should c-blosc compress at a time? The choice of `default_block_size` in codec/blosc.hpp follows from
// this.
#include <complex>
#include <string>

#include "ceiling.hpp"
#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/codec/blosc.hpp"

namespace {

struct setting {
  const char* name;
  mrcz::codec codec;
  int level;
};

constexpr setting codec_settings[] = {
    {"blosclz-5", mrcz::codec::blosclz, 5}, {"lz4-1", mrcz::codec::lz4, 1},       {"lz4-9", mrcz::codec::lz4, 9},
    {"lz4hc-5", mrcz::codec::lz4hc, 5},     {"snappy-5", mrcz::codec::snappy, 5}, {"zlib-1", mrcz::codec::zlib, 1},
    {"zlib-5", mrcz::codec::zlib, 5},       {"zstd-1", mrcz::codec::zstd, 1},     {"zstd-5", mrcz::codec::zstd, 5}};

constexpr std::size_t python_mrcz_block = 65536;
constexpr std::size_t block_sizes[] = {python_mrcz_block, 131072, 262144, 524288, 1048576};

template <class T>
void measure_movie(const benchmark::settings& s, benchmark::table& table, const std::string& kind,
                   const mrcz::volume<T>& movie) {
  const double bytes = static_cast<double>(movie.size() * sizeof(T));
  for (const auto& [name, codec, level] : codec_settings) {
    double first_size = 0;
    for (const std::size_t block_size : block_sizes) {
      benchmark::ceiling<T> c{movie, codec, level, block_size};
      const auto times =
          benchmark::measure(s, {{"compress", [&] { c.compress(); }}, {"decompress", [&] { c.decompress(); }}});
      const double size = static_cast<double>(c.packed_bytes());
      if (block_size == python_mrcz_block) first_size = size;
      table.row(fmt::format("{} {} {} KiB", kind, name, block_size / 1024),
                {bytes / size, size / first_size, bytes / 1e6 / times[0], bytes / 1e6 / times[1]});
      if (block_size == mrcz::detail::default_block_size(codec, sizeof(T)))
        table.target(fmt::format("default, {} KiB: size of 64 KiB/size", block_size / 1024), first_size / size, 1);
    }
  }
}

/// Two slices: large enough for many blocks, and few enough for slow codecs.
constexpr mrcz::shape extents{2, 1024, 4096};

/// Noise in both parts of complex voxels, as in a Fourier transform.
mrcz::volume<std::complex<float>> transformed() {
  std::mt19937 random{4};
  std::normal_distribution<float> part{0, 100};
  return benchmark::repeated_noise<std::complex<float>>(
      extents, [&] { return std::complex<float>{part(random), part(random)}; });
}

}  // namespace

void benchmark::block_sizes(const settings& s, nlohmann::ordered_json& all) {
  table t{
      all,
      "Block sizes",
      "c-blosc alone on all cores, bit shuffle, two slices of 1024 x 4096 voxels, in MB/s of voxels. 64 KiB is what "
      "python-mrcz asks for.",
      {"ratio", "size/64 KiB", "compress", "decompress"}};
  settings few = s;
  few.repeats = 3;
  few.largest_array = std::size_t{1} << 27U;
  measure_movie(few, t, "int8 counts", counts(extents));
  measure_movie(few, t, "int16 integrated", integrated(extents));
  measure_movie(few, t, "float32 corrected", gain_corrected(extents));
  measure_movie(few, t, "complex64 transformed", transformed());
}
