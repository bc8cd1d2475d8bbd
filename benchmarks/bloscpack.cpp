// How fast are .blp files, compared with gzip and with c-blosc alone? What does it cost to read a part of one?
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <blosc.h>

#include "harness.hpp"
#include "mrcz/bloscpack/append.hpp"
#include "mrcz/bloscpack/pack.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/bloscpack/unpack.hpp"
#include "mrcz/bloscpack/writer.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/mapped_file.hpp"
#include "mrcz/io/memory.hpp"

namespace {

namespace bloscpack = mrcz::bloscpack;

constexpr std::size_t chunk_size = std::size_t{1} << 20U;
constexpr std::size_t level = 7;

/// numpy.linspace(0, 1, count) as a file.
void write_linspace(const std::filesystem::path& path, std::size_t count) {
  mrcz::file out{path, mrcz::file::access::create};
  std::vector<double> piece(std::size_t{1} << 17U);
  for (std::size_t first = 0; first < count; first += piece.size()) {
    const std::size_t size = std::min(piece.size(), count - first);
    for (std::size_t i = 0; i < size; ++i)
      piece[i] = static_cast<double>(first + i) * (1.0 / static_cast<double>(count - 1));
    out.write_at(first * sizeof(double), std::as_bytes(std::span{piece}.first(size)));
  }
}

/// Compresses and decompresses all chunks with independent, single-threaded calls of c-blosc on all cores, between
/// buffers that stay warm. Also reads one file and writes another of the same sizes, on the same threads, to measure
/// the system alone.
class blosc_alone {
 public:
  explicit blosc_alone(std::span<const std::byte> plain) {
    for (std::size_t begin = 0; begin < plain.size(); begin += chunk_size)
      chunks_.push_back({plain.subspan(begin, std::min(chunk_size, plain.size() - begin)), begin,
                         std::make_unique_for_overwrite<std::byte[]>(chunk_size + BLOSC_MAX_OVERHEAD), 0});
  }

  void compress() {
    each([](chunk& c, buffers&) {
      c.packed_size = static_cast<std::size_t>(
          blosc_compress_ctx(level, BLOSC_SHUFFLE, sizeof(double), c.plain.size(), c.plain.data(), c.packed.get(),
                             c.plain.size() + BLOSC_MAX_OVERHEAD, "blosclz", 0, 1));
    });
  }

  void decompress(std::span<std::byte> to) {
    each([&](chunk& c, buffers&) { blosc_decompress_ctx(c.packed.get(), to.data() + c.begin, c.plain.size(), 1); });
  }

  void copy_as_pack(const std::filesystem::path& plain, const std::filesystem::path& packed) {
    const mrcz::file in{plain, mrcz::file::access::read};
    mrcz::file out{packed, mrcz::file::access::create};
    each([&](const chunk& c, buffers& b) {
      in.read_at(c.begin, b.plain.acquire(c.plain.size()));
      out.write_at(c.begin, {c.packed.get(), c.packed_size});  // the gaps take no space on disk
    });
  }

  void copy_as_unpack(const std::filesystem::path& packed, const std::filesystem::path& plain) {
    const mrcz::file in{packed, mrcz::file::access::read};
    mrcz::file out{plain, mrcz::file::access::create};
    each([&](const chunk& c, buffers& b) {
      in.read_at(c.begin, b.packed.acquire(c.packed_size));
      out.write_at(c.begin, c.plain);
    });
  }

 private:
  struct chunk {
    std::span<const std::byte> plain;
    std::size_t begin;
    std::unique_ptr<std::byte[]> packed;
    std::size_t packed_size = 0;
  };
  struct buffers {
    mrcz::detail::buffer plain;
    mrcz::detail::buffer packed;
  };

  template <class Action>
  void each(Action&& action) {
    const std::size_t threads = mrcz::detail::thread_count(std::nullopt, chunks_.size());
    std::vector<buffers> of_thread(threads);
    mrcz::detail::parallel_for(chunks_.size(), threads,
                               [&](std::size_t i, std::size_t thread) { action(chunks_[i], of_thread[thread]); });
  }

  std::vector<chunk> chunks_;
};

class ignored_sink final : public mrcz::sequential_sink {
 public:
  void write(std::span<const std::byte>) override {}
  std::string name() const override { return "nowhere"; }
};

void run(const std::string& command) {
  if (std::system(command.c_str()) != 0) throw std::runtime_error{"failed: " + command};
}

bool installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

/// Measures once: that takes long enough.
void measure_program(benchmark::table& t, const std::string& program, const std::filesystem::path& plain) {
  if (!installed(program)) return;
  const auto packed = plain.string() + ".gz";
  const double compression =
      benchmark::seconds([&] { run(fmt::format("{} -6 -c '{}' > '{}'", program, plain.string(), packed)); });
  const double decompression =
      benchmark::seconds([&] { run(fmt::format("{} -d -c '{}' > '{}.out'", program, packed, plain.string())); });
  const auto bytes = static_cast<double>(std::filesystem::file_size(plain));
  t.row(program + " -6", {bytes / 1e6, bytes / static_cast<double>(std::filesystem::file_size(packed)), compression,
                          bytes / 1e6 / compression, std::nullopt, std::nullopt, decompression,
                          bytes / 1e6 / decompression, std::nullopt, std::nullopt});
}

void measure_whole_files(const benchmark::settings& s, nlohmann::ordered_json& all, const std::filesystem::path& plain,
                         const std::filesystem::path& packed) {
  benchmark::table t{
      all,
      "Bloscpack files",
      "float64 of linspace, blosclz at level 7 in chunks of 1 MiB, adler32; hot page cache, not synced. "
      "gzip and pigz once. In memory: packed to nowhere, "
      "unpacked into an array; c-blosc alone has no checksums. Ideal: c-blosc alone, and what the system takes "
      "to read and write the files. / means times as fast.",
      {"MB", "ratio", "compress s", "MB/s", "/c-blosc", "/ideal", "decompress s", "MB/s ", "/c-blosc ", "/ideal "}};
  const mrcz::mapped_file content{plain};
  const double bytes = static_cast<double>(content.size());
  blosc_alone alone{content.in_memory()};
  bloscpack::pack_file(plain, packed, {.durability = mrcz::durability::none});
  const double ratio = bytes / static_cast<double>(std::filesystem::file_size(packed));
  const mrcz::bloscpack::reader in{std::make_shared<mrcz::mapped_file>(packed)};
  ignored_sink nowhere;
  std::vector<std::byte> array(content.size());
  const auto copy = s.folder / "copy";
  const auto packed_in_place = s.folder / "packed_in_place";
  alone.compress();
  alone.copy_as_pack(plain, packed_in_place);
  const auto remove_copy = [&] { std::filesystem::remove(copy); };
  const auto unpack_options = bloscpack::options{.durability = mrcz::durability::none};
  const auto times = benchmark::measure(
      s, {{"alone", [&] { alone.compress(); }},
          {"memory", [&] { bloscpack::pack_stream(content, nowhere); }},
          {"file", [&] { bloscpack::pack_file(plain, copy, {.durability = mrcz::durability::none}); }, remove_copy},
          {"system", [&] { alone.copy_as_pack(plain, copy); }, remove_copy},
          {"alone", [&] { alone.decompress(array); }},
          {"memory", [&] { in.read_at(0, array); }},
          {"file", [&] { bloscpack::unpack_file(packed, copy, unpack_options); }, remove_copy},
          {"system", [&] { alone.copy_as_unpack(packed_in_place, copy); }, remove_copy}});
  remove_copy();
  std::filesystem::remove(packed_in_place);
  const char* const names[] = {"c-blosc alone", "in memory", "file to file"};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto against_ideal = [&](std::size_t first) -> std::optional<double> {
      if (i < 2) return std::nullopt;
      return (times[first] + times[first + 3]) / times[first + 2];
    };
    t.row(names[i], {bytes / 1e6, ratio, times[i], bytes / 1e6 / times[i], times[0] / times[i], against_ideal(0),
                     times[i + 4], bytes / 1e6 / times[i + 4], times[4] / times[i + 4], against_ideal(4)});
  }
  t.target("compressing in memory/c-blosc alone", times[0] / times[1], 0.85);
  t.target("decompressing in memory/c-blosc alone", times[4] / times[5], 0.85);

  measure_program(t, "gzip", plain);
  measure_program(t, "pigz", plain);
}

void measure_parts(const benchmark::settings& s, nlohmann::ordered_json& all, const std::filesystem::path& packed) {
  benchmark::table t{all,
                     "Parts of bloscpack files",
                     "1 MiB somewhere in the file, and all of it; hot page cache, one reader, no place twice.",
                     {"all ms", "part ms", "times faster"}};
  const bloscpack::reader in{packed, {.cache_bytes = 0}};
  ignored_sink nowhere;
  std::vector<std::byte> part(std::size_t{1} << 20U);
  std::uint64_t place = 12345;
  const auto times = benchmark::measure(
      s, {{"all", [&] { in.unpack(nowhere); }}, {"part", [&] {
                                                   place = (place + in.size() / 3 + 54321) % (in.size() - part.size());
                                                   in.read_at(place, part);
                                                 }}});
  t.row(fmt::format("1 MiB of {:.0f} MB", static_cast<double>(in.size()) / 1e6),
        {times[0] * 1e3, times[1] * 1e3, times[0] / times[1]});
  if (!s.quick) t.target("1 MiB, times faster than all", times[0] / times[1], 100);
}

/// How do the codec and the size of the chunks change size and speed?
void measure_choices(const benchmark::settings& s, nlohmann::ordered_json& all, const std::filesystem::path& plain,
                     const std::filesystem::path& packed) {
  benchmark::table t{
      all,
      "Codecs and sizes of chunks",
      "float64 of linspace with 12 bits of noise, all threads, file to file, hot page cache, not synced. "
      "Part: 4 KiB somewhere in the file, no place twice.",
      {"ratio", "pack MB/s", "unpack MB/s", "part ms"}};
  const auto copy = s.folder / "copy";
  const auto bytes = static_cast<double>(std::filesystem::file_size(plain));
  const auto measure = [&](const std::string& name, const bloscpack::options& how) {
    auto wanted = how;
    wanted.durability = mrcz::durability::none;
    const double packing = benchmark::seconds([&] { bloscpack::pack_file(plain, packed, wanted); });
    const double unpacking =
        benchmark::seconds([&] { bloscpack::unpack_file(packed, copy, {.durability = mrcz::durability::none}); });
    const bloscpack::reader in{packed, {.cache_bytes = 0}};
    std::vector<std::byte> part(4096);
    std::uint64_t place = 12345;
    constexpr int parts = 20;
    const double reading = benchmark::seconds([&] {
      for (int i = 0; i < parts; ++i) {
        place = (place + in.size() / 3 + 54321) % (in.size() - part.size());
        in.read_at(place, part);
      }
    });
    t.row(name, {bytes / static_cast<double>(std::filesystem::file_size(packed)), bytes / 1e6 / packing,
                 bytes / 1e6 / unpacking, 1e3 * reading / parts});
    std::filesystem::remove(copy);
  };
  constexpr std::size_t mib = std::size_t{1} << 20U;
  using mrcz::codec;
  for (const auto& [c, effort] : {std::pair{codec::lz4, 9},
                                  {codec::blosclz, 7},
                                  {codec::zstd, 1},
                                  {codec::zstd, 5},
                                  {codec::zlib, 5},
                                  {codec::lz4hc, 5}})
    measure(fmt::format("{} {}, 1 MiB", name_of(c), effort), {.codec = c, .level = effort});
  for (const std::size_t kib : {64U, 256U, 1024U, 4096U, 16384U, 65536U})
    measure(fmt::format("zstd 1, {} KiB", kib), {.codec = codec::zstd, .level = 1, .chunk_size = kib * mib / 1024});
  std::filesystem::remove(packed);
}

/// What does it cost to append 8 bytes to a large file?
void measure_append(const benchmark::settings& s, nlohmann::ordered_json& all) {
  benchmark::table t{all,
                     "Appending 8 bytes to a bloscpack file",
                     "Synced, in the folder of the benchmark.",
                     {"MB", "append ms", "copy ms", "copy/append"}};
  const auto path = s.folder / "large.blp";
  const auto copy = s.folder / "copy";
  const std::size_t size = s.quick ? std::size_t{256} << 20U : std::size_t{1} << 30U;
  const std::vector<std::byte> more(8);
  {
    bloscpack::writer out{path, {.level = 0, .durability = mrcz::durability::none}};
    const std::vector<std::byte> piece(std::size_t{1} << 20U, std::byte{7});
    for (std::size_t at = 0; at < size; at += piece.size()) out.write(piece);
    out.write(more);  // so that the last chunk must be packed again
    out.close();
  }
  const auto times =
      benchmark::measure(s, {{"append", [&] { bloscpack::append(path, mrcz::memory_source{std::span{more}}); }},
                             {"copy",
                              [&] {
                                const mrcz::file_source from{path};
                                mrcz::atomic_file to{copy, mrcz::durability::data, true};
                                to.copy(from, 0, from.size(), 0);
                                to.publish();
                              },
                              [&] { std::filesystem::remove(copy); }}});
  t.row("8 bytes", {static_cast<double>(size) / 1e6, times[0] * 1e3, times[1] * 1e3, times[1] / times[0]});
  if (!s.quick) t.target("copy/append", times[1] / times[0], 50);
  std::filesystem::remove(path);
  std::filesystem::remove(copy);
}

/// Doubles of linspace whose last 12 bits are noise.
void write_noisy(const std::filesystem::path& path, std::size_t count) {
  mrcz::file out{path, mrcz::file::access::create};
  std::vector<double> piece(std::size_t{1} << 17U);
  std::minstd_rand random{1};
  for (std::size_t first = 0; first < count; first += piece.size()) {
    const std::size_t size = std::min(piece.size(), count - first);
    for (std::size_t i = 0; i < size; ++i)
      piece[i] = std::bit_cast<double>(std::bit_cast<std::uint64_t>(1.0 + static_cast<double>(first + i) * 1e-9) ^
                                       (random() & 0xfffU));
    out.write_at(first * sizeof(double), std::as_bytes(std::span{piece}.first(size)));
  }
}

}  // namespace

void benchmark::bloscpack(const settings& s, nlohmann::ordered_json& all) {
  const auto plain = s.folder / "linspace";
  const auto packed = s.folder / "linspace.blp";
  write_linspace(plain, (s.quick ? 100'000'000U : 1'500'000'000U) / sizeof(double));
  measure_whole_files(s, all, plain, packed);
  measure_parts(s, all, packed);
  std::filesystem::remove(plain);
  write_noisy(plain, (s.quick ? 100'000'000U : 400'000'000U) / sizeof(double));
  measure_choices(s, all, plain, packed);
  measure_append(s, all);
  for (const char* name : {"linspace", "linspace.blp", "linspace.gz", "linspace.out"})
    std::filesystem::remove(s.folder / name);
}
