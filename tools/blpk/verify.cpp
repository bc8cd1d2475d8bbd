// blpk verify: decompresses everything and compares every digest, without writing anything.
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/bloscpack/unpack.hpp"
#include "mrcz/io/sequential.hpp"
#include "mrcz/io/undo_record.hpp"
#include "printable.hpp"
#include "running.hpp"
#include "sizes.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

/// Discards the data that have been verified.
class nowhere final : public mrcz::sequential_sink {
 public:
  void write(std::span<const std::byte>) override {}
  std::string name() const override { return "nowhere"; }
};

void verify_file(const std::string& path, const session& s) {
  if (const auto pending = mrcz::pending_undo(path))
    s.warn("a change in place was interrupted or runs now; the next append undoes it: '{}'",
           text::printable(pending->record.string()));
  running work{s};
  const bloscpack::reader in{path, work.set()};
  work.show_progress(in.size());
  const auto damages = in.verify();
  work.end();
  std::string lines;
  for (const auto& damage : damages) lines += (lines.empty() ? "" : "\n") + text::printable(damage.message);
  if (!damages.empty()) throw refusal{lines};
  s.say_verbose("{} chunk{} verified", in.nchunks(), in.nchunks() == 1 ? "" : "s");
  work.say_rate();
  files::warn_of_end(s, in.is_certainly_whole());
}

/// Ends at the first damage. Does not check the offsets.
void verify_stream(const std::string& path, const session& s) {
  files::stream in{path};
  running work{s};
  work.show_progress();
  nowhere to;
  const auto found = without_path(in.name(), [&] { return bloscpack::unpack_stream(in, to, work.set()); });
  work.end();
  s.say_verbose("{} verified", sizes::with_bytes(work.done()));
  work.say_rate();
  files::warn_of_end(s, found.certainly_whole);
}

void verify(const std::string& path, const session& s) {
  s.begin({{"subcommand", "verify"}, {"file", path}}, "verification");
  if (path != files::standard && !files::exists(path)) refuse("file '{}' does not exist!", path);
  if (files::is_stream(path)) verify_stream(path, s);
  else without_path(path, [&] { verify_file(path, s); });
  s.say_verbose("done");
}

}  // namespace

command::action command::add_verify(CLI::App& program) {
  const auto path = std::make_shared<std::string>();
  auto* sub = program.add_subcommand("verify", "Check all chunks and metadata without writing anything")->alias("v");
  sub->add_option("file", *path, "The .blp file; - is standard input")->required();
  return [path](session& s) { verify(*path, s); };
}
