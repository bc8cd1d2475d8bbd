// blpk verify: decompresses everything and compares every digest, without writing anything.
#include <atomic>
#include <memory>
#include <string>

#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "progress.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

void verify(const std::string& path, const session& s) {
  s.begin({{"subcommand", "verify"}, {"file", path}}, "verification");
  if (!files::exists(path)) refuse("file '{}' does not exist!", path);
  std::atomic<std::uint64_t> done = 0;
  unnaming(path, [&] {
    const bloscpack::reader in{std::make_shared<const files::input>(path), {.threads = s.threads, .progress = &done}};
    const auto damages = [&] {
      const progress_bar bar{done, in.size()};
      return in.verify();
    }();
    std::string text;
    for (const auto& damage : damages) text += (text.empty() ? "" : "\n") + damage.message;
    if (!damages.empty()) throw std::runtime_error{text};
    s.say_verbose("{} chunk{} verified", in.nchunks(), in.nchunks() == 1 ? "" : "s");
  });
  s.say_verbose("done");
}

}  // namespace

command::action command::add_verify(CLI::App& program) {
  const auto path = std::make_shared<std::string>();
  auto* sub = program.add_subcommand("verify", "Check all chunks and metadata without writing anything");
  sub->add_option("file", *path, "The .blp file")->required();
  return [path](session& s) { verify(*path, s); };
}
