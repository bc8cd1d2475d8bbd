#include <doctest/doctest.h>

#include <algorithm>
#include <complex>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "mrcz/io/mapped_file.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write.hpp"
#include "tests/sha256.hpp"
#include "tests/whole_files.hpp"

// Files that other programs wrote: python-mrcz 0.5.7 and the archive EMDB.

namespace {

const std::filesystem::path golden{MRCZ_TEST_GOLDEN};

nlohmann::json manifest() {
  std::ifstream in{golden / "manifest.json"};
  return nlohmann::json::parse(in);
}

mrcz::mode mode_of_dtype(const std::string& dtype) {
  static const std::map<std::string, mrcz::mode> modes{{"|i1", mrcz::mode::int8},      {"<i2", mrcz::mode::int16},
                                                       {"<u2", mrcz::mode::uint16},    {"<f4", mrcz::mode::float32},
                                                       {"<c8", mrcz::mode::complex64}, {"<i4", mrcz::mode::int32},
                                                       {"<u4", mrcz::mode::uint32},    {"|u1", mrcz::mode::uint4}};
  return modes.at(dtype);
}

/// python-mrcz writes lz4hc as lz4, and blosc's chunks do not tell the two apart either.
mrcz::codec codec_shown(const nlohmann::json& codec) {
  if (codec.is_null()) return mrcz::codec::none;
  if (codec == "lz4hc") return mrcz::codec::lz4;
  return mrcz::codec_named(codec.get<std::string>()).value();
}

std::complex<double> number(const nlohmann::json& value) {
  if (value.is_array()) return {value.at(0).get<double>(), value.at(1).get<double>()};
  return value.get<double>();
}

/// A file of EMDB; empty, with a message, where the reference data are not there.
std::filesystem::path emdb(const char* name) {
  auto path = std::filesystem::path{MRCZ_TEST_SHARED} / "emdb" / name;
  if (std::filesystem::exists(path)) return path;
  MESSAGE("skipped: ", name, " is not there");
  return {};
}

std::string text(std::span<const std::byte> from) { return {reinterpret_cast<const char*>(from.data()), from.size()}; }

}  // namespace

TEST_CASE("SHA-256 gives the digests of the standard's examples") {
  const auto digest = [](std::string_view message) { return test::sha256::of(std::as_bytes(std::span{message})); };
  CHECK(digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(digest(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("every reference file reads as it was written") {
  const auto files = manifest();
  REQUIRE(files.size() == 29);
  for (const auto& file : files.items()) {
    const auto& name = file.key();
    const auto& expected = file.value();
    CAPTURE(name);
    const mrcz::reader in{golden / name};
    const auto& h = in.header();

    CHECK(in.shape() == expected.at("shape").get<mrcz::shape>());
    CHECK(in.mode() == mode_of_dtype(expected.at("dtype")));
    CHECK(in.codec() == codec_shown(expected.at("codec")));
    CHECK(h.byte_order == (expected.at("byte_order") == "be" ? std::endian::big : std::endian::little));

    const auto voxel = in.voxel_size().value_or(mrcz::voxel_size{});
    CHECK(voxel.z == doctest::Approx(expected.at("voxel_size_zyx").at(0).get<double>()).epsilon(1e-6));
    CHECK(voxel.y == doctest::Approx(expected.at("voxel_size_zyx").at(1).get<double>()).epsilon(1e-6));
    CHECK(voxel.x == doctest::Approx(expected.at("voxel_size_zyx").at(2).get<double>()).epsilon(1e-6));
    CHECK(h.voltage == expected.at("voltage").get<float>());
    CHECK(h.c3 == expected.at("C3").get<float>());
    CHECK(h.gain == expected.at("gain").get<float>());
    CHECK(in.metadata() == expected.at("meta"));
    REQUIRE(h.labels.size() == 1);
    CHECK(h.labels[0] == "MRCZ0.5.7");
    CHECK_FALSE(in.statistics().rms.has_value());  // python-mrcz leaves 0 there and means nothing
    if (in.codec() != mrcz::codec::none) CHECK(h.packed_bytes == static_cast<std::int64_t>(in.slices().packed_bytes()));

    const auto voxels = test::numbers_of(in);
    for (std::size_t i = 0; i < 4; ++i) CHECK(voxels[i] == number(expected.at("first_values").at(i)));
    CHECK(test::sha256::of(test::voxel_bytes(in)) == expected.at("sha256").get<std::string>());
  }
}

TEST_CASE("a reference file reads the same from a mapping, from memory and with any number of threads") {
  for (const std::string name : {"f4_zstd5.mrcz", "be_i2_none.mrc", "be_f4_zstd.mrcz", "uint4_none.mrc"}) {
    CAPTURE(name);
    const auto expected = test::voxel_bytes(mrcz::reader{golden / name, {.threads = 1}});
    CHECK(test::voxel_bytes(mrcz::reader{golden / name, {.threads = 3}}) == expected);
    CHECK(test::voxel_bytes(mrcz::reader{std::make_unique<mrcz::mapped_file>(golden / name)}) == expected);
    CHECK(test::voxel_bytes(test::reader_of(test::bytes_of(golden / name))) == expected);
  }
}

TEST_CASE("python-mrcz's lists come back as frames") {
  const mrcz::reader images{golden / "list2d_zstd.mrcz"};
  CHECK(images.header().slices_per_frame() == 1);
  CHECK(images.frames() == 4);

  const mrcz::reader volumes{golden / "list3d_zstd.mrcz"};
  const auto per_frame = static_cast<std::size_t>(volumes.header().slices_per_frame());
  CHECK(volumes.header().mz == 3);
  CHECK(per_frame == 3);
  REQUIRE(volumes.frames() == 2);
  for (std::size_t frame = 0; frame < 2; ++frame)
    CHECK(volumes.read_frame<std::int8_t>(frame) ==
          volumes.read_slices<std::int8_t>({.first = frame * per_frame, .count = per_frame}));
  const auto failure = test::failure_of([&] { volumes.read_frame<std::int8_t>(2); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::out_of_range);
  CHECK(failure->mentions("list3d_zstd.mrcz: frame 2 was asked for, but there are 2"));
}

TEST_CASE("a reference file with three more slices keeps its own voxels") {
  const test::scratch_folder folder;
  for (const std::string name : {"i2_none.mrc", "i2_meta_lz4.mrcz", "be_i2_none.mrc", "list3d_zstd.mrcz"}) {
    CAPTURE(name);
    std::filesystem::copy_file(golden / name, folder / name);
    const mrcz::reader before{golden / name};
    const auto [nz, ny, nx] = before.shape();
    const bool bytes = before.mode() == mrcz::mode::int8;
    if (bytes) mrcz::append_to(folder / name, test::counts<std::int8_t>({3, ny, nx}));
    else mrcz::append_to(folder / name, test::counts<std::int16_t>({3, ny, nx}));

    const mrcz::reader after{folder / name};
    CHECK(after.shape() == mrcz::shape{nz + 3, ny, nx});
    CHECK(after.codec() == before.codec());
    CHECK(after.metadata() == before.metadata());
    CHECK(after.header().byte_order == before.header().byte_order);
    CHECK(after.voxel_size()->x == doctest::Approx(before.voxel_size()->x));
    CHECK(after.voxel_size()->z == doctest::Approx(before.voxel_size()->z));
    CHECK(after.header().slices_per_frame() == before.header().slices_per_frame());
    CHECK(after.read_slices<std::int16_t>({.first = 0, .count = nz}) == before.read<std::int16_t>());
    CHECK(after.read_slices<std::int16_t>({.first = nz}) == test::counts<std::int16_t>({3, ny, nx}));
  }
}

TEST_CASE("EMD-3001: space group 4, permuted axes, symmetry records of no stated kind") {
  const auto path = emdb("EMD-3001.map");
  if (path.empty()) return;
  const mrcz::reader in{path};
  const auto& h = in.header();
  CHECK(in.shape() == mrcz::shape{25, 43, 73});
  CHECK(in.mode() == mrcz::mode::float32);
  CHECK(in.kind() == mrcz::kind::volume);
  CHECK(h.ispg == 4);
  CHECK(h.mapc == 3);
  CHECK(h.mapr == 1);
  CHECK(h.maps == 2);
  CHECK(h.nxstart == 0);
  CHECK(h.nystart == -21);
  CHECK(h.nzstart == -12);
  CHECK(h.mx == 40);
  CHECK(h.my == 12);
  CHECK(h.mz == 72);
  CHECK(h.nversion == 0);
  CHECK(in.voxel_size()->x == h.cella.x / 40);
  CHECK(in.voxel_size()->y == h.cella.y / 12);
  CHECK(in.voxel_size()->z == h.cella.z / 72);
  const auto extended = in.extended_header();
  CHECK(extended.bytes.size() == 160);
  CHECK(extended.type().empty());
  CHECK(text(extended.bytes).find("X,  Y,  Z") != std::string::npos);
  CHECK(in.metadata().is_null());

  const auto voxels = in.read<float>();
  CHECK(*std::min_element(voxels.data(), voxels.data() + voxels.size()) == h.dmin);
  CHECK(*std::max_element(voxels.data(), voxels.data() + voxels.size()) == h.dmax);

  SUBCASE("a compressed copy says the same and the way back is the same file but for what we must change") {
    const test::scratch_folder folder;
    for (const char* name : {"copy.mrcz", "back.mrc"}) {
      mrcz::writer out{folder / name};
      out.header() = h;
      out.set_extended_header(extended);
      out.append(voxels);
      out.close();
      const mrcz::reader copy{folder / name};
      const auto& found = copy.header();
      CHECK(copy.extended_header().bytes == extended.bytes);
      CHECK(copy.extended_header().type() == "CCP4");
      CHECK(copy.voxel_size() == in.voxel_size());
      CHECK(copy.read<float>() == voxels);
      CHECK(found.ispg == 4);
      CHECK(std::tie(found.mapc, found.mapr, found.maps) == std::tie(h.mapc, h.mapr, h.maps));
      CHECK(std::tie(found.mx, found.my, found.mz) == std::tie(h.mx, h.my, h.mz));
      CHECK(std::tie(found.nxstart, found.nystart, found.nzstart) == std::tie(h.nxstart, h.nystart, h.nzstart));
      CHECK(found.cella == h.cella);
      CHECK(found.cellb == h.cellb);
      CHECK(found.origin == h.origin);
      CHECK(found.dmin == h.dmin);
      CHECK(found.dmax == h.dmax);
      CHECK(found.nversion == 20141);
      const std::size_t ours = copy.codec() == mrcz::codec::none ? 0 : 1;
      CHECK(std::vector<std::string>(std::next(found.labels.begin(), static_cast<std::ptrdiff_t>(ours)),
                                     found.labels.end()) == std::vector<std::string>(h.labels.begin(), h.labels.end()));
    }
  }
}

TEST_CASE("EMD-3197: a plain cube") {
  const auto path = emdb("EMD-3197.map");
  if (path.empty()) return;
  const mrcz::reader in{path};
  const auto& h = in.header();
  CHECK(in.shape() == mrcz::shape{20, 20, 20});
  CHECK(in.mode() == mrcz::mode::float32);
  CHECK(in.codec() == mrcz::codec::none);
  CHECK(in.extended_header().empty());
  const auto voxels = in.read<float>();
  double sum = 0;
  for (const float v : voxels) sum += v;
  CHECK(sum / 8000 == doctest::Approx(h.dmean).epsilon(1e-4));
  CHECK(*std::min_element(voxels.begin(), voxels.end()) == h.dmin);
  CHECK(*std::max_element(voxels.begin(), voxels.end()) == h.dmax);
}
