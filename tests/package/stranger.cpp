// What a user of the package does first: write something, read it back.
#include <cstdio>

#include <mrcz/mrcz.hpp>

int main() {
  const mrcz::volume<std::int16_t> voxels = xt::xtensor<std::int16_t, 3>({2, 3, 4}, 7);
  mrcz::write("stranger.mrcz", voxels);
  const bool same = mrcz::read<std::int16_t>("stranger.mrcz") == voxels;
  std::remove("stranger.mrcz");
  return same ? 0 : 1;
}
