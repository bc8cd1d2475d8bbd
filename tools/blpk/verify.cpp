// blpk verify: decompresses everything and compares every digest, without writing anything.
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/bloscpack/stream_reader.hpp"
#include "mrcz/io/sequential.hpp"
#include "printable.hpp"
#include "progress.hpp"
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
  std::atomic<std::uint64_t> done = 0;
  const bloscpack::reader in{std::make_shared<const files::input>(path), {.threads = s.threads, .progress = &done}};
  const auto damages = [&] {
    const progress_bar bar{done, in.size()};
    return in.verify();
  }();
  std::string lines;
  for (const auto& damage : damages) lines += (lines.empty() ? "" : "\n") + text::printable(damage.message);
  if (!damages.empty()) throw refusal{lines};
  s.say_verbose("{} chunk{} verified", in.nchunks(), in.nchunks() == 1 ? "" : "s");
}

/// Ends at the first damage. Does not check the offsets.
void verify_stream(const std::string& path, const session& s) {
  std::atomic<std::uint64_t> done = 0;
  files::stream in{path};
  without_path(in.name(), [&] {
    const progress_bar bar{done};
    nowhere to;
    bloscpack::unpack(in, to, {.threads = s.threads, .progress = &done});
  });
  s.say_verbose("{} verified", sizes::with_bytes(done));
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
  auto* sub = program.add_subcommand("verify", "Check all chunks and metadata without writing anything");
  sub->add_option("file", *path, "The .blp file; - is standard input")->required();
  return [path](session& s) { verify(*path, s); };
}
