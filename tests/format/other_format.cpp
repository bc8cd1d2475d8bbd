#include "mrcz/format/other_format.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/format/header_bytes.hpp"

namespace {

using namespace std::string_view_literals;

/// What a file with this beginning is, and the rest of its first 1024 bytes is noise.
std::string kind_of(std::string_view beginning, std::size_t size = 5000) {
  std::vector<std::byte> bytes(std::min<std::size_t>(size, mrcz::header_size));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * i * 31 + 7);
  for (std::size_t i = 0; i < std::min(bytes.size(), beginning.size()); ++i)
    bytes[i] = static_cast<std::byte>(beginning[i]);
  const auto other = mrcz::detail::recognise(bytes, size);
  if (other) CHECK_FALSE(other->remedy.empty());
  return other ? other->what : "";
}

/// A TIFF file with these tags and values of 16 bits in its first directory.
std::string tiff(std::endian order, bool big, const std::vector<std::pair<std::uint16_t, std::uint16_t>>& tags,
                 std::uint64_t directory) {
  std::string file;
  const auto put = [&](auto number) {
    std::array<std::byte, sizeof number> bytes;
    mrcz::detail::store(bytes.data(), number, order);
    file.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const auto put_size = [&](std::uint64_t size) {
    if (big) put(size);
    else put(static_cast<std::uint32_t>(size));
  };
  file = order == std::endian::little ? "II" : "MM";
  put(static_cast<std::uint16_t>(big ? 43 : 42));
  if (big) put(std::uint16_t{8}), put(std::uint16_t{0});
  put_size(directory);
  if (directory > mrcz::header_size) return file;
  file.resize(static_cast<std::size_t>(directory));
  if (big) put(std::uint64_t{tags.size()});
  else put(static_cast<std::uint16_t>(tags.size()));
  for (const auto& [tag, value] : tags) {
    put(tag), put(std::uint16_t{3});
    put_size(1);
    put(value), put(std::uint16_t{0});
    if (big) put(std::uint32_t{0});
  }
  return file;
}

/// What a file with this content is.
std::string kind_of_text(std::string_view text) { return kind_of(text, text.size()); }

}  // namespace

TEST_CASE("packed files are known by their first bytes") {
  CHECK(kind_of("\x1f\x8b\x08\0"sv) == "a file that gzip packed");
  CHECK(kind_of("\x28\xb5\x2f\xfd"sv) == "a file that zstd packed");
  CHECK(kind_of("BZh9"sv) == "a file that bzip2 packed");
  CHECK(kind_of("\xfd\x37zXZ\0"sv) == "a file that xz packed");
  CHECK(kind_of("blpk"sv) == "a bloscpack file");
  CHECK(kind_of("\x1f\x8b\x08\0"sv, 40) == "a file that gzip packed");
}

TEST_CASE("images of other formats are known by their first bytes") {
  CHECK(kind_of("\x89HDF\r\n\x1a\n"sv) == "an HDF5 file");
  CHECK(kind_of("\0\0\0\3\0\0\x83\x1b\0\0\0\1"sv) == "an image of Gatan's DigitalMicrograph (DM3 or DM4)");
  CHECK(kind_of("\0\0\0\4\0\0\0\0\0\0\x69\x7a\0\0\0\0"sv) == "an image of Gatan's DigitalMicrograph (DM3 or DM4)");
  CHECK(kind_of("\0\0\0\3\0\0\x83\x1b\0\0\0\2"sv).empty());
}

TEST_CASE("an EER movie is a TIFF file with a Compression of its own, if it stands in the bytes that are known") {
  for (const auto order : {std::endian::little, std::endian::big})
    for (const bool big : {false, true}) {
      const auto file = [&](std::uint16_t compression, std::uint64_t directory = 24) {
        return tiff(order, big, {{256, 4096}, {259, compression}, {262, 1}}, directory);
      };
      CHECK(kind_of(file(1)) == "a TIFF image");
      CHECK(kind_of(file(5)) == "a TIFF image");
      CHECK(kind_of(file(64999)) == "a TIFF image");
      CHECK(kind_of(file(65000)) == "an EER movie");
      CHECK(kind_of(file(65001)) == "an EER movie");
      CHECK(kind_of(file(65002)) == "an EER movie");
      CHECK(kind_of(file(65003)) == "a TIFF image");
      CHECK(kind_of(tiff(order, big, {{256, 4096}}, 24)) == "a TIFF image");  // 1 is the default
      CHECK(kind_of(file(65000, 900)) == "an EER movie");
      for (const std::uint64_t directory : {1000U, 1020U, 1024U, 5000U, 0xffffffffU})
        CHECK(kind_of(file(65000, directory)) == "a TIFF image or perhaps an EER movie");
      const std::string whole = file(65000);
      for (std::size_t size = 4; size < whole.size(); ++size) {
        const std::string found = kind_of(whole.substr(0, size), size);
        CHECK((found == "a TIFF image or perhaps an EER movie" || found == "an EER movie"));
      }
    }
}

TEST_CASE("pointers, web pages and other texts are told apart") {
  CHECK(kind_of_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n") ==
        "a pointer that Git LFS keeps in place of a large file");
  CHECK(kind_of_text("<!DOCTYPE HTML>\n<title>404</title>") == "a web page");
  CHECK(kind_of_text("\xef\xbb\xbf \n<html lang=en>") == "a web page");
  CHECK(kind_of_text("\n\ndata_optics\n\nloop_\n") == "a text that begins 'data_optics'");
  CHECK(kind_of_text("caf\xc3\xa9\twith more than forty characters in its first line\n") ==
        "a text that begins 'caf???with more than forty characters in'");
  CHECK(kind_of_text("\n") == "a text that begins ''");
}

TEST_CASE("one chunk of blosc is not taken for a file") {
  const std::vector<std::byte> plain(4000, std::byte{5});
  mrcz::detail::buffer memory;
  const auto chunk = mrcz::detail::compress(plain, 4, {.codec = mrcz::codec::lz4}, memory);
  CHECK(mrcz::detail::recognise(chunk, chunk.size())->what == "a chunk of blosc without the header of a file");
  CHECK_FALSE(mrcz::detail::recognise(chunk, chunk.size() + 1));
}

TEST_CASE("a file without content is said to be one") {
  CHECK(kind_of("", 0) == "an empty file");
  CHECK(kind_of(std::string(1024, '\0'), 5000) == "a file that begins with zeros");
  CHECK(kind_of(std::string(300, '\0'), 300) == "a file of zeros");
}

TEST_CASE("nothing is said about bytes that could be anything, nor about a file with MAP") {
  CHECK(kind_of("").empty());
  CHECK(kind_of("", 100).empty());
  std::string named(1024, ' ');
  named.replace(0, 3, "\x1f\x8b\x08");
  named.replace(208, 4, "MAP ");
  CHECK(kind_of(named).empty());
}

TEST_CASE("real files of other formats are recognised") {
  const std::filesystem::path folder = std::filesystem::path{MRCZ_TEST_SHARED} / "wild";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: there are no files of other programs beside the repository");
    return;
  }
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    const std::string extension = entry.path().extension().string();
    std::ifstream in{entry.path(), std::ios::binary};
    std::string content(1024, '\0');
    in.read(content.data(), 1024);
    content.resize(static_cast<std::size_t>(in.gcount()));
    const auto other = entry.is_regular_file()
                           ? mrcz::detail::recognise(std::as_bytes(std::span{content}), entry.file_size())
                           : std::nullopt;
    const char* const expected = extension == ".gz"    ? "a file that gzip packed"
                                 : extension == ".bz2" ? "a file that bzip2 packed"
                                 : extension == ".tif" ? "a TIFF image"
                                 : extension == ".dm3" || extension == ".dm4"
                                     ? "an image of Gatan's DigitalMicrograph (DM3 or DM4)"
                                     : nullptr;
    if (expected == nullptr) continue;
    CAPTURE(entry.path().string());
    REQUIRE(other);
    CHECK(other->what.starts_with(expected));  // the Compression of a TIFF file may stand behind its voxels
    ++seen;
  }
  CHECK(seen == 16);
}
