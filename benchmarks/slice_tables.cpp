// How long does it take to open a file of many slices?
#include "harness.hpp"
#include "mrcz/mapped_volume.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write.hpp"

void benchmark::slice_tables(const settings& s, nlohmann::ordered_json& all) {
  const std::size_t slices = s.quick ? 2000 : 10000;
  table t{all,
          "Slice tables",
          fmt::format("Opening a file of {} slices of 64 x 64 int16: one read of 16 bytes per slice; hot page cache.",
                      slices),
          {"open ms", "us per slice", "read all ms"}};
  const auto path = s.folder / "stack.mrcz";
  const auto voxels = [&] {
    auto stack = mrcz::detail::make_volume<std::int16_t>({slices, 64, 64});
    for (std::size_t i = 0; i < stack.size(); ++i) stack.data()[i] = static_cast<std::int16_t>(i * 7919 % 97);
    return stack;
  }();
  mrcz::write(path, voxels, {.durability = mrcz::durability::none});
  const auto times =
      measure(s, {{"open", [&] { (void)mrcz::reader{path}; }},
                  {"open mapped", [&] { (void)mrcz::reader{std::make_unique<mrcz::mapped_file>(path)}; }},
                  {"read", [&] { (void)mrcz::reader{path}.read<std::int16_t>(); }}});
  t.row("file", {times[0] * 1e3, times[0] * 1e6 / static_cast<double>(slices), times[2] * 1e3});
  t.row("mapped file", {times[1] * 1e3, times[1] * 1e6 / static_cast<double>(slices), std::nullopt});
}
