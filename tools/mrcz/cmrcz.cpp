// The command line of c-mrcz, which python-mrcz's cross tests use: mrcz -i IN -o OUT [-c CODEC] [-B BYTES] [-l LEVEL]
// [-f FILTER] [-n THREADS]. As there, OUT is overwritten.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/copy_slices.hpp"
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
  auto out = rewriting::open_like(in, given.out, options);
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
      ->check(manners::one_of("codec", codec_named));
  program.add_option("-B", given.block_size, "How many bytes are compressed at a time; 0: c-blosc decides");
  program.add_option("-l", given.level, "0 (store) to 9 (smallest)")->check(CLI::Range(0, 9));
  program.add_option("-f", given.filter, "0: no shuffle, 1: of bytes, 2: of bits")->check(CLI::Range(0, 2));
  program.add_option("-n", given.threads, "How many threads")->check(CLI::Range(1, 1024));
  program.parse(count, words);
  return [given] { return rewrite(given); };
}
