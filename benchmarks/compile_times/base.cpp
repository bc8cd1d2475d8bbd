// A program that computes a mean without this library. Its compile time is B, the unit of the other programs.
#include <fmt/core.h>
#if __has_include(<xtensor/containers/xtensor.hpp>)  // xtensor 0.26 sorted its headers into folders
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xmath.hpp>
#else
#include <xtensor/xmath.hpp>
#include <xtensor/xtensor.hpp>
#endif

int main() {
  const xt::xtensor<float, 3> volume({4, 5, 6}, 1.0F);
  fmt::print("{}\n", xt::mean(volume)());
}
