// ./run bench [--quick] [--json FILE] [--folder FOLDER] [QUESTION…]
#include <array>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <stdlib.h>

#include "harness.hpp"

namespace {

struct question {
  std::string_view name;
  void (*ask)(const benchmark::settings&, nlohmann::ordered_json&);
  bool quick = true;  ///< asked by --quick too
};

/// They are asked in this order. The peak memory of a spawned process includes that of its parent until then. So
/// compilers are measured first, while this program is small.
constexpr std::array questions{
    question{"compile_times", &benchmark::compile_times},
    question{"chunks", &benchmark::chunks},
    question{"whole_files", &benchmark::whole_files},
    question{"plain_files", &benchmark::plain_files},
    question{"regions", &benchmark::regions},
    question{"opening", &benchmark::opening},
    question{"slice_tables", &benchmark::slice_tables},
    question{"conversions", &benchmark::conversions, false},
    question{"statistics", &benchmark::statistics},
    question{"profiles", &benchmark::profiles, false},
    question{"asynchronous", &benchmark::asynchronous, false},
    question{"memory", &benchmark::memory},
    question{"block_sizes", &benchmark::block_sizes, false},
    question{"beside_us", &benchmark::beside_us, false},
#ifdef MRCZ_BENCHMARK_BLOSCPACK
    question{"bloscpack", &benchmark::bloscpack, false},
#endif
};

struct arguments {
  benchmark::settings settings;
  std::string json;
  std::vector<std::string> questions;
};

/// Nothing, if the arguments are not understood.
std::optional<arguments> parsed(const std::vector<std::string>& given) {
  arguments result;
  result.settings.folder = std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const bool has_value = i + 1 < given.size();
    if (given[i] == "--quick") {
      result.settings.quick = true;
      result.settings.repeats = 3;
      result.settings.largest_array /= 4;
    } else if (given[i] == "--json" && has_value) {
      result.json = given[++i];
    } else if (given[i] == "--folder" && has_value) {
      result.settings.folder = given[++i];
    } else if (std::any_of(questions.begin(), questions.end(), [&](const auto& q) { return q.name == given[i]; })) {
      result.questions.push_back(given[i]);
    } else {
      return std::nullopt;
    }
  }
  return result;
}

bool is_asked(const arguments& given, const question& q) {
  if (given.questions.empty()) return q.quick || !given.settings.quick;
  return std::find(given.questions.begin(), given.questions.end(), q.name) != given.questions.end();
}

}  // namespace

int main(int count, char** words) try {
  auto given = parsed({words + 1, words + count});
  if (!given) {
    fmt::print(stderr, "usage: benchmark [--quick] [--json FILE] [--folder FOLDER] [QUESTION...]\nquestions:");
    for (const auto& q : questions) fmt::print(stderr, " {}", q.name);
    fmt::print(stderr, "\n");
    return 2;
  }
  std::string folder = (given->settings.folder / "mrcz-benchmark-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr)
    throw std::runtime_error{"cannot create a folder in " + given->settings.folder.string()};
  given->settings.folder = folder;
  nlohmann::ordered_json all{{"threads", std::thread::hardware_concurrency()},
                             {"repeats", given->settings.repeats},
                             {"quick", given->settings.quick}};
  fmt::print("{} threads, medians of {}, files in {}\n", std::thread::hardware_concurrency(), given->settings.repeats,
             folder);
  for (const auto& q : questions)
    if (is_asked(*given, q)) q.ask(given->settings, all);
  std::filesystem::remove_all(folder);
  if (!given->json.empty()) std::ofstream{given->json} << all.dump(2) << '\n';
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
