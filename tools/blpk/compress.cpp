// blpk compress: compresses any file to a .blp file.
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <unistd.h>

#include "chunk_arguments.hpp"
#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/stream_writer.hpp"
#include "mrcz/bloscpack/writer.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "progress.hpp"
#include "python.hpp"
#include "sizes.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

struct arguments {
  std::string in;
  std::optional<std::string> out;
  chunk_arguments chunks;
  std::int64_t chunk_size = std::int64_t{1} << 20U;
  std::string checksum = "adler32";
  bool no_offsets = false;
  std::optional<std::string> metadata;
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

bloscpack::pack_options options_of(const arguments& given, const session& s) {
  bloscpack::pack_options options{
      .checksum = *bloscpack::checksum_named(given.checksum), .offsets = !given.no_offsets, .replace = s.force};
  given.chunks.set(options);
  options.chunk_size = static_cast<std::size_t>(given.chunk_size);
  options.threads = s.threads;
  bloscpack::detail::check(options);
  return options;
}

std::map<std::string, std::string> named(const arguments& given) {
  auto names = given.chunks.named();
  names.insert({{"subcommand", "compress"},
                {"in_file", given.in},
                {"out_file", given.out.value_or("None")},
                {"chunk_size", std::to_string(given.chunk_size)},
                {"checksum", given.checksum},
                {"offsets", python::repr(!given.no_offsets)},
                {"metadata", given.metadata.value_or("None")}});
  return names;
}

void say_settings(const session& s, const arguments& given, const bloscpack::pack_options& options, bool metadata) {
  given.chunks.say(s);
  s.say_debug("BloscpackArgs:\n    offsets: {}\n    checksum: '{}'\n    max_app_chunks: 10 * nchunks",
              python::repr(options.offsets), given.checksum);
  if (metadata)
    s.say_debug(
        "MetadataArgs:\n    magic_format: 'JSON'\n    meta_checksum: '{}'\n    meta_codec: 'zlib'\n    meta_level: {}\n"
        "    max_meta_size: 10 * meta_size",
        bloscpack::name_of(options.metadata.checksum), options.metadata.level);
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
  s.say_debug("max_app_chunks was set to: {}", given.no_offsets ? 0 : 10 * cut.nchunks);
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

void compress_stream(const arguments& given, const std::string& out, bloscpack::pack_options options,
                     const bloscpack::metadata& metadata, const session& s) {
  std::atomic<std::uint64_t> done = 0;
  options.progress = &done;
  {
    files::stream in{given.in};
    const progress_bar bar{done};
    if (out == files::standard) {
      auto sink = files::standard_output();
      bloscpack::pack(in, sink, options, metadata);
    } else {
      bloscpack::pack_file(in, out, options, metadata);
    }
  }
  say_input(s, given, done);
  if (out != files::standard) say_output(s, out, done);
}

void compress_file(const arguments& given, const std::string& out, bloscpack::pack_options options,
                   const bloscpack::metadata& metadata, const session& s) {
  const files::input in{given.in};
  say_input(s, given, in.size());
  std::atomic<std::uint64_t> done = 0;
  options.progress = &done;
  {
    const progress_bar bar{done, in.size()};
    if (out == files::standard) {
      auto sink = files::standard_output();
      bloscpack::pack(in, sink, options, metadata);
    } else {
      mrcz::atomic_file file{out, options.durability, options.replace};
      bloscpack::pack(in, file, options, metadata);
    }
  }
  if (out != files::standard) say_output(s, out, in.size());
}

void compress(const arguments& given, session& s) {
  const std::string out = given.out.value_or(given.in == files::standard ? "-" : given.in + ".blp");
  if (out == files::standard) s.keep_standard_output_for_data();
  s.begin(named(given), "compression");
  files::check(s, given.in, out, given.metadata);
  if (out == files::standard && ::isatty(STDOUT_FILENO) == 1 && !s.force)
    refuse("standard output is a terminal; --force writes compressed data to it");
  const auto metadata = given.metadata ? files::read_metadata(*given.metadata) : bloscpack::metadata(nullptr);
  const auto options = options_of(given, s);
  say_settings(s, given, options, !metadata.is_null());
  if (files::is_stream(given.in)) compress_stream(given, out, options, metadata, s);
  else compress_file(given, out, options, metadata, s);
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
  sub->add_option("-m,--metadata", given->metadata, "A file with JSON to store in front of the chunks");
  return [given](session& s) { compress(*given, s); };
}
