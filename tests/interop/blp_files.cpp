// Writes bloscpack files of every codec, level, checksum and size around chunk boundaries, with and without metadata
// and offsets, appended to, from streams and as arrays, for read_blp.py to look at. Beside each lies what it must hold.
//   blp_files FOLDER
//   blp_files parts|order|stream FILE       writes the content of a file to standard output, read in one of three ways
//   blp_files record|text|time FILE         packs an array whose elements have no C++ type
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "mrcz/bloscpack.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/io/memory.hpp"

namespace {

namespace bp = mrcz::bloscpack;
using bytes = std::vector<std::byte>;

nlohmann::ordered_json expected = nlohmann::ordered_json::array();
std::filesystem::path folder;

/// The formula that read_blp.py has too.
bytes content_of(std::size_t size) {
  bytes content(size);
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<std::byte>(i / 4 * 7 >> (8 * (i % 4)) & 0xffU);
  return content;
}

void note(const std::string& name, std::size_t size, const bp::header& h, const bp::metadata& values,
          const std::string& codec) {
  expected.push_back({{"file", name},
                      {"size", size},
                      {"checksum", bp::name_of(h.checksum)},
                      {"offsets", h.offsets},
                      {"metadata", values},
                      {"max_app_chunks", h.max_app_chunks},
                      {"codec", codec}});
}

void write(const std::string& name, std::size_t size, const bp::options& wanted, const bp::metadata& values = nullptr) {
  const bytes content = content_of(size);
  mrcz::atomic_file to{folder / name, mrcz::durability::none, true};
  note(name, size, bp::pack(mrcz::memory_source{std::span{content}}, to, wanted, values), values,
       std::string{name_of(wanted.codec.value_or(mrcz::codec::blosclz))});
}

void write_all() {
  const bp::metadata values{{"z", "Größe"}, {"a", {1, 2.5, nullptr, true}}, {"text", std::string(300, 'x')}};
  for (const auto codec : mrcz::all_codecs) {
    if (codec == mrcz::codec::none || !mrcz::available(codec)) continue;
    for (int level = 0; level <= 9; ++level)
      for (const auto shuffle : {mrcz::shuffle::none, mrcz::shuffle::byte, mrcz::shuffle::bit})
        write(fmt::format("{}.{}.{}.blp", name_of(codec), level, name_of(shuffle)), 10'001,
              {.codec = codec, .level = level, .shuffle = shuffle, .typesize = 4, .chunk_size = 4096});
  }
  for (const auto checksum : bp::all_checksums)
    for (const bool offsets : {true, false})
      for (const bool described : {true, false})
        write(fmt::format("{}.{}.{}.blp", bp::name_of(checksum), offsets, described), 2500,
              {.chunk_size = 1000, .checksum = checksum, .offsets = offsets, .metadata = {.checksum = checksum}},
              described ? values : bp::metadata{});
  for (const std::size_t size : {0U, 1U, 7U, 8U, 999U, 1000U, 1001U, 1999U, 2000U, 2001U, 100'000U})
    write(fmt::format("size.{}.blp", size), size, {.chunk_size = 1000});
  for (const std::size_t size : {1U, 999U, 1000U, 2000U, 2500U})
    for (const std::size_t added : {1U, 500U, 1000U, 3333U}) {
      const std::string name = fmt::format("appended.{}.{}.blp", size, added);
      const bytes all = content_of(size + added);
      const auto whole = std::span{all};
      mrcz::atomic_file to{folder / name, mrcz::durability::none, true};
      bp::pack(mrcz::memory_source{whole.first(size)}, to, {.chunk_size = 1000, .max_app_chunks = 4000}, values);
      const auto h = bp::append(folder / name, mrcz::memory_source{whole.subspan(size)}, {.typesize = 4}, {{"new", 1}});
      note(name, all.size(), h, {{"new", 1}}, "blosclz");
    }
  const bytes content = content_of(123'456);
  const mrcz::memory_source source{std::span{content}};
  mrcz::detail::source_in_order stream{source};
  note("stream.blp", content.size(), bp::pack_file(stream, folder / "stream.blp", {.chunk_size = 10'000}), nullptr,
       "blosclz");
}

/// Writes what a file holds to standard output.
void read(const std::string& way, const std::string& path) {
  mrcz::descriptor_sink to{1, "standard output"};
  const bp::reader in{path, {.cache_bytes = 1000}};
  if (way == "order") return in.unpack(to);
  if (way == "stream") {
    const mrcz::file_source source{path};
    mrcz::detail::source_in_order stream{source};
    bp::unpack_stream(stream, to);
    return;
  }
  bytes content(static_cast<std::size_t>(in.size()));
  for (std::size_t end = content.size(), size = 1; end > 0; size = size * 2 + 1) {  // from its end
    const std::size_t begin = end - std::min(size, end);
    in.read_at(begin, std::span{content}.subspan(begin, end - begin));
    end = begin;
  }
  to.write(content);
}

void pack_array(const std::string& kind, const std::string& path) {
  bytes content;
  const auto add = [&](const auto& value) {
    const auto raw = std::as_bytes(std::span{&value, 1});
    content.insert(content.end(), raw.begin(), raw.end());
  };
  for (std::int64_t i = 0; i < 12; ++i) {
    std::array<char, 8> name{};
    const auto text = fmt::format("n{}", i);
    std::copy_n(text.begin(), std::min<std::size_t>(text.size(), 7), name.begin());
    if (kind != "text") add(i);
    if (kind != "time") add(name);
  }
  const char* const dtype = kind == "record" ? "[('id', '<i8'), ('name', '|S8')]" : kind == "text" ? "|S8" : "<M8[D]";
  bp::pack_array(path, {.dtype = dtype, .shape = {4, 3}}, content);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
  try {
    if (argc == 3) {
      const std::string what = argv[1];
      if (what == "parts" || what == "order" || what == "stream") read(what, argv[2]);
      else pack_array(what, argv[2]);
      return 0;
    }
    folder = argv[1];
    write_all();
    std::ofstream{folder / "expected.json"} << expected.dump(1);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
  return 0;
}
