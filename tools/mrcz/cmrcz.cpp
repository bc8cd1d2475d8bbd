// The command line of c-mrcz, which python-mrcz's cross tests use: mrcz -i IN -o OUT [-c CODEC] [-B BYTES] [-l LEVEL]
// [-f FILTER] [-n THREADS]. As there, OUT is overwritten.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/copy_slices.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/reader.hpp"
#include "progress.hpp"
#include "rewrite.hpp"
#include "signals.hpp"

namespace {

struct arguments {
  std::string in;
  std::string out;
  std::optional<std::string> codec;
  std::optional<std::size_t> block_size;
  int level = 1;
  int filter = 2;
  std::optional<std::size_t> threads;
};

/// c-blosc makes blocks of at least 128 bytes; python-mrcz's tests ask for 64.
std::size_t possible_block_size(std::size_t wanted) { return wanted == 0 ? 0 : std::max<std::size_t>(wanted, 128); }

/// python-mrcz also says None.
std::optional<mrcz::codec> codec_named(std::string_view name) {
  return name == "None" ? mrcz::codec::none : mrcz::codec_named(name);
}

/// Writes M and CELLA of another header, as c-mrcz copies them. python-mrcz writes M of 0 for one array, and where M
/// has become more it reads a list of images.
class sink_with_cell_of final : public mrcz::byte_sink {
 public:
  sink_with_cell_of(const mrcz::header& in, std::endian byte_order, std::unique_ptr<mrcz::byte_sink> to)
      : header_{in}, to_{std::move(to)} {
    header_.byte_order = byte_order;
  }

  void write_at(std::uint64_t offset, std::span<const std::byte> from) override {
    if (offset != 0) return to_->write_at(offset, from);
    constexpr std::size_t first = 28;  // MX
    constexpr std::size_t last = 52;   // behind CELLA.z
    const auto same = mrcz::encode(header_);
    std::vector<std::byte> changed{from.begin(), from.end()};
    std::copy(same.begin() + first, same.begin() + last, changed.begin() + first);
    to_->write_at(0, changed);
  }

  void copy(const mrcz::byte_source& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to) override {
    to_->copy(from, offset, count, to);
  }

  void publish() override { to_->publish(); }

  std::string name() const override { return to_->name(); }

 private:
  mrcz::header header_;
  std::unique_ptr<mrcz::byte_sink> to_;
};

mrcz::writer open_output(const arguments& given, const mrcz::reader& in, mrcz::write_options options) {
  const auto by_name = mrcz::detail::defaults_for(given.out);
  if (in.header().mz != 0 || by_name.packing != mrcz::packing::none)
    return rewriting::open_like(in, given.out, options);
  if (!options.compression.codec) options.compression.codec = by_name.codec;
  mrcz::writer out{std::make_unique<sink_with_cell_of>(in.header(), *options.byte_order,
                                                       manners::open_sink(given.out, options.replace)),
                   options};
  rewriting::copy_headers(in, out);
  return out;
}

int rewrite(const arguments& given) {
  manners::require_no_input({given.in}, given.out);
  signals::handle();
  const signals::stop by_signal;
  const mrcz::reader in{given.in, {.threads = given.threads, .stop = by_signal.token()}};
  std::atomic<std::uint64_t> done = 0;
  mrcz::write_options options{
      .compression = {.level = given.level, .shuffle = static_cast<mrcz::shuffle>(given.filter)},
      .mode = in.mode(),
      .byte_order = rewriting::byte_order_for(in),
      .threads = given.threads,
      .stop = by_signal.token(),
      .progress = &done};
  if (given.codec) options.compression.codec = codec_named(*given.codec);
  if (given.block_size) options.compression.block_size = possible_block_size(*given.block_size);
  auto out = open_output(given, in, options);
  {
    const progress_bar bar{done, in.shape()[0] * std::uint64_t{in.stored_format().bytes()}};
    mrcz::copy_slices(in, {}, out);
  }
  signals::throw_if_interrupted();
  out.close();
  return manners::done;
}

}  // namespace

bool command::is_like_cmrcz(int count, const char* const* words) {
  constexpr std::string_view letters = "iocBlfn";
  if (count < 2) return false;
  const std::string_view first = words[1];
  return first.size() >= 2 && first[0] == '-' && letters.find(first[1]) != letters.npos;
}

command::action command::parse_like_cmrcz(int count, const char* const* words) {
  arguments given;
  CLI::App program{"Writes a file again as c-mrcz does.", "mrcz"};
  program.add_option("-i", given.in, "The file to read")->required();
  program.add_option("-o", given.out, "The file to write; it is overwritten")->required();
  program.add_option("-c", given.codec, "The codec, none or None; not stated: .mrcz means zstd")
      ->check(manners::one_of("codec", manners::codecs, codec_named));
  program.add_option("-B", given.block_size, "How many bytes are compressed at a time; 0: c-blosc decides");
  program.add_option("-l", given.level, "0 (store) to 9 (smallest)")->check(CLI::Range(0, 9));
  program.add_option("-f", given.filter, "0: no shuffle, 1: of bytes, 2: of bits")->check(CLI::Range(0, 2));
  program.add_option("-n", given.threads, "How many threads")->check(CLI::Range(1, 1024));
  program.parse(count, words);
  return [given] { return rewrite(given); };
}
