// Cuts particles out of a micrograph and writes them as a stack. The coordinates are a text file: x and y of the centre
// of a particle in each line, in pixels. Particles whose box leaves the micrograph are left out.
#include <cstddef>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "mrcz/mrcz.hpp"

int main(int count, char** arguments) try {
  if (count != 5) {
    fmt::print(stderr, "usage: {} MICROGRAPH COORDINATES BOX OUT.mrcs\n", arguments[0]);
    return 2;
  }
  const mrcz::reader in{arguments[1]};
  const auto micrograph = in.read_slice<float>(0);
  const auto ny = static_cast<double>(micrograph.shape()[0]);
  const auto nx = static_cast<double>(micrograph.shape()[1]);
  std::ifstream coordinates{arguments[2]};
  if (!coordinates) throw std::runtime_error{fmt::format("{}: cannot be read", arguments[2])};
  int box = 0;
  if (!(std::istringstream{arguments[3]} >> box) || box <= 0)
    throw std::runtime_error{fmt::format("BOX is '{}', expected a number of pixels", arguments[3])};

  mrcz::writer out{arguments[4], {.voxel_size = in.voxel_size()}};
  out.header().labels.add("particles");
  std::size_t outside = 0;
  for (double x = 0, y = 0; coordinates >> x >> y;) {
    const double left = x - box / 2;
    const double first_row = y - box / 2;
    if (left < 0 || first_row < 0 || left + box > nx || first_row + box > ny) {
      ++outside;
      continue;
    }
    const auto row = static_cast<std::ptrdiff_t>(first_row);
    const auto column = static_cast<std::ptrdiff_t>(left);
    out.append(xt::view(micrograph, xt::range(row, row + box), xt::range(column, column + box)));
  }
  if (!coordinates.eof()) throw std::runtime_error{fmt::format("{}: expected two numbers in each line", arguments[2])};
  out.close();
  fmt::print("{} particles, {} left out\n", out.size(), outside);
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
