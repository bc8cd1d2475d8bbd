// Reads a volume and prints its shape.
#include <mrcz/read.hpp>

int main() {
  const auto volume = mrcz::read<float>("tomogram.mrc");
  fmt::print("{} x {} x {}\n", volume.shape(0), volume.shape(1), volume.shape(2));
}
