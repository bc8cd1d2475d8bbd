// blpk decompress: writes the content of a .blp file, or a part of it.
#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "chunk_arguments.hpp"
#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/bloscpack/stream_reader.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "progress.hpp"
#include "python.hpp"
#include "sizes.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

struct arguments {
  std::string in;
  std::optional<std::string> out;
  bool no_check_extension = false;
  std::optional<std::string> range;
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
/// position and is either complete or absent.
template <class Write>
void write_to(const std::string& out, bool replace, Write&& write) {
  if (out == files::standard) {
    auto sink = files::standard_output();
    write(sink);
  } else {
    mrcz::atomic_file file{out, mrcz::durability::data, replace};
    write(file);
    file.publish();
  }
}

/// As `write_to`, for a `write` that writes bytes in order to any sink.
template <class Write>
void write_in_order_to(const std::string& out, bool replace, Write&& write) {
  write_to(out, replace, [&]<class Sink>(Sink& to) {
    if constexpr (std::is_same_v<Sink, mrcz::atomic_file>) {
      mrcz::detail::sink_in_order in_order{to};
      write(in_order);
    } else {
      write(to);
    }
  });
}

void write_part(const bloscpack::reader& in, std::uint64_t first, std::uint64_t count, mrcz::sequential_sink& to,
                std::atomic<std::uint64_t>& done) {
  mrcz::detail::buffer memory;
  for (const std::uint64_t end = first + count; first < end;) {
    constexpr std::uint64_t at_once = std::uint64_t{64} << 20U;
    const auto bytes = memory.acquire(static_cast<std::size_t>(std::min(at_once, end - first)));
    in.read_at(first, bytes);
    to.write(bytes);
    first += bytes.size();
    done += bytes.size();
  }
}

/// Prints the metadata, once the data have been written.
void say_metadata(const session& s, const bloscpack::metadata& metadata) {
  if (!python::is_false(metadata)) s.say("Metadata:\n{}", python::pretty(metadata));
}

void decompress_file(const std::string& path, const std::string& out, const std::optional<part>& wanted,
                     const session& s) {
  const auto source = std::make_shared<const files::input>(path);
  s.say_verbose("input file size: {}", sizes::pretty(source->size()));
  std::atomic<std::uint64_t> done = 0;
  const bloscpack::reader in{source, {.threads = s.threads, .progress = &done}};
  const auto metadata = in.metadata();
  if (in.beginning().metadata)
    s.say_verbose("read compressed metadata of size: '{}'", in.beginning().metadata->meta_comp_size);
  std::uint64_t size = in.size();
  if (wanted) {
    if (wanted->first > size || wanted->count.value_or(0) > size - wanted->first)
      refuse("the range reaches beyond the {} bytes of '{}'", size, path);
    size = wanted->count.value_or(size - wanted->first);
  }
  {
    const progress_bar bar{done, size};
    if (wanted)
      write_in_order_to(out, s.force,
                        [&](mrcz::sequential_sink& to) { write_part(in, wanted->first, size, to, done); });
    else write_to(out, s.force, [&](auto& to) { in.unpack(to); });
  }
  if (!wanted && s.debug) afterwards([&] { say_chunks(s, in, direction::decompressing); });
  s.say_verbose("output file size: {}", sizes::pretty(size));
  s.say_verbose("decompression ratio: {:f}", static_cast<double>(size) / static_cast<double>(source->size()));
  say_metadata(s, metadata);
}

void decompress_stream(const std::string& path, const std::string& out, const session& s) {
  std::atomic<std::uint64_t> done = 0;
  bloscpack::metadata metadata;
  {
    files::stream in{path};
    const progress_bar bar{done};
    write_in_order_to(out, s.force, [&](mrcz::sequential_sink& to) {
      metadata = without_path(
          in.name(), [&] { return bloscpack::unpack(in, to, {.threads = s.threads, .progress = &done}).metadata; });
    });
  }
  s.say_verbose("output file size: {}", sizes::pretty(done));
  say_metadata(s, metadata);
}

void decompress(const arguments& given, session& s) {
  const bool from_standard_input = given.in == files::standard;
  if (given.out.value_or(from_standard_input ? "-" : "") == files::standard) s.keep_standard_output_for_data();
  s.begin({{"subcommand", "decompress"},
           {"in_file", given.in},
           {"out_file", given.out.value_or("None")},
           {"no_check_extension", python::repr(given.no_check_extension)},
           {"range", given.range.value_or("None")}},
          "decompression");
  const std::string out = output_of(given);
  files::check(s, given.in, out);
  const auto wanted = given.range ? parsed_part(*given.range) : std::nullopt;
  if (!files::is_stream(given.in)) without_path(given.in, [&] { decompress_file(given.in, out, wanted, s); });
  else if (wanted) refuse("--range needs a file, which '{}' is not", given.in);
  else decompress_stream(given.in, out, s);
  s.say_verbose("done");
}

}  // namespace

command::action command::add_decompress(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("decompress", "Decompress a .blp file")->alias("d");
  sub->add_option("in_file", given->in, "The file to decompress; - is standard input")->required();
  sub->add_option("out_file", given->out, "The file to write, else in_file without .blp; - is standard output");
  sub->add_flag("-e,--no-check-extension", given->no_check_extension, "in_file need not end with .blp");
  sub->add_option("-r,--range", given->range, "FIRST:COUNT: only these bytes; without COUNT all from FIRST on")
      ->check(CLI::Validator{[](const std::string& text) {
                               return parsed_part(text) ? std::string{} : fmt::format("'{}' is not FIRST:COUNT", text);
                             },
                             "FIRST:COUNT"});
  return [given](session& s) { decompress(*given, s); };
}
