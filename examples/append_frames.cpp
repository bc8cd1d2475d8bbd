// Writes a movie frame by frame, then adds more frames to the finished, compressed file.
#include <exception>

#include <fmt/format.h>

#include "mrcz/mrcz.hpp"

namespace {

mrcz::image<std::int8_t> frame(std::int8_t value) { return xt::xtensor<std::int8_t, 2>({512, 512}, value); }

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2) {
    fmt::print(stderr, "usage: {} OUT.mrcz\n", arguments[0]);
    return 2;
  }
  mrcz::writer out{arguments[1], {.voxel_size = mrcz::voxel_size{1.06F, 1.06F, 1.0F}}, {{"detector", "simulated"}}};
  out.header().labels.add("frames 0 to 9");
  for (std::int8_t i = 0; i < 10; ++i) out.append(frame(i));
  out.close();

  mrcz::append_to(arguments[1], frame(10));
  fmt::print("{} now has {} frames\n", arguments[1], mrcz::reader{arguments[1]}.shape()[0]);
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
