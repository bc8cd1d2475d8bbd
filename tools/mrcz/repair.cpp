// mrcz repair: mends headers that break the rules, and files that end too early.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/repair.hpp"
#include "overrides.hpp"
#include "printable.hpp"
#include "progress.hpp"
#include "rewrite.hpp"

namespace {

struct arguments {
  std::string in;
  std::string out;
  manners::overrides overrides;
  bool in_place = false;
  bool force = false;
  bool quiet = false;
};

/// One line for each change, on standard error if the file goes to standard output.
void print(const arguments& given, const std::vector<mrcz::change>& changes) {
  if (given.quiet) return;
  std::FILE* const to = manners::for_messages(given.out);
  const auto name = text::printable(given.in);
  for (const auto& change : changes) fmt::print(to, "{}: {}\n", name, text::printable(to_string(change)));
  if (changes.empty()) fmt::print(to, "{}: nothing to mend\n", name);
}

/// Unsigned bytes are written as mode 6, because most programs read those of mode 0 as signed.
mrcz::mode mode_for(const arguments& given, const mrcz::reader& in) {
  return given.overrides.unsigned_bytes && in.unsigned_bytes() ? mrcz::mode::uint16 : in.mode();
}

void repair(const arguments& given, const mrcz::reader& in, const std::stop_token* stop) {
  std::atomic<std::uint64_t> done = 0;
  auto out = manners::open(given.out, {.compression = {.codec = rewriting::codec_for(in, given.out)},
                                       .mode = mode_for(given, in),
                                       .byte_order = in.header().byte_order,
                                       .replace = given.force,
                                       .stop = stop,
                                       .progress = &done});
  const auto changes = [&] {
    const progress_bar bar{done, std::nullopt, given.quiet};
    return mrcz::repair(in, out);
  }();
  print(given, changes);
}

int repair(const arguments& given) {
  if (given.in_place != given.out.empty()) throw CLI::ValidationError{"repair", "takes either OUT or --in-place"};
  auto options = given.overrides.options();
  if (given.in_place) {
    print(given, mrcz::repair_in_place(given.in, options));
    return manners::done;
  }
  manners::require_no_input({given.in}, given.out);
  options.threads = 1;  // the threads of the writer read one slice each
  options.incomplete = true;
  rewriting::with_reader(given.in, options,
                         [&](const mrcz::reader& in, const std::stop_token* stop) { repair(given, in, stop); });
  return manners::done;
}

}  // namespace

command::action command::add_repair(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("repair", "Mend the header of a file, and a file that ends too early");
  sub->add_option("IN", given->in, "The file to read, which stays as it is; - is standard input")->required();
  sub->add_option("OUT", given->out, "The mended file; - is standard output");
  given->overrides.add_to(*sub);
  sub->add_flag("--in-place", given->in_place, "Mend the header of IN itself")->excludes(sub->get_option("--unsigned"));
  manners::add_force(*sub, given->force);
  manners::add_quiet(*sub, given->quiet);
  sub->footer(
      "Prints each change in one line. Slices that are not whole at the end of the file are left out; what cannot be "
      "mended, such as a damaged slice, is refused.\n\nExample:\n  mrcz repair movie.mrcz.1a2b3c.partial movie.mrcz");
  return [given] { return repair(*given); };
}
