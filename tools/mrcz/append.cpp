// mrcz append: adds the slices of files to a stack, in place.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/writer.hpp"
#include "progress.hpp"
#include "rewrite.hpp"
#include "signals.hpp"

namespace {

struct arguments {
  std::string stack;
  std::vector<std::string> files;
  bool quiet = false;
};

/// All files are appended, or none.
int append(const arguments& given) {
  manners::require_no_input(given.files, given.stack);
  signals::handle();
  const signals::stop by_signal;
  std::atomic<std::uint64_t> done = 0;
  auto out = mrcz::writer::append_to(given.stack, {.stop = by_signal.token(), .progress = &done});
  {
    const progress_bar bar{done, std::nullopt, given.quiet};
    rewriting::append_files(given.files, out, by_signal.token());
  }
  out.close();
  return manners::done;
}

}  // namespace

command::action command::add_append(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("append", "Add the slices of files to a stack, in place");
  sub->add_option("STACK", given->stack, "The file that grows; mode and codec stay")->required();
  sub->add_option("FILE", given->files, "The files whose slices are added")->required();
  manners::add_quiet(*sub, given->quiet);
  sub->footer("Example:\n  mrcz append tilts.mrcz tilt_41.mrc tilt_42.mrc");
  return [given] { return append(*given); };
}
