// Reads a volume, prints its mean and writes the deviations from it.
#include <mrcz/read.hpp>
#include <mrcz/write.hpp>
#if __has_include(<xtensor/core/xmath.hpp>)  // xtensor 0.26 sorted its headers into folders
#include <xtensor/core/xmath.hpp>
#else
#include <xtensor/xmath.hpp>
#endif

int main() {
  const auto volume = mrcz::read<float>("tomogram.mrc");
  const float mean = xt::mean<float>(volume)();
  fmt::print("{}\n", mean);
  mrcz::write("deviations.mrcz", volume - mean);
}
