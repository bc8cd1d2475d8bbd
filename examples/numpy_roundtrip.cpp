// The C++ half of numpy_roundtrip.py: subtracts its mean from each image of a stack that Python wrote, and writes the
// result for Python, with all that the header says.
#include <exception>

#include <fmt/format.h>
#if __has_include(<xtensor/core/xmath.hpp>)  // xtensor 0.26 sorted its headers into folders
#include <xtensor/core/xmath.hpp>
#else
#include <xtensor/xmath.hpp>
#endif

#include "mrcz/mrcz.hpp"

int main(int count, char** arguments) try {
  if (count != 3) {
    fmt::print(stderr, "usage: {} FROM TO\n", arguments[0]);
    return 2;
  }
  auto document = mrcz::read_document<float>(arguments[1]);
  for (std::size_t z = 0; z < document.voxels.shape()[0]; ++z) {
    auto image = xt::view(document.voxels, z, xt::all(), xt::all());
    image -= xt::mean<double>(image)();
  }
  document.header.labels.add("numpy_roundtrip: mean subtracted");
  mrcz::write(arguments[2], document);
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
