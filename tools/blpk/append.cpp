// blpk append: adds data to a .blp file, and can replace its metadata.
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "chunk_arguments.hpp"
#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/append.hpp"
#include "printable.hpp"
#include "progress.hpp"
#include "python.hpp"
#include "signals.hpp"
#include "sizes.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

struct arguments {
  std::string original;
  std::string added;
  chunk_arguments chunks;
  bool no_check_extension = false;
  std::optional<std::string> metadata;
};

std::map<std::string, std::string> named(const arguments& given) {
  auto names = given.chunks.named();
  names.insert({{"subcommand", "append"},
                {"original_file", given.original},
                {"new_file", given.added},
                {"no_check_extension", python::repr(given.no_check_extension)},
                {"metadata", given.metadata.value_or("None")}});
  return names;
}

void check_files(const arguments& given, const session& s) {
  files::check_metadata(given.added, given.metadata);
  if (!given.no_check_extension && !given.original.ends_with(files::extension))
    refuse("original file '{}' does not end with '{}'", given.original, files::extension);
  if (!files::exists(given.original)) refuse("original file '{}' does not exist!", given.original);
  if (given.added != files::standard && !files::exists(given.added))
    refuse("new file '{}' does not exist!", given.added);
  if (files::same(given.original, given.added)) refuse("new file '{}' is the original file", given.added);
  s.say_verbose("original file is: '{}'", text::printable(given.original));
  s.say_verbose("new file is: '{}'", text::printable(given.added));
  signals::handle(signals::second::waits);
}

/// Opens the data to append. Data of a stream are first written to a file without a name.
files::input opened(const arguments& given) {
  if (!files::is_stream(given.added)) return files::input{given.added};
  files::stream in{given.added};
  const auto folder = std::filesystem::path{given.original}.parent_path();
  mrcz::file spool{folder.empty() ? "." : folder, mrcz::file::access::scratch};
  mrcz::detail::buffer memory;
  const auto piece = memory.acquire(std::size_t{1} << 20U);
  std::uint64_t size = 0;
  while (const std::size_t got = in.read(piece)) {
    spool.write_at(size, piece.first(got));
    size += got;
  }
  return files::input{std::move(spool)};
}

void say_appended(const session& s, const std::string& path, std::uint64_t before, std::uint64_t added,
                  std::uint64_t kept_chunks) {
  if (added > 0 && s.debug) say_chunks(s, bloscpack::reader{path}, direction::compressing, kept_chunks);
  const std::uint64_t after = files::size(path);
  s.say_verbose("orig file size after append: {}", sizes::with_bytes(after));
  if (added > 0)
    s.say_verbose("Approximate compression ratio of appended data: {:f}",
                  (static_cast<double>(after) - static_cast<double>(before)) / static_cast<double>(added));
}

void append(const arguments& given, const session& s) {
  s.begin(named(given), "append");
  check_files(given, s);
  const auto metadata = given.metadata ? files::read_metadata(*given.metadata) : bloscpack::metadata(nullptr);
  if (given.metadata && metadata.is_null()) refuse("metadata cannot be taken away, only replaced");
  std::atomic<std::uint64_t> done = 0;
  bloscpack::append_options options{.threads = s.threads, .progress = &done};
  given.chunks.set(options);
  bloscpack::detail::check(options);
  given.chunks.say(s);

  const auto added = opened(given);
  const std::uint64_t before = files::size(given.original);
  s.say_verbose("orig file size before append: {}", sizes::with_bytes(before));
  s.say_verbose("new file size: {}", sizes::with_bytes(added.size()));
  std::uint64_t kept_chunks = 0;
  without_path(given.original, [&] {
    const bloscpack::reader original{given.original, {.threads = s.threads}};
    const auto& chunks = original.chunks();
    const std::uint64_t room = chunks.chunk_size() - chunks.last_chunk();
    if (added.size() > room && chunks.chunk_size() > 0)
      say_chunking(s, bloscpack::chunks_of(added.size() - room, chunks.chunk_size()));
    kept_chunks = room > 0 ? chunks.count() - 1 : chunks.count();
    const progress_bar bar{done, added.size()};
    bloscpack::append(given.original, added, options, metadata);
  });
  if (s.verbose || s.debug) afterwards([&] { say_appended(s, given.original, before, added.size(), kept_chunks); });
  s.say_verbose("done");
}

}  // namespace

command::action command::add_append(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("append", "Append a file to a .blp file")->alias("a");
  sub->add_option("original_file", given->original, "The .blp file that grows")->required();
  sub->add_option("new_file", given->added, "The file with the new data; - is standard input")->required();
  given->chunks.add_to(*sub);
  sub->add_flag("-e,--no-check-extension", given->no_check_extension, "original_file need not end with .blp");
  sub->add_option("-m,--metadata", given->metadata, "A file with JSON that replaces the metadata");
  return [given](session& s) { append(*given, s); };
}
