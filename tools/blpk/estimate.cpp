// blpk estimate: how large the content of a .blp file is, without decompressing it.
#include <memory>
#include <string>

#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "sizes.hpp"

namespace {

void estimate(const std::string& path, const session& s) {
  files::check_seekable(path);
  s.say("uncompressed size: {}",
        without_path(path, [&] { return sizes::with_bytes(mrcz::bloscpack::reader{path}.size()); }));
}

}  // namespace

command::action command::add_estimate(CLI::App& program) {
  const auto path = std::make_shared<std::string>();
  auto* sub = program.add_subcommand("estimate", "Show how large the content of a .blp file is")->alias("e");
  sub->add_option("file", *path, "The .blp file")->required();
  return [path](session& s) { estimate(*path, s); };
}
