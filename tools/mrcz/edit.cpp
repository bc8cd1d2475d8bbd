// mrcz edit: changes what a file says of itself, in place.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "command.hpp"
#include "manners.hpp"
#include "metadata_arguments.hpp"
#include "mrcz/edit.hpp"
#include "mrcz/reader.hpp"
#include "numbers.hpp"

namespace {

struct arguments {
  std::string path;
  std::optional<std::string> voxel_size;
  std::optional<std::string> origin;
  std::optional<std::string> start;
  std::optional<std::int32_t> space_group;
  std::vector<std::string> labels;
  std::vector<std::string> metadata;
  bool stats = false;
};

int edit(const arguments& given) {
  if (!given.voxel_size && !given.origin && !given.start && !given.space_group && given.labels.empty() &&
      given.metadata.empty() && !given.stats)
    throw CLI::ValidationError{"edit", "no option says what to change"};
  const auto voxel =
      given.voxel_size ? numbers::along_axes<float>("--voxel-size", *given.voxel_size, true) : mrcz::per_axis<float>{};
  const auto origin = given.origin ? numbers::along_axes<float>("--origin", *given.origin) : mrcz::per_axis<float>{};
  const auto start =
      given.start ? numbers::along_axes<std::int32_t>("--start", *given.start) : mrcz::per_axis<std::int32_t>{};
  const auto metadata =
      given.metadata.empty() ? mrcz::metadata() : with_metadata(mrcz::reader{given.path}, given.metadata);
  mrcz::edit(given.path, [&](mrcz::header_fields& fields) {
    if (given.voxel_size) fields.set_voxel_size({voxel.x, voxel.y, voxel.z});
    if (given.origin) fields.origin = origin;
    if (given.start) fields.nxstart = start.x, fields.nystart = start.y, fields.nzstart = start.z;
    if (given.space_group) fields.ispg = *given.space_group;
    for (const auto& label : given.labels) fields.labels.add(label);
  });
  if (!given.metadata.empty()) mrcz::edit_metadata(given.path, metadata);
  if (given.stats) mrcz::update_statistics(given.path);
  return manners::done;
}

}  // namespace

command::action command::add_edit(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("edit", "Change what a file says of itself, in place");
  sub->add_option("FILE", given->path, "The file to change")->required();
  sub->add_option("--voxel-size", given->voxel_size, "In angstrom: one number, or X,Y,Z");
  sub->add_option("--origin", given->origin, "ORIGIN in angstrom: X,Y,Z");
  sub->add_option("--start", given->start, "NXSTART,NYSTART,NZSTART in voxels");
  sub->add_option("--space-group", given->space_group, "ISPG: 0 images, 1 to 230 volume, 401 to 630 stack of volumes");
  sub->add_option("--label", given->labels, "Add a label of up to 80 characters")->allow_extra_args(false);
  add_metadata(*sub, given->metadata);
  sub->add_flag("--stats", given->stats, "Determine minimum, maximum, mean and rms from the voxels");
  sub->footer("Example:\n  mrcz edit tomogram.mrc --voxel-size 1.35 --label 'pixel size calibrated'");
  return [given] { return edit(*given); };
}
