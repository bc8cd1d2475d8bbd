// mrcz cat: writes the slices of several files into one.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/reader.hpp"
#include "progress.hpp"
#include "rewrite.hpp"
#include "signals.hpp"

namespace {

struct arguments {
  std::vector<std::string> files;
  std::string out;
  std::optional<std::string> codec;
  int level = 1;
  bool force = false;
  bool quiet = false;
};

std::optional<mrcz::codec> codec_for(const arguments& given, const mrcz::reader& first) {
  return given.codec ? mrcz::codec_named(*given.codec) : rewriting::codec_for(first, given.out);
}

int cat(const arguments& given) {
  manners::require_no_input(given.files, given.out);
  signals::handle();
  const signals::stop by_signal;
  const mrcz::reader first{given.files.front()};
  std::atomic<std::uint64_t> done = 0;
  auto out = rewriting::open_like(first, given.out,
                                  {.compression = {.codec = codec_for(given, first), .level = given.level},
                                   .mode = first.mode(),
                                   .byte_order = rewriting::byte_order_for(first),
                                   .replace = given.force,
                                   .stop = by_signal.token(),
                                   .progress = &done});
  {
    const progress_bar bar{done, std::nullopt, given.quiet};
    rewriting::append_files(given.files, out, by_signal.token());
  }
  out.close();
  return manners::done;
}

}  // namespace

command::action command::add_cat(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("cat", "Write the slices of several files into one");
  sub->add_option("FILE", given->files, "The files to read; the header is that of the first")->required();
  sub->add_option("-o,--output", given->out, "The file to write; .mrcz means compressed, other extensions do not")
      ->required();
  sub->add_option(
         "-c,--codec", given->codec,
         fmt::format("{}; not stated: that of the first file, if OUT ends in .mrcz; slices that have it are not "
                     "compressed again",
                     manners::codecs))
      ->check(manners::one_of("codec", manners::codecs, mrcz::codec_named));
  sub->add_option("-l,--level", given->level, "0 (store) to 9 (smallest)")
      ->check(CLI::Range(0, 9))
      ->capture_default_str();
  manners::add_force(*sub, given->force);
  manners::add_quiet(*sub, given->quiet);
  sub->footer("Example:\n  mrcz cat day1.mrcz day2.mrcz -o both.mrcz");
  return [given] { return cat(*given); };
}
