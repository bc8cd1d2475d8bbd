// mrcz split: writes each slice of a stack, or each volume of a stack of volumes, into a file.
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "command.hpp"
#include "manners.hpp"
#include "mrcz/format/geometry.hpp"
#include "mrcz/format/records.hpp"
#include "mrcz/reader.hpp"
#include "rewrite.hpp"
#include "signals.hpp"

namespace {

namespace fs = std::filesystem;

struct arguments {
  std::string stack;
  std::string output_dir = ".";
  bool force = false;
};

/// stack_0017.mrc; .mrcz stays .mrcz.
std::string path_of(const arguments& given, std::size_t number, std::size_t count) {
  const fs::path stack{given.stack};
  const std::string extension = stack.extension() == ".mrcz" ? ".mrcz" : ".mrc";
  const std::size_t digits = std::to_string(count - 1).size();
  return (fs::path{given.output_dir} / fmt::format("{}_{:0{}}{}", stack.stem().string(), number, digits, extension))
      .string();
}

int split(const arguments& given) {
  signals::handle();
  const signals::stop by_signal;
  const mrcz::reader in{given.stack};
  mrcz::detail::with_context(given.stack, [&] { in.slices().require(in.shape()[0]); });
  fs::create_directories(given.output_dir);
  const std::size_t parts = in.kind() == mrcz::kind::volume ? in.shape()[0] : in.frames();
  const std::size_t slices = in.shape()[0] / parts;
  for (std::size_t i = 0; i < parts; ++i) {
    const mrcz::range z{.first = i * slices, .count = slices};
    const auto path = path_of(given, i, parts);
    manners::require_no_input({given.stack}, path);
    auto out = manners::open(path, {.compression = {.codec = in.codec()},
                                    .mode = in.mode(),
                                    .byte_order = in.header().byte_order,
                                    .like = mrcz::cropped(in.header(), {.z = z}),
                                    .replace = given.force,
                                    .stop = by_signal.token()});
    auto extended = mrcz::detail::of_sections(in.extended_header(), *z.count * i, *z.count);
    if (!extended.empty()) out.set_extended_header(std::move(extended));
    rewriting::append_file(given.stack, z, out, by_signal.token());
    signals::throw_if_interrupted();
    out.close();
  }
  return manners::done;
}

}  // namespace

command::action command::add_split(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("split", "Write each slice, or each frame of several slices, into a file");
  sub->add_option("STACK", given->stack, "The file to read")->required();
  sub->add_option(
         "--output-dir", given->output_dir,
         "The folder to write STACK_0.mrc, STACK_1.mrc and so on into; .mrcz stays .mrcz, and all numbers have as many "
         "digits as the last")
      ->required();
  manners::add_force(*sub, given->force);
  sub->footer("Example:\n  mrcz split particles.mrcs --output-dir particles");
  return [given] { return split(*given); };
}
