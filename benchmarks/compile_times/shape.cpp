// Reads a volume and prints its shape.
#include <mrcz/read.hpp>

int main() {
  const auto volume = mrcz::read<float>("tomogram.mrc");
  fmt::print("{}\n", volume.shape());
}
