// How long do other libraries and programs take for the same data?
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/copy_slices.hpp"
#include "mrcz/read.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write.hpp"
#include "mrcz/writer.hpp"

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

bool is_installed(const std::string& program) { return !output_of(fmt::format("command -v {}", program)).empty(); }

void run(const std::string& command) {
  if (std::system((command + " >/dev/null").c_str()) != 0) throw std::runtime_error{command + " failed"};
}

void libraries(const benchmark::settings& s, nlohmann::ordered_json& all) {
  const auto ours = s.folder / "ours.mrc";
  const auto theirs = s.folder / "theirs.mrc";
  const auto movie = benchmark::integrated(s);
  const auto options = mrcz::write_options{.kind = mrcz::kind::image_stack, .durability = mrcz::durability::none};
  mrcz::write(ours, movie, options);
  const auto answer = output_of(
      fmt::format("/usr/bin/python3 {} {} {} {}", MRCZ_BENCHMARK_PYTHON, ours.string(), theirs.string(), s.repeats));
  if (answer.empty()) {
    fmt::print("\nOther libraries beside us: skipped, /usr/bin/python3 has no mrcfile or no gemmi\n");
    return;
  }
  const auto python = nlohmann::json::parse(answer);
  const auto times = benchmark::measure(
      s, {{"write", [&] { mrcz::write(theirs, movie, options); }, [&] { std::filesystem::remove(theirs); }},
          {"read", [&] { (void)mrcz::read<std::int16_t>(ours); }},
          {"read as float", [&] { (void)mrcz::read<float>(ours); }}});
  benchmark::table t{all,
                     "Other libraries beside us",
                     "Uncompressed int16 movie, medians of separate runs after each other, in MB/s of the file; "
                     "mrcfile computes its statistics too.",
                     {"theirs", "mrcz", "times faster"}};
  const double megabytes = static_cast<double>(movie.size()) * 2 / 1e6;
  const auto row = [&](const char* name, double our_seconds) {
    const double their_seconds = python.at(name).get<double>();
    t.row(name, {megabytes / their_seconds, megabytes / our_seconds, their_seconds / our_seconds});
  };
  row("mrcfile, write", times[0]);
  row("mrcfile, read", times[1]);
  row("gemmi, read as float", times[2]);
}

#ifdef MRCZ_BENCHMARK_PROGRAM
void programs(benchmark::settings s, nlohmann::ordered_json& all) {
  if (!is_installed("relion_convert_to_tiff") || !is_installed("gzip")) {
    fmt::print("\nOther programs beside us: skipped, relion_convert_to_tiff or gzip is not installed\n");
    return;
  }
  s.repeats = 1;  // the slowest takes half a minute
  const auto movie = s.folder / "movie.mrc";
  {
    const auto voxels = benchmark::counts(s);
    mrcz::write(movie, voxels, {.kind = mrcz::kind::image_stack, .durability = mrcz::durability::none});
  }
  const auto in = movie.string();
  const auto ours = (s.folder / "movie.mrcz").string();
  const auto packed_by_lz4 = (s.folder / "lz4.mrcz").string();
  const auto lzw = s.folder / "lzw";
  const auto deflate = s.folder / "deflate";
  const auto relion = [&](const std::filesystem::path& to, const char* compression) {
    run(fmt::format("relion_convert_to_tiff --i {} --o {}/ --compression {}", in, to.string(), compression));
  };
  const auto times = benchmark::measure(
      s,
      {{"mrcz", [&] { run(fmt::format("{} compress -q -f {} -o {}", MRCZ_BENCHMARK_PROGRAM, in, ours)); }},
       {"lz4",
        [&] { run(fmt::format("{} compress -q -f -c lz4 -l 9 {} -o {}", MRCZ_BENCHMARK_PROGRAM, in, packed_by_lz4)); }},
       {"LZW", [&] { relion(lzw, "lzw"); }},
       {"deflate", [&] { relion(deflate, "deflate"); }},
       {"gzip", [&] { run(fmt::format("gzip -kf {}", in)); }}});
  benchmark::table t{all,
                     "Other programs beside us",
                     "A movie of counts in int8: seconds, size in % of the movie's, and how much longer than mrcz "
                     "with zstd-1.",
                     {"seconds", "% of the size", "times longer"}};
  const auto row = [&](const char* name, double seconds, const std::filesystem::path& made) {
    const auto part =
        static_cast<double>(std::filesystem::file_size(made)) / static_cast<double>(std::filesystem::file_size(movie));
    t.row(name, {seconds, 100 * part, seconds / times[0]});
  };
  row("mrcz compress", times[0], ours);
  row("mrcz compress, lz4-9", times[1], packed_by_lz4);
  const auto tiff = movie.relative_path().replace_extension(".tif");  // RELION keeps the whole path of the movie
  row("relion_convert_to_tiff, LZW", times[2], lzw / tiff);
  row("relion_convert_to_tiff, deflate", times[3], deflate / tiff);
  row("gzip", times[4], in + ".gz");
}

/// The same files by `mrcz compress` and by calls of the library.
void program_and_library(const benchmark::settings& s, nlohmann::ordered_json& all) {
  const auto packed = s.folder / "packed";
  std::vector<std::filesystem::path> files;
  std::string names;
  {
    const auto voxels = benchmark::counts(mrcz::shape{4, 4096, 4096});
    for (int i = 0; i < (s.quick ? 5 : 20); ++i) {
      files.push_back(s.folder / fmt::format("{}.mrc", i));
      mrcz::write(files.back(), voxels, {.kind = mrcz::kind::image_stack, .durability = mrcz::durability::none});
      names += fmt::format(" {}", files.back().string());
    }
  }
  const auto by_library = [&] {
    for (const auto& file : files) {
      const mrcz::reader in{file};
      mrcz::writer out{packed / file.filename().replace_extension(".mrcz"), {.mode = in.mode(), .replace = true}};
      out.header() = in.header();
      mrcz::copy_slices(in, {}, out);
      out.close();
    }
  };
  const auto by_program = [&] {
    run(fmt::format("{} compress -q -f --output-dir {}{}", MRCZ_BENCHMARK_PROGRAM, packed.string(), names));
  };
  std::filesystem::create_directories(packed);
  const auto times = benchmark::measure(s, {{"library", by_library}, {"program", by_program}});
  benchmark::table t{all,
                     "mrcz compress beside the library",
                     fmt::format("{} files of 64 MiB, in MB/s of voxels.", files.size()),
                     {"library", "mrcz compress", "ratio"}};
  const double megabytes = static_cast<double>(files.size()) * 4 * 4096 * 4096 / 1e6;
  t.row("int8 counts, zstd-1", {megabytes / times[0], megabytes / times[1], times[0] / times[1]});
  t.target("mrcz compress/library", times[0] / times[1], 0.95);
  for (const auto& file : files) std::filesystem::remove(file);
  std::filesystem::remove_all(packed);
}
#endif

}  // namespace

void benchmark::beside_us(const settings& s, nlohmann::ordered_json& all) {
  libraries(s, all);
#ifdef MRCZ_BENCHMARK_PROGRAM
  programs(s, all);
  program_and_library(s, all);
#endif
}
