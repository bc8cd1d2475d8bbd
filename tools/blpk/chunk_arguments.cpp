#include "chunk_arguments.hpp"

#include <array>

#include <fmt/ranges.h>

#include "mrcz/codec/blosc.hpp"
#include "python.hpp"
#include "sizes.hpp"

namespace bloscpack = mrcz::bloscpack;

std::vector<std::string> available_codecs() {
  std::vector<std::string> names;
  for (const auto codec : mrcz::all_codecs)
    if (codec != mrcz::codec::none && mrcz::available(codec)) names.emplace_back(mrcz::name_of(codec));
  return names;
}

void chunk_arguments::add_to(CLI::App& sub, const std::string& otherwise) {
  const auto shown = [&](const char* value) { return otherwise.empty() ? value : otherwise; };
  sub.add_option("-t,--typesize", typesize, "Bytes per element, 1 to 255")->default_str(shown("8"));
  sub.add_option("-l,--clevel,--level", level, "0 (store) to 9 (smallest)")->check(CLI::Range(0, 9))->default_str("7");
  auto* none = sub.add_flag("-s,--no-shuffle", no_shuffle, "Do not rearrange the bytes of the elements");
  sub.add_flag("--bitshuffle", bitshuffle, "Rearrange the bits of the elements instead of the bytes")->excludes(none);
  sub.add_option("-c,--codec", codec, "The codec")
      ->check(CLI::IsMember(available_codecs()))
      ->default_str(shown("blosclz"));
}

void chunk_arguments::set(bloscpack::options& options) const {
  if (typesize && (*typesize < 1 || *typesize > 255)) refuse("typesize is {}, expected 1 to 255", *typesize);
  if (typesize) options.typesize = static_cast<std::size_t>(*typesize);
  options.level = level;
  if (no_shuffle) options.shuffle = mrcz::shuffle::none;
  if (bitshuffle) options.shuffle = mrcz::shuffle::bit;
  if (codec) options.codec = mrcz::codec_named(*codec);
}

namespace {

std::string shuffle_of(const bloscpack::detail::chunk_options& chunks) {
  return chunks.shuffle == mrcz::shuffle::bit ? "bit" : python::repr(chunks.shuffle == mrcz::shuffle::byte);
}

}  // namespace

std::map<std::string, std::string> names_of(const bloscpack::detail::chunk_options& chunks) {
  return {{"typesize", std::to_string(chunks.typesize)},
          {"clevel", std::to_string(chunks.level)},
          {"shuffle", shuffle_of(chunks)},
          {"codec", std::string{name_of(chunks.codec)}}};
}

void say(const session& s, const bloscpack::detail::chunk_options& chunks) {
  s.say_debug("BloscArgs:\n    typesize: {}\n    clevel: {}\n    shuffle: {}\n    cname: '{}'", chunks.typesize,
              chunks.level, shuffle_of(chunks), name_of(chunks.codec));
}

void say_chunking(const session& s, const bloscpack::chunking& cut) {
  s.say_verbose("nchunks: {}", cut.nchunks);
  s.say_verbose("chunk_size: {}", sizes::with_bytes(cut.chunk_size));
  s.say_verbose("last_chunk_size: {}", sizes::with_bytes(cut.last_chunk));
}

void say_chunks(const session& s, const bloscpack::reader& file, direction d, std::uint64_t first) {
  if (!s.debug) return;
  const auto& h = file.header();
  std::array<std::byte, bloscpack::header_size> raw;
  file.source().read_at(0, raw);
  s.say("raw_bloscpack_header: {}", bloscpack::detail::python_bytes(raw));
  for (std::uint64_t chunk = first; chunk < file.nchunks(); ++chunk) {
    const auto found = file.chunk_header(chunk);
    s.say("Handle chunk '{}'{}", chunk, chunk + 1 == file.nchunks() ? " (last)" : "");
    std::array<std::byte, bloscpack::digest::max_size> bytes;
    const auto digest = std::span{bytes}.first(bloscpack::digest_size(h.checksum));
    file.source().read_at(file.chunks()[chunk].begin + found.packed_bytes, digest);
    if (!digest.empty())
      s.say("checksum ({}): {}", bloscpack::name_of(h.checksum), bloscpack::detail::python_bytes(digest));
    const bool in = d == direction::compressing;
    s.say("chunk handled, in: {} out: {}", sizes::with_bytes(in ? found.bytes : found.packed_bytes),
          sizes::with_bytes(in ? found.packed_bytes : found.bytes));
  }
  if (d == direction::decompressing || !h.offsets) return;
  const auto begins = file.chunks().begins();
  s.say("Writing '{}' offsets: '[{}]'", begins.size(), fmt::join(begins, ", "));
  s.say("Raw offsets: {}",
        bloscpack::detail::python_bytes(bloscpack::detail::encode_offsets(begins, 0, begins.size())));
}
