#include "mrcz/compose_header.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>

#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/validate.hpp"
#include "mrcz/version.hpp"
#include "tests/support.hpp"

using mrcz::errc;
using mrcz::header;
using mrcz::header_fields;
using mrcz::kind;

namespace {

mrcz::detail::file_content slices(std::size_t nz, bool volumes = false) {
  return {.shape = {nz, 3, 4}, .mode = {mrcz::mode::int16, mrcz::codec::none}, .volumes = volumes};
}

/// The header of a finished file of `nz` slices of 3 x 4 voxels.
header finished(std::size_t nz, const mrcz::write_options& options = {}, bool volumes = false,
                const header_fields& before = {}) {
  return mrcz::detail::compose_header(before, slices(nz, volumes), options);
}

/// The error if such a header is refused when the file is closed; nothing if it is accepted.
std::optional<test::failure> refusal(const header_fields& before, const mrcz::detail::file_content& content,
                                     const mrcz::write_options& options = {}) {
  const auto h = mrcz::detail::compose_header(before, content, options);
  return test::failure_of([&] { mrcz::detail::require_as_stated(h, before, content, options); });
}

}  // namespace

namespace {

/// What becomes of a field in each layer.
struct fate {
  double value;       ///< another one than in a new header, and than what the slices of the test make
  bool stays_copied;  ///< of the header of a file with the same extents
  bool may_be_stated;
};

/// Each number of the header.
const std::map<std::string, fate> fates{{"NX", {9, false, false}},
                                        {"NY", {9, false, false}},
                                        {"NZ", {9, false, false}},
                                        {"MODE", {6, false, false}},
                                        {"NXSTART", {-3, true, true}},
                                        {"NYSTART", {-4, true, true}},
                                        {"NZSTART", {-5, true, true}},
                                        {"MX", {40, true, true}},
                                        {"MY", {30, true, true}},
                                        {"MZ", {50, true, true}},
                                        {"CELLA.x", {12.5, true, true}},
                                        {"CELLA.y", {13.5, true, true}},
                                        {"CELLA.z", {14.5, true, true}},
                                        {"CELLB.alpha", {100, true, true}},
                                        {"CELLB.beta", {101, true, true}},
                                        {"CELLB.gamma", {120, true, true}},
                                        {"MAPC", {7, false, false}},
                                        {"MAPR", {7, false, false}},
                                        {"MAPS", {7, false, false}},
                                        {"DMIN", {-7, false, false}},
                                        {"DMAX", {7, false, false}},
                                        {"DMEAN", {3, false, false}},
                                        {"ISPG", {19, true, true}},
                                        {"NSYMBT", {80, false, false}},
                                        {"NVERSION", {20140, true, true}},
                                        {"NINT", {14, true, true}},
                                        {"NREAL", {33, true, true}},
                                        {"voltage", {300, true, true}},
                                        {"C3", {2.5, true, true}},
                                        {"gain", {1.5, true, true}},
                                        {"packed size", {77, false, false}},
                                        {"IMOD's stamp", {5, true, true}},
                                        {"IMOD's flags", {2, true, true}},
                                        {"ORIGIN.x", {-1, true, true}},
                                        {"ORIGIN.y", {-2, true, true}},
                                        {"ORIGIN.z", {-3, true, true}},
                                        {"RMS", {2, false, false}},
                                        {"NLABL", {4, false, false}}};

/// A volume of int16 with an extended header of SerialEM's kind.
mrcz::detail::file_content volume_with_extended_header() {
  auto content = slices(5, true);
  content.statistics = mrcz::statistics{.min = -1, .max = 9, .mean = 4, .rms = 1};
  content.exttyp = {'S', 'E', 'R', 'I'};
  content.extended_bytes = 28;
  return content;
}

}  // namespace

TEST_CASE("each number is what the data determine, else as stated, else as copied, else as in a new header") {
  const auto content = volume_with_extended_header();
  const header made = mrcz::detail::compose_header({}, content, {});
  std::size_t count = 0;
  const auto look_up = [&](const auto& place, auto&) {
    CHECK(fates.contains(place.name));
    ++count;
  };
  mrcz::detail::for_each_number(look_up, made);
  REQUIRE(count == fates.size());

  for (const auto& entry : fates) {
    const auto& name = entry.first;
    const auto& fate = entry.second;
    CAPTURE(name);
    header copied = made;
    header_fields stated;
    header_fields stated_of_copy = made;
    const auto set = [&](const auto& place, auto& copy, auto& one, auto& other) {
      if (place.name != name) return;
      using value = std::remove_reference_t<decltype(copy)>;
      copy = static_cast<value>(fate.value);
      one = static_cast<value>(fate.value);
      other = static_cast<value>(fate.value);
    };
    mrcz::detail::for_each_number(set, copied, stated, stated_of_copy);
    const auto value_in = [&](const header& h) {
      double found = 0;
      mrcz::detail::for_each_number(
          [&](const auto& place, const auto& value) {
            if (place.name == name) found = static_cast<double>(value);
          },
          h);
      return found;
    };
    REQUIRE(value_in(made) != fate.value);
    CHECK(value_in(mrcz::detail::compose_header(copied, content, {})) ==
          (fate.stays_copied ? fate.value : value_in(made)));
    CHECK_FALSE(refusal(copied, content));
    for (const auto& fields : {stated, stated_of_copy}) {
      const auto refused = refusal(fields, content);
      CHECK(refused.has_value() == !fate.may_be_stated);
      if (!refused) CHECK(value_in(mrcz::detail::compose_header(fields, content, {})) == fate.value);
      if (!refused) continue;
      CHECK(refused->code == errc::bad_option);
      CHECK(refused->mentions(name + " is stated as "));
    }
  }
}

TEST_CASE("each field of bytes is what the data determine, else as stated, else as copied") {
  const auto content = volume_with_extended_header();
  const header made = mrcz::detail::compose_header({}, content, {});
  for (const std::string name : {"EXTRA 1", "EXTRA 2", "EXTRA 3", "EXTTYP", "MAP", "MACHST"}) {
    CAPTURE(name);
    const bool is_free = name.starts_with("EXTRA");
    header copied = made;
    header_fields stated;
    const auto set = [&](const auto& place, auto& copy, auto& field) {
      if (place.name != name) return;
      auto value = copy;
      value.back() = static_cast<std::remove_reference_t<decltype(value.back())>>('x');
      value.front() = static_cast<std::remove_reference_t<decltype(value.back())>>('y');
      field = value;
      copy = value;
    };
    mrcz::detail::for_each_text(set, copied, stated);
    const auto is_kept = [&](const header& h) {
      bool same = false;
      mrcz::detail::for_each_text(
          [&](const auto& place, const auto& wanted, const auto& written) {
            if (place.name == name) same = wanted == written;
          },
          copied, h);
      return same;
    };
    CHECK(is_kept(mrcz::detail::compose_header(copied, content, {})) == is_free);
    CHECK(refusal(stated, content).has_value() == !is_free);
    if (is_free) CHECK(is_kept(mrcz::detail::compose_header(stated, content, {})));
  }
}

TEST_CASE("a statement is one also where it repeats what was there") {
  header_fields fields;
  fields.mx = 0;  // the value of a new header
  CHECK(fields.mx.is_stated());
  CHECK(refusal(fields, slices(5, true))->mentions("MX is stated as 0, but the extents make it 4"));
  header copied = finished(5, {.voxel_size = mrcz::voxel_size{2, 2, 2}}, true);
  auto content = slices(7, true);
  fields = copied;
  CHECK(mrcz::detail::compose_header(fields, content, {}).cella.z == 14);
  fields.cella.z = copied.cella.z;
  CHECK(mrcz::detail::compose_header(fields, content, {}).cella.z == 10);
}

TEST_CASE("the little-endian stamps 44 44 and 44 41 may be stated, others not") {
  const auto stamp = [](unsigned second) {
    return mrcz::machine_stamp{std::byte{0x44}, static_cast<std::byte>(second), std::byte{0}, std::byte{0}};
  };
  for (const unsigned second : {0x44U, 0x41U}) {
    header_fields fields;
    fields.byte_order = std::endian::little;
    fields.machst = stamp(second);
    CHECK_FALSE(refusal(fields, slices(1)));
    CHECK(mrcz::detail::compose_header(fields, slices(1), {}).machst == stamp(second));
    CHECK(refusal(fields, slices(1), {.byte_order = std::endian::big})->code == errc::bad_option);
  }
  header_fields fields;
  fields.machst = stamp(0x00);
  CHECK(refusal(fields, slices(1))->mentions("MACHST is stated as D\\x00\\x00\\x00, but the standard makes it"));
}

TEST_CASE("an ISPG that the standard does not know is repaired where it was copied, and refused where it is stated") {
  for (const std::int32_t odd : {-1, 231, 300, 400, 631, std::numeric_limits<std::int32_t>::min()}) {
    CAPTURE(odd);
    header copied = finished(5, {}, true);
    copied.ispg = odd;
    const header h = finished(5, {}, false, copied);
    CHECK(h.ispg == 1);
    CHECK(h.kind() == copied.kind());
    CHECK(h.mz == copied.mz);
    CHECK_FALSE(refusal(copied, slices(5)));
    CHECK(mrcz::validate_header(mrcz::encode(h), 1024 + 5 * 3 * 4 * 2).empty());
    CHECK(finished(5, {.kind = kind::image_stack}, false, copied).ispg == 0);
    for (header_fields fields : {header_fields{}, header_fields{copied}}) {
      fields.ispg = odd;
      const auto refused = refusal(fields, slices(5));
      REQUIRE(refused);
      CHECK(refused->code == errc::bad_option);
      CHECK(refused->mentions(fmt::format("ISPG is stated as {}, expected 0, 1 to 230 or 401 to 630", odd)));
    }
  }
}

TEST_CASE("IMOD's flags say whether the bytes are signed, and never that they hold 4 bits") {
  header imod = finished(1);
  imod.imod_stamp = mrcz::imod_stamp_value;
  imod.imod_flags = 4 | 16;
  auto content = slices(1);
  CHECK(mrcz::detail::compose_header(imod, content, {}).imod_flags == 4);
  content.mode.mode = mrcz::mode::int8;
  CHECK(mrcz::detail::compose_header(imod, content, {}).imod_flags == 5);
  content.unsigned_bytes = true;
  CHECK(mrcz::detail::compose_header(imod, content, {}).imod_flags == 4);
  header_fields fields = imod;
  fields.imod_flags = 16;
  CHECK(refusal(fields, content)->mentions("IMOD's flags is stated as 16, but the voxel type makes it 0"));
}

TEST_CASE("of ten copied labels the last gives way to that of MRCZ, a stated one never") {
  header full = finished(1);
  for (int i = 0; i < 10; ++i) full.labels.add(fmt::format("label {}", i));
  auto content = slices(1);
  content.mode.codec = mrcz::codec::zstd;
  auto written = mrcz::detail::compose_header(full, content, {}).labels;
  CHECK(written[0] == "MRCZ" MRCZ_VERSION_STRING);
  CHECK(written[1] == "label 0");
  CHECK(written[9] == "label 8");
  CHECK(finished(1, {}, false, full).labels == full.labels);

  header turned = full;
  turned.labels.replace(9, "Chimera rotation:   0.00000000   0.00000000   1.00000000  90.00000000");
  written = mrcz::detail::compose_header(turned, content, {}).labels;
  CHECK(written[8] == "label 7");
  CHECK(written[9] == turned.labels[9]);

  header_fields fields = full;
  fields.labels.replace(9, "stated");
  written = mrcz::detail::compose_header(fields, content, {}).labels;
  CHECK(written[8] == "label 7");
  CHECK(written[9] == "stated");

  fields.labels = full.labels;
  CHECK(mrcz::detail::compose_header(fields, content, {}).labels == full.labels);
}

TEST_CASE("ORIGIN of IMOD's old files gets the sign of the standard, a stated one stays") {
  header old = finished(1);
  old.imod_stamp = mrcz::imod_stamp_value;
  old.nversion = 0;
  old.origin = {-10, 0, 5};
  CHECK(finished(1, {}, false, old).origin == mrcz::per_axis<float>{10, 0, -5});
  CHECK_FALSE(std::signbit(finished(1, {}, false, old).origin.y));
  const auto again = finished(1, {}, false, old);
  CHECK(finished(1, {}, false, again).origin == again.origin);
  header_fields fields = old;
  fields.origin.x = 7;
  CHECK(finished(1, {}, false, fields).origin == mrcz::per_axis<float>{7, 0, -5});
  old.imod_flags = 4;
  CHECK(finished(1, {}, false, old).origin == old.origin);
}

TEST_CASE("a NaN that is stated is written") {
  header_fields fields;
  fields.voltage = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(refusal(fields, slices(1)));
  CHECK(std::isnan(finished(1, {}, false, fields).voltage));
}

TEST_CASE("a header that is changed in place keeps what nobody states, and no label gives way") {
  header found = finished(1);
  found.packed_bytes = 7;
  found.nint = 3;
  for (int i = 0; i < 10; ++i) found.labels.add(fmt::format("label {}", i));
  auto content = slices(1);
  content.in_place = true;
  const auto h = mrcz::detail::compose_header(found, content, {});
  CHECK(h.packed_bytes == 7);
  CHECK(h.nint == 3);
  content.mode.codec = mrcz::codec::zstd;
  CHECK(mrcz::detail::compose_header(found, content, {}).labels == found.labels);
}

TEST_CASE("gaps between copied labels close") {
  header gaps = finished(1);
  gaps.labels.replace(3, "third");
  gaps.labels.replace(9, "last");
  const auto h = finished(1, {}, false, gaps);
  CHECK(h.nlabl == 2);
  CHECK(h.labels[0] == "third");
  CHECK(h.labels[1] == "last");
}

TEST_CASE("ISPG and MZ say what the slices are") {
  const auto is = [](const header& h, std::int32_t ispg, std::int32_t mz, kind k) {
    CHECK(h.ispg == ispg);
    CHECK(h.mz == mz);
    CHECK(h.kind() == k);
  };
  SUBCASE("as the data look") {
    is(finished(1), 0, 1, kind::image);
    is(finished(5), 0, 1, kind::image_stack);
    is(finished(5, {}, true), 1, 5, kind::volume);
    is(finished(1, {}, true), 1, 1, kind::volume);
  }
  SUBCASE("as the kind says") {
    is(finished(1, {.kind = kind::image}, true), 0, 1, kind::image);
    is(finished(5, {.kind = kind::image_stack}, true), 0, 1, kind::image_stack);
    is(finished(5, {.kind = kind::volume}), 1, 5, kind::volume);
    is(finished(6, {.kind = kind::volume_stack}), 401, 6, kind::volume_stack);
    is(finished(6, {.kind = kind::volume_stack, .sections_per_volume = 2}), 401, 2, kind::volume_stack);
    is(finished(6, {.sections_per_volume = 3}), 401, 3, kind::volume_stack);
  }
  SUBCASE("as the space group says") {
    is(finished(5, {.space_group = 19}), 19, 5, kind::volume);
    is(finished(5, {.space_group = 0}, true), 0, 1, kind::image_stack);
    is(finished(4, {.space_group = 401, .sections_per_volume = 2}), 401, 2, kind::volume_stack);
  }
  SUBCASE("as the header said before") {
    header crystal;
    crystal.ispg = 4;
    crystal.nz = 5;
    is(finished(5, {}, false, crystal), 4, 5, kind::volume);
    is(finished(5, {.kind = kind::volume}, false, crystal), 4, 5, kind::volume);
    is(finished(5, {.kind = kind::image_stack}, false, crystal), 0, 1, kind::image_stack);
    header images;
    images.nz = 7;
    is(finished(7, {}, true, images), 0, 1, kind::image_stack);  // a copy of a stack that was read as a volume
    header stack;
    stack.ispg = 402;
    stack.nz = 6;
    stack.mz = 3;
    is(finished(9, {}, false, stack), 402, 3, kind::volume_stack);
  }
}

TEST_CASE("the slices per frame of a copied stack are kept while they make sense") {
  header lists;  // what python-mrcz means with a list of volumes
  lists.nz = 6;
  lists.mz = 3;
  CHECK(finished(6, {}, false, lists).mz == 3);
  CHECK(finished(9, {}, false, lists).mz == 3);
  CHECK(finished(8, {}, false, lists).mz == 1);
  lists.mz = 6;  // what IMOD and RELION write for every stack
  CHECK(finished(6, {}, false, lists).mz == 6);
  CHECK(finished(12, {}, false, lists).mz == 1);
}

TEST_CASE("M is the extent and CELLA follows from the voxel size") {
  const auto h = finished(5, {.voxel_size = mrcz::voxel_size{1.5F, 2, 3}}, true);
  CHECK(std::tuple{h.mx, h.my, h.mz} == std::tuple{4, 3, 5});
  CHECK(h.cella == mrcz::per_axis<float>{6, 6, 15});
  CHECK(h.voxel_size() == mrcz::voxel_size{1.5F, 2, 3});
  CHECK(h.cellb == mrcz::per_axis<float>{90, 90, 90});

  const auto stack = finished(5, {.voxel_size = mrcz::voxel_size{1.5F, 2, 3}});
  CHECK(stack.cella == mrcz::per_axis<float>{6, 6, 3});
  CHECK(stack.voxel_size() == mrcz::voxel_size{1.5F, 2, 3});
  CHECK_FALSE(finished(5).voxel_size());
}

TEST_CASE("a partial cell with permuted axes is kept as it was") {
  header before;
  std::tie(before.nx, before.ny, before.nz) = std::tuple{4, 3, 5};
  std::tie(before.mapc, before.mapr, before.maps) = std::tuple{3, 1, 2};
  std::tie(before.mx, before.my, before.mz) = std::tuple{40, 12, 72};
  before.cella = {60, 6.3F, 100};
  before.ispg = 4;
  const auto h = finished(5, {}, true, before);
  CHECK(std::tuple{h.mx, h.my, h.mz} == std::tuple{40, 12, 72});
  CHECK(h.cella == before.cella);

  // along Y, which the sections follow, there is another extent now; the cell of the crystal is what it was
  const auto longer = finished(6, {}, true, before);
  CHECK(std::tuple{longer.mx, longer.my, longer.mz} == std::tuple{40, 12, 72});
  CHECK(longer.cella == before.cella);
  CHECK(longer.voxel_size() == before.voxel_size());

  const auto resized = finished(5, {.voxel_size = mrcz::voxel_size{2, 2, 2}}, true, before);
  CHECK(std::tuple{resized.mx, resized.my, resized.mz} == std::tuple{40, 12, 72});
  CHECK(resized.cella == mrcz::per_axis<float>{80, 24, 144});
}

TEST_CASE("the voxel size that python-mrcz meant stays the same when M is filled in") {
  header before;  // MX and MY are 0, CELLA is the voxel size times N, MZ is the slices per frame
  std::tie(before.nx, before.ny, before.nz, before.mz) = std::tuple{4, 3, 6, 3};
  before.cella = {6, 6, 18};
  REQUIRE(before.voxel_size() == mrcz::voxel_size{1.5F, 2, 3});
  for (const std::size_t nz : {6U, 9U}) {
    const auto h = finished(nz, {}, false, before);
    CHECK(h.mz == 3);
    CHECK(h.voxel_size() == mrcz::voxel_size{1.5F, 2, 3});
  }
}

TEST_CASE("a cell that says nothing becomes one that says nothing legally") {
  header before;
  before.nz = 5;
  before.cella = {std::numeric_limits<float>::quiet_NaN(), -3, std::numeric_limits<float>::infinity()};
  std::tie(before.mx, before.my, before.mz) = std::tuple{4, 3, 5};
  CHECK(finished(5, {}, true, before).cella == mrcz::per_axis<float>{0, 0, 0});
}

TEST_CASE("axes that are no permutation are put in order") {
  header before;
  std::tie(before.mapc, before.mapr, before.maps) = std::tuple{0, 0, 0};
  const auto h = finished(1, {}, false, before);
  CHECK(std::tuple{h.mapc, h.mapr, h.maps} == std::tuple{1, 2, 3});
}

TEST_CASE("what the options say replaces what the header said") {
  header before;
  before.origin = {9, 9, 9};
  before.nxstart = before.nystart = before.nzstart = 9;
  before.byte_order = std::endian::little;
  CHECK(finished(1, {}, false, before).origin == mrcz::per_axis<float>{9, 9, 9});
  CHECK(finished(1, {}, false, before).nystart == 9);
  const auto h = finished(1,
                          {.origin = mrcz::per_axis<float>{1, 2, 3},
                           .start = mrcz::per_axis<std::int32_t>{-4, -5, -6},
                           .byte_order = std::endian::big},
                          false, before);
  CHECK(h.origin == mrcz::per_axis<float>{1, 2, 3});
  CHECK(std::tuple{h.nxstart, h.nystart, h.nzstart} == std::tuple{-4, -5, -6});
  CHECK(h.byte_order == std::endian::big);
  CHECK(h.machst == mrcz::stamp_of(std::endian::big));
}

TEST_CASE("MAP, stamp, NVERSION and MODE are always right") {
  header before;
  before.map = {};
  before.machst = {};
  before.nversion = 0;
  auto content = slices(2);
  content.mode = {mrcz::mode::uint16, mrcz::codec::zlib};
  content.packed_bytes = 777;
  const auto h = mrcz::detail::compose_header(before, content, {});
  CHECK(std::string{h.map.data(), 4} == "MAP ");
  CHECK(h.machst == mrcz::stamp_of(h.byte_order));
  CHECK(h.nversion == 20141);
  CHECK(h.mode == 5006);
  CHECK(h.packed_bytes == 777);
}

TEST_CASE("the packed size is 0 without a codec, unless the bytes there are IMOD's") {
  header before;
  before.packed_bytes = 12345;
  CHECK(finished(1, {}, false, before).packed_bytes == 0);
  before.imod_stamp = mrcz::imod_stamp_value;
  CHECK(finished(1, {}, false, before).packed_bytes == 12345);
}

TEST_CASE("statistics are those of the slices, or marked as not determined") {
  auto content = slices(1);
  content.statistics = {.min = -1, .max = 3, .mean = 0.5, .rms = 2};
  auto h = mrcz::detail::compose_header({}, content, {});
  CHECK(std::tuple{h.dmin, h.dmax, h.dmean, h.rms} == std::tuple{-1.0F, 3.0F, 0.5F, 2.0F});
  content.statistics = mrcz::statistics{};
  auto unknown = mrcz::detail::compose_header(h, content, {});
  CHECK(std::tuple{unknown.dmin, unknown.dmax, unknown.dmean, unknown.rms} == std::tuple{0.0F, -1.0F, -2.0F, -1.0F});
  content.statistics = std::nullopt;  // no slice was put: what was known is still true
  h = mrcz::detail::compose_header(h, content, {});
  CHECK(std::tuple{h.dmin, h.dmax, h.dmean, h.rms} == std::tuple{-1.0F, 3.0F, 0.5F, 2.0F});
}

TEST_CASE("the first label of a compressed file makes python-mrcz trust MZ, and is added once") {
  auto content = slices(1);
  content.mode.codec = mrcz::codec::zstd;
  const auto labels = [&](const header& before) { return mrcz::detail::compose_header(before, content, {}).labels; };
  auto h = mrcz::detail::compose_header({}, content, {});
  REQUIRE(h.labels.size() == 1);
  CHECK(h.labels[0] == "MRCZ" MRCZ_VERSION_STRING);
  CHECK(labels(h).size() == 1);

  header from_python;
  from_python.labels.add("MRCZ0.5.7");
  CHECK(labels(from_python).size() == 1);
  CHECK(labels(from_python)[0] == "MRCZ0.5.7");

  header old;
  old.labels.add("MRCZ0.4.1");
  CHECK(labels(old)[0] == "MRCZ" MRCZ_VERSION_STRING);
  CHECK(labels(old)[1] == "MRCZ0.4.1");
}

TEST_CASE("a label is added to an uncompressed file only where a reader needs it") {
  CHECK(finished(1).labels.empty());
  CHECK(finished(5, {}, true).labels.empty());
  auto content = slices(1);
  content.mode.mode = mrcz::mode::int32;
  CHECK(mrcz::detail::compose_header({}, content, {}).labels.size() == 1);
  header one_frame;
  one_frame.mz = 6;
  CHECK(finished(6, {}, false, one_frame).labels.size() == 1);
  CHECK(finished(6, {}, false, one_frame).slices_per_frame() == 6);
  CHECK(finished(12, {}, false, one_frame).labels.empty());
  CHECK(finished(12, {}, false, one_frame).slices_per_frame() == 6);
  header early;
  early.labels.add("MRCZ0.4.1");
  CHECK(finished(1, {}, false, early).labels[0] == "MRCZ" MRCZ_VERSION_STRING);
}

TEST_CASE("ten labels are all written") {
  header full;
  for (int i = 0; i < 10; ++i) full.labels.add(fmt::format("label {}", i));
  CHECK(finished(1, {}, false, full).labels == full.labels);
  auto content = slices(1);
  content.mode.codec = mrcz::codec::zstd;
  CHECK(mrcz::detail::compose_header(full, content, {}).labels == full.labels);

  full.mz = 6;
  CHECK(finished(12, {}, false, full).labels == full.labels);
  CHECK_FALSE(refusal(full, slices(12)));
  const auto failure = refusal(full, slices(6));
  REQUIRE(failure);
  CHECK(failure->code == errc::bad_option);
  CHECK(failure->mentions("ten labels leave no room"));
}

TEST_CASE("a cell that the caller states is written as it is stated") {
  header cell_alone;
  cell_alone.cella = {8, 9, 10};
  const auto volume = finished(5, {}, true, cell_alone);
  CHECK(volume.cella == cell_alone.cella);
  CHECK(std::tuple{volume.mx, volume.my, volume.mz} == std::tuple{4, 3, 5});
  CHECK(volume.voxel_size() == mrcz::voxel_size{2, 3, 2});

  header crystal = cell_alone;
  std::tie(crystal.mx, crystal.my, crystal.mz) = std::tuple{16, 18, 20};
  const auto part = finished(5, {}, true, crystal);
  CHECK(part.cella == crystal.cella);
  CHECK(std::tuple{part.mx, part.my, part.mz} == std::tuple{16, 18, 20});

  CHECK(finished(5, {.voxel_size = mrcz::voxel_size{2, 3, 2}}, true, cell_alone).cella == cell_alone.cella);
  CHECK_FALSE(refusal(cell_alone, slices(5, true), {.voxel_size = mrcz::voxel_size{2, 3, 2}}));
  const auto contradiction = refusal(cell_alone, slices(5, true), {.voxel_size = mrcz::voxel_size{2, 3, 3}});
  REQUIRE(contradiction);
  CHECK(contradiction->code == errc::bad_option);
  CHECK(contradiction->mentions("CELLA.z is 10 in the header, but 5 voxels of the stated size make 15"));
  cell_alone.cella.y = -1;
  CHECK(refusal(cell_alone, slices(5, true))->mentions("CELLA.y is -1"));
  cell_alone.cella.y = std::numeric_limits<float>::quiet_NaN();
  CHECK(refusal(cell_alone, slices(5, true))->code == errc::bad_option);
}

TEST_CASE("M and CELLA of a part of a crystal's map are those of the crystal") {
  header whole;
  std::tie(whole.nx, whole.ny, whole.nz) = std::tuple{40, 30, 50};
  std::tie(whole.mx, whole.my, whole.mz) = std::tuple{80, 60, 100};
  whole.cella = {160, 60, 50};
  whole.ispg = 19;
  const auto part = finished(5, {}, true, whole);
  CHECK(std::tuple{part.mx, part.my, part.mz} == std::tuple{80, 60, 100});
  CHECK(part.cella == whole.cella);

  std::tie(whole.mx, whole.my, whole.mz) = std::tuple{40, 30, 50};  // no crystal: the cell is that of the volume
  const auto cropped = finished(5, {}, true, whole);
  CHECK(std::tuple{cropped.mx, cropped.my, cropped.mz} == std::tuple{4, 3, 5});
  CHECK(cropped.cella == mrcz::per_axis<float>{16, 6, 5});
}

TEST_CASE("MZ that the caller states is written or refused") {
  header stated;
  stated.mz = 20;
  CHECK(finished(5, {.space_group = 19}, true, stated).mz == 20);
  stated.mz = 2;
  CHECK(finished(6, {}, false, stated).mz == 2);
  CHECK(finished(5, {}, false, stated).mz == 2);
  auto content = slices(6);
  content.mode.codec = mrcz::codec::zstd;
  CHECK(mrcz::detail::compose_header(stated, content, {}).mz == 2);
  CHECK_FALSE(refusal(stated, content));
  content.shape[0] = 5;
  CHECK_FALSE(refusal(stated, slices(5)));
  const auto failure = refusal(stated, content);
  REQUIRE(failure);
  CHECK(failure->code == errc::shape_mismatch);
  CHECK(failure->mentions("MZ is stated as 2, but 5 slices are not a whole multiple"));
  content.volumes = true;
  CHECK(refusal(stated, content, {.space_group = 19})->code == errc::shape_mismatch);
}

TEST_CASE("a copy of IMOD's stack of images has as many frames as the stack, compressed or not") {
  header imod;
  std::tie(imod.nx, imod.ny, imod.nz, imod.mz) = std::tuple{4, 3, 6, 6};
  imod.cella.z = 12;
  REQUIRE(imod.slices_per_frame() == 1);
  const auto plain = finished(6, {}, false, imod);
  CHECK(plain.mz == 6);
  CHECK(plain.slices_per_frame() == 1);
  auto content = slices(6);
  content.mode.codec = mrcz::codec::zstd;
  const auto packed = mrcz::detail::compose_header(imod, content, {});
  CHECK(packed.slices_per_frame() == 1);
  CHECK(packed.voxel_size()->z == 2);
}

TEST_CASE("a space group in the header is written, or refused where the options state another kind") {
  header stated;
  stated.ispg = 402;
  CHECK(finished(6, {.sections_per_volume = 2}, true, stated).ispg == 402);
  stated.ispg = 19;
  CHECK(finished(6, {.kind = kind::volume}, true, stated).ispg == 19);
  const auto failure = refusal(stated, slices(6, true), {.kind = kind::image_stack});
  REQUIRE(failure);
  CHECK(failure->code == errc::bad_option);
  CHECK(failure->mentions("ISPG is stated as 19, but an option makes it 0"));
  CHECK(refusal(stated, slices(6, true), {.space_group = 4})->code == errc::bad_option);
}

TEST_CASE("a field that cannot be as it is stated is refused, each by its name") {
  const auto refused = [](auto&& state, const std::string& name) {
    header stated;
    state(stated);
    auto content = slices(5, true);
    content.statistics = mrcz::statistics{};
    const auto failure = refusal(stated, content, {.origin = mrcz::per_axis<float>{1, 2, 3}});
    CAPTURE(name);
    REQUIRE(failure);
    CHECK(failure->code == errc::bad_option);
    CHECK(failure->mentions(name + " is "));
  };
  refused([](header& h) { h.mx = -5; }, "MX");
  refused([](header& h) { h.mapc = 7; }, "MAPC");
  refused([](header& h) { h.mode = 6; }, "MODE");
  refused([](header& h) { h.nversion = 20130; }, "NVERSION");
  refused([](header& h) { h.nsymbt = 80; }, "NSYMBT");
  refused([](header& h) { h.dmean = 7; }, "DMEAN");
  refused([](header& h) { h.origin.y = 9; }, "ORIGIN.y");
  refused([](header& h) { h.nint = 4; }, "NINT");
  refused([](header& h) { h.exttyp = {'F', 'E', 'I', '1'}; }, "EXTTYP");
  header fine;
  fine.voltage = 300;
  fine.nxstart = -3;
  fine.origin = {1, 2, 3};
  fine.cellb = {90, 90, 120};
  fine.extra2[3] = std::byte{7};
  CHECK_FALSE(refusal(fine, slices(5, true), {.origin = mrcz::per_axis<float>{1, 2, 3}}));
}

TEST_CASE("statistics are those that the caller states where none are computed") {
  header stated;
  std::tie(stated.dmin, stated.dmax, stated.dmean, stated.rms) = std::tuple{-1.0F, 5.0F, 2.0F, 0.5F};
  auto content = slices(5);
  content.statistics = mrcz::statistics{};
  const auto h = mrcz::detail::compose_header(stated, content, {.statistics = false});
  CHECK(std::tuple{h.dmin, h.dmax, h.dmean, h.rms} == std::tuple{-1.0F, 5.0F, 2.0F, 0.5F});
  CHECK_FALSE(refusal(stated, content, {.statistics = false}));
  CHECK(refusal(stated, content)->mentions("DMIN is stated as -1, but the voxels make it 0"));
  stated.nz = 9;  // copied: of other voxels
  CHECK(mrcz::detail::compose_header(stated, content, {.statistics = false}).dmax == -1);
}

TEST_CASE("what is stated for a file that grows is told apart from what was in it") {
  header found;
  std::tie(found.nx, found.ny, found.nz) = std::tuple{4, 3, 10};
  std::tie(found.mx, found.my, found.mz) = std::tuple{4, 3, 10};
  found.cella = {4, 3, 10};
  found.ispg = 1;
  auto content = slices(20, true);
  content.grows = true;
  const auto as_found = mrcz::detail::compose_header(found, content, {});
  CHECK(as_found.mz == 20);
  CHECK(as_found.cella == mrcz::per_axis<float>{4, 3, 20});
  header_fields stated = found;
  stated.cella = {40, 40, 300};
  CHECK(mrcz::detail::compose_header(stated, content, {}).cella == mrcz::per_axis<float>{40, 40, 300});
  CHECK(mrcz::detail::compose_header(stated, content, {}).mz == 20);
  stated.mz = 40;
  CHECK(mrcz::detail::compose_header(stated, content, {}).mz == 40);
  CHECK_FALSE(refusal(stated, content));
  stated.dmax = 99;
  CHECK_FALSE(refusal(stated, content));  // no slice was put
  content.statistics = mrcz::statistics{};
  CHECK(refusal(stated, content)->mentions("DMAX is stated as 99, but the voxels make it -1"));
}

TEST_CASE("no frames are invented where a label of MRCZ comes in front") {
  for (const char* const label : {"", "MRCZ0.4.1", "MRCZ0.5.6"})
    for (const auto m : {mrcz::mode::float32, mrcz::mode::int32})
      for (const auto c : {mrcz::codec::none, mrcz::codec::zstd})
        for (const std::size_t nz : {5U, 10U}) {
          CAPTURE(label);
          CAPTURE(mrcz::name_of(m));
          CAPTURE(mrcz::name_of(c));
          CAPTURE(nz);
          header before;
          std::tie(before.nx, before.ny, before.nz, before.mz) = std::tuple{4, 3, 5, 5};
          if (*label != '\0') before.labels.add(label);
          const std::int32_t frame = before.slices_per_frame();
          auto content = slices(nz);
          content.mode = {m, c};
          CHECK(mrcz::detail::compose_header(before, content, {}).slices_per_frame() == frame);
          content.grows = true;
          CHECK(mrcz::detail::compose_header(before, content, {}).slices_per_frame() == frame);
        }
}

TEST_CASE("slices that are appended make whole frames, or closing is refused") {
  header found;
  std::tie(found.nx, found.ny, found.nz, found.mz) = std::tuple{4, 3, 5, 5};
  found.labels.add("MRCZ0.5.6");
  auto content = slices(8);
  content.grows = true;
  const auto failure = refusal(found, content);
  REQUIRE(failure);
  CHECK(failure->code == errc::shape_mismatch);
  CHECK(failure->mentions("MZ is 5, but 8 slices"));
  content.shape[0] = 10;
  CHECK_FALSE(refusal(found, content));
}

TEST_CASE("NINT and NREAL go with the extended header that they describe") {
  header before;
  before.nint = 14;
  before.nreal = 33;
  auto content = slices(1);
  content.exttyp = {'S', 'E', 'R', 'I'};
  content.extended_bytes = 28;
  auto h = mrcz::detail::compose_header(before, content, {});
  CHECK(std::tuple{h.nint, h.nreal, h.nsymbt} == std::tuple{14, 33, 28});
  content.nint = 0, content.nreal = 32;
  h = mrcz::detail::compose_header(before, content, {});
  CHECK(std::tuple{h.nint, h.nreal, h.nsymbt} == std::tuple{0, 32, 28});
  content.nint = content.nreal = -1;  // DeltaVision
  h = mrcz::detail::compose_header(before, content, {});
  CHECK(std::tuple{h.nint, h.nreal, h.nsymbt} == std::tuple{14, 33, 28});
  content.exttyp = mrcz::exttyp_json;
  h = mrcz::detail::compose_header(before, content, {});
  CHECK(std::tuple{h.nint, h.nreal, h.nsymbt} == std::tuple{0, 0, 28});
  h = finished(1, {}, false, before);
  CHECK(std::tuple{h.nint, h.nreal, h.nsymbt} == std::tuple{0, 0, 0});
}

TEST_CASE("an extent that does not fit its field is too large") {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    auto content = slices(1);
    content.shape[axis] = std::size_t{1} << 31U;
    const auto failure = test::failure_of([&] { mrcz::detail::compose_header({}, content, {}); });
    REQUIRE(failure);
    CHECK(failure->code == errc::too_large);
    CHECK(failure->mentions(
        fmt::format("{} is 2147483648, more than the header can say", std::array{"NZ", "NY", "NX"}[axis])));
  }
  CHECK(test::failure_of([] { finished(6, {.sections_per_volume = std::size_t{1} << 40U}); })->code == errc::too_large);
}

TEST_CASE("slices that are not what the header announces are refused") {
  const auto refused = [](std::size_t nz, const mrcz::write_options& options, const std::string& message) {
    const auto failure = refusal({}, slices(nz), options);
    REQUIRE(failure);
    CHECK(failure->code == errc::shape_mismatch);
    CHECK(failure->mentions(message));
  };
  refused(2, {.kind = kind::image}, "kind is image, but there are 2 slices");
  refused(5, {.sections_per_volume = 2}, "5 slices are not a whole number of volumes of 2 sections");
  CHECK_FALSE(refusal({}, slices(6), {.sections_per_volume = 2}));
  CHECK_FALSE(refusal({}, slices(1), {.kind = kind::image}));
}

TEST_CASE("a voxel size that the caller states makes the cell") {
  header_fields fields;
  fields.set_voxel_size({2, 3, 4});
  const auto h = finished(5, {}, true, fields);
  CHECK(h.cella == mrcz::per_axis<float>{8, 9, 20});
  const header_fields assigned = [&] {
    header_fields other;
    other = fields;
    return other;
  }();
  CHECK(finished(5, {}, true, assigned).cella == h.cella);
  CHECK_FALSE(refusal(fields, slices(5), {.voxel_size = mrcz::voxel_size{2, 3, 4}}));
  CHECK(refusal(fields, slices(5), {.voxel_size = mrcz::voxel_size{2, 3, 5}})->code == errc::bad_option);
  fields.cella.x = 9;
  CHECK(refusal(fields, slices(5))->code == errc::bad_option);
  fields.set_voxel_size({2, 3, std::numeric_limits<float>::infinity()});
  CHECK(refusal(fields, slices(5))->code == errc::bad_option);
}
