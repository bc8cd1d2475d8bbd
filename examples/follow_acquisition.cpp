// Follows a file to which another program adds slices, for instance the tilts of a series: prints the mean of each
// slice as soon as it is complete. Ends after as many slices as the acquisition is to have.
#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <thread>

#include <fmt/format.h>
#if __has_include(<xtensor/core/xmath.hpp>)  // xtensor 0.26 sorted its headers into folders
#include <xtensor/core/xmath.hpp>
#else
#include <xtensor/xmath.hpp>
#endif

#include "mrcz/mrcz.hpp"

int main(int count, char** arguments) try {
  if (count != 3) {
    fmt::print(stderr, "usage: {} FILE SLICES\n", arguments[0]);
    return 2;
  }
  const std::size_t last = std::stoul(arguments[2]);
  mrcz::reader in{arguments[1]};
  for (std::size_t next = 0; next < last; in.refresh()) {
    if (next == in.shape()[0]) std::this_thread::sleep_for(std::chrono::milliseconds{50});
    for (; next < in.shape()[0] && next < last; ++next)
      fmt::print("slice {}: mean {:g}\n", next, xt::mean(in.read_slice<double>(next))());
  }
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
