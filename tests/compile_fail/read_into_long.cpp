// expected: voxels cannot be read into elements of this type
#include "mrcz/reader.hpp"

int main() {
  xt::xtensor<long, 3> voxels;
  mrcz::reader{"in.mrc"}.read(voxels);
}
