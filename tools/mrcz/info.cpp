// mrcz info: describes files, for people or as JSON.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "json_output.hpp"
#include "manners.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/format/records.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/metadata.hpp"
#include "mrcz/open_file.hpp"
#include "mrcz/reader.hpp"
#include "overrides.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"

namespace {

using json = nlohmann::ordered_json;

/// Converts 1.2F to 1.2, not to 1.2000000476837158.
double shortest(float value) { return std::stod(fmt::format("{}", value)); }

/// A number that the header holds as a float.
json to_json(const std::optional<double>& value) {
  return value ? json(shortest(static_cast<float>(*value))) : json(nullptr);
}

/// Adds the metadata, or the reason why they cannot be read. In this case the rest of the file is still described.
void describe_metadata(const mrcz::reader& in, json& description) {
  try {
    description["metadata"] = in.metadata();
  } catch (const mrcz::error& e) {
    description["metadata"] = nullptr;
    description["metadata_error"] = e.what();
  }
}

/// The fields of a record that interest most, under the same names whatever the vendor calls them.
struct fields_of_interest {
  std::optional<double> alpha_tilt;
  std::optional<double> dose;
  std::optional<double> defocus;
  std::optional<double> magnification;
};

fields_of_interest interesting(const mrcz::fei1& r) { return {r.alpha_tilt, r.dose, r.defocus, r.magnification}; }

fields_of_interest interesting(const mrcz::seri& r) {
  return {r.tilt_angle, r.exposure_dose, std::nullopt, r.magnification};
}

fields_of_interest interesting(const mrcz::agar& r) {
  const auto number = [](std::optional<float> field) { return field ? std::optional{shortest(*field)} : std::nullopt; };
  return {number(r.alpha_tilt), std::nullopt, number(r.defocus), number(r.magnification)};
}

/// What the microscope says of the sections: their number, and the values of each field that interests most. A field
/// that no section has is left out. Records of AGAR have 0 where nothing is known.
template <class Record>
json describe_records(const std::vector<Record>& records) {
  json d;
  d["count"] = records.size();
  const json unknown = std::is_same_v<Record, mrcz::agar> ? json(0.0) : json(nullptr);
  const auto add = [&](const char* name, std::optional<double> fields_of_interest::* field) {
    json values = json::array();
    for (const auto& record : records) {
      const auto value = interesting(record).*field;
      values.push_back(value ? json(*value) : json(nullptr));
    }
    const auto is_known = [&](const json& value) { return !value.is_null() && value != unknown; };
    if (std::any_of(values.begin(), values.end(), is_known)) d[name] = values;
  };
  add("alpha_tilt", &fields_of_interest::alpha_tilt);
  add("dose", &fields_of_interest::dose);
  add("defocus", &fields_of_interest::defocus);
  add("magnification", &fields_of_interest::magnification);
  return d;
}

struct arguments {
  std::vector<std::string> paths;
  json_form form;
  bool slices = false;
  manners::overrides overrides;
};

/// Where each slice lies in the file. Reads 16 bytes of each slice of a compressed file.
json describe_slices(const mrcz::detail::slice_table& slices) {
  json all = json::array();
  for (std::size_t z = 0; z < slices.complete(); ++z) {
    const auto place = slices[z];
    all.push_back({{"byte", place.offset}, {"packed_bytes", place.packed_bytes}});
  }
  return all;
}

/// The extent of the volume along x, y and z in angstrom; null if the file does not say.
json physical_size(const mrcz::header& h, const std::optional<mrcz::voxel_size>& voxel) {
  if (!voxel) return nullptr;
  return {shortest(voxel->x * static_cast<float>(h.n_along(1))), shortest(voxel->y * static_cast<float>(h.n_along(2))),
          shortest(voxel->z * static_cast<float>(h.n_along(3)))};
}

mrcz::detail::opened_file open(const std::string& path, const mrcz::detail::open_options& options) {
  if (!standard_streams::is_meant_by(path))
    return mrcz::detail::open_headers(std::make_unique<mrcz::file_source>(path), options);
  auto in = standard_streams::input();
  return mrcz::detail::open_file(in, options);
}

json describe(const std::string& path, const arguments& given) {
  auto opened = open(path, {.byte_order = given.overrides.options().byte_order});
  const auto packing = opened.packing;
  const bool only_headers = opened.only_headers;
  const mrcz::reader in{std::move(opened.source), given.overrides.options()};
  const auto& h = in.header();
  const auto& slices = in.slices();
  const auto voxel = in.voxel_size();
  const auto statistics = in.statistics();
  const auto plain = static_cast<double>(slices.complete()) * static_cast<double>(slices.slice_bytes());
  json d;
  d["path"] = path;
  if (packing != mrcz::packing::none) d["packing"] = mrcz::name_of(packing);
  d["mode"] = mrcz::name_of(in.mode());
  if (in.mode() == mrcz::mode::int8) d["signed_bytes"] = !in.unsigned_bytes();
  d["codec"] = mrcz::name_of(in.codec());
  d["shape"] = in.shape();
  d["voxel_size"] = voxel ? json{shortest(voxel->x), shortest(voxel->y), shortest(voxel->z)} : json{};
  d["physical_size"] = physical_size(h, voxel);
  d["byte_order"] = mrcz::name_of(h.byte_order);
  d["kind"] = mrcz::name_of(in.kind());
  d["space_group"] = h.ispg;
  d["slices_per_frame"] = h.slices_per_frame();
  d["complete_slices"] = only_headers ? json(nullptr) : json(slices.complete());
  d["packed_bytes"] = slices.packed_bytes();
  d["ratio"] = slices.packed_bytes() > 0 ? plain / static_cast<double>(slices.packed_bytes()) : 1.0;
  d["statistics"] = {{"min", to_json(statistics.min)},
                     {"max", to_json(statistics.max)},
                     {"mean", to_json(statistics.mean)},
                     {"rms", to_json(statistics.rms)}};
  d["origin"] = {shortest(h.origin.x), shortest(h.origin.y), shortest(h.origin.z)};
  d["start"] = {h.nxstart, h.nystart, h.nzstart};
  d["axes"] = {h.mapc, h.mapr, h.maps};
  d["labels"] = std::vector<std::string>(h.labels.begin(), h.labels.end());
  d["extended_header"] = {{"type", mrcz::labels::trimmed({h.exttyp.data(), h.exttyp.size()})},
                          {"bytes", slices.begin() - mrcz::header_size}};
  const auto extended = in.extended_header();
  try {
    mrcz::detail::visit_records(
        extended, [&](const auto& records) { d["extended_header"]["records"] = describe_records(records); });
  } catch (const mrcz::error& e) {
    d["extended_header"]["records_error"] = e.what();
  }
  describe_metadata(in, d);
  if (given.slices) d["slices"] = describe_slices(slices);
  d["remarks"] = json::array();
  for (const auto& remark : in.remarks()) d["remarks"].push_back(to_string(remark));
  return d;
}

std::string shown(const json& value) {
  return value.is_null() ? "not determined" : fmt::format("{:g}", value.get<double>());
}

/// The values of a field in all sections: one number, or the smallest and the largest.
std::string range_of(const json& values) {
  std::vector<double> numbers;
  for (const auto& value : values)
    if (!value.is_null()) numbers.push_back(value.get<double>());
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  return *low == *high ? fmt::format("{:g}", *low) : fmt::format("{:g} to {:g}", *low, *high);
}

void print_records(const json& records) {
  fmt::print("  records     {}", records["count"].get<std::size_t>());
  if (records.contains("alpha_tilt")) fmt::print(", tilt {} degrees", range_of(records["alpha_tilt"]));
  if (records.contains("dose")) fmt::print(", dose {} electrons/m2", range_of(records["dose"]));
  if (records.contains("defocus")) fmt::print(", defocus {} m", range_of(records["defocus"]));
  if (records.contains("magnification")) fmt::print(", magnification {}", range_of(records["magnification"]));
  fmt::print("\n");
}

std::string printable(const json& value) { return text::printable(value.get_ref<const std::string&>()); }

/// Lengths in the unit that suits the longest: angstrom, nanometres or micrometres.
std::string lengths(std::vector<double> angstrom) {
  const double longest = *std::max_element(angstrom.begin(), angstrom.end());
  const auto [unit, name] = longest < 100   ? std::pair{1.0, "angstrom"}
                            : longest < 1e5 ? std::pair{10.0, "nm"}
                                            : std::pair{1e4, "um"};
  for (double& length : angstrom) length /= unit;
  return fmt::format("{:g} {}", fmt::join(angstrom, " x "), name);
}

void print(const json& d) {
  const auto shape = d["shape"].get<std::vector<std::size_t>>();
  const auto& voxel = d["voxel_size"];
  const auto& statistics = d["statistics"];
  fmt::print("{}\n", printable(d["path"]));
  fmt::print("  {}, {} x {} x {} (x, y, z) of {}{}, {}-endian\n", d["kind"].get<std::string>(), shape[2], shape[1],
             shape[0], d.value("signed_bytes", true) ? "" : "unsigned ", d["mode"].get<std::string>(),
             d["byte_order"].get<std::string>());
  if (const auto depth = d["slices_per_frame"].get<std::size_t>(); depth > 1 && depth < shape[0])
    fmt::print("  frames      {} of {} slices\n", shape[0] / depth, depth);
  const bool only_headers = d["complete_slices"].is_null();
  if (d.contains("packing"))
    fmt::print("  packed      by {}{}\n", d["packing"].get<std::string>(),
               only_headers ? "; not unpacked to see whether all slices are there" : "");
  if (voxel.is_null()) fmt::print("  voxel size  not stated\n");
  else
    fmt::print("  voxel size  {:g} x {:g} x {:g} angstrom\n", voxel[0].get<double>(), voxel[1].get<double>(),
               voxel[2].get<double>());
  if (const auto& size = d["physical_size"]; !size.is_null()) {
    auto along = size.get<std::vector<double>>();
    if (d["kind"].get_ref<const std::string&>().starts_with("image")) along.pop_back();  // their z is no length
    fmt::print("  extent      {}\n", lengths(along));
  }
  fmt::print("  codec       {}, {} bytes, ratio {:.2f}\n", d["codec"].get<std::string>(),
             d["packed_bytes"].get<std::uint64_t>(), d["ratio"].get<double>());
  fmt::print("  header says min {}, max {}, mean {}, rms {}\n", shown(statistics["min"]), shown(statistics["max"]),
             shown(statistics["mean"]), shown(statistics["rms"]));
  if (!only_headers && d["complete_slices"] != shape[0])
    fmt::print("  incomplete  {} of {} slices\n", d["complete_slices"].get<std::size_t>(), shape[0]);
  if (d.contains("slices"))
    for (std::size_t z = 0; z < d["slices"].size(); ++z)
      fmt::print("  slice {:<6}{} bytes from byte {}\n", z, d["slices"][z]["packed_bytes"].get<std::uint64_t>(),
                 d["slices"][z]["byte"].get<std::uint64_t>());
  const auto& extended = d["extended_header"];
  if (extended["bytes"] != 0)
    fmt::print("  extended    {}, {} bytes\n", extended["type"] == "" ? "no type" : printable(extended["type"]),
               extended["bytes"].get<std::uint64_t>());
  if (extended.contains("records")) print_records(extended["records"]);
  if (extended.contains("records_error")) fmt::print("  records     {}\n", printable(extended["records_error"]));
  for (const auto& label : d["labels"]) fmt::print("  label       {}\n", printable(label));
  if (!d["metadata"].is_null()) fmt::print("  metadata    {}\n", dumped(d["metadata"]));
  if (d.contains("metadata_error")) fmt::print("  metadata    {}\n", printable(d["metadata_error"]));
  if (!d["remarks"].empty()) fmt::print("  remarks:\n");
  for (const auto& remark : d["remarks"]) fmt::print("    {}\n", printable(remark));
}

int info(const arguments& given) {
  json_output out{given.form, given.paths.size()};
  const int exit_code = manners::for_each(given.paths, [&](const std::string& path) {
    const json one = describe(path, given);
    if (given.form.is_wanted()) out.add(one);
    else print(one);
  });
  out.end();
  return exit_code;
}

}  // namespace

command::action command::add_info(CLI::App& program) {
  const auto given = std::make_shared<arguments>();
  auto* sub = program.add_subcommand("info", "Show what files say of themselves");
  sub->add_option("FILE", given->paths, "MRC or MRCZ files, also packed ones; - is standard input")->required();
  given->form.add_to(*sub);
  sub->add_flag("--slices", given->slices, "Also show where each slice lies and how large it is");
  given->overrides.add_to(*sub);
  sub->footer("Example:\n  mrcz info --json movie.mrcz | jq .voxel_size");
  return [given] { return info(*given); };
}
