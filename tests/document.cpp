#include "mrcz/document.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <tuple>

#include "mrcz/write.hpp"
#include "tests/whole_files.hpp"

TEST_CASE("a document is read, changed and written with everything else kept") {
  const test::scratch_folder folder;
  mrcz::writer out{folder / "first.mrc", {.kind = mrcz::kind::volume, .voxel_size = mrcz::voxel_size{2, 2, 3}}};
  out.header().labels.add("as measured");
  out.header().voltage = 300;
  out.header().origin = {1, 2, 3};
  out.set_extended_header({{'F', 'E', 'I', '1'}, test::bytes(768, std::byte{7})});
  out.append(test::counts<float>({3, 4, 5}));
  out.close();

  auto document = mrcz::read_document<float>(folder / "first.mrc");
  document.voxels *= 2;
  for (const char* const name : {"second.mrc", "second.mrcz"}) {
    mrcz::write(folder / name, document);
    const auto again = mrcz::read_document<float>(folder / name);
    CHECK(again.voxels == document.voxels);
    CHECK(again.extended_header == document.extended_header);
    CHECK(again.header.voltage == 300);
    CHECK(again.header.origin == mrcz::per_axis<float>{1, 2, 3});
    CHECK(again.header.kind() == mrcz::kind::volume);
    CHECK(again.header.voxel_size() == mrcz::voxel_size{2, 2, 3});
    const std::size_t ours = again.header.mode >= 1000 ? 1 : 0;
    REQUIRE(again.header.labels.size() == 1 + ours);
    CHECK(again.header.labels[ours] == "as measured");
    CHECK(again.header.dmax == 2 * document.header.dmax);
  }
}

TEST_CASE("a document that was not changed is written as the same file") {
  const test::scratch_folder folder;
  mrcz::writer out{folder / "first.mrcs", {.voxel_size = mrcz::voxel_size{1, 1, 1}}};
  for (int i = 0; i < 10; ++i) out.header().labels.add("label " + std::to_string(i));
  out.header().extra3 = [] {
    std::array<std::byte, 36> tilt{};
    tilt.fill(std::byte{9});
    return tilt;
  }();
  out.append(test::counts<std::int16_t>({3, 4, 5}));
  out.close();
  mrcz::write(folder / "second.mrc", mrcz::read_document<std::int16_t>(folder / "first.mrcs"));
  CHECK(test::bytes_of(folder / "second.mrc") == test::bytes_of(folder / "first.mrcs"));
}

TEST_CASE("a document in the order x, y, z has a header of that order") {
  const test::scratch_folder folder;
  mrcz::writer out{folder / "yxz.mrc", {.kind = mrcz::kind::volume, .start = mrcz::per_axis<std::int32_t>{-1, -2, -3}}};
  out.header().mapc = 2;
  out.header().mapr = 1;
  out.append(test::counts<float>({3, 4, 5}));
  out.close();
  const auto document = mrcz::read_document<float>(folder / "yxz.mrc", {.axes = mrcz::axis_order::xyz});
  mrcz::write(folder / "xyz.mrc", document);
  const mrcz::reader in{folder / "xyz.mrc"};
  CHECK(in.shape() == mrcz::shape{3, 5, 4});
  CHECK(std::tuple{in.header().mapc, in.header().nxstart, in.header().nystart} == std::tuple{1, -2, -1});
  CHECK(in.read<float>() == document.voxels);
}

namespace {

/// Makes up headers that follow the standard, always the same ones.
class header_maker {
 public:
  explicit header_maker(unsigned seed) : random_{seed} {}

  std::size_t below(std::size_t end) { return random_() % end; }
  std::int32_t number(std::int32_t first, std::int32_t last) {
    return first + static_cast<std::int32_t>(below(static_cast<std::size_t>(last - first + 1)));
  }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  float real() { return static_cast<float>(number(-4000, 4000)) / 37.0F; }
  template <class T, std::size_t N>
  T one_of(const std::array<T, N>& all) {
    return all[below(N)];
  }

  /// A header for a file of `extents`, or of others.
  mrcz::header make(const mrcz::shape& extents, bool same_extents) {
    mrcz::header h;
    const auto extent = [&](std::size_t n) { return same_extents ? static_cast<std::int32_t>(n) : number(1, 12); };
    h.nx = extent(extents[2]), h.ny = extent(extents[1]), h.nz = extent(extents[0]);
    h.mode = one_of(std::array{0, 1, 2, 6, 4002, 5001});
    h.ispg = one_of(std::array{0, 0, 0, 1, 1, 4, 230, 401, 630});
    h.nxstart = number(-99, 99), h.nystart = number(-99, 99), h.nzstart = number(-99, 99);
    const auto axes = one_of(
        std::array<std::array<std::int32_t, 3>, 6>{{{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}}});
    std::tie(h.mapc, h.mapr, h.maps) = std::tuple{axes[0], axes[1], axes[2]};
    h.mx = chance(3) ? number(1, 50) : h.n_along(1);
    h.my = chance(3) ? number(1, 50) : h.n_along(2);
    h.mz = intervals_along_z(h, extents[0]);
    const auto edge = [&](std::int32_t m) {
      return chance(4) ? 0.0F : chance(2) ? 1.35F * static_cast<float>(m) : std::abs(real());
    };
    h.cella = {edge(h.mx), edge(h.my), edge(h.mz)};
    if (chance(2)) h.cellb = {101.5F, 90, 120};
    h.dmin = real(), h.dmax = real(), h.dmean = real(), h.rms = real();
    fill(h.extra1);
    fill(h.extra2);
    fill(h.extra3);
    h.nversion = one_of(std::array{20140, 20141});
    h.nint = static_cast<std::int16_t>(number(0, 99)), h.nreal = static_cast<std::int16_t>(number(0, 99));
    h.voltage = real(), h.c3 = real(), h.gain = real();
    h.packed_bytes = number(0, 1000);
    h.imod_stamp = one_of(std::array{0, 5, mrcz::imod_stamp_value});
    h.imod_flags = number(0, 63) & ~16;  // with 16, mode 0 would be read as mode 101
    if (chance(2)) h.origin = {real(), real(), chance(2) ? 0 : real()};
    h.byte_order = one_of(std::array{std::endian::little, std::endian::big});
    h.machst = mrcz::stamp_of(h.byte_order);
    if (h.byte_order == std::endian::little && chance(2)) h.machst[1] = std::byte{0x41};
    const std::size_t labels = below(11);
    for (std::size_t i = 0; i < labels; ++i)
      h.labels.add(i == 0 && chance(3) ? one_of(std::array{"MRCZ0.3.1", "MRCZ0.5.6", "MRCZ2.0.0"})
                                       : std::string(1 + below(80), static_cast<char>('A' + i)));
    h.nlabl = static_cast<std::int32_t>(labels);
    return h;
  }

 private:
  /// MZ: in a stack, one that divides the slices of the file, too.
  std::int32_t intervals_along_z(mrcz::header& h, std::size_t slices) {
    const auto divisor = chance(2) && slices % 2 == 0 ? static_cast<std::int32_t>(slices) / 2 : 1;
    if (h.kind() == mrcz::kind::volume) return chance(3) ? number(1, 50) : h.n_along(3);
    if (h.kind() == mrcz::kind::volume_stack && h.nz % divisor != 0) h.nz = 3 * divisor;
    return h.kind() == mrcz::kind::volume_stack ? divisor : one_of(std::array{1, divisor, h.nz});
  }

  template <std::size_t N>
  void fill(std::array<std::byte, N>& bytes) {
    for (auto& b : bytes) b = static_cast<std::byte>(below(256));
  }

  std::mt19937 random_;
};

/// The header of a file with these voxels whose header was copied.
template <class T>
mrcz::header copy_of(const mrcz::header& h, const mrcz::volume<T>& voxels, mrcz::write_options options) {
  options.like = h;
  return test::reader_of(test::file_with(voxels, options)).header();
}

}  // namespace

TEST_CASE("the copy of a copy is the copy, in all 1024 bytes of the header") {
  header_maker make{20141};
  std::size_t unchanged = 0;
  for (int i = 0; i < 3000; ++i) {
    const mrcz::shape extents{1 + make.below(8), 1 + make.below(8), 1 + make.below(8)};
    const bool same_extents = make.chance(2);
    const auto of_file = make.make(extents, same_extents);
    const mrcz::write_options options{
        .compression = {.codec = make.one_of(std::array{mrcz::codec::none, mrcz::codec::none, mrcz::codec::zstd})},
        .statistics = make.chance(2)};
    const auto check = [&](const auto& voxels) {
      const auto copy = copy_of(of_file, voxels, options);
      const auto again = copy_of(copy, voxels, options);
      CAPTURE(fmt::format("{}", of_file));
      CAPTURE(fmt::format("{}", copy));
      CAPTURE(fmt::format("{}", again));
      CHECK(again == copy);
      const bool volumes = copy.ispg != 0;
      if (!volumes || !same_extents || !of_file.labels.next_free()) return;
      auto expected = copy;  // and all that the voxels do not determine is as in the first file
      expected.nxstart = of_file.nxstart, expected.nystart = of_file.nystart, expected.nzstart = of_file.nzstart;
      expected.mx = of_file.mx, expected.my = of_file.my, expected.mz = of_file.mz;
      expected.cella = of_file.cella, expected.cellb = of_file.cellb;
      expected.mapc = of_file.mapc, expected.mapr = of_file.mapr, expected.maps = of_file.maps;
      expected.ispg = of_file.ispg;
      expected.extra1 = of_file.extra1, expected.extra2 = of_file.extra2, expected.extra3 = of_file.extra3;
      expected.nversion = of_file.nversion;
      expected.voltage = of_file.voltage, expected.c3 = of_file.c3, expected.gain = of_file.gain;
      expected.imod_stamp = of_file.imod_stamp;
      expected.origin = of_file.origin;
      expected.machst = of_file.machst;
      expected.byte_order = of_file.byte_order;
      CHECK(copy == expected);
      ++unchanged;
    };
    if (make.chance(2)) check(test::counts<float>(extents));
    else check(test::counts<std::int16_t>(extents));
  }
  CHECK(unchanged > 300);
}
