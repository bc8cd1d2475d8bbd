// Changes files in place, so that kills.py can kill it at each of its system calls.
//   change_in_place prepare FOLDER          writes a.mrc and a.mrcz
//   change_in_place edit|metadata|slice|statistics FILE
//   change_in_place replace FILE            writes other slices to a file of this name
//   change_in_place undo FILE               opens the file for writing and changes nothing
//   change_in_place validate FILE           prints what is wrong
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>

#include "mrcz/edit.hpp"
#include "mrcz/metadata.hpp"
#include "mrcz/validate.hpp"
#include "mrcz/write.hpp"

namespace {

/// A slice that needs less room the higher `step` is.
mrcz::image<std::int16_t> slice(int step) {
  mrcz::image<std::int16_t> image = xt::zeros<std::int16_t>({96, 80});
  for (std::size_t i = 0; i < image.size(); ++i)
    image.data()[i] = static_cast<std::int16_t>(i * 2654435761U % 4093U / static_cast<unsigned>(step));
  return image;
}

void prepare(const std::filesystem::path& folder) {
  for (const char* name : {"a.mrc", "a.mrcz"}) {
    mrcz::writer out{folder / name, {}, {{"microscope", "the one in the cellar"}, {"dose", 1.25}}};
    for (int i = 0; i < 5; ++i) out.append(slice(1 + i % 2));
    out.close();
  }
}

void replace(const std::filesystem::path& path) {
  mrcz::writer out{path};
  out.append(slice(3));
  out.close();
}

void validate(const std::filesystem::path& path) {
  for (const auto& finding : mrcz::validate(path)) fmt::print("{}\n", to_string(finding));
}

void change(const std::string& what, const std::filesystem::path& path) {
  const auto edit = [](mrcz::header_fields& fields) {
    fields.set_voxel_size({1.5F, 1.5F, 1.5F});
    fields.labels.add("changed in place");
  };
  if (what == "edit") return mrcz::edit(path, edit);
  if (what == "metadata") return mrcz::edit_metadata(path, {{"dose", 2.5}});
  if (what == "slice") return mrcz::overwrite_slice(path, 2, slice(100));
  if (what == "statistics") return mrcz::update_statistics(path);
  if (what == "replace") return replace(path);
  if (what == "undo") return mrcz::edit(path, [](mrcz::header_fields&) {});
  if (what == "prepare") return prepare(path);
  if (what == "validate") return validate(path);
  mrcz::detail::fail(mrcz::errc::bad_option, "'{}' is no change", what);
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) mrcz::detail::fail(mrcz::errc::bad_option, "usage: change_in_place CHANGE FILE");
  change(arguments[1], arguments[2]);
  return 0;
} catch (const std::exception& e) {
  fmt::print(stderr, "change_in_place: {}\n", e.what());
  return 1;
}
