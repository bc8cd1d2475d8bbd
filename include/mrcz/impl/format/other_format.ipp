/// The table of other formats.
#pragma once

#include "mrcz/format/other_format.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"

namespace mrcz::detail {

/// The bytes with which the files of a format begin.
struct signature {
  std::string_view bytes;
  const char* what;
  const char* remedy;
};

inline constexpr signature signatures[]{
    {{"\x1f\x8b\x08", 3}, "a file that gzip packed", "unpack it first, for instance with gzip -d"},
    {{"\x28\xb5\x2f\xfd", 4}, "a file that zstd packed", "unpack it first, for instance with zstd -d"},
    {{"BZh", 3}, "a file that bzip2 packed", "unpack it first, for instance with bzip2 -d"},
    {{"\xfd\x37zXZ\0", 6}, "a file that xz packed", "unpack it first, for instance with xz -d"},
    {{"\x89HDF\r\n\x1a\n", 8},
     "an HDF5 file",
     "convert it first, for instance with EMAN2's e2proc3d.py, or with h5py and mrcfile in Python"},
    {{"blpk", 4},
     "a bloscpack file",
     "a program that includes mrcz/bloscpack.hpp and links mrcz::bloscpack reads an MRC file inside; blpk decompress "
     "unpacks it"},
    {{"version https://git-lfs.github.com/spec/", 40},
     "a pointer that Git LFS keeps in place of a large file",
     "git lfs pull brings the file itself"},
};

MRCZ_INLINE bool begins_with(std::string_view bytes, const signature& known) noexcept {
  return bytes.starts_with(known.bytes);
}

/// The numbers of a TIFF file. Its sizes and positions have 32 bits, or 64 in a BigTIFF file.
struct tiff_numbers {
  std::span<const std::byte> bytes;  ///< the beginning of the file
  std::endian order;
  bool is_big;

  std::uint64_t size_at(std::size_t at) const noexcept {
    return is_big ? load<std::uint64_t>(bytes.data() + at, order) : load<std::uint32_t>(bytes.data() + at, order);
  }
  std::uint16_t short_at(std::size_t at) const noexcept { return load<std::uint16_t>(bytes.data() + at, order); }
};

/// Nothing if these are no bytes of a TIFF file.
MRCZ_INLINE std::optional<tiff_numbers> tiff_of(std::span<const std::byte> bytes) noexcept {
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  using namespace std::string_view_literals;
  const bool is_big = text.starts_with("II+\0"sv) || text.starts_with("MM\0+"sv);
  if (!is_big && !text.starts_with("II*\0"sv) && !text.starts_with("MM\0*"sv)) return std::nullopt;
  return tiff_numbers{bytes, text[0] == 'I' ? std::endian::little : std::endian::big, is_big};
}

/// The Compression of the first image, which is 1 where the file does not state it. Nothing if it stands behind the
/// bytes that are known.
MRCZ_INLINE std::optional<std::uint16_t> compression_of(const tiff_numbers& in) noexcept {
  constexpr std::uint16_t compression_tag = 259;
  const std::size_t first_directory = in.is_big ? 8 : 4;  // the place of its position
  const std::size_t count_bytes = in.is_big ? 8 : 2;
  const std::size_t entry_bytes = in.is_big ? 20 : 12;
  const std::size_t value_in_entry = in.is_big ? 12 : 8;
  if (in.bytes.size() < 2 * first_directory) return std::nullopt;
  const std::uint64_t directory = in.size_at(first_directory);
  if (directory > in.bytes.size() || in.bytes.size() - directory < count_bytes) return std::nullopt;
  auto at = static_cast<std::size_t>(directory);
  std::uint64_t entries = in.is_big ? in.size_at(at) : in.short_at(at);
  for (at += count_bytes; entries > 0; --entries, at += entry_bytes) {
    if (in.bytes.size() - at < entry_bytes) return std::nullopt;
    if (in.short_at(at) == compression_tag) return in.short_at(at + value_in_entry);
  }
  return 1;
}

/// A TIFF image, or a movie of Falcon detectors in EER, which is a TIFF file with a Compression of its own.
MRCZ_INLINE other_format kind_of_tiff(const tiff_numbers& in) {
  const auto compression = compression_of(in);
  if (!compression)
    return {"a TIFF image or perhaps an EER movie",
            "convert it first, for instance a TIFF with IMOD's tif2mrc, and an EER movie with RELION"};
  if (*compression >= 65000 && *compression <= 65002)
    return {"an EER movie", "convert it first, for instance with RELION's relion_convert_to_tiff"};
  return {"a TIFF image", "convert it first, for instance with IMOD's tif2mrc"};
}

/// DM3 and DM4 begin with big-endian numbers: the version, the length (4 bytes, or 8 in DM4), and 0 or 1.
MRCZ_INLINE bool is_digital_micrograph(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < 16) return false;
  const auto number = [&](std::size_t at) { return load<std::uint32_t>(bytes.data() + at, std::endian::big); };
  return (number(0) == 3 && number(8) <= 1) || (number(0) == 4 && number(12) <= 1);
}

/// A chunk of blosc that is the whole file.
MRCZ_INLINE bool is_chunk(std::span<const std::byte> bytes, std::uint64_t file_size) noexcept {
  if (bytes.size() < chunk_header::size) return false;
  const auto chunk = chunk_header::decode(bytes.first<chunk_header::size>());
  return chunk.version == 2 && chunk.packed_bytes == file_size && chunk.typesize > 0;
}

/// Whether there are no control characters, and mostly ASCII: few names and comments in it are in other letters.
MRCZ_INLINE bool is_text(std::string_view bytes) noexcept {
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < ' ' ? c != '\n' && c != '\r' && c != '\t' && c != '\f' : c == '\x7f';
  };
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  const auto ascii = static_cast<std::size_t>(std::count_if(bytes.begin(), bytes.end(), is_ascii));
  return !bytes.empty() && ascii >= bytes.size() / 4 * 3 && std::none_of(bytes.begin(), bytes.end(), is_control);
}

/// The beginning of a text in lower case, without the blanks and the byte order mark before it.
MRCZ_INLINE std::string first_words(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\f"), text.size()));
  std::string words{text.substr(0, 16)};
  for (char& c : words)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return words;
}

/// What a text begins with, for a message.
MRCZ_INLINE std::string first_line(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\f"), text.size()));
  constexpr std::size_t longest = 40;
  std::string line{text.substr(0, std::min(text.find_first_of("\r\n\f"), longest))};
  std::replace_if(line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return line;
}

MRCZ_INLINE std::optional<other_format> recognise(std::span<const std::byte> beginning, std::uint64_t file_size) {
  const std::string_view bytes{reinterpret_cast<const char*>(beginning.data()), beginning.size()};
  constexpr std::size_t map_offset = 208;
  if (bytes.size() > map_offset && bytes.substr(map_offset).starts_with("MAP")) return std::nullopt;
  if (file_size == 0) return other_format{"an empty file", "whatever wrote, copied or downloaded it did not finish"};
  for (const signature& known : signatures)
    if (begins_with(bytes, known)) return other_format{known.what, known.remedy};
  if (const auto tiff = tiff_of(beginning)) return kind_of_tiff(*tiff);
  if (is_digital_micrograph(beginning))
    return other_format{"an image of Gatan's DigitalMicrograph (DM3 or DM4)",
                        "convert it first, for instance with IMOD's dm2mrc"};
  if (is_chunk(beginning, file_size))
    return other_format{"a chunk of blosc without the header of a file",
                        "unpack it with blosc, for instance with blosc.decompress in Python"};
  if (is_text(bytes)) {
    const std::string words = first_words(bytes);
    if (words.starts_with("<!doctype html") || words.starts_with("<html"))
      return other_format{"a web page", "it may say why it came in place of the file; then download the file again"};
    return other_format{text("a text that begins '{}'", first_line(bytes)),
                        "it may name the MRC files, or say why it came in place of one"};
  }
  if (bytes.find_first_not_of('\0') == std::string_view::npos)
    return other_format{bytes.size() == file_size ? "a file of zeros" : "a file that begins with zeros",
                        "whatever wrote, copied or downloaded it did not finish"};
  return std::nullopt;
}

}  // namespace mrcz::detail
