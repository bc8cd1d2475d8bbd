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
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/sequential.hpp"
#include "python.hpp"
#include "sizes.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

struct description {
  bloscpack::beginning beginning;
  bloscpack::metadata metadata;
  std::vector<std::int64_t> offsets;  // the first five
  mrcz::detail::chunk_header first_chunk;
};

description read(const mrcz::file_source& source) {
  mrcz::detail::source_in_order in{source};
  const auto beginning = bloscpack::read_beginning([&](std::span<std::byte> into) { return in.read(into); });
  std::array<std::byte, mrcz::detail::chunk_header::size> chunk;
  if (beginning.data_begin() + chunk.size() > source.size())
    mrcz::detail::fail(mrcz::errc::truncated, "file ends at byte {}, before its first chunk", source.size());
  source.read_at(beginning.data_begin(), chunk);
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

void info(const std::string& path, const session& s) {
  files::check_seekable(path);
  const mrcz::file_source source{path};
  const auto d = [&] {
    try {
      return without_path(path, [&] { return read(source); });
    } catch (const mrcz::error& e) {
      if (e.code().category() != mrcz::error_category()) throw;
      refuse("{}\nThis might not be a bloscpack compressed file.", e.what());
    }
  }();
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
  const auto path = std::make_shared<std::string>();
  auto* sub = program.add_subcommand("info", "Show what a .blp file says of itself")->alias("i");
  sub->add_option("file", *path, "The .blp file")->required();
  return [path](session& s) { info(*path, s); };
}
