// How long does mrcfile take for the same uncompressed files?
#include <array>
#include <cstdio>

#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"

namespace {

/// What a command prints; empty if it fails.
std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 256> part{};
  while (std::fgets(part.data(), part.size(), pipe) != nullptr) text += part.data();
  return ::pclose(pipe) == 0 ? text : std::string{};
}

}  // namespace

void benchmark::mrcfile_beside_us(const settings& s, nlohmann::ordered_json& all) {
  const auto ours = s.folder / "ours.mrc";
  const auto theirs = s.folder / "theirs.mrc";
  const auto movie = integrated(s);
  const auto options = mrcz::write_options{.kind = mrcz::kind::image_stack, .durability = mrcz::durability::none};
  mrcz::write(ours, movie, options);
  const auto answer = output_of(
      fmt::format("/usr/bin/python3 {} {} {} {}", MRCZ_BENCHMARK_MRCFILE, ours.string(), theirs.string(), s.repeats));
  if (answer.empty()) {
    fmt::print("\nmrcfile beside us: skipped, /usr/bin/python3 has no mrcfile\n");
    return;
  }
  const auto python = nlohmann::json::parse(answer);
  const auto times =
      measure(s, {{"write", [&] { mrcz::write(theirs, movie, options); }, [&] { std::filesystem::remove(theirs); }},
                  {"read", [&] { (void)mrcz::read<std::int16_t>(ours); }}});
  table t{all,
          "mrcfile beside us",
          "Uncompressed int16 movie, medians of separate runs after each other, in MB/s; mrcfile computes its "
          "statistics too.",
          {"mrcfile", "mrcz", "times faster"}};
  const double megabytes = static_cast<double>(movie.size()) * 2 / 1e6;
  t.row("write", {megabytes / python.at("write").get<double>(), megabytes / times[0],
                  python.at("write").get<double>() / times[0]});
  t.row("read", {megabytes / python.at("read").get<double>(), megabytes / times[1],
                 python.at("read").get<double>() / times[1]});
}
