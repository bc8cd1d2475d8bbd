// mrcz decompress: makes MRC files of MRCZ files.
#include <memory>

#include "batch.hpp"
#include "command.hpp"
#include "names.hpp"

command::action command::add_decompress(CLI::App& program) {
  const auto given = std::make_shared<batch>();
  auto* sub =
      program.add_subcommand("decompress", "Decompress files: a.mrcz becomes a.mrc, b.mrcs.mrcz becomes b.mrcs");
  given->add_to(*sub);
  sub->footer("Example:\n  mrcz decompress --output-dir /scratch *.mrcz");
  return [given] {
    return given->run({.past = "decompressed",
                       .is_input = names::is_compressed,
                       .name_of = names::decompressed,
                       .compression = {.codec = mrcz::codec::none}});
  };
}
