#include "mrcz/array/slice_codec.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <complex>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/core/endian.hpp"
#include "tests/array/voxel_codec.hpp"
#include "tests/support.hpp"

namespace {

/// A whole slice from its chunk, or from its plain bytes.
template <class T>
void decode_slice(const mrcz::detail::slice_format& format, bool is_compressed, std::span<const std::byte> packed,
                  T* to, mrcz::detail::buffer& memory) {
  std::span<const std::byte> plain = packed;
  if (is_compressed) {
    const auto whole = memory.acquire(format.bytes());
    mrcz::detail::decompress_with_blosc(packed, whole);
    plain = whole;
  }
  test::decode_rows(format, plain, {0, format.ny}, {0, format.nx}, to);
}

using mrcz::codec;
using mrcz::mode;
using mrcz::detail::slice_format;

constexpr std::array both_orders{std::endian::little, std::endian::big};

/// Values that every mode holds.
template <class T>
std::vector<T> small_numbers(std::size_t count, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<T> voxels(count);
  for (T& v : voxels) v = test::small_number<T>(static_cast<unsigned>(random() % 16));
  return voxels;
}

template <class T>
std::vector<std::byte> encoded(const slice_format& format, const std::vector<T>& voxels) {
  mrcz::detail::buffer scratch;
  const auto plain = test::encode_slice(format, std::span<const T>{voxels}, scratch);
  return {plain.begin(), plain.end()};
}

std::vector<std::byte> compressed(const slice_format& format, const std::vector<std::byte>& plain,
                                  const mrcz::compression& wanted) {
  mrcz::detail::buffer into;
  const auto chunk = mrcz::detail::compress(plain, mrcz::item_bytes(format.voxels.mode), wanted, into);
  return {chunk.begin(), chunk.end()};
}

template <class T>
std::vector<T> decoded(const slice_format& format, bool is_compressed, const std::vector<std::byte>& packed) {
  std::vector<T> voxels(format.ny * format.nx);
  mrcz::detail::buffer scratch;
  decode_slice(format, is_compressed, packed, voxels.data(), scratch);
  return voxels;
}

/// A chunk that stores `plain` as it is, put together without c-blosc.
std::vector<std::byte> stored_chunk(const std::vector<std::byte>& plain, std::uint8_t typesize) {
  std::vector<std::byte> chunk(16);
  chunk[0] = std::byte{2};
  chunk[1] = std::byte{1};
  chunk[2] = std::byte{0x02};
  chunk[3] = std::byte{typesize};
  const auto size = static_cast<std::uint32_t>(plain.size());
  mrcz::detail::store(chunk.data() + 4, size, std::endian::little);
  mrcz::detail::store(chunk.data() + 8, size, std::endian::little);
  mrcz::detail::store(chunk.data() + 12, size + 16, std::endian::little);
  chunk.insert(chunk.end(), plain.begin(), plain.end());
  return chunk;
}

std::vector<slice_format> all_formats(std::size_t ny, std::size_t nx) {
  std::vector<slice_format> formats;
  for (const std::endian order : both_orders) {
    for (const mode m : mrcz::all_modes) formats.push_back({{m, false, order}, ny, nx});
    formats.push_back({{mode::int8, true, order}, ny, nx});
  }
  return formats;
}

}  // namespace

TEST_CASE("a slice has the bytes of its rows") {
  CHECK(slice_format{{mode::uint4}, 4, 5}.row_bytes() == 3);
  CHECK(slice_format{{mode::uint4}, 4, 5}.bytes() == 12);
  CHECK(slice_format{{mode::complex64}, 4, 5}.row_bytes() == 40);
  CHECK(slice_format{{mode::complex64}, 4, 5}.bytes() == 160);
}

TEST_CASE("a region of 4-bit rows begins and ends in either half of a byte") {
  for (const std::size_t nx : {1U, 2U, 7U, 8U}) {
    constexpr std::size_t ny = 3;
    const slice_format format{{mode::uint4}, ny, nx};
    const auto voxels = small_numbers<std::uint8_t>(ny * nx, 4);
    const auto plain = encoded(format, voxels);
    for (std::size_t first = 0; first <= nx; ++first)
      for (std::size_t count = 0; first + count <= nx; ++count)
        for (const mrcz::detail::resolved_range y : {mrcz::detail::resolved_range{0, 3}, {1, 2}, {2, 1}, {1, 0}}) {
          CAPTURE(nx);
          CAPTURE(first);
          CAPTURE(count);
          const auto rows = std::span{plain}.subspan(y.first * format.row_bytes());
          std::vector<float> to(y.count * count + 1, -1.0F);
          test::decode_rows(format, rows, y, {first, count}, to.data());
          for (std::size_t row = 0; row < y.count; ++row)
            for (std::size_t x = 0; x < count; ++x)
              REQUIRE(to[row * count + x] == static_cast<float>(voxels[(y.first + row) * nx + first + x]));
          CHECK(to.back() == -1.0F);
        }
  }
}

TEST_CASE("a region of any mode is cut out of its rows") {
  constexpr std::size_t ny = 4;
  constexpr std::size_t nx = 6;
  const auto voxels = small_numbers<std::uint8_t>(ny * nx, 8);
  for (const slice_format& format : all_formats(ny, nx)) {
    CAPTURE(mrcz::name_of(format.voxels.mode));
    const auto plain = encoded(format, voxels);
    REQUIRE(plain.size() == format.bytes());
    for (const mrcz::detail::resolved_range x : {mrcz::detail::resolved_range{0, 6}, {0, 2}, {1, 4}, {5, 1}, {6, 0}}) {
      const mrcz::detail::resolved_range y{1, 3};
      const auto rows = std::span{plain}.subspan(format.row_bytes(), 3 * format.row_bytes());
      std::vector<std::complex<double>> to(y.count * x.count);
      test::decode_rows(format, rows, y, x, to.data());
      for (std::size_t row = 0; row < y.count; ++row)
        for (std::size_t column = 0; column < x.count; ++column)
          REQUIRE(to[row * x.count + column] == std::complex<double>(voxels[(y.first + row) * nx + x.first + column]));
    }
  }
}

TEST_CASE("a slice of every type comes back from every mode, plain and compressed") {
  constexpr std::size_t ny = 13;
  constexpr std::size_t nx = 37;
  const auto check_type = [&]<class T>(std::type_identity<T>) {
    const auto voxels = small_numbers<T>(ny * nx, 21);
    for (const slice_format& format : all_formats(ny, nx)) {
      CAPTURE(mrcz::name_of(format.voxels.mode));
      const auto plain = encoded(format, voxels);
      const auto chunk = compressed(format, plain, {});
      const auto compare = [&]<class Row>(Row) {
        using stored = typename Row::type;
        const auto expected = small_numbers<stored>(ny * nx, 21);
        CHECK((decoded<stored>(format, false, plain) == expected));
        CHECK((decoded<stored>(format, true, chunk) == expected));
      };
      mrcz::detail::with_row(format.voxels, compare);
      if constexpr (!mrcz::is_complex<T>)
        if (!(format.voxels.mode == mode::complex64 || format.voxels.mode == mode::complex_int16)) {
          std::vector<double> expected;
          for (const auto number : small_numbers<std::uint8_t>(ny * nx, 21)) expected.push_back(number);
          CHECK(decoded<double>(format, true, chunk) == expected);
        }
    }
  };
  check_type(std::type_identity<std::int8_t>{});
  check_type(std::type_identity<std::uint8_t>{});
  check_type(std::type_identity<std::int16_t>{});
  check_type(std::type_identity<std::uint16_t>{});
  check_type(std::type_identity<std::int32_t>{});
  check_type(std::type_identity<std::uint32_t>{});
  check_type(std::type_identity<mrcz::half>{});
  check_type(std::type_identity<float>{});
  check_type(std::type_identity<mrcz::complex_int16>{});
  check_type(std::type_identity<std::complex<float>>{});
}

TEST_CASE("voxels that are stored as they are stay where they are") {
  const std::vector<float> voxels(12, 2.5F);
  mrcz::detail::buffer scratch;
  const slice_format native{{mode::float32, false, std::endian::native}, 3, 4};
  CHECK(test::encode_slice<float>(native, voxels, scratch).data() == std::as_bytes(std::span{voxels}).data());
  CHECK(scratch.capacity() == 0);
  const slice_format swapped{{mode::float32, false, mrcz::detail::opposite(std::endian::native)}, 3, 4};
  CHECK(test::encode_slice<float>(swapped, voxels, scratch).data() != std::as_bytes(std::span{voxels}).data());
  CHECK(scratch.capacity() >= 48);
}

TEST_CASE("chunks of every codec and filter are read, whatever MODE says") {
  const slice_format format{{mode::int16, false, std::endian::big}, 64, 50};
  const auto voxels = small_numbers<std::int16_t>(3200, 6);
  const auto plain = encoded(format, voxels);
  for (const codec c : mrcz::all_codecs) {
    if (c == codec::none || !mrcz::available(c)) continue;
    for (const mrcz::shuffle s : {mrcz::shuffle::none, mrcz::shuffle::byte, mrcz::shuffle::bit})
      for (const std::size_t block_size : {128U, 1000U, 65536U}) {
        CAPTURE(mrcz::name_of(c));
        CAPTURE(mrcz::name_of(s));
        CAPTURE(block_size);
        const auto chunk = compressed(format, plain, {.codec = c, .level = 5, .shuffle = s, .block_size = block_size});
        CHECK(decoded<float>(format, true, chunk) == std::vector<float>(voxels.begin(), voxels.end()));
      }
  }
}

TEST_CASE("a chunk may store its bytes, and its typesize may be wrong") {
  const slice_format format{{mode::int16, false, std::endian::little}, 4, 8};
  const auto voxels = small_numbers<std::int16_t>(32, 6);
  for (const std::uint8_t typesize : std::initializer_list<std::uint8_t>{1, 2, 4, 7, 8, 255}) {
    const auto chunk = stored_chunk(encoded(format, voxels), typesize);
    CHECK(decoded<std::int16_t>(format, true, chunk) == voxels);
    CHECK(decoded<std::int32_t>(format, true, chunk) == std::vector<std::int32_t>(voxels.begin(), voxels.end()));
  }
}

TEST_CASE("chunks at any address are read") {
  const slice_format format{{mode::float32, false, std::endian::native}, 16, 16};
  const auto voxels = small_numbers<float>(256, 2);
  const auto plain = encoded(format, voxels);
  for (const bool is_compressed : {false, true}) {
    auto shifted = is_compressed ? compressed(format, plain, {}) : plain;
    shifted.insert(shifted.begin(), std::byte{0});
    for (const bool converting : {false, true}) {
      mrcz::detail::buffer scratch;
      if (converting) {
        std::vector<double> to(256);
        decode_slice(format, is_compressed, std::span<const std::byte>{shifted}.subspan(1), to.data(), scratch);
        CHECK(to == std::vector<double>(voxels.begin(), voxels.end()));
      } else {
        std::vector<float> to(256);
        decode_slice(format, is_compressed, std::span<const std::byte>{shifted}.subspan(1), to.data(), scratch);
        CHECK(to == voxels);
      }
    }
  }
}

TEST_CASE("a chunk of another size than the slice is refused, with and without conversion") {
  const slice_format format{{mode::float32, false, std::endian::native}, 16, 16};
  const auto refused = [&](const std::vector<std::byte>& chunk) {
    const auto direct = test::failure_of([&] { decoded<float>(format, true, chunk); });
    const auto through_scratch = test::failure_of([&] { decoded<double>(format, true, chunk); });
    REQUIRE(direct);
    REQUIRE(through_scratch);
    CHECK(direct->code == mrcz::errc::bad_chunk);
    CHECK(through_scratch->code == mrcz::errc::bad_chunk);
    CHECK(through_scratch->message == direct->message);
    return *direct;
  };
  // python-mrcz with a `dtype` of another size stores a quarter of each slice, or more than the slice.
  const auto quarter = compressed(format, std::vector<std::byte>(256), {});
  CHECK(refused(quarter).mentions("chunk holds 256 bytes, expected 1024"));
  CHECK(
      refused(compressed(format, std::vector<std::byte>(4096), {})).mentions("chunk holds 4096 bytes, expected 1024"));

  auto good = compressed(format, encoded(format, small_numbers<float>(256, 2)), {});
  auto cut = good;
  cut.pop_back();
  CHECK(refused(cut).mentions("packed bytes"));
  CHECK(refused({good.begin(), good.begin() + 15}).mentions("chunk has 15 bytes, expected at least 16"));
  CHECK(refused({}).mentions("chunk has 0 bytes"));
  good[0] = std::byte{3};
  CHECK(refused(good).mentions("format version 3.1"));
}

TEST_CASE("a damaged chunk is refused or read, but never crashes") {
  const slice_format format{{mode::float32, false, std::endian::native}, 32, 32};
  const auto good = compressed(format, encoded(format, small_numbers<float>(1024, 2)), {.codec = codec::lz4});
  std::mt19937 random{77};
  int refused = 0;
  for (int round = 0; round < 500; ++round) {
    auto bad = good;
    for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<std::byte>(random());
    const auto failure = test::failure_of([&] { decoded<double>(format, true, bad); });
    if (!failure) continue;
    ++refused;
    CHECK((failure->code == mrcz::errc::bad_chunk || failure->code == mrcz::errc::codec_unavailable));
  }
  CHECK(refused > 0);
}

TEST_CASE("a value that the mode cannot hold is named by its place in the slice") {
  const auto voxel_at_fault = [](mode m) {
    const slice_format format{{m}, 5, 7};
    std::vector<float> voxels(35, 1.0F);
    voxels[3 * 7 + 2] = 99.5F;
    const auto failure = test::failure_of([&] { encoded(format, voxels); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::mode_mismatch);
    return *failure;
  };
  CHECK(voxel_at_fault(mode::int16).mentions("voxel 23 has the value 99.5, which mode int16"));
  CHECK(voxel_at_fault(mode::uint4).mentions("voxel 23 has the value 99.5, which mode uint4"));
}

TEST_CASE("each row of 4-bit voxels begins with a new byte") {
  const slice_format format{{mode::uint4}, 2, 3};
  const auto plain = encoded<std::uint8_t>(format, {1, 2, 3, 4, 5, 6});
  CHECK(plain == std::vector<std::byte>{std::byte{0x21}, std::byte{0x03}, std::byte{0x54}, std::byte{0x06}});
  CHECK(decoded<std::int16_t>(format, false, plain) == std::vector<std::int16_t>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("voxels that are decoded past the caches are the same, however many and wherever they go") {
  for (const auto order : both_orders)
    for (const mode m : {mode::int8, mode::int16, mode::float32, mode::uint16, mode::float16, mode::uint4})
      for (const std::size_t count : {0U, 1U, 3U, 1023U, 1024U, 1025U, 3000U}) {
        const slice_format format{{.mode = m, .byte_order = order}, 1, count};
        const auto plain = count == 0 ? std::vector<std::byte>{} : encoded(format, small_numbers<float>(count, 7));
        for (const std::size_t skipped : {0U, 1U, 3U}) {
          std::vector<float> expected(count + skipped, -1);
          std::vector<float> voxels(count + skipped, -1);
          test::decode_voxels(format.voxels, plain.data(), expected.data() + skipped, count);
          test::decode_voxels(format.voxels, plain.data(), voxels.data() + skipped, count,
                              mrcz::detail::nearness::past_caches);
          REQUIRE(voxels == expected);
        }
      }
}
