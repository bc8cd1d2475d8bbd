// mrcz convert: writes voxels with another codec or mode, some of them, larger ones or in another order of axes, and
// keeps everything else that the file says.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "choose_compression.hpp"
#include "command.hpp"
#include "manners.hpp"
#include "metadata_arguments.hpp"
#include "mrcz/copy_slices.hpp"
#include "mrcz/format/geometry.hpp"
#include "mrcz/format/records.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/try_compressions.hpp"
#include "mrcz/version.hpp"
#include "numbers.hpp"
#include "printable.hpp"
#include "progress.hpp"
#include "rewrite.hpp"
#include "signals.hpp"

namespace {

struct arguments {
  std::string in;
  std::string out;
  std::optional<std::string> codec;
  std::optional<std::string> mode;
  std::optional<std::string> slices;
  std::optional<std::string> region;
  std::optional<std::string> axes;
  std::optional<std::string> voxel_size;
  std::optional<std::string> kind;
  std::vector<std::string> metadata;
  std::string byte_order;
  std::size_t bin = 1;
  std::optional<int> level;
  std::optional<std::size_t> threads;
  bool round = false;
  bool saturate = false;
  bool force = false;
  bool quiet = false;

  /// Whether not all voxels of the file become one each.
  bool selects_voxels() const { return slices || region || bin > 1; }
};

/// "image stack", or "image_stack", which needs no quotes in a shell.
std::optional<mrcz::kind> kind_named(std::string_view name) {
  std::string spaced{name};
  std::replace(spaced.begin(), spaced.end(), '_', ' ');
  for (const auto kind : {mrcz::kind::image, mrcz::kind::image_stack, mrcz::kind::volume, mrcz::kind::volume_stack})
    if (name_of(kind) == spaced) return kind;
  return std::nullopt;
}

std::endian byte_order_for(const arguments& given, const mrcz::reader& in) {
  if (given.byte_order.empty()) return rewriting::byte_order_for(in);
  const auto wanted = given.byte_order == "big" ? std::endian::big : std::endian::little;
  const auto extended = in.extended_header();
  if (wanted != in.header().byte_order && !mrcz::detail::has_known_numbers(extended))
    throw manners::refusal{
        fmt::format("{}: the extended header of type '{}' may hold numbers, whose byte order nobody can change",
                    given.in, extended.type())};
  return wanted;
}

/// The voxels that are written, in the order of axes that the reader has.
mrcz::region box_of(const arguments& given) {
  if (given.region) return numbers::region("--region", *given.region);
  if (given.slices) return {.z = numbers::range("--slices", *given.slices)};
  return {};
}

/// The voxels that become one. Slices of images are unrelated and stay apart.
mrcz::per_axis<std::size_t> block_of(const arguments& given, const mrcz::reader& in) {
  const auto kind = given.kind ? kind_named(*given.kind).value() : in.kind();
  return {given.bin, given.bin, mrcz::detail::is_images(kind) ? 1 : given.bin};
}

mrcz::header header_of(const mrcz::reader& in, const selection& wanted) {
  return mrcz::detail::with_context(in.source().name(), [&] {
    const auto box = mrcz::cropped(in.header_as_read(), wanted.box);
    if (box.nx == 0 || box.ny == 0 || box.nz == 0)
      mrcz::detail::fail(mrcz::errc::out_of_range, "the region has {} x {} x {} voxels", box.nz, box.ny, box.nx);
    return mrcz::binned(box, wanted.block);
  });
}

/// The records of the sections that are written, or all bytes where these are other sections than those of the file.
mrcz::extended_header extended_header_of(const mrcz::reader& in, const selection& wanted) {
  auto all = in.extended_header();
  if (wanted.block.z > 1 || in.header_as_read().maps != in.header().maps) return all;
  const auto z = mrcz::detail::resolve(wanted.box.z, in.shape()[0], 'z');
  if (z.count == in.shape()[0]) return all;
  return mrcz::detail::of_sections(std::move(all), z.first, z.count);
}

/// Of the voxels in this mode, uncompressed.
std::uint64_t bytes_of(const mrcz::header& h, mrcz::mode mode) {
  return static_cast<std::uint64_t>(h.nz) *
         mrcz::slice_bytes(mode, static_cast<std::size_t>(h.ny), static_cast<std::size_t>(h.nx));
}

/// Says what --round and --saturate have changed.
void report(const arguments& given, const mrcz::narrowed_voxels& changed) {
  if (given.quiet || (!given.round && !given.saturate)) return;
  fmt::print(manners::for_messages(given.out), "{}: {} voxels rounded, {} saturated\n", text::printable(given.out),
             changed.rounded.load(), changed.saturated.load());
}

void convert(const arguments& given, const mrcz::reader& in, const std::stop_token* stop) {
  const selection wanted{box_of(given), block_of(given, in)};
  std::atomic<std::uint64_t> done = 0;
  mrcz::narrowed_voxels narrowed;
  mrcz::write_options options{.compression = {.level = given.level.value_or(1)},
                              .mode = given.bin > 1 ? mrcz::mode::float32 : in.mode(),
                              .rounding = given.round ? mrcz::rounding::nearest : mrcz::rounding::exact,
                              .saturate = given.saturate,
                              .byte_order = byte_order_for(given, in),
                              .replace = given.force,
                              .threads = given.threads,
                              .stop = stop,
                              .progress = &done,
                              .narrowed = &narrowed};
  if (given.mode) options.mode = mrcz::mode_named(*given.mode);
  if (given.kind) options.kind = kind_named(*given.kind);
  if (given.voxel_size) {
    const auto [x, y, z] = numbers::along_axes<float>("--voxel-size", *given.voxel_size, true);
    options.voxel_size = {x, y, z};
  }
  const auto header = given.selects_voxels() ? header_of(in, wanted) : in.header_as_read();
  if (given.codec == "auto")
    options.compression =
        choose_compression(in, wanted, header, options, given.quiet ? nullptr : manners::for_messages(given.out));
  else if (given.codec) options.compression.codec = mrcz::codec_named(*given.codec);
  auto out = rewriting::open_like(in, given.out, options);
  out.header() = header;
  auto extended = given.metadata.empty() ? extended_header_of(in, wanted)
                                         : mrcz::to_extended_header(with_metadata(in, given.metadata));
  if (!extended.empty()) out.set_extended_header(std::move(extended));
  if (in.header().has_mrcz_label() && in.header().labels.size() < mrcz::labels::capacity)
    out.header().labels.add(fmt::format("converted by mrcz {} from {} {}", MRCZ_VERSION_STRING,
                                        mrcz::name_of(in.mode()), mrcz::name_of(in.codec())));
  {
    const progress_bar bar{done, bytes_of(header, *options.mode), given.quiet};
    if (given.bin > 1) mrcz::copy_binned(in, wanted.box, wanted.block, out);
    else mrcz::copy_region(in, wanted.box, out);
  }
  signals::throw_if_interrupted();
  out.close();
  report(given, narrowed);
}

/// Converts the file. A signal ends the conversion between two slices.
int convert(const arguments& given) {
  manners::require_no_input({given.in}, given.out);
  if (given.codec == "auto" && given.level) throw CLI::ValidationError{"--level", "--codec auto chooses the level too"};
  mrcz::read_options options{.threads = given.threads};
  if (given.axes) options.axes = mrcz::axis_order_named(*given.axes).value();
  rewriting::with_reader(given.in, options,
                         [&](const mrcz::reader& in, const std::stop_token* stop) { convert(given, in, stop); });
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
  sub->add_option(
         "-c,--codec", given->codec,
         fmt::format("{}; auto tries all but snappy, and levels, on a sample and takes the smallest that packs "
                     "{:.0f} MB/s per thread",
                     manners::codecs, mrcz::fast_enough / 1e6))
      ->check(manners::one_of("codec", manners::codecs, [](const std::string& name) {
        return name == "auto" ? mrcz::codec::none : mrcz::codec_named(name);
      }));
  sub->add_option("-l,--level", given->level, "0 (store) to 9 (smallest)")->check(CLI::Range(0, 9))->default_str("1");
  sub->add_option(
         "--mode", given->mode,
         fmt::format("{}; refused if a voxel would change, unless --round or --saturate allows it", manners::modes))
      ->check(manners::one_of("mode", manners::modes, mrcz::mode_named));
  sub->add_flag("--round", given->round, "Round voxels to the nearest number of the mode");
  sub->add_flag("--saturate", given->saturate, "Voxels beyond the numbers of the mode become the largest or smallest");
  auto* const slices =
      sub->add_option("--slices", given->slices,
                      "FIRST:COUNT, \"FIRST:\" for all from there on, or FIRST alone: write only these "
                      "slices");
  sub->add_option("--region", given->region,
                  "Z,Y,X, each like --slices or empty: write only this box, in the order of --axes")
      ->excludes(slices);
  sub->add_option(
         "--bin", given->bin,
         "Write the means of N x N voxels of images, or of N x N x N of volumes, as float32 unless --mode says "
         "otherwise; what does not fill a block at the end is dropped")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  sub->add_option("--axes", given->axes,
                  "xyz, zyx and so on: move the voxels of a volume until columns, rows and sections follow these axes")
      ->check(manners::one_of("order of axes", "xyz, xzy, yxz, yzx, zxy, zyx or file", mrcz::axis_order_named));
  sub->add_option("--byte-order", given->byte_order, "little or big")->check(CLI::IsMember({"little", "big"}));
  sub->add_option("--voxel-size", given->voxel_size, "In angstrom: one number, or X,Y,Z");
  add_metadata(*sub, given->metadata);
  constexpr const char* kinds = "image, image_stack, volume or volume_stack";
  sub->add_option("--kind", given->kind, kinds)->check(manners::one_of("kind", kinds, kind_named));
  manners::add_threads(*sub, given->threads);
  manners::add_force(*sub, given->force);
  manners::add_quiet(*sub, given->quiet);
  sub->footer("Example:\n  mrcz convert movie.mrc movie.mrcz --codec lz4 --level 9");
  return [given] { return convert(*given); };
}
