// Follows a file to which another program adds slices: prints the mean of each slice as soon as it is complete. Ends
// when the file has not grown for some seconds.
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
    fmt::print(stderr, "usage: {} FILE SECONDS\n", arguments[0]);
    return 2;
  }
  using clock = std::chrono::steady_clock;
  const std::chrono::duration<double> patience{std::stod(arguments[2])};

  mrcz::reader in{arguments[1]};
  std::size_t next = 0;
  for (auto last_growth = clock::now(); clock::now() - last_growth < patience; in.refresh()) {
    if (next == in.shape()[0]) {
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
      continue;
    }
    for (; next < in.shape()[0]; ++next)
      fmt::print("slice {}: mean {:g}\n", next, xt::mean(in.read_slice<double>(next))());
    last_growth = clock::now();
  }
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
