// Writes a compressed movie of ten frames or, if the file is there, adds ten frames to it. Whoever reads the file
// meanwhile sees the old frames or the added ones, but no half of a frame.
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>

#include <fmt/format.h>

#include "mrcz/mrcz.hpp"

namespace {

mrcz::image<std::int8_t> simulated(std::size_t number) {
  return xt::xtensor<std::int8_t, 2>({512, 512}, static_cast<std::int8_t>(number % 100));
}

/// A writer that begins a movie or continues one.
mrcz::writer writer_for(const std::filesystem::path& path) {
  if (std::filesystem::exists(path)) return mrcz::writer::append_to(path);
  mrcz::writer out{path, {.voxel_size = mrcz::voxel_size{1.06F, 1.06F, 1.0F}}, {{"detector", "simulated"}}};
  out.header().labels.add("simulated frames");
  return out;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2) {
    fmt::print(stderr, "usage: {} MOVIE.mrcz\n", arguments[0]);
    return 2;
  }
  auto out = writer_for(arguments[1]);
  for (int i = 0; i < 10; ++i) out.append(simulated(out.size()));
  out.close();
  fmt::print("{} has {} frames\n", arguments[1], out.size());
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
