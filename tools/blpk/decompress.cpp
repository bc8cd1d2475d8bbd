// blpk decompress: writes the content of a .blp file, or a part of it.
#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "chunk_arguments.hpp"
#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/pack.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/bloscpack/salvage.hpp"
#include "mrcz/bloscpack/unpack.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/undone_file.hpp"
#include "python.hpp"
#include "running.hpp"
#include "sizes.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

struct arguments {
  std::string in;
  std::optional<std::string> out;
  bool no_check_extension = false;
  bool salvage = false;
  std::optional<std::string> range;
  std::optional<std::string> save_metadata;
};

struct part {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> count;  ///< not stated: to the end
};

/// Reads FIRST:COUNT, where COUNT can be left out. Returns nothing for other text.
std::optional<part> parsed_part(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  const auto first = sizes::parsed<std::uint64_t>(text.substr(0, colon));
  const auto count = sizes::parsed<std::uint64_t>(text.substr(colon + 1));
  if (!first || (!count && colon + 1 < text.size())) return std::nullopt;
  return part{*first, count};
}

std::string output_of(const arguments& given) {
  if (given.in == files::standard) return given.out.value_or("-");
  if (given.no_check_extension) {
    if (!given.out) refuse("--no-check-extension requires use of <out_file>");
    return *given.out;
  }
  if (!given.in.ends_with(files::extension))
    refuse("input file '{}' does not end with '{}'", given.in, files::extension);
  return given.out.value_or(given.in.substr(0, given.in.size() - files::extension.size()));
}

/// Calls `write(sink)`. The sink is standard output, which takes bytes in order, or a file, which takes bytes at any
/// position and is either complete or absent. The file gets the permissions of the input.
template <class Write>
void write_to(const arguments& given, const std::string& out, bool replace, Write&& write) {
  if (out == files::standard) {
    auto sink = files::standard_output();
    write(sink);
  } else {
    mrcz::atomic_file file{out, mrcz::durability::data, replace};
    if (given.in != files::standard) bloscpack::detail::keep_permissions(file, given.in);
    write(file);
    file.publish();
  }
}

/// As `write_to`, for a `write` that writes bytes in order to any sink.
template <class Write>
void write_in_order_to(const arguments& given, const std::string& out, bool replace, Write&& write) {
  write_to(given, out, replace, [&]<class Sink>(Sink& to) {
    if constexpr (std::is_same_v<Sink, mrcz::atomic_file>) {
      mrcz::detail::sink_in_order in_order{to};
      write(in_order);
    } else {
      write(to);
    }
  });
}

void write_part(const bloscpack::reader& in, std::uint64_t first, std::uint64_t count, mrcz::sequential_sink& to,
                running& work) {
  mrcz::detail::buffer memory;
  for (const std::uint64_t end = first + count; first < end;) {
    constexpr std::uint64_t at_once = std::uint64_t{16} << 20U;
    const auto bytes = memory.acquire(static_cast<std::size_t>(std::min(at_once, end - first)));
    in.read_at(first, bytes);
    to.write(bytes);
    first += bytes.size();
    work.add(bytes.size());
  }
}

/// Prints the metadata, once the data have been written.
void say_metadata(const session& s, const bloscpack::metadata& metadata) {
  if (!s.quiet && !python::is_false(metadata)) s.say("Metadata:\n{}", python::pretty(metadata));
}

/// Writes the metadata, in the form in which --metadata of compress reads them.
void save_metadata(const session& s, const std::string& path, const bloscpack::metadata& metadata) {
  const std::string text = bloscpack::to_text(metadata) + '\n';
  const auto bytes = std::as_bytes(std::span{text});
  if (path == files::standard) {
    auto to = files::standard_output();
    to.write(bytes);
    return;
  }
  mrcz::atomic_file to{path, mrcz::durability::data, s.force};
  to.write_at(0, bytes);
  to.publish();
}

void require_metadata(const arguments& given, bool are_there) {
  if (given.save_metadata && !are_there) refuse("there are no metadata to save in '{}'", given.in);
}

void salvage_file(const arguments& given, const std::string& out, const session& s) {
  const auto source = mrcz::detail::open_undone(given.in);
  running work{s};
  work.show_progress();
  bloscpack::salvaged saved;
  write_in_order_to(given, out, s.force,
                    [&](mrcz::sequential_sink& to) { saved = bloscpack::salvage(*source, to, work.set()); });
  work.end();
  if (given.save_metadata && !saved.metadata.is_null()) save_metadata(s, *given.save_metadata, saved.metadata);
  say_metadata(s, saved.metadata);
  if (saved.missing.empty()) return;
  std::string lines;
  for (const auto& damage : saved.missing) lines += text::printable(damage.message) + '\n';
  throw refusal{lines + fmt::format("saved {} chunk{} and wrote {} of zeros in place of others", saved.chunks,
                                    saved.chunks == 1 ? "" : "s", sizes::with_bytes(saved.zeros))};
}

void decompress_file(const arguments& given, const std::string& out, const std::optional<part>& wanted,
                     const session& s) {
  const std::string& path = given.in;
  const auto packed_size = files::size(path);
  s.say_verbose("input file size: {}", sizes::pretty(packed_size));
  running work{s};
  const bloscpack::reader in{path, work.set()};
  const auto metadata = in.metadata();
  require_metadata(given, in.header().metadata);
  if (in.beginning().metadata)
    s.say_verbose("read compressed metadata of size: '{}'", in.beginning().metadata->meta_comp_size);
  std::uint64_t size = in.size();
  if (wanted) {
    if (wanted->first > size || wanted->count.value_or(0) > size - wanted->first)
      refuse("the range reaches beyond the {} bytes of '{}'", size, path);
    size = wanted->count.value_or(size - wanted->first);
  }
  work.show_progress(size);
  if (wanted)
    write_in_order_to(given, out, s.force,
                      [&](mrcz::sequential_sink& to) { write_part(in, wanted->first, size, to, work); });
  else write_to(given, out, s.force, [&](auto& to) { in.unpack(to); });
  work.end();
  if (!wanted && s.debug) afterwards([&] { say_chunks(s, in, direction::decompressing); });
  s.say_verbose("output file size: {}", sizes::pretty(size));
  s.say_verbose("decompression ratio: {:f}", static_cast<double>(size) / static_cast<double>(packed_size));
  work.say_rate();
  if (given.save_metadata) save_metadata(s, *given.save_metadata, metadata);
  say_metadata(s, metadata);
  files::warn_of_end(s, in.is_certainly_whole());
}

void decompress_stream(const arguments& given, const std::string& out, const session& s) {
  files::stream in{given.in};
  running work{s};
  work.show_progress();
  bloscpack::unpacked found;
  write_in_order_to(given, out, s.force, [&](mrcz::sequential_sink& to) {
    found = without_path(in.name(), [&] { return bloscpack::unpack_stream(in, to, work.set()); });
    require_metadata(given, found.header.metadata);
  });
  work.end();
  s.say_verbose("output file size: {}", sizes::pretty(work.done()));
  work.say_rate();
  if (given.save_metadata) save_metadata(s, *given.save_metadata, found.metadata);
  say_metadata(s, found.metadata);
  files::warn_of_end(s, found.certainly_whole);
}

/// Refuses a file for the metadata that exists or is one of the others.
void check_metadata_file(const arguments& given, const std::string& out, const session& s) {
  if (!given.save_metadata) return;
  const std::string& path = *given.save_metadata;
  if (path == files::standard) {
    if (out == files::standard) refuse("standard output cannot be both the data and the metadata");
    return;
  }
  files::check_new(s, path);
  if (path == out || files::same(path, out)) refuse("the metadata file '{}' is the output file", path);
  if (files::same(path, given.in)) refuse("the metadata file '{}' is the input file", path);
}

void decompress(const arguments& given, session& s) {
  const bool from_standard_input = given.in == files::standard;
  if (given.out.value_or(from_standard_input ? "-" : "") == files::standard || given.save_metadata == files::standard)
    s.keep_standard_output_for_data();
  s.begin({{"subcommand", "decompress"},
           {"in_file", given.in},
           {"out_file", given.out.value_or("None")},
           {"no_check_extension", python::repr(given.no_check_extension)},
           {"range", given.range.value_or("None")}},
          "decompression");
  const std::string out = output_of(given);
  files::check(s, given.in, out);
  check_metadata_file(given, out, s);
  const auto wanted = given.range ? parsed_part(*given.range) : std::nullopt;
  const bool is_stream = files::is_stream(given.in);
  if (is_stream && wanted) refuse("--range needs a file, which '{}' is not", given.in);
  if (is_stream && given.salvage) refuse("--salvage needs a file, which '{}' is not", given.in);
  if (is_stream) decompress_stream(given, out, s);
  else if (given.salvage) without_path(given.in, [&] { salvage_file(given, out, s); });
  else without_path(given.in, [&] { decompress_file(given, out, wanted, s); });
  s.say_verbose("done");
}

}  // namespace

command::action command::add_decompress(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("decompress", "Decompress a .blp file")->alias("d");
  sub->add_option("in_file", given->in, "The file to decompress; - is standard input")->required();
  sub->add_option("out_file", given->out, "The file to write, else in_file without .blp; - is standard output");
  sub->add_flag("-e,--no-check-extension", given->no_check_extension, "in_file need not end with .blp");
  auto* salvage = sub->add_flag("--salvage", given->salvage,
                                "Save all whole chunks of a damaged file, say what is missing, and exit with 1");
  sub->add_option("--save-metadata", given->save_metadata, "A file for the metadata, as JSON; - is standard output");
  sub->add_option("-r,--range", given->range, "FIRST:COUNT: only these bytes; without COUNT all from FIRST on")
      ->check(CLI::Validator{[](const std::string& text) {
                               return parsed_part(text) ? std::string{} : fmt::format("'{}' is not FIRST:COUNT", text);
                             },
                             "FIRST:COUNT"})
      ->excludes(salvage);
  return [given](session& s) { decompress(*given, s); };
}
