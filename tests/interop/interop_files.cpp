// The C++ half of the interoperability tests; the Python scripts beside it are the other half.
//   interop_files write FOLDER      writes files of every mode, kind, byte order and codec for ours.py to look at
//   interop_files check FOLDER      reads what theirs.py wrote and compares it with FOLDER/expected.json
//   interop_files pack FOLDER       writes packed files, and plain ones beside them, for packed.py to look at, and
//   prints
//                                   the packings that it reads
//   interop_files validate FOLDER   compares our verdicts with those of mrcfile in FOLDER/verdicts.json
//   interop_files round FOLDER      rounds the floats in FOLDER/floats.mrc for float16.py to look at
//   interop_files records FOLDER    describes the records of FOLDER/*.mrc for records.py, and writes them again
//   interop_files geometry FOLDER [FILE...]   writes volumes, parts and bins of them, and of the files, for geometry.py
//                                             and relion.py to look at
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "mrcz/core/endian.hpp"
#include "mrcz/edit.hpp"
#include "mrcz/format/geometry.hpp"
#include "mrcz/format/metadata.hpp"
#include "mrcz/format/records.hpp"
#include "mrcz/read.hpp"
#include "mrcz/read_header.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/validate.hpp"
#include "mrcz/write.hpp"
#include "mrcz/writer.hpp"
#include "tests/packings.hpp"
#include "tests/support.hpp"

namespace {

using json = nlohmann::json;

json json_from(const std::filesystem::path& path) {
  std::ifstream in{path};
  return json::parse(in);
}

// Writing. interop.py has the same formulas.

/// Bits that look random, but are the same for the same voxel (a well-known integer hash).
constexpr std::uint32_t scrambled(std::uint32_t i) {
  i = (i ^ (i >> 16U)) * 0x7feb352dU;
  i = (i ^ (i >> 15U)) * 0x846ca68bU;
  return i ^ (i >> 16U);
}

template <class Row>
typename Row::type voxel_of(std::uint32_t bits) {
  using T = typename Row::type;
  const float real = static_cast<float>(bits & 0xfffffU) * 0.125F - 64.0F;
  if constexpr (Row::mode == mrcz::mode::uint4) return static_cast<T>(bits & 0xfU);
  else if constexpr (std::is_same_v<T, mrcz::half>) return mrcz::to_half(static_cast<float>(bits & 0x7ffU) * 0.25F);
  else if constexpr (std::is_same_v<T, float>) return real;
  else if constexpr (std::is_same_v<T, std::complex<float>>) return {real, static_cast<float>(bits % 257U)};
  else if constexpr (std::is_same_v<T, mrcz::complex_int16>)
    return {static_cast<std::int16_t>(bits & 0xffffU), static_cast<std::int16_t>(bits >> 16U)};
  else return static_cast<T>(bits);  // its low bits
}

struct plan {
  mrcz::mode mode;
  mrcz::kind kind;
  mrcz::shape shape;
  bool noise;  // all bits are random, otherwise only the lowest three
  mrcz::write_options options;
  bool with_metadata;
};

/// Derives the remaining properties from the number of the file, so that they occur together with everything else.
plan plan_of(unsigned number, mrcz::mode mode, mrcz::kind kind, std::endian order, mrcz::codec codec) {
  constexpr std::array<std::size_t, 4> slices{1, 3, 4, 6};
  const bool large = number % 5 == 0;
  plan p{.mode = mode,
         .kind = kind,
         .shape = {slices[static_cast<std::size_t>(kind)], large ? 131U : 13U, large ? 257U : 7U},
         .noise = number / 3 % 2 == 0,
         .options = {.compression = {.codec = codec,
                                     .level = static_cast<int>(number % 10),
                                     .shuffle = static_cast<mrcz::shuffle>(number % 3)},
                     .mode = mode,
                     .kind = kind,
                     .voxel_size = mrcz::voxel_size{1.5F, 2.5F, 3.25F},
                     .byte_order = order,
                     .durability = mrcz::durability::none},
         .with_metadata = number % 2 == 0};
  if (kind == mrcz::kind::volume_stack) p.options.sections_per_volume = 2;
  if (number % 7 == 0) p.options.compression.block_size = 16384;
  const bool may_have_planes = codec == mrcz::codec::zstd && p.options.compression.shuffle == mrcz::shuffle::bit;
  p.options.compression.planes = may_have_planes && number / 21 % 2 == 0;
  return p;
}

/// The name states all properties of the file: mode.kind.order.codec.shuffle.level.content.NZxNYxNX.extension, and
/// whether planes of bits were compressed one by one.
std::string name_of_file(const plan& p) {
  const auto& [codec, level, shuffle, block_size, planes] = p.options.compression;
  const auto [nz, ny, nx] = p.shape;
  return fmt::format("{}.{}.{}.{}.{}.{}.{}.{}x{}x{}{}{}.{}", name_of(p.mode), name_of(p.kind),
                     mrcz::name_of(*p.options.byte_order), name_of(*codec), name_of(shuffle), level,
                     p.noise ? "noise" : "counts", nz, ny, nx, p.with_metadata ? ".json" : "", planes ? ".planes" : "",
                     *codec == mrcz::codec::none ? "mrc" : "mrcz");
}

/// Writes a file. The last slice of several is noise at first, and is then replaced in place, where it needs less room.
template <class Row>
void write(const std::filesystem::path& path, const plan& p) {
  auto voxels = mrcz::detail::make_volume<typename Row::type>(p.shape);
  for (std::uint32_t i = 0; i < voxels.size(); ++i)
    voxels.data()[i] = voxel_of<Row>(scrambled(i) & (p.noise ? ~0U : 7U));
  const json values{
      {"Mikroskop", "Kr\u00fcger"}, {"tilts", {-60, 0.5, 60}}, {"nested", {{"dose", 1.25}, {"ok", true}}}};
  mrcz::writer out{path, p.options, p.with_metadata ? values : json()};
  out.header().labels.add("written for Python");
  const std::size_t last = p.shape[0] - 1;
  const auto slice = static_cast<std::uint32_t>(p.shape[1] * p.shape[2]);
  auto at_first = voxels;
  for (std::uint32_t i = static_cast<std::uint32_t>(last) * slice; last > 0 && i < voxels.size(); ++i)
    at_first.data()[i] = voxel_of<Row>(scrambled(i));
  out.append(at_first);
  out.close();
  if (last == 0) return;
  mrcz::overwrite_slice(path, last, xt::view(voxels, last, xt::all(), xt::all()), p.options.compression);
  mrcz::update_statistics(path);
}

int write_all(const std::filesystem::path& folder) {
  unsigned number = 0;
  for (const auto mode : mrcz::all_modes)
    for (const auto kind : {mrcz::kind::image, mrcz::kind::image_stack, mrcz::kind::volume, mrcz::kind::volume_stack})
      for (const auto order : {std::endian::little, std::endian::big})
        for (const auto codec : mrcz::all_codecs) {
          const plan p = plan_of(number++, mode, kind, order, codec);
          mrcz::with_mode(mode, [&]<class Row>(Row) { write<Row>(folder / name_of_file(p), p); });
        }
  fmt::print("wrote {} files\n", number);
  return 0;
}

// Reading

std::vector<std::byte> little_endian_voxels(const mrcz::reader& in) {
  return in.visit([&]<class T>(std::type_identity<T>) {
    const auto voxels = in.read<T>();
    const auto native = std::as_bytes(std::span{voxels.data(), voxels.size()});
    std::vector<std::byte> bytes(native.size());
    test::swap_bytes(native, bytes.data(),
                     std::endian::native == std::endian::little ? 1 : mrcz::word_bytes(in.mode()));
    return bytes;
  });
}

json number_or_null(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }

/// What the reader returns for a file, under the keys of theirs.py.
json description_of(const mrcz::reader& in) {
  const auto& h = in.header();
  const auto voxel = in.voxel_size().value_or(mrcz::voxel_size{});
  const auto s = in.statistics();
  const auto extended = in.extended_header();
  return {
      {"mode", name_of(in.mode())},
      {"codec", name_of(in.codec())},
      {"kind", name_of(in.kind())},
      {"shape", in.shape()},
      {"frames", in.frames()},
      {"byte_order", mrcz::name_of(h.byte_order)},
      {"voxel_size", {voxel.x, voxel.y, voxel.z}},
      {"start", {h.nxstart, h.nystart, h.nzstart}},
      {"origin", {h.origin.x, h.origin.y, h.origin.z}},
      {"microscope", {h.voltage, h.c3, h.gain}},
      {"labels", std::vector<std::string>(h.labels.begin(), h.labels.end())},
      {"exttyp", extended.type()},
      {"extended_size", extended.bytes.size()},
      {"metadata", in.metadata()},
      {"statistics", {number_or_null(s.min), number_or_null(s.max), number_or_null(s.mean), number_or_null(s.rms)}}};
}

bool same(const json& found, const json& expected) {
  if (found.is_number_float() || expected.is_number_float()) {
    if (!found.is_number() || !expected.is_number()) return false;
    const double a = found.get<double>();
    const double b = expected.get<double>();
    return std::abs(a - b) <= 1e-4 * std::abs(b);  // Python's mean and deviation are sums of floats
  }
  if (!found.is_array() || !expected.is_array() || found.size() != expected.size()) return found == expected;
  return std::equal(found.begin(), found.end(), expected.begin(), same);
}

/// What is wrong with one file; nothing if all is well.
std::string check(const std::filesystem::path& folder, const json& expected) {
  const mrcz::reader in{folder / expected.at("file").get<std::string>()};
  const json found = description_of(in);
  for (const auto& [key, value] : expected.items())
    if (key != "file" && key != "voxels" && !same(found.at(key), value))
      return fmt::format("{} is {}, expected {}", key, found.at(key).dump(), value.dump());
  const auto voxels = test::bytes_of(folder / expected.at("voxels").get<std::string>());
  if (voxels.empty()) return "no voxels to compare with";
  return little_endian_voxels(in) == voxels ? "" : "other voxels";
}

int check_all(const std::filesystem::path& folder) {
  const json expectations = json_from(folder / "expected.json");
  int failures = 0;
  for (const auto& expected : expectations) {
    std::string wrong;
    try {
      wrong = check(folder, expected);
    } catch (const std::exception& e) {
      wrong = e.what();
    }
    if (wrong.empty()) continue;
    fmt::print("{}: {}\n", expected.at("file").get<std::string>(), wrong);
    ++failures;
  }
  fmt::print("{} of {} files are read as expected\n", expectations.size() - static_cast<std::size_t>(failures),
             expectations.size());
  return failures == 0 && !expectations.empty() ? 0 : 1;
}

// Packed files

int pack_all(const std::filesystem::path& folder) {
  const auto volume = test::counts<float>({60, 70, 80});
  for (const char* const name : {"ours.map", "ours.mrcz"})
    for (const char* const packed : {"", ".gz", ".zst"}) mrcz::write(folder / (std::string{name} + packed), volume);
  for (const auto how : test::packings()) fmt::print("{}\n", mrcz::name_of(how));
  return 0;
}

// Validation

int validate_all(const std::filesystem::path& folder) {
  const json verdicts = json_from(folder / "verdicts.json");
  int failures = 0;
  for (const auto& verdict : verdicts) {
    const auto findings = mrcz::validate(folder / verdict.at("file").get<std::string>());
    const bool valid = std::none_of(findings.begin(), findings.end(),
                                    [](const auto& f) { return f.severity == mrcz::severity::error; });
    if (valid == verdict.at("valid").get<bool>()) continue;
    fmt::print("{}: we say {}, expected {}\n", verdict.at("file").get<std::string>(), valid ? "valid" : "not valid",
               verdict.at("valid").get<bool>() ? "valid" : "not valid");
    for (const auto& f : findings) fmt::print("    {}\n", to_string(f));
    ++failures;
  }
  fmt::print("{} of {} verdicts agree\n", verdicts.size() - static_cast<std::size_t>(failures), verdicts.size());
  return failures == 0 && !verdicts.empty() ? 0 : 1;
}

// Geometry

/// A volume or a stack, and what shall be cut out and binned.
struct specimen {
  std::string name;
  mrcz::header header;
};

/// A header of 24 columns, 20 rows and 16 sections in this order of axes.
mrcz::header block_of_voxels(std::array<std::int32_t, 3> axes) {
  mrcz::header h;
  std::tie(h.nx, h.ny, h.nz) = std::tuple{24, 20, 16};
  std::tie(h.nxstart, h.nystart, h.nzstart) = std::tuple{4, -2, 6};
  std::tie(h.mapc, h.mapr, h.maps) = std::tuple{axes[0], axes[1], axes[2]};
  std::tie(h.mx, h.my, h.mz) = std::tuple{h.n_along(1), h.n_along(2), h.n_along(3)};
  h.ispg = 1;
  return h;
}

void set_voxel_size(mrcz::header& h, const mrcz::voxel_size& voxel) {
  h.cella = {voxel.x * static_cast<float>(h.mx), voxel.y * static_cast<float>(h.my),
             voxel.z * static_cast<float>(h.mz)};
}

std::vector<specimen> specimens() {
  std::vector<specimen> all;
  all.push_back({"volume", block_of_voxels({1, 2, 3})});
  all.push_back({"origin", block_of_voxels({1, 2, 3})});
  all.back().header.origin = {10.5F, -200, 0};
  all.push_back({"relion", block_of_voxels({1, 2, 3})});  // a volume with the ISPG of images
  all.back().header.ispg = 0;
  all.push_back({"images", block_of_voxels({1, 2, 3})});
  all.back().header.ispg = 0;
  all.back().header.mz = 1;
  std::array axes{1, 2, 3};
  do {
    all.push_back({fmt::format("crystal{}{}{}", axes[0], axes[1], axes[2]), block_of_voxels(axes)});
    std::tie(all.back().header.mx, all.back().header.my, all.back().header.mz) = std::tuple{36, 48, 60};
  } while (std::next_permutation(axes.begin(), axes.end()));
  for (auto& s : all) set_voxel_size(s.header, {1.5F, 2, 3.25F});
  return all;
}

/// Means of blocks.
mrcz::volume<float> means(const mrcz::volume<float>& voxels, const mrcz::per_axis<std::size_t>& n) {
  const auto& [nz, ny, nx] = voxels.shape();
  auto blocks = mrcz::detail::make_volume<float>({nz / n.z, ny / n.y, nx / n.x});
  std::fill(blocks.begin(), blocks.end(), 0.0F);
  for (std::size_t z = 0; z < nz / n.z * n.z; ++z)
    for (std::size_t y = 0; y < ny / n.y * n.y; ++y)
      for (std::size_t x = 0; x < nx / n.x * n.x; ++x)
        blocks(z / n.z, y / n.y, x / n.x) += voxels(z, y, x) / static_cast<float>(n.x * n.y * n.z);
  return blocks;
}

/// Writes a part and bins of the voxels in a file, and notes where they come from.
void write_parts(const std::filesystem::path& folder, const std::filesystem::path& whole, json& files) {
  const mrcz::reader in{whole};
  const auto& header = in.header();
  const auto add = [&](const std::string& what, const mrcz::volume<float>& voxels, const mrcz::header& like,
                       const std::array<std::size_t, 3>& first, const mrcz::per_axis<std::size_t>& n) {
    const std::string name = fmt::format("{}.{}{}", whole.stem().string(), what,
                                         mrcz::detail::is_images(like.kind()) && like.mz == 1 ? ".mrcs" : ".mrc");
    mrcz::write(folder / name, voxels, {.like = like});
    const auto [x, y, z] = mrcz::position_of(mrcz::reader{folder / name}.header(), 0, 0, 0);
    files.push_back({{"file", name},
                     {"whole", whole.string()},
                     {"first", {first[0], first[1], first[2]}},
                     {"n", {n.x, n.y, n.z}},
                     {"position", {x, y, z}}});
  };
  const auto [nz, ny, nx] = in.shape();
  const mrcz::region box{.z = {.first = nz / 8, .count = (nz + 1) / 2},
                         .y = {.first = ny / 6},
                         .x = {.first = nx / 4, .count = (nx + 2) / 3}};
  const auto voxels = in.read<float>();
  add("copied", voxels, header, {0, 0, 0}, {1, 1, 1});
  add("cropped", in.read_region<float>(box), mrcz::cropped(header, box), {box.x.first, box.y.first, box.z.first},
      {1, 1, 1});
  for (const std::size_t n : {2U, 3U}) {
    const bool images = mrcz::detail::is_images(header.kind()) && header.mz == 1;
    const mrcz::per_axis<std::size_t> block{std::min(n, nx), std::min(n, ny), images ? 1 : std::min(n, nz)};
    add(fmt::format("binned{}", n), means(voxels, block), mrcz::binned(header, block), {0, 0, 0}, block);
  }
}

int write_geometry(const std::filesystem::path& folder, std::span<const std::string> others) {
  json files;
  for (const auto& [name, header] : specimens()) {
    auto voxels = mrcz::detail::make_volume<float>({16, 20, 24});
    for (std::size_t i = 0; i < voxels.size(); ++i) voxels.data()[i] = static_cast<float>(i);
    const auto whole = folder / (name + (name == "images" ? ".mrcs" : ".mrc"));
    mrcz::write(whole, voxels, {.like = header});
    write_parts(folder, whole, files);
  }
  for (const auto& other : others) write_parts(folder, other, files);
  std::ofstream{folder / "files.json"} << files;
  return 0;
}

int write_rounded(const std::filesystem::path& folder) {
  const auto floats = mrcz::read<float>(folder / "floats.mrc");
  const auto doubles = xt::cast<double>(floats) / 3.0;
  mrcz::write(folder / "float16.mrc", floats, {.mode = mrcz::mode::float16, .rounding = mrcz::rounding::nearest});
  mrcz::write(folder / "thirds16.mrc", doubles, {.mode = mrcz::mode::float16, .rounding = mrcz::rounding::nearest});
  mrcz::write(folder / "thirds32.mrc", doubles);
  mrcz::write(folder / "saturated16.mrc", floats * 4.0F,
              {.mode = mrcz::mode::float16, .rounding = mrcz::rounding::nearest, .saturate = true});
  mrcz::write(folder / "int16.mrc", floats,
              {.mode = mrcz::mode::int16, .rounding = mrcz::rounding::nearest, .saturate = true});
  return 0;
}

/// The fields of a record by the names of the vendor.
struct fields_to_json {
  json fields = json::object();

  void mask() {}
  void item() {}
  template <class T, class... Unit>
  void number(const char* name, const std::optional<T>& field, Unit...) {
    if (field) fields[name] = *field;
  }
  void length(const char* name, const std::optional<float>& field) { number(name, field); }
  void dose(const char* name, const std::optional<double>& field) { number(name, field); }
  void text(const char* name, const std::optional<std::string>& field, std::size_t) {
    if (field) fields[name] = *field;
  }
  template <class... Sizes>
  void skip(Sizes...) {}
};

json fields_of(const mrcz::fei1& record) {
  fields_to_json visit;
  mrcz::detail::for_each_fei1_field(visit, record);
  return visit.fields;
}

json fields_of(const mrcz::fei2& record) {
  fields_to_json visit;
  mrcz::detail::for_each_fei1_field(visit, record);
  mrcz::detail::for_each_fei2_field(visit, record);
  return visit.fields;
}

json fields_of(const mrcz::seri& record) {
  fields_to_json visit;
  mrcz::detail::for_each_seri_field(visit, record);
  return visit.fields;
}

json fields_of(const mrcz::agar& record) {
  fields_to_json visit;
  mrcz::detail::for_each_agar_field(visit, record);
  visit.fields["integers"] = record.integers;
  visit.fields["reals"] = record.reals;
  return visit.fields;
}

json fields_of(const mrcz::ccp4& record) { return record.line; }

/// Writes the records of a file into an extended header of their own, and its extended header into files of both byte
/// orders.
template <class Record>
json rewrite_records(const std::filesystem::path& path) {
  const mrcz::reader in{path};
  const auto records = in.extended_header().records<Record>();
  json all = json::array();
  for (const Record& record : records) all.push_back(fields_of(record));
  const auto write = [&](const char* name, mrcz::extended_header extended, std::endian order) {
    auto written = path;
    mrcz::writer out{written.replace_extension(name), {.byte_order = order}};
    out.set_extended_header(std::move(extended));
    out.append(in.read<float>());
    out.close();
  };
  mrcz::extended_header made;
  made.set_records(std::span<const Record>{records});
  write("made", made, std::endian::little);
  write("big", in.extended_header(), std::endian::big);
  write("little", in.extended_header(), std::endian::little);
  return all;
}

json rewrite_any_records(const std::filesystem::path& path) {
  const std::string kind = path.stem().string();
  if (kind.starts_with("SERI")) return rewrite_records<mrcz::seri>(path);
  if (kind.starts_with("AGAR")) return rewrite_records<mrcz::agar>(path);
  if (kind.starts_with("CCP4")) return rewrite_records<mrcz::ccp4>(path);
  return mrcz::read_header(path).extended.type() == "FEI2" ? rewrite_records<mrcz::fei2>(path)
                                                           : rewrite_records<mrcz::fei1>(path);
}

int write_records(const std::filesystem::path& folder) {
  json files;
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    if (entry.path().extension() == ".mrc") files[entry.path().stem().string()] = rewrite_any_records(entry.path());
  std::ofstream{folder / "records.json"} << files;
  return 0;
}

}  // namespace

int main(int count, char** arguments) try {
  const std::vector<std::string> given(arguments + 1, arguments + count);
  if (given.size() == 2 && given[0] == "write") return write_all(given[1]);
  if (given.size() == 2 && given[0] == "check") return check_all(given[1]);
  if (given.size() == 2 && given[0] == "pack") return pack_all(given[1]);
  if (given.size() == 2 && given[0] == "validate") return validate_all(given[1]);
  if (given.size() == 2 && given[0] == "round") return write_rounded(given[1]);
  if (given.size() == 2 && given[0] == "records") return write_records(given[1]);
  if (given.size() >= 2 && given[0] == "geometry") return write_geometry(given[1], std::span{given}.subspan(2));
  fmt::print("usage: interop_files write|check|validate|round|records|geometry FOLDER\n");
  return 2;
} catch (const std::exception& e) {
  fmt::print("interop_files: {}\n", e.what());
  return 1;
}
