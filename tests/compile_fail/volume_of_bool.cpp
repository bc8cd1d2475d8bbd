// expected: voxel
#include "mrcz/array/array.hpp"

mrcz::volume<bool> mask;
