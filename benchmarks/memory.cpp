// How much memory do reading and writing take in addition to the array?
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"

double benchmark::peak_of(const std::function<void()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    action();
    ::_exit(0);
  }
  int status = 0;
  struct rusage usage{};
  ::wait4(child, &status, 0, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void benchmark::memory(const settings& s, nlohmann::ordered_json& all) {
  table t{all,
          "Memory",
          "Peak resident memory of a process, from the operating system. Limit: the array, (threads + 2) packed slices "
          "and 32 MiB.",
          {"array MiB", "peak MiB", "limit MiB", "limit/peak"}};
  const auto path = s.folder / "movie.mrcz";
  const auto extents = movie_shape(s, 1);
  const double slice = 4096.0 * 4096.0 / 1048576;
  const double array = slice * static_cast<double>(extents[0]);
  const double base = peak_of([] {});
  const double limit = base + array + (static_cast<double>(std::thread::hardware_concurrency()) + 2) * slice + 32;
  const auto row = [&](const std::string& name, double arrays, const std::function<void()>& action) {
    const double peak = peak_of(action);
    const double allowed = limit + (arrays - 1) * array;
    t.row(name, {arrays * array, peak, allowed, allowed / peak});
    t.target(name + ": limit/peak", allowed / peak, 1);
  };
  row("write int8 zstd-1", 1, [&] { mrcz::write(path, counts(s), {.durability = mrcz::durability::none}); });
  mrcz::write(path, counts(s), {.durability = mrcz::durability::none});
  row("read int8", 1, [&] { (void)mrcz::read<std::int8_t>(path); });
  row("read int8 as float", 4, [&] { (void)mrcz::read<float>(path); });
}
