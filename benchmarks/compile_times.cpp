// How long does each public header take to compile?
#include <cstdlib>
#include <fstream>

#include "harness.hpp"

namespace {

/// What mrcz/mrcz.hpp includes of others, which no library of ours could make faster.
const std::vector<std::string> other_libraries{
    "nlohmann/json.hpp",
#if __has_include(<xtensor/containers/xtensor.hpp>)
    "xtensor/containers/xtensor.hpp",
    "xtensor/containers/xadapt.hpp",
    "xtensor/views/xview.hpp",
#else
    "xtensor/xtensor.hpp", "xtensor/xadapt.hpp",
    "xtensor/xview.hpp",
#endif
    "xtl/xhalf_float.hpp",
    "asio/any_io_executor.hpp",
    "asio/post.hpp",
    "asio/use_awaitable.hpp",
    "fmt/core.h",
    "blosc.h",
    "filesystem",
    "thread",
};

}  // namespace

void benchmark::compile_times(const settings& s, nlohmann::ordered_json& all) {
  table t{all,
          "Compile times",
          "A file that only includes the header, -std=c++20 -O2 -c, with the compiler that built this program.",
          {"seconds"}};
  const std::filesystem::path include{MRCZ_BENCHMARK_INCLUDE};
  const auto source = s.folder / "include.cpp";
  const auto compile = [&](const std::vector<std::string>& headers) {
    std::ofstream text{source};
    for (const auto& header : headers) text << "#include <" << header << ">\n";
    text.close();
    const auto command = fmt::format("{} -std=c++20 -O2 -I{} -c {} -o {}", MRCZ_BENCHMARK_COMPILER, include.string(),
                                     source.string(), (s.folder / "include.o").string());
    std::vector<double> times;
    for (std::size_t i = 0; i < (s.quick ? 1 : 3); ++i)
      times.push_back(seconds([&] {
        if (std::system(command.c_str()) != 0) throw std::runtime_error{headers.front() + " does not compile"};
      }));
    return median(times);
  };
  const auto measured = [&](const std::string& header) {
    const double time = compile({header});
    t.row(header, {time});
    return time;
  };
  const double umbrella = measured("mrcz/mrcz.hpp");
  t.target("2.5 s / mrcz/mrcz.hpp", 2.5 / umbrella, 1);
  t.row("of it, other libraries", {compile(other_libraries)});
  const double header = measured("mrcz/format/header.hpp");
  t.target("0.5 s / mrcz/format/header.hpp", 0.5 / header, 1);
  if (s.quick) return;
  std::vector<std::string> others;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{include / "mrcz"})
    if (entry.path().extension() == ".hpp") others.push_back(std::filesystem::relative(entry.path(), include).string());
  std::sort(others.begin(), others.end());
  for (const auto& other : others)
    if (other != "mrcz/mrcz.hpp" && other != "mrcz/format/header.hpp") measured(other);
}
