// What does it cost to compile a program that uses the library, compared with one that uses only xtensor and fmt?
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "harness.hpp"

extern char** environ;

namespace {

struct cost {
  double seconds = 0;    ///< of processors, by user and system
  double megabytes = 0;  ///< at most, of one process
};

/// Runs a program, waits for it, and returns its cost, including that of its child processes.
cost cost_of(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (const int failed = ::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ); failed != 0)
    throw std::system_error{failed, std::generic_category(), words[0]};
  int status = 0;
  struct rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0)
    if (errno != EINTR) throw std::system_error{errno, std::generic_category(), words[0]};
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error{words.back() + " does not compile"};
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime), static_cast<double>(usage.ru_maxrss) / 1024};
}

/// The limits for one program, in units of B and in megabytes: first header-only, then with the definitions compiled
/// once.
struct program {
  std::string name;
  std::array<double, 2> most;
  std::array<std::optional<double>, 2> most_megabytes;
};

}  // namespace

void benchmark::compile_times(const settings& s, nlohmann::ordered_json& all) {
  const std::array<program, 3> programs{
      {{"shape", {2.5, 1.3}, {}}, {"mean", {4.4, 1.7}, {450, 300}}, {"metadata", {5.8, 2.9}, {550, 400}}}};
  const std::array forms{std::string{"-UMRCZ_SEPARATE_COMPILATION"}, std::string{"-DMRCZ_SEPARATE_COMPILATION"}};
  const auto compile = [&](const std::string& name, const std::string& form) {
    return cost_of({MRCZ_BENCHMARK_COMPILER, "@" MRCZ_BENCHMARK_FLAGS, "-std=c++20", "-O2", "-w", form, "-c", "-o",
                    (s.folder / "program.o").string(), MRCZ_BENCHMARK_PROGRAMS "/" + name + ".cpp"});
  };

  struct measured {
    std::vector<double> ratios;
    double megabytes = 0;
  };
  std::array<std::array<measured, forms.size()>, programs.size()> results;
  std::vector<double> bases;
  double base_megabytes = 0;
  for (std::size_t round = 0; round <= s.repeats; ++round) {  // the first round fills the file caches
    const cost base = compile("base", forms[0]);
    if (round == 0) continue;
    bases.push_back(base.seconds);
    base_megabytes = std::max(base_megabytes, base.megabytes);
    for (std::size_t p = 0; p < programs.size(); ++p)
      for (std::size_t f = 0; f < forms.size(); ++f) {
        const cost c = compile(programs[p].name, forms[f]);
        results[p][f].ratios.push_back(c.seconds / base.seconds);
        results[p][f].megabytes = std::max(results[p][f].megabytes, c.megabytes);
      }
  }

  table t{
      all,
      "Compile times",
      fmt::format("Time of processors to compile a program of benchmarks/compile_times with -O2, in units of B, which "
                  "is base.cpp: {:.2f} s.\nHeader-only, and with the definitions compiled once (mrcz::compiled). "
                  "The most memory that a compiler took.",
                  median(bases)),
      {"header-only", "compiled", "MB h.-only", "MB compiled"}};
  t.row("base", {1, 1, base_megabytes, base_megabytes});
  for (std::size_t p = 0; p < programs.size(); ++p) {
    const auto& [header_only, compiled] = results[p];
    const std::array ratios{median(header_only.ratios), median(compiled.ratios)};
    const std::array megabytes{header_only.megabytes, compiled.megabytes};
    t.row(programs[p].name, {ratios[0], ratios[1], megabytes[0], megabytes[1]});
    for (std::size_t f = 0; f < forms.size(); ++f) {
      const std::string of = f == 0 ? " header-only" : " compiled";
      t.target(fmt::format("{} B / {}{}", programs[p].most[f], programs[p].name, of), programs[p].most[f] / ratios[f],
               1);
      if (const auto most = programs[p].most_megabytes[f])
        t.target(fmt::format("{} MB / {}{}", *most, programs[p].name, of), *most / megabytes[f], 1);
    }
  }
}
