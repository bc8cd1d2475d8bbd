#include "chunk_arguments.hpp"

#include <array>

#include <fmt/ranges.h>

#include "mrcz/codec/blosc.hpp"
#include "python.hpp"
#include "sizes.hpp"

namespace bloscpack = mrcz::bloscpack;

namespace {

std::vector<std::string> available_codecs() {
  std::vector<std::string> names;
  for (const auto codec : mrcz::all_codecs)
    if (codec != mrcz::codec::none && mrcz::available(codec)) names.emplace_back(mrcz::name_of(codec));
  return names;
}

}  // namespace

void chunk_arguments::add_to(CLI::App& sub) {
  sub.add_option("-t,--typesize", typesize, "Bytes per element, 1 to 255")->capture_default_str();
  sub.add_option("-l,--clevel,--level", level, "0 (store) to 9 (smallest)")
      ->check(CLI::Range(0, 9))
      ->capture_default_str();
  sub.add_flag("-s,--no-shuffle", no_shuffle, "Do not rearrange the bytes of the elements");
  sub.add_option("-c,--codec", codec, "The codec")->check(CLI::IsMember(available_codecs()))->capture_default_str();
}

std::map<std::string, std::string> chunk_arguments::named() const {
  return {{"typesize", std::to_string(typesize)},
          {"clevel", std::to_string(level)},
          {"shuffle", python::repr(!no_shuffle)},
          {"codec", codec}};
}

void chunk_arguments::say(const session& s) const {
  s.say_debug("BloscArgs:\n    typesize: {}\n    clevel: {}\n    shuffle: {}\n    cname: '{}'", typesize, level,
              python::repr(!no_shuffle), codec);
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
