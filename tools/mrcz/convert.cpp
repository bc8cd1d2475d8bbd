// mrcz convert: writes the same voxels with another codec or mode, and keeps everything else that the file says.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/copy_slices.hpp"
#include "mrcz/format/geometry.hpp"
#include "mrcz/format/records.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/version.hpp"
#include "numbers.hpp"
#include "progress.hpp"
#include "rewrite.hpp"
#include "signals.hpp"
#include "standard_streams.hpp"

namespace {

struct arguments {
  std::string in;
  std::string out;
  std::optional<std::string> codec;
  std::optional<std::string> mode;
  std::optional<std::string> slices;
  std::optional<std::string> voxel_size;
  std::optional<std::string> kind;
  int level = 1;
  std::optional<std::size_t> threads;
  bool round = false;
  bool saturate = false;
  bool force = false;
  bool quiet = false;
};

std::optional<mrcz::kind> kind_named(std::string_view name) {
  for (const auto kind : {mrcz::kind::image, mrcz::kind::image_stack, mrcz::kind::volume, mrcz::kind::volume_stack})
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}

void convert(const arguments& given, const mrcz::reader& in, const std::stop_token* stop) {
  const auto slices = given.slices ? numbers::range("--slices", *given.slices) : mrcz::range{};
  std::atomic<std::uint64_t> done = 0;
  mrcz::write_options options{.compression = {.level = given.level},
                              .mode = in.mode(),
                              .rounding = given.round ? mrcz::rounding::nearest : mrcz::rounding::exact,
                              .saturate = given.saturate,
                              .byte_order = rewriting::byte_order_for(in),
                              .replace = given.force,
                              .threads = given.threads,
                              .stop = stop,
                              .progress = &done};
  if (given.codec) options.compression.codec = mrcz::codec_named(*given.codec);
  if (given.mode) options.mode = mrcz::mode_named(*given.mode);
  if (given.kind) options.kind = kind_named(*given.kind);
  if (given.voxel_size) {
    const auto [x, y, z] = numbers::along_axes<float>("--voxel-size", *given.voxel_size, true);
    options.voxel_size = {x, y, z};
  }
  auto out = rewriting::open_like(in, given.out, options);
  const auto wanted =
      mrcz::detail::with_context(given.in, [&] { return mrcz::detail::resolve(slices, in.shape()[0], 'z'); });
  if (given.slices) {
    out.header() = mrcz::detail::with_context(given.in, [&] { return mrcz::cropped(in.header(), {.z = slices}); });
    out.set_extended_header(mrcz::detail::of_sections(in.extended_header(), wanted.first, wanted.count));
  }
  if (in.header().has_mrcz_label() && in.header().labels.size() < mrcz::labels::capacity)
    out.header().labels.add(fmt::format("converted by mrcz {} from {} {}", MRCZ_VERSION_STRING,
                                        mrcz::name_of(in.mode()), mrcz::name_of(in.codec())));
  {
    const progress_bar bar{done, wanted.count * std::uint64_t{in.stored_format().bytes()}, given.quiet};
    mrcz::copy_slices(in, slices, out);
  }
  signals::throw_if_interrupted();
  out.close();
}

/// Converts the file. A signal ends the conversion between two slices.
int convert(const arguments& given) {
  manners::require_no_input({given.in}, given.out);
  if (standard_streams::is_meant_by(given.in)) {
    auto from = standard_streams::input();
    const mrcz::reader in{from, {.threads = given.threads}};  // a signal still ends the program at once
    signals::handle();
    const signals::stop by_signal;
    convert(given, in, by_signal.token());
  } else {
    signals::handle();
    const signals::stop by_signal;
    convert(given, mrcz::reader{given.in, {.threads = given.threads, .stop = by_signal.token()}}, by_signal.token());
  }
  return manners::done;
}

}  // namespace

command::action command::add_convert(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("convert", "Write a file again with another codec or mode");
  sub->add_option("IN", given->in, "The file to read, also a packed one; - is standard input")->required();
  sub->add_option("OUT", given->out,
                  "The file to write; .mrcz means zstd, other extensions no compression; .gz and .zst pack the "
                  "file; - is standard output")
      ->required();
  sub->add_option("--codec", given->codec, "none, blosclz, lz4, lz4hc, snappy, zlib or zstd")
      ->check(manners::one_of("codec", mrcz::codec_named));
  sub->add_option("--level", given->level, "0 (store) to 9 (smallest)")->check(CLI::Range(0, 9))->capture_default_str();
  sub->add_option("--mode", given->mode,
                  "int8, int16, float32, complex_int16, complex64, uint16, int32, uint32, float16 or uint4; refused if "
                  "a voxel would change, unless --round or --saturate allows it")
      ->check(manners::one_of("mode", mrcz::mode_named));
  sub->add_flag("--round", given->round, "Round voxels to the nearest number of the mode");
  sub->add_flag("--saturate", given->saturate, "Voxels beyond the numbers of the mode become the largest or smallest");
  sub->add_option("--slices", given->slices, "FIRST:COUNT, FIRST: or FIRST: write only these; the place stays right");
  sub->add_option("--voxel-size", given->voxel_size, "In angstrom: one number, or X,Y,Z");
  sub->add_option("--kind", given->kind, "'image', 'image stack', 'volume' or 'volume stack'")
      ->check(manners::one_of("kind", kind_named));
  sub->add_option("--threads", given->threads, "How many; not stated: one per processor")->check(CLI::Range(1, 1024));
  manners::add_force(*sub, given->force);
  manners::add_quiet(*sub, given->quiet);
  sub->footer("Example:\n  mrcz convert movie.mrc movie.mrcz --codec lz4 --level 9");
  return [given] { return convert(*given); };
}
