// Appends to bloscpack files, so that kills.py can kill it at each of its system calls.
//   append_in_place prepare FOLDER          writes part.blp, whose last chunk is not full, and whole.blp
//   append_in_place append|metadata|both|renamed FILE
//   append_in_place replace FILE            packs other data to a file of this name
//   append_in_place undo FILE               opens the file for writing and changes nothing
//   append_in_place content FILE            prints what a reader sees
//   append_in_place validate FILE           prints what is wrong
#include <cstddef>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "mrcz/bloscpack.hpp"
#include "mrcz/io/locked_file.hpp"
#include "mrcz/io/undo_record.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

std::vector<std::byte> data(std::size_t size, unsigned seed) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 2654435761U + seed) >> 7U);
  return bytes;
}

void pack(const std::filesystem::path& path, std::size_t size) {
  mrcz::atomic_file to{path, mrcz::durability::data, true};
  bloscpack::pack(mrcz::memory_source{data(size, 1)}, to, {.chunk_size = 1000, .threads = 1}, {{"dose", 1.25}});
}

void append(const std::filesystem::path& path, std::size_t size, const bloscpack::metadata& values) {
  bloscpack::detail::append(path, mrcz::memory_source{data(size, 2)}, {.threads = 1}, values, 0);
}

void content(const std::filesystem::path& path) {
  const bloscpack::reader in{path, {.threads = 1}};
  std::vector<std::byte> bytes(static_cast<std::size_t>(in.size()));
  in.read_at(0, bytes);
  fmt::print("{} bytes, {}, {}\n", bytes.size(), to_string(digest_of(bloscpack::checksum::sha256, bytes)),
             bloscpack::to_text(in.metadata()));
}

void validate(const std::filesystem::path& path) {
  if (mrcz::pending_undo(path)) fmt::print("there is an undo record\n");
  for (const auto& damage : bloscpack::reader{path, {.threads = 1}}.verify()) fmt::print("{}\n", damage.message);
}

void change(const std::string& what, const std::filesystem::path& path) {
  if (what == "append") return append(path, 3300, nullptr);
  if (what == "metadata") return append(path, 0, {{"dose", 2.5}});
  if (what == "both") return append(path, 100, {{"dose", 2.5}});
  if (what == "renamed") {
    bloscpack::append(path, mrcz::memory_source{data(3300, 2)}, {.threads = 1});
    return;
  }
  if (what == "replace") return pack(path, 100);
  if (what == "undo") {
    const mrcz::detail::locked_file opened{path};
    return;
  }
  if (what == "prepare") {
    pack(path / "part.blp", 4700);
    pack(path / "whole.blp", 4000);
    return;
  }
  if (what == "content") return content(path);
  if (what == "validate") return validate(path);
  mrcz::detail::fail(mrcz::errc::bad_option, "'{}' is no change", what);
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) mrcz::detail::fail(mrcz::errc::bad_option, "usage: append_in_place CHANGE FILE");
  change(arguments[1], arguments[2]);
  return 0;
} catch (const std::exception& e) {
  fmt::print(stderr, "append_in_place: {}\n", e.what());
  return 1;
}
