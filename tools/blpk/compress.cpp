// blpk compress: compresses any file to a .blp file.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chunk_arguments.hpp"
#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/pack.hpp"
#include "mrcz/io/file.hpp"
#include "python.hpp"
#include "running.hpp"
#include "sizes.hpp"
#include "standard_streams.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

struct arguments {
  std::string in;
  std::optional<std::string> out;
  chunk_arguments chunks;
  std::int64_t chunk_size = std::int64_t{1} << 20U;
  std::string checksum = "adler32";
  bool no_offsets = false;
  std::optional<std::uint64_t> max_app_chunks;
  std::optional<std::string> metadata;
  bool no_prealloc = false;
};

/// Reads the value of --chunk-size. `option` is the spelling of the option that the user typed.
std::int64_t parsed_chunk_size(const std::string& text, std::string_view option) {
  if (text == "max") return bloscpack::max_chunk_size;
  const auto size = sizes::parsed_with_unit(text);
  if (text.starts_with('-') && !sizes::parsed<std::int64_t>(text))
    throw CLI::ValidationError{std::string{option}, "expected a size behind it, not '" + text + "'"};
  if (!size) refuse("{} error: '{}' is no size, expected bytes, a number with B, K, M, G or T, or 'max'", option, text);
  if (*size < 0) refuse("{} must be > 0", option);
  return *size;
}

/// `to_stream`: whether the chunks go to standard output, which cannot have offsets.
bloscpack::options options_of(const arguments& given, const session& s, bool to_stream) {
  bloscpack::options options;
  given.chunks.set(options);
  options.chunk_size = static_cast<std::size_t>(given.chunk_size);
  options.checksum = bloscpack::checksum_named(given.checksum);
  if (given.no_offsets) options.offsets = false;
  options.max_app_chunks = given.max_app_chunks;
  options.metadata.no_reserve = given.no_prealloc;
  if (!to_stream) options.replace = s.force;
  bloscpack::detail::check(options, to_stream ? bloscpack::detail::by_pack_stream : bloscpack::detail::by_pack_file);
  return options;
}

std::map<std::string, std::string> named(const arguments& given) {
  bloscpack::options options;
  given.chunks.set(options);
  auto names = names_of(bloscpack::detail::chunk_options_of(options));
  names.insert({{"subcommand", "compress"},
                {"in_file", given.in},
                {"out_file", given.out.value_or("None")},
                {"chunk_size", std::to_string(given.chunk_size)},
                {"checksum", given.checksum},
                {"offsets", python::repr(!given.no_offsets)},
                {"metadata", given.metadata.value_or("None")}});
  return names;
}

std::string shown_room(const arguments& given) {
  return given.max_app_chunks ? std::to_string(*given.max_app_chunks) : "10 * nchunks";
}

void say_settings(const session& s, const arguments& given, const bloscpack::options& options, bool metadata) {
  say(s, bloscpack::detail::chunk_options_of(options));
  s.say_debug("BloscpackArgs:\n    offsets: {}\n    checksum: '{}'\n    max_app_chunks: {}",
              python::repr(!given.no_offsets), given.checksum, shown_room(given));
  if (metadata)
    s.say_debug(
        "MetadataArgs:\n    magic_format: 'JSON'\n    meta_checksum: 'adler32'\n    meta_codec: 'zlib'\n"
        "    meta_level: 6\n    max_meta_size: {}",
        given.no_prealloc ? "meta_comp_size" : "10 * meta_size");
}

/// For --verbose: prints the size of the input and how it is cut into chunks.
void say_input(const session& s, const arguments& given, std::uint64_t size) {
  s.say_verbose("input file size: {}", sizes::with_bytes(size));
  if (size == 0) return;
  const auto cut = bloscpack::chunks_of(size, static_cast<std::size_t>(given.chunk_size));
  if (size < static_cast<std::uint64_t>(given.chunk_size))
    s.say_verbose("Input was smaller than the given 'chunk_size': {} using: {}",
                  sizes::with_bytes(static_cast<std::uint64_t>(given.chunk_size)), sizes::with_bytes(size));
  say_chunking(s, cut);
  s.say_debug("max_app_chunks was set to: {}", given.no_offsets ? 0 : given.max_app_chunks.value_or(10 * cut.nchunks));
}

void say_output(const session& s, const std::string& out, std::uint64_t size) {
  if (!s.verbose && !s.debug) return;
  afterwards([&] {
    if (s.debug) say_chunks(s, bloscpack::reader{out}, direction::compressing);
    const std::uint64_t packed = files::size(out);
    s.say_verbose("output file size: {}", sizes::with_bytes(packed));
    s.say_verbose("compression ratio: {:f}", static_cast<double>(size) / static_cast<double>(packed));
  });
}

void compress(const arguments& given, session& s) {
  const std::string out = given.out.value_or(given.in == files::standard ? "-" : given.in + ".blp");
  const bool to_stream = out == files::standard;
  if (to_stream) s.keep_standard_output_for_data();
  s.begin(named(given), "compression");
  files::check(s, given.in, out, given.metadata);
  if (to_stream && standard_streams::is_terminal(standard_streams::output_descriptor) && !s.force)
    refuse("standard output is a terminal; --force writes compressed data to it");
  if (given.no_prealloc && !given.metadata) refuse("--no-prealloc is about metadata, but there are none");
  const auto metadata = given.metadata ? files::read_metadata(*given.metadata) : bloscpack::metadata(nullptr);
  const auto options = options_of(given, s, to_stream);
  say_settings(s, given, options, !metadata.is_null());

  const bool from_stream = files::is_stream(given.in);
  const auto size = from_stream ? std::nullopt : std::optional{files::size(given.in)};
  if (size) say_input(s, given, *size);
  running work{s};
  work.show_progress(size);
  auto sink = files::standard_output();
  if (from_stream) {
    files::stream in{given.in};
    if (to_stream) bloscpack::pack_stream(in, sink, work.set(options), metadata);
    else bloscpack::pack_file(in, out, work.set(options), metadata);
  } else if (to_stream) {
    bloscpack::pack_stream(mrcz::file_source{given.in}, sink, work.set(options), metadata);
  } else {
    bloscpack::pack_file(given.in, out, work.set(options), metadata);
  }
  work.end();
  if (from_stream) say_input(s, given, work.done());
  if (!to_stream) say_output(s, out, work.done());
  work.say_rate();
  s.say_verbose("done");
}

}  // namespace

command::action command::add_compress(CLI::App& program, words typed) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("compress", "Compress a file")->alias("c");
  sub->add_option("in_file", given->in, "The file to compress; - is standard input")->required();
  sub->add_option("out_file", given->out, "The file to write, else in_file with .blp behind it; - is standard output");
  given->chunks.add_to(*sub);
  const auto set_chunk_size = [given, typed](const std::string& text) {
    given->chunk_size = parsed_chunk_size(text, spelled(typed, "-z", "--chunk-size"));
  };
  sub->add_option_function<std::string>("-z,--chunk-size", set_chunk_size,
                                        "Bytes per chunk: 8388608, 8M, 0.5G, or max for the most that is possible")
      ->default_str("1M");
  std::vector<std::string> checksums;
  for (const auto checksum : bloscpack::all_checksums) checksums.emplace_back(bloscpack::name_of(checksum));
  sub->add_option("-k,--checksum", given->checksum, "The checksum of each chunk")
      ->check(CLI::IsMember(checksums))
      ->capture_default_str();
  sub->add_flag("-o,--no-offsets", given->no_offsets, "Do not store where the chunks are");
  sub->add_option("--max-app-chunks", given->max_app_chunks,
                  "How many chunks can be appended before the file needs a new layout")
      ->default_str("10 * nchunks");
  sub->add_option("-m,--metadata", given->metadata, "A file with JSON to store in front of the chunks");
  sub->add_flag("--no-prealloc", given->no_prealloc, "Reserve no space for later metadata");
  return [given](session& s) { compress(*given, s); };
}
