// mrcz compress: makes MRCZ files of MRC files.
#include <memory>
#include <string>

#include <fmt/format.h>

#include "batch.hpp"
#include "command.hpp"
#include "names.hpp"

namespace {

struct arguments {
  batch files;
  std::string codec = "zstd";
  int level = 1;
};

int compress(const arguments& given) {
  return given.files.run({.past = "compressed",
                          .is_input = names::is_plain,
                          .name_of = [](const std::string& in) { return std::optional{names::compressed(in)}; },
                          .compression = {.codec = mrcz::codec_named(given.codec), .level = given.level}});
}

}  // namespace

command::action command::add_compress(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("compress", "Compress files: a.mrc becomes a.mrcz, b.mrcs becomes b.mrcs.mrcz");
  sub->add_option("-c,--codec", given->codec, "The codec")
      ->check(CLI::IsMember({"blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"}))
      ->capture_default_str();
  sub->add_option("-l,--level", given->level, "0 (store) to 9 (smallest)")
      ->check(CLI::Range(0, 9))
      ->capture_default_str();
  given->files.add_to(*sub);
  sub->footer("Example:\n  mrcz compress --recursive --remove-source --skip-existing movies/");
  return [given] { return compress(*given); };
}
