#include "mrcz/mrcz.hpp"

bool round_trip_elsewhere(const mrcz::volume<float>& voxels) {
  std::vector<std::byte> file;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(file)};
  out.append(voxels);
  out.close();
  const mrcz::reader in{std::make_unique<mrcz::memory_source>(std::move(file))};
  return in.read<float>() == voxels;
}
