#include "parent.hpp"

std::size_t slices_of(const mrcz::reader& in) { return in.shape()[0]; }
