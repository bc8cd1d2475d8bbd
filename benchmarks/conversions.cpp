// What does it cost to read voxels as another type than that of the file?
#include <bit>

#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"

namespace {

template <class Stored>
void measure_reading(const benchmark::settings& s, benchmark::table& t, const std::string& name,
                     const mrcz::volume<Stored>& voxels, const mrcz::write_options& options,
                     std::optional<double> target) {
  const auto path = s.folder / "voxels.mrcz";
  mrcz::write(path, voxels, options);
  auto own = mrcz::read<Stored>(path);
  auto converted = mrcz::read<float>(path);
  const auto times = benchmark::measure(s, {{"own type", [&] { (void)mrcz::read<Stored>(path); }},
                                            {"float", [&] { (void)mrcz::read<float>(path); }},
                                            {"own type again", [&] { mrcz::reader{path}.read(own); }},
                                            {"float again", [&] { mrcz::reader{path}.read(converted); }}});
  const double millions = static_cast<double>(voxels.size()) / 1e6;
  t.row(name, {millions / times[0], millions / times[1], times[0] / times[1], times[2] / times[3]});
  if (target) t.target(name + ": read<float> against the own type, per voxel", times[0] / times[1], *target);
}

}  // namespace

void benchmark::conversions(const settings& s, nlohmann::ordered_json& all) {
  table t{
      all,
      "Conversions",
      "Reading whole files as float and as their own type, in million voxels per second; hot page cache, fresh arrays, "
      "which the system fills with zeros first, for float up to four times as many. again: float/own into arrays that "
      "are there already.",
      {"own Mvox/s", "float Mvox/s", "float/own", "again"}};
  const auto int8 = counts(s);
  const auto int16 = integrated(s);
  const auto none = mrcz::compression{.codec = mrcz::codec::none};
  const auto zstd = mrcz::compression{.codec = mrcz::codec::zstd};
  const auto lz4 = mrcz::compression{.codec = mrcz::codec::lz4, .level = 9};
  const auto with = [](mrcz::compression compression, std::optional<mrcz::mode> mode = std::nullopt,
                       std::optional<std::endian> order = std::nullopt) {
    return mrcz::write_options{
        .compression = compression, .mode = mode, .byte_order = order, .durability = mrcz::durability::none};
  };
  const auto swapped = mrcz::detail::opposite(std::endian::native);
  measure_reading(s, t, "int8 zstd-1", int8, with(zstd), 0.8);
  measure_reading(s, t, "int8 lz4-9", int8, with(lz4), 0.8);
  measure_reading(s, t, "int8 none", int8, with(none), std::nullopt);
  measure_reading(s, t, "uint4 zstd-1", int8, with(zstd, mrcz::mode::uint4), std::nullopt);
  measure_reading(s, t, "int16 zstd-1", int16, with(zstd), std::nullopt);
  measure_reading(s, t, "int16 none", int16, with(none), std::nullopt);
  measure_reading(s, t, "int16 swapped none", int16, with(none, std::nullopt, swapped), std::nullopt);
  auto half = mrcz::detail::make_volume<mrcz::half>({int16.shape()[0], 4096, 4096});
  for (std::size_t i = 0; i < half.size(); ++i) half.data()[i] = mrcz::to_half(static_cast<float>(int16.data()[i] / 4));
  measure_reading(s, t, "float16 zstd-1", half, with(zstd), std::nullopt);
  measure_reading(s, t, "float16 none", half, with(none), std::nullopt);
}
