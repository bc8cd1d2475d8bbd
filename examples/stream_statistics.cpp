// Prints minimum, maximum, mean and RMS of each slice of a file and of all slices together. Reads eight slices at a
// time, in parallel, so that the size of the file does not matter.
#include <algorithm>
#include <cstddef>
#include <exception>
#include <span>

#include <fmt/format.h>

#include "mrcz/mrcz.hpp"

int main(int count, char** arguments) try {
  if (count != 2) {
    fmt::print(stderr, "usage: {} FILE\n", arguments[0]);
    return 2;
  }
  constexpr std::size_t at_once = 8;
  const mrcz::reader in{arguments[1]};
  const auto [nz, ny, nx] = in.shape();
  fmt::print("{} slices of {} x {} voxels, {}\n", nz, ny, nx, mrcz::name_of(in.mode()));

  mrcz::running_statistics all;
  for (std::size_t first = 0; first < nz; first += at_once) {
    const auto slices = in.read_slices<float>({.first = first, .count = std::min(at_once, nz - first)});
    for (std::size_t i = 0; i < slices.shape()[0]; ++i) {
      const std::span<const float> voxels{slices.data() + i * ny * nx, ny * nx};
      const auto of_slice = mrcz::running_statistics::of(voxels);
      fmt::print("{:5}  {}\n", first + i, of_slice.statistics());
      all += of_slice;
    }
  }
  fmt::print("  all  {}\n", all.statistics());
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
