// Together with two.cpp: everything included in two units of one program.
#include "mrcz/mrcz.hpp"

bool round_trip_elsewhere(const mrcz::volume<float>& voxels);

int main() {
  const mrcz::volume<float> voxels = xt::xtensor<float, 3>({2, 3, 4}, 1.5F);
  std::vector<std::byte> file;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), {.compression = {.codec = mrcz::codec::zstd}}};
  out.append(voxels);
  out.close();
  const mrcz::reader in{std::make_unique<mrcz::memory_source>(std::move(file))};
  return in.read<float>() == voxels && round_trip_elsewhere(voxels) ? 0 : 1;
}
