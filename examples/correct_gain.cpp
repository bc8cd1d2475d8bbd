// Multiplies a movie with a gain reference while writing it. The whole product is never in memory.
#include <exception>

#include <fmt/format.h>

#include "mrcz/mrcz.hpp"

int main(int count, char** arguments) try {
  if (count != 4) {
    fmt::print(stderr, "usage: {} MOVIE GAIN OUT\n", arguments[0]);
    return 2;
  }
  const mrcz::reader in{arguments[1]};
  const auto movie = in.read<float>();
  const auto gain = mrcz::reader{arguments[2]}.read_slice<float>(0);

  mrcz::write_stack(arguments[3], movie * gain, {.voxel_size = in.voxel_size()}, {{"gain_reference", arguments[2]}});
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
