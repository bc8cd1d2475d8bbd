// blpk info: describes a .blp file. Reads only the beginning of the file, so that it can also describe damaged files.
#include <algorithm>
#include <array>
#include <bitset>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/ranges.h>

#include "command.hpp"
#include "files.hpp"
#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk_walker.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/json.hpp"
#include "mrcz/io/sequential.hpp"
#include "mrcz/io/undone_file.hpp"
#include "printable.hpp"
#include "python.hpp"
#include "sizes.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

struct arguments {
  std::string path;
  bool json = false;
};

struct description {
  bloscpack::beginning beginning;
  bloscpack::metadata metadata;
  std::vector<std::int64_t> offsets;  // the first five
  mrcz::detail::chunk_header first_chunk;
};

/// Where the first chunk is: behind the offsets, or where the first offset says if it is not there.
std::uint64_t first_chunk_of(const mrcz::byte_source& source, const bloscpack::beginning& beginning) {
  bloscpack::detail::chunk_walker walker{beginning, source.size()};
  try {
    const auto found = walker.next([&](std::uint64_t at, std::span<std::byte> into) {
      const auto there = std::min<std::uint64_t>(into.size(), source.size() - std::min(at, source.size()));
      source.read_at(at, into.first(static_cast<std::size_t>(there)));
      return static_cast<std::size_t>(there);
    });
    if (found) return found->begin;
  } catch (const mrcz::error&) {  // NOLINT(bugprone-empty-catch): damaged files are described too
  }
  return beginning.data_begin();
}

description read(const mrcz::byte_source& source) {
  mrcz::detail::source_in_order in{source};
  auto beginning = bloscpack::read_beginning([&](std::span<std::byte> into) { return in.read(into); });
  std::array<std::byte, mrcz::detail::chunk_header::size> chunk;
  if (beginning.data_begin() + chunk.size() > source.size())
    mrcz::detail::fail(mrcz::errc::truncated, "file ends at byte {}, before its first chunk", source.size());
  if (beginning.header.offsets) {
    std::array<std::byte, 8> first;
    source.read_at(beginning.offsets_begin(), first);
    beginning.first_offset = mrcz::detail::load<std::uint64_t>(first.data(), std::endian::little);
  }
  source.read_at(first_chunk_of(source, beginning), chunk);
  description d{beginning, {}, {}, mrcz::detail::chunk_header::decode(chunk)};
  if (beginning.metadata) d.metadata = bloscpack::read_metadata(source, beginning);
  const auto offsets = beginning.header.offsets ? std::min<std::uint64_t>(*beginning.header.nchunks, 5) : 0;
  for (std::uint64_t i = 0; i < offsets; ++i) {
    std::array<std::byte, 8> entry;
    source.read_at(beginning.offsets_begin() + 8 * i, entry);
    d.offsets.push_back(mrcz::detail::load<std::int64_t>(entry.data(), std::endian::little));
  }
  return d;
}

std::string known(std::optional<std::uint64_t> value) { return value ? std::to_string(*value) : "-1"; }

std::string known_size(std::optional<std::uint32_t> value) { return value ? sizes::with_bytes(*value) : "-1"; }

/// Writes ASCII bytes that are padded with NULs as Python does, without the padding.
std::string padded(std::span<const char> text) {
  const auto end = std::find(text.begin(), text.end(), '\0');
  return bloscpack::detail::python_bytes(std::as_bytes(text.first(static_cast<std::size_t>(end - text.begin()))));
}

void say_header(const session& s, const bloscpack::header& h) {
  s.say("BloscpackHeader:");
  s.say("    format_version: {}", bloscpack::format_version);
  s.say("    offsets: {}", python::repr(h.offsets));
  s.say("    metadata: {}", python::repr(h.metadata));
  s.say("    checksum: '{}'", bloscpack::name_of(h.checksum));
  s.say("    typesize: {}", h.typesize);
  s.say("    chunk_size: {}", known_size(h.chunk_size));
  s.say("    last_chunk: {}", known_size(h.last_chunk));
  s.say("    nchunks: {}", known(h.nchunks));
  s.say("    max_app_chunks: {}", h.max_app_chunks);
}

void say_metadata_header(const session& s, const bloscpack::metadata_header& h) {
  s.say("MetadataHeader:");
  s.say("    magic_format: {}", padded(h.magic_format));
  s.say("    meta_options: '{}'", std::bitset<8>{h.meta_options}.to_string());
  s.say("    meta_checksum: '{}'", bloscpack::name_of(h.meta_checksum));
  s.say("    meta_codec: '{}'", bloscpack::name_of(h.meta_codec));
  s.say("    meta_level: {}", h.meta_level);
  s.say("    meta_size: {}", sizes::with_bytes(h.meta_size));
  s.say("    max_meta_size: {}", sizes::with_bytes(h.max_meta_size));
  s.say("    meta_comp_size: {}", sizes::with_bytes(h.meta_comp_size));
  s.say("    user_codec: {}", padded(h.user_codec));
}

void say_chunk_header(const session& s, const mrcz::detail::chunk_header& h) {
  const auto flag = [&](unsigned bit) { return python::repr((h.flags & bit) != 0); };
  s.say("First chunk blosc header:");
  s.say(
      "OrderedDict([('version', {}), ('versionlz', {}), ('flags', {}), ('typesize', {}), ('nbytes', {}), "
      "('blocksize', {}), ('ctbytes', {})])",
      h.version, h.codec_version, h.flags, h.typesize, h.bytes, h.block_size, h.packed_bytes);
  s.say("First chunk blosc flags: ");
  s.say(
      "OrderedDict([('byte_shuffle', {}), ('pure_memcpy', {}), ('bit_shuffle', {}), ('split_blocks', {}), ('codec', "
      "'{}')])",
      flag(0x01), flag(0x02), flag(0x04), flag(0x10),
      h.codec() ? mrcz::name_of(*h.codec()) : std::string_view{"unknown"});
}

/// Sizes and counts that a file does not know are null.
template <class Number>
nlohmann::ordered_json number_or_null(std::optional<Number> value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json to_json(const description& d) {
  const auto& h = d.beginning.header;
  const auto& c = d.first_chunk;
  nlohmann::ordered_json all;
  all["header"] = {{"format_version", bloscpack::format_version},
                   {"offsets", h.offsets},
                   {"metadata", h.metadata},
                   {"checksum", bloscpack::name_of(h.checksum)},
                   {"typesize", h.typesize},
                   {"chunk_size", number_or_null(h.chunk_size)},
                   {"last_chunk", number_or_null(h.last_chunk)},
                   {"nchunks", number_or_null(h.nchunks)},
                   {"max_app_chunks", h.max_app_chunks}};
  if (h.offsets) all["first_offsets"] = d.offsets;
  if (const auto& m = d.beginning.metadata) {
    all["metadata"] = d.metadata;
    all["metadata_header"] = {{"meta_options", m->meta_options},
                              {"meta_checksum", bloscpack::name_of(m->meta_checksum)},
                              {"meta_codec", bloscpack::name_of(m->meta_codec)},
                              {"meta_level", m->meta_level},
                              {"meta_size", m->meta_size},
                              {"max_meta_size", m->max_meta_size},
                              {"meta_comp_size", m->meta_comp_size}};
  }
  all["first_chunk"] = {{"codec", c.codec() ? name_of(*c.codec()) : std::string_view{"unknown"}},
                        {"shuffle", name_of(c.shuffle())},
                        {"stored", c.stored()},
                        {"typesize", c.typesize},
                        {"nbytes", c.bytes},
                        {"blocksize", c.block_size},
                        {"ctbytes", c.packed_bytes}};
  return all;
}

void info(const arguments& given, const session& s) {
  files::check_seekable(given.path);
  const auto source = mrcz::detail::open_undone(given.path);
  const auto d = [&] {
    try {
      return without_path(given.path, [&] { return read(*source); });
    } catch (const mrcz::error& e) {
      if (e.code().category() != mrcz::error_category()) throw;
      refuse("{}\nThis might not be a bloscpack compressed file.", e.what());
    }
  }();
  if (given.json) {
    print(stdout, text::printable_json(to_json(d).dump(2)) + "\n");
    return;
  }
  say_header(s, d.beginning.header);
  if (!d.offsets.empty()) s.say("'offsets':\n[{},...]", fmt::join(d.offsets, ","));
  if (d.beginning.metadata) {
    s.say("Metadata:\n{}", python::pretty(d.metadata));
    say_metadata_header(s, *d.beginning.metadata);
  }
  say_chunk_header(s, d.first_chunk);
}

}  // namespace

command::action command::add_info(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("info", "Show what a .blp file says of itself")->alias("i");
  sub->add_option("file", given->path, "The .blp file")->required();
  sub->add_flag("--json", given->json, "Print JSON");
  return [given](session& s) { info(*given, s); };
}
