#include "mrcz/format/header_bytes.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "mrcz/core/endian.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/format/statistics.hpp"
#include "tests/format/raw_header.hpp"
#include "tests/support.hpp"

namespace {

constexpr std::array both_orders{std::endian::little, std::endian::big};

/// A header in which each field holds a value of its own, at the offset of the standard's table.
test::raw_header distinct_fields(std::endian order) {
  test::raw_header h{order};
  h.i32(0, 101).i32(4, 102).i32(8, 103).i32(12, 6);
  h.i32(16, -104).i32(20, -105).i32(24, -106);
  h.i32(28, 107).i32(32, 108).i32(36, 109);
  h.f32(40, 1.25F).f32(44, 2.5F).f32(48, 3.75F);
  h.f32(52, 90.5F).f32(56, 91.5F).f32(60, 92.5F);
  h.i32(64, 2).i32(68, 3).i32(72, 1);
  h.f32(76, -7.5F).f32(80, 8.5F).f32(84, 0.5F);
  h.i32(88, 19).i32(92, 240);
  h.text(96, "extra--1").text(104, "CCP4").i32(108, 20140).text(112, "extra bytes no 2");
  h.i16(128, -300).i16(130, 301);
  h.f32(132, 300).f32(136, 2.75F).f32(140, 0.875F).i64(144, -0x123456789abcdefLL);
  h.i32(152, 1146047817).i32(156, 5);
  h.text(160, "thirty-six bytes describe the tilt..");
  h.f32(196, 11.5F).f32(200, 12.5F).f32(204, 13.5F);
  h.text(208, "MAP ").raw(212, {order == std::endian::little ? 0x44U : 0x11U, 0x41, 0x17, 0x18});
  h.f32(216, 4.25F).i32(220, 2);
  h.text(224, "first label" + std::string(69, ' ')).text(304, "second label" + std::string(68, ' '));
  h.text(384, std::string(640, ' '));
  return h;
}

template <std::size_t Size>
std::string text_of(const std::array<std::byte, Size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
template <std::size_t Size>
std::string text_of(const std::array<char, Size>& characters) {
  return {characters.data(), characters.size()};
}

mrcz::header decode(const test::raw_header& h, std::uint64_t file_size = 0) {
  return mrcz::decode(h.bytes(), file_size);
}

mrcz::header golden(const std::string& name) {
  const auto file = test::bytes_of(std::filesystem::path{MRCZ_TEST_GOLDEN} / name);
  REQUIRE(file.size() > 1024);
  mrcz::header_bytes bytes;
  std::copy_n(file.begin(), bytes.size(), bytes.begin());
  return mrcz::decode(bytes, file.size());
}

/// What c-mrcz 0.1.3 writes: neither MAP nor labels nor NVERSION, two bytes of stamp, of the origin only x.
test::raw_header c_mrcz_header(std::int32_t mode) {
  test::raw_header h{std::endian::little};
  h.i32(0, 64).i32(4, 48).i32(8, 10).i32(12, mode);
  h.i32(28, 64).i32(32, 48).i32(36, 10);
  h.f32(40, 64).f32(44, 48).f32(48, 10).f32(52, 90).f32(56, 90).f32(60, 90);
  h.i32(64, 1).i32(68, 2).i32(72, 3);
  h.f32(76, 0).f32(80, 9).f32(84, 1).f32(132, 300).f32(136, 2.7F).f32(140, 1);
  h.f32(196, 42).raw(212, {0x44, 0x41}).f32(216, 1.5F);
  return h;
}

}  // namespace

TEST_CASE("each field stands where the standard puts it, in both byte orders") {
  for (const std::endian order : both_orders) {
    CAPTURE(mrcz::name_of(order));
    const mrcz::header h = decode(distinct_fields(order));
    CHECK(h.byte_order == order);
    CHECK(h.nx == 101);
    CHECK(h.ny == 102);
    CHECK(h.nz == 103);
    CHECK(h.mode == 6);
    CHECK(h.nxstart == -104);
    CHECK(h.nystart == -105);
    CHECK(h.nzstart == -106);
    CHECK(h.mx == 107);
    CHECK(h.my == 108);
    CHECK(h.mz == 109);
    CHECK(h.cella == mrcz::per_axis<float>{1.25F, 2.5F, 3.75F});
    CHECK(h.cellb == mrcz::per_axis<float>{90.5F, 91.5F, 92.5F});
    CHECK(h.mapc == 2);
    CHECK(h.mapr == 3);
    CHECK(h.maps == 1);
    CHECK(h.dmin == -7.5F);
    CHECK(h.dmax == 8.5F);
    CHECK(h.dmean == 0.5F);
    CHECK(h.ispg == 19);
    CHECK(h.nsymbt == 240);
    CHECK(text_of(h.extra1) == "extra--1");
    CHECK(text_of(h.exttyp) == "CCP4");
    CHECK(h.nversion == 20140);
    CHECK(text_of(h.extra2) == "extra bytes no 2");
    CHECK(h.nint == -300);
    CHECK(h.nreal == 301);
    CHECK(h.voltage == 300.0F);
    CHECK(h.c3 == 2.75F);
    CHECK(h.gain == 0.875F);
    CHECK(h.packed_bytes == -0x123456789abcdefLL);
    CHECK(h.imod_stamp == mrcz::imod_stamp_value);
    CHECK(h.imod_flags == 5);
    CHECK(text_of(h.extra3) == "thirty-six bytes describe the tilt..");
    CHECK(h.origin == mrcz::per_axis<float>{11.5F, 12.5F, 13.5F});
    CHECK(text_of(h.map) == "MAP ");
    CHECK(h.machst[1] == std::byte{0x41});
    CHECK(h.machst[3] == std::byte{0x18});
    CHECK(h.rms == 4.25F);
    CHECK(h.nlabl == 2);
    REQUIRE(h.labels.size() == 2);
    CHECK(h.labels[0] == "first label");
    CHECK(h.labels[1] == "second label");
  }
}

TEST_CASE("a header is written as it was read, to the byte") {
  for (const std::endian order : both_orders) {
    const auto raw = distinct_fields(order);
    CHECK(mrcz::encode(decode(raw)) == raw.bytes());
  }
}

TEST_CASE("a header may be written in the other order and says the same there") {
  for (const std::endian order : both_orders) {
    mrcz::header h = decode(distinct_fields(order));
    h.byte_order = mrcz::detail::opposite(order);
    h.machst = decode(distinct_fields(h.byte_order)).machst;
    CHECK(mrcz::encode(h) == distinct_fields(h.byte_order).bytes());
  }
}

TEST_CASE("all 1024 bytes come back as they were read, whatever they are") {
  std::mt19937 random{2014};
  for (int round = 0; round < 300; ++round) {
    mrcz::header_bytes bytes;
    for (auto& b : bytes) b = static_cast<std::byte>(random());
    bytes[108] |= std::byte{1};  // an NVERSION, so that it is no header of before 2000
    for (const std::endian order : both_orders) {
      const mrcz::header h = mrcz::decode(bytes, random(), order);
      CHECK(h.byte_order == order);
      CHECK(mrcz::encode(h) == bytes);
    }
  }
}

TEST_CASE("labels and their number are written as they were read, gaps included") {
  for (const std::endian order : both_orders) {
    auto raw = test::sane_header(order, 8, 8, 1, 2).i32(220, 7);
    raw.text(224 + 80, "second").text(224 + 400, "sixth");
    const mrcz::header h = decode(raw);
    CHECK(h.nlabl == 7);
    CHECK(h.labels.size() == 2);
    CHECK(h.labels[1] == "second");
    CHECK(mrcz::encode(h) == raw.bytes());
  }
}

TEST_CASE("NLABL is not believed") {
  for (const std::int32_t nlabl : {-1, 0, 1, 2, 10, 11, 0x02000000}) {
    CAPTURE(nlabl);
    auto raw = test::sane_header(std::endian::little, 8, 8, 1, 2).i32(220, nlabl);
    for (std::size_t i = 0; i < 10; ++i) raw.text(224 + 80 * i, "label " + std::to_string(i));
    const mrcz::header h = decode(raw);
    CHECK(h.nlabl == nlabl);  // as found, for validation
    CHECK(h.labels.size() == 10);
    CHECK(h.byte_order == std::endian::little);
  }
}

TEST_CASE("the caller may know the byte order better") {
  const auto raw = test::sane_header(std::endian::big, 64, 48, 5, 2);
  CHECK(mrcz::decode(raw.bytes(), 0).nx == 64);
  const mrcz::header h = mrcz::decode(raw.bytes(), 0, std::endian::little);
  CHECK(h.byte_order == std::endian::little);
  CHECK(h.nx == 0x40000000);
}

TEST_CASE(
    "python-mrcz writes MODE, statistics, microscope and NLABL of a big-endian file in the order of the machine") {
  for (const std::string name : {"be_i2_none.mrc", "be_f4_zstd.mrcz"}) {
    CAPTURE(name);
    const bool compressed = name.ends_with("z");
    const mrcz::header h = golden(name);
    CHECK(h.byte_order == std::endian::big);
    CHECK(h.nx == (compressed ? 70 : 14));
    CHECK(h.ny == (compressed ? 64 : 12));
    CHECK(h.nz == 2);
    CHECK(h.mode == (compressed ? 6002 : 1));
    CHECK(h.voltage == 300.0F);
    CHECK(h.c3 == 2.7F);
    CHECK(h.gain == 1.05F);
    CHECK(h.packed_bytes == (compressed ? 10153 - 1024 : 0));
    CHECK(h.nlabl == 1);
    REQUIRE(h.labels.size() == 1);
    CHECK(h.labels[0] == "MRCZ0.5.7");
    CHECK(h.voxel_size() == mrcz::voxel_size{1.5F, 2.0F, 3.0F});
    const auto s = mrcz::statistics_of(h);
    REQUIRE(s.min);
    CHECK(*s.min == (compressed ? -2.125 : -272.0));
    CHECK(*s.max == (compressed ? 2.0625 : 2008.0));
    CHECK(*s.mean == (compressed ? -0.03125 : 868.0));
    CHECK_FALSE(s.rms);
    mrcz::detail::check(h);
  }
}

TEST_CASE("such a file is written in one order throughout") {
  const mrcz::header h = golden("be_f4_zstd.mrcz");
  const mrcz::header again = mrcz::decode(mrcz::encode(h), 10153);
  CHECK(again.byte_order == std::endian::big);
  CHECK(again.mode == 6002);
  CHECK(again.voltage == 300.0F);
  CHECK(again.dmin == h.dmin);
  CHECK(again.packed_bytes == h.packed_bytes);
  CHECK(mrcz::detail::load<std::int32_t>(mrcz::encode(h).data() + 12, std::endian::big) == 6002);
}

TEST_CASE("python-mrcz's little-endian files need no repair") {
  const mrcz::header h = golden("i2_zstd1.mrcz");
  CHECK(h.byte_order == std::endian::little);
  CHECK(h.mode == 6001);
  CHECK(h.nx == 72);
  CHECK(h.ny == 64);
  CHECK(h.nz == 3);
  CHECK(h.mx == 0);
  CHECK(h.nversion == 0);
  CHECK(h.voxel_size() == mrcz::voxel_size{1.5F, 2.0F, 3.0F});
  CHECK(h.packed_bytes > 0);
  CHECK(golden("list3d_zstd.mrcz").slices_per_frame() == 3);
  CHECK(golden("list2d_zstd.mrcz").slices_per_frame() == 1);
  CHECK(golden("f4_zstd1.mrcz").slices_per_frame() == 1);
}

TEST_CASE("a count of labels in the other order repairs nothing unless python-mrcz wrote the file") {
  auto raw = test::sane_header(std::endian::big, 70, 64, 2, 2).raw(220, {1, 0, 0, 0}).f32(76, 3).text(224, "IMOD");
  CHECK(decode(raw).nlabl == 0x01000000);
  CHECK(decode(raw).dmin == 3.0F);
  CHECK(decode(raw).mode == 2);
}

TEST_CASE("c-mrcz leaves out MAP, labels and NVERSION") {
  for (const std::int32_t mode : {6001, 2002, 3002, 1000, 1}) {
    CAPTURE(mode);
    const mrcz::header h = decode(c_mrcz_header(mode));
    CHECK_NOTHROW(mrcz::detail::check(h));
    CHECK(h.byte_order == std::endian::little);
    CHECK(h.mode == mode);
    CHECK(h.origin == mrcz::per_axis<float>{42, 0, 0});  // stamped, so words 53 to 55 are no origin
    CHECK(h.rms == 1.5F);
    CHECK(h.labels.empty());
    CHECK(h.packed_bytes == 0);
    CHECK(h.voxel_size() == mrcz::voxel_size{1, 1, 1});
  }
  auto unstamped = c_mrcz_header(6001).raw(212, {0, 0});
  CHECK(decode(unstamped).origin == mrcz::per_axis<float>{42, 0, 0});  // compressed, so not older than 2000
}

TEST_CASE("before 2000 the origin stood where MAP, stamp and RMS are now") {
  for (const std::endian order : both_orders) {
    CAPTURE(mrcz::name_of(order));
    test::raw_header raw{order};
    raw.i32(0, 64).i32(4, 48).i32(8, 10).i32(12, 1).i32(64, 1).i32(68, 2).i32(72, 3);
    raw.f32(196, 99).f32(208, 3.5F).f32(212, 1.5F).f32(216, 2.5F);
    const mrcz::header h = decode(raw);
    CHECK_NOTHROW(mrcz::detail::check(h));
    CHECK(h.byte_order == order);
    CHECK(h.origin == mrcz::per_axis<float>{1.5F, 2.5F, 3.5F});
    CHECK(h.rms < 0);
    CHECK_FALSE(mrcz::statistics_of(h).rms);
  }
}

TEST_CASE("an old origin that looks like the stamp of the other byte order is an origin") {
  test::raw_header raw{std::endian::big};
  raw.i32(0, 64).i32(4, 48).i32(8, 10).i32(12, 1).i32(64, 1).i32(68, 2).i32(72, 3);
  raw.f32(208, 3.5F).f32(212, 600).f32(216, 2.5F);  // 600 begins with 0x44
  const mrcz::header h = decode(raw);
  CHECK(h.byte_order == std::endian::big);
  CHECK(h.origin == mrcz::per_axis<float>{600, 2.5F, 3.5F});
}

TEST_CASE("DeltaVision's origin stands where it stood before 2000, whatever stamp and NVERSION seem to be") {
  for (const std::endian order : both_orders) {
    test::raw_header raw{order};
    raw.i32(0, 64).i32(4, 48).i32(8, 10).i32(12, 6).i32(64, 1).i32(68, 2).i32(72, 3);
    CHECK_FALSE(decode(raw).from_deltavision());
    raw.i16(96, -16224).i32(108, 7).f32(208, 3.5F).f32(212, 1.5F).f32(216, 2.5F);
    if (order == std::endian::big) raw.f32(212, 800);  // begins with 0x44
    const mrcz::header h = decode(raw);
    CHECK(h.byte_order == order);
    CHECK(h.from_deltavision());
    CHECK(h.origin == mrcz::per_axis<float>{order == std::endian::big ? 800 : 1.5F, 2.5F, 3.5F});
  }
}

TEST_CASE("IMOD's bytes of two voxels are read as mode 101, where its stamp and flag say so") {
  for (const std::endian order : both_orders) {
    const auto packed = [&] {
      return test::sane_header(order, 50, 48, 10, 0).i32(152, mrcz::imod_stamp_value).i32(156, 16 | 1);
    };
    const mrcz::header h = decode(packed());
    CHECK(h.mode == 101);
    CHECK(h.nx == 100);
    CHECK(h.imod_flags == 1);
    CHECK(h.mx == 100);
    CHECK(h.voxel_size() == mrcz::voxel_size{2, 2, 2});
    CHECK_NOTHROW(mrcz::detail::check(h));

    const mrcz::header part = decode(packed().i32(28, 77));  // another M than NX stays
    CHECK(part.nx == 100);
    CHECK(part.mx == 77);
    CHECK(part.cella.x == 100);

    CHECK(decode(packed().i32(28, 0)).voxel_size() == mrcz::voxel_size{2, 2, 2});
    CHECK(decode(packed().i32(156, 1)).mode == 0);
    CHECK(decode(packed().i32(152, 0)).nx == 50);
    CHECK(decode(packed().i32(12, 1)).mode == 1);
    CHECK(decode(packed().i32(0, 0x40000000)).nx == 0x40000000);  // twice as many have no place in the header
  }
}

TEST_CASE("a header with MAP, a stamp or NVERSION is not older than 2000") {
  const auto raw = [] {
    test::raw_header h{std::endian::little};
    h.i32(0, 64).i32(4, 48).i32(8, 10).i32(12, 1).i32(64, 1).i32(68, 2).i32(72, 3);
    return h.f32(196, 7).f32(200, 8).f32(204, 9).f32(216, 2.5F);
  };
  const mrcz::per_axis<float> expected{7, 8, 9};
  CHECK(decode(raw().text(208, "MAP ")).origin == expected);
  CHECK(decode(raw().text(208, "MAP")).origin == expected);  // MotionCor2: the fourth character is a NUL
  CHECK(decode(raw().raw(212, {0x44, 0x41})).origin == expected);
  CHECK(decode(raw().i32(108, 20140)).origin == expected);
  CHECK(decode(raw()).origin != expected);
}

TEST_CASE("python-mrcz before 0.1.4 wrote one letter of MAP and of the stamp") {
  const auto raw = test::sane_header(std::endian::little, 64, 48, 10, 6001)
                       .i32(108, 0)
                       .raw(208, {'M', 0, 0, 0, 0x68, 0, 0, 0})
                       .f32(196, 5)
                       .f32(216, 0);
  const mrcz::header h = decode(raw);
  CHECK_NOTHROW(mrcz::detail::check(h));
  CHECK(h.byte_order == std::endian::little);
  CHECK(h.mode == 6001);
  CHECK(h.origin.x == 5.0F);
}

TEST_CASE("python-mrcz 0.1 counted codecs in ten thousands, and its DMAX is the mean") {
  const auto raw = test::sane_header(std::endian::little, 64, 48, 10, 50002)
                       .i32(108, 0)
                       .raw(208, {'M', 0, 0, 0, 0x68, 0, 0, 0})
                       .f32(76, 3)
                       .f32(80, 4)
                       .f32(84, 0);
  const mrcz::header h = decode(raw);
  CHECK_NOTHROW(mrcz::detail::check(h));
  CHECK(mrcz::detail::require_mode_word(h.mode) == mrcz::detail::mode_word{mrcz::mode::float32, mrcz::codec::zstd});
  CHECK_FALSE(mrcz::statistics_of(h).mean);  // 0 lies below both
}

TEST_CASE("python-mrcz 0.4.1 and 0.5.0 differ in what M means") {
  auto old = test::sane_header(std::endian::little, 64, 48, 10, 6001).i32(88, 0).text(224, "MRCZ0.4.1");
  CHECK(decode(old).slices_per_frame() == 1);
  CHECK(decode(old).voxel_size() == mrcz::voxel_size{2, 2, 2});
  auto newer = test::sane_header(std::endian::little, 64, 48, 10, 6001).i32(88, 0).text(224, "MRCZ0.5.0");
  newer.i32(28, 0).i32(32, 0).i32(36, 5);
  CHECK(decode(newer).slices_per_frame() == 5);
  CHECK(decode(newer).voxel_size() == mrcz::voxel_size{2, 2, 2});
}

TEST_CASE("a header without MAP is taken when everything else makes sense") {
  for (const std::endian order : both_orders)
    for (const char* map : {"\0\0\0\0", "    ", "M\0\0\0", "map "}) {
      const mrcz::header h =
          decode(test::sane_header(order, 64, 48, 10, 2).text(208, std::string_view{map, 4}).f32(196, 1));
      CHECK_NOTHROW(mrcz::detail::check(h));
      CHECK(h.byte_order == order);
      CHECK(h.origin.x == 1.0F);
    }
}

TEST_CASE("what has no MAP and makes no sense is no MRC file") {
  const auto refused = [](const test::raw_header& raw) {
    const mrcz::header h = decode(raw);
    return test::failure_of([&] { mrcz::detail::check(h); });
  };
  const auto zeros = refused(test::raw_header{std::endian::little});
  REQUIRE(zeros);
  CHECK(zeros->code == mrcz::errc::not_mrc);
  CHECK(zeros->mentions("no 'MAP' at byte 208"));
  CHECK(zeros->mentions("0 x 0 x 0"));

  test::raw_header tiff{std::endian::little};
  tiff.text(0, "II*").raw(4, {8});
  CHECK(refused(tiff)->code == mrcz::errc::not_mrc);

  const auto no_mode = refused(test::sane_header(std::endian::little, 64, 48, 10, 5).text(208, "    "));
  REQUIRE(no_mode);
  CHECK(no_mode->code == mrcz::errc::not_mrc);
  CHECK(no_mode->mentions("64 x 48 x 10 and MODE 5"));
}

TEST_CASE("a header with MAP is told what is wrong with it") {
  for (const auto& [at, value] : {std::pair{0, 0}, std::pair{4, -1}, std::pair{8, 0}}) {
    auto raw = test::sane_header(std::endian::little, 64, 48, 10, 2);
    raw.i32(static_cast<std::size_t>(at), value);
    const mrcz::header h = decode(raw);
    const auto failure = test::failure_of([&] { mrcz::detail::check(h); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::bad_header);
    CHECK(failure->mentions("NX, NY, NZ are"));
    CHECK(failure->mentions(std::to_string(value)));
  }
  for (const std::int32_t mode : {5, 16, 17, -1, 7002, 60002}) {
    const mrcz::header h = decode(test::sane_header(std::endian::little, 64, 48, 10, mode));
    const auto failure = test::failure_of([&] { mrcz::detail::check(h); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::bad_mode);
    CHECK(failure->mentions("MODE is " + std::to_string(mode)));
  }
}

TEST_CASE("NaN and infinity pass through a header unchanged") {
  using limits = std::numeric_limits<float>;
  for (const std::endian order : both_orders) {
    auto raw = distinct_fields(order);
    raw.f32(76, limits::quiet_NaN()).f32(80, -limits::infinity()).f32(216, -limits::quiet_NaN()).i32(40, 0x7fa00001);
    CHECK(mrcz::encode(decode(raw)) == raw.bytes());
  }
}

TEST_CASE("headers are equal if their bytes are") {
  const mrcz::header first;
  CHECK(first == mrcz::header{});
  mrcz::header second;
  const auto differs = [&] {
    const bool different = first != second && second == second;
    second = {};
    return different;
  };
  const auto change_number = [&](const mrcz::detail::field_place& place, auto& value) {
    CAPTURE(place.name);
    const auto before = value;
    value += 1;
    CHECK(first != second);
    value = before;
  };
  const auto change_text = [&](const mrcz::detail::field_place& place, auto& value) {
    CAPTURE(place.name);
    auto& last = value.back();
    const auto before = last;
    last = static_cast<std::remove_reference_t<decltype(last)>>('x');
    CHECK(first != second);
    last = before;
  };
  mrcz::detail::for_each_number(change_number, second);
  mrcz::detail::for_each_text(change_text, second);
  CHECK(first == second);
  second.labels.add("a label");
  CHECK(differs());
  second.byte_order = std::endian::native == std::endian::little ? std::endian::big : std::endian::little;
  CHECK(differs());
}

TEST_CASE("a NaN in a header is equal to the same NaN") {
  mrcz::header h;
  h.dmin = std::numeric_limits<float>::quiet_NaN();
  CHECK(h == mrcz::header{h});
}
