// blpk append: adds data to a .blp file, and can replace its metadata.
#include <memory>
#include <optional>
#include <string>

#include "chunk_arguments.hpp"
#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/append.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/io/file.hpp"
#include "printable.hpp"
#include "python.hpp"
#include "running.hpp"
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

std::map<std::string, std::string> named(const arguments& given, const bloscpack::detail::chunk_options& chunks) {
  auto names = names_of(chunks);
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
  signals::handle();
}

/// Opens the data to append. Data of a stream are first written to a file without a name.
mrcz::file_source opened(const arguments& given) {
  if (!files::is_stream(given.added)) return mrcz::file_source{mrcz::file{given.added, mrcz::file::access::read}};
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
  return mrcz::file_source{std::move(spool)};
}

/// How the appended chunks are compressed: as in the file where nothing else is given. Defaults if it cannot be read.
bloscpack::detail::chunk_options compression_of(const arguments& given, const bloscpack::options& wanted) {
  bloscpack::detail::chunk_options of_file;
  try {
    of_file = bloscpack::detail::chunk_options_of_file(bloscpack::reader{given.original});
  } catch (const mrcz::error&) {  // NOLINT(bugprone-empty-catch): appending reports it
  }
  return bloscpack::detail::chunk_options_of(wanted, of_file);
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
  running work{s};
  bloscpack::options wanted;
  given.chunks.set(wanted);
  bloscpack::detail::check(wanted, bloscpack::detail::by_append_file);
  const auto chunks = s.debug ? compression_of(given, wanted) : bloscpack::detail::chunk_options{};
  s.begin(named(given, chunks), "append");
  check_files(given, s);
  const auto metadata = given.metadata ? files::read_metadata(*given.metadata) : bloscpack::metadata(nullptr);
  if (given.metadata && metadata.is_null()) refuse("metadata cannot be taken away, only replaced");
  say(s, chunks);

  const auto added = opened(given);
  const std::uint64_t before = files::size(given.original);
  s.say_verbose("orig file size before append: {}", sizes::with_bytes(before));
  s.say_verbose("new file size: {}", sizes::with_bytes(added.size()));
  std::uint64_t kept_chunks = 0;
  without_path(given.original, [&] {
    {
      const bloscpack::reader original{given.original};
      const auto& table = original.chunks();
      const std::uint64_t room = table.is_uniform() ? table.chunk_size() - table.last_chunk() : 0;
      if (added.size() > room && table.chunk_size() > 0)
        say_chunking(s, bloscpack::chunks_of(added.size() - room, table.chunk_size()));
      kept_chunks = room > 0 ? table.count() - 1 : table.count();
    }
    work.show_progress(added.size());
    bloscpack::append(given.original, added, work.set(wanted), metadata);
  });
  work.end();
  if (s.verbose || s.debug) afterwards([&] { say_appended(s, given.original, before, added.size(), kept_chunks); });
  work.say_rate();
  s.say_verbose("done");
}

}  // namespace

command::action command::add_append(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("append", "Append a file to a .blp file")->alias("a");
  sub->add_option("original_file", given->original, "The .blp file that grows")->required();
  sub->add_option("new_file", given->added, "The file with the new data; - is standard input")->required();
  given->chunks.add_to(*sub, "as in the file");
  sub->add_flag("-e,--no-check-extension", given->no_check_extension, "original_file need not end with .blp");
  sub->add_option("-m,--metadata", given->metadata, "A file with JSON that replaces the metadata");
  return [given](session& s) { append(*given, s); };
}
