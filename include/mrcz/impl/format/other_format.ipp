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

inline constexpr const char* tiff = "a TIFF image or an EER movie";
inline constexpr const char* convert_tiff =
    "convert it first, for instance a TIFF with IMOD's tif2mrc and an EER movie with RELION";

inline constexpr signature signatures[]{
    {{"\x1f\x8b\x08", 3}, "a file that gzip packed", "unpack it first, for instance with gzip -d"},
    {{"\x28\xb5\x2f\xfd", 4}, "a file that zstd packed", "unpack it first, for instance with zstd -d"},
    {{"BZh", 3}, "a file that bzip2 packed", "unpack it first, for instance with bzip2 -d"},
    {{"\xfd\x37zXZ\0", 6}, "a file that xz packed", "unpack it first, for instance with xz -d"},
    {{"II*\0", 4}, tiff, convert_tiff},
    {{"MM\0*", 4}, tiff, convert_tiff},
    {{"II+\0", 4}, tiff, convert_tiff},  // with 64-bit offsets
    {{"MM\0+", 4}, tiff, convert_tiff},
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
