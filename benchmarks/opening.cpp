// How long does it take to open many files?
#include <array>
#include <cstddef>
#include <vector>

#include "harness.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/metadata.hpp"
#include "mrcz/read_header.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write.hpp"

namespace {

/// Writes one file, copies it, and returns the paths of all.
template <class Voxels>
std::vector<std::filesystem::path> copies_of(const Voxels& voxels, const std::filesystem::path& first,
                                             std::size_t count) {
  mrcz::write(first, voxels, {.durability = mrcz::durability::none}, {{"detector", "K3"}, {"tilt", 3.5}});
  std::vector<std::filesystem::path> all{first};
  while (all.size() < count) {
    auto path = first;
    path.replace_filename(fmt::format("{}{}", all.size(), first.filename().string()));
    std::filesystem::copy_file(first, path);
    all.push_back(std::move(path));
  }
  return all;
}

template <class Open>
std::function<void()> for_each_file(const std::vector<std::filesystem::path>& all, Open open) {
  return [&all, open] {
    for (const auto& path : all) open(path);
  };
}

/// The least that opening can cost: the calls of the system.
void read_1024_bytes(const std::filesystem::path& path) {
  std::array<std::byte, mrcz::header_size> bytes;
  mrcz::file{path, mrcz::file::access::read}.read_at(0, bytes);
}

}  // namespace

void benchmark::opening(const settings& s, nlohmann::ordered_json& all) {
  const std::size_t few = s.quick ? 100 : 1000;
  const std::size_t slices = 1000;
  table t{all,
          "Opening many files",
          fmt::format("{} files of one image with metadata, and {} compressed files of {} slices; hot page cache.",
                      10 * few, few, slices),
          {"us per file", "files/s"}};
  const auto add = [&](const char* name, double seconds, std::size_t count) {
    t.row(name, {seconds * 1e6 / static_cast<double>(count), static_cast<double>(count) / seconds});
  };
  {
    const auto images = copies_of(mrcz::image<float>{xt::ones<float>({32, 32})}, s.folder / "image.mrc", 10 * few);
    const auto times =
        measure(s, {{"bytes", for_each_file(images, read_1024_bytes)},
                    {"headers", for_each_file(images, [](const auto& path) { (void)mrcz::read_header(path); })},
                    {"readers", for_each_file(images, [](const auto& path) { (void)mrcz::reader{path}; })}});
    add("images: 1024 bytes", times[0], images.size());
    add("images: read_header", times[1], images.size());
    add("images: reader", times[2], images.size());
    for (const auto& path : images) std::filesystem::remove(path);
  }
  const auto movies =
      copies_of(mrcz::volume<std::int16_t>{xt::ones<std::int16_t>({slices, std::size_t{16}, std::size_t{16}})},
                s.folder / "movie.mrcz", few);
  const auto times =
      measure(s, {{"bytes", for_each_file(movies, read_1024_bytes)},
                  {"headers", for_each_file(movies, [](const auto& path) { (void)mrcz::read_header(path); })},
                  {"readers", for_each_file(movies, [](const auto& path) { (void)mrcz::reader{path}; })},
                  {"slices", for_each_file(movies, [](const auto& path) { (void)mrcz::reader{path}.slices(); })}});
  add("compressed: 1024 bytes", times[0], movies.size());
  add("compressed: read_header", times[1], movies.size());
  add("compressed: reader", times[2], movies.size());
  add("compressed: places of slices", times[3], movies.size());
  for (const auto& path : movies) std::filesystem::remove(path);
}
