// Reads any MRC or MRCZ file into an xtensor array and says what is in it.
#include <exception>

#include <fmt/format.h>
#if __has_include(<xtensor/core/xmath.hpp>)  // xtensor 0.26 sorted its headers into folders
#include <xtensor/core/xmath.hpp>
#else
#include <xtensor/xmath.hpp>
#endif

#include "mrcz/mrcz.hpp"

int main(int count, char** arguments) try {
  if (count != 2) {
    fmt::print(stderr, "usage: {} FILE\n", arguments[0]);
    return 2;
  }
  const mrcz::reader in{arguments[1]};
  const auto [nz, ny, nx] = in.shape();
  fmt::print("{} slices of {} x {} voxels\n", nz, ny, nx);
  if (const auto size = in.voxel_size()) fmt::print("a voxel is {:g} angstrom wide\n", size->x);

  const auto volume = in.read<float>();
  fmt::print("the mean is {:g}\n", xt::mean(volume)());
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
