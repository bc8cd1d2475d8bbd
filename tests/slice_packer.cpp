#include "mrcz/slice_packer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "mrcz/array/evaluation.hpp"
#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/endian.hpp"
#include "tests/lazy.hpp"
#include "tests/support.hpp"

using mrcz::codec;
using mrcz::errc;
using mrcz::mode;

namespace {

std::vector<std::byte> owned(const mrcz::packed_slice& packed) {
  return {packed.bytes().begin(), packed.bytes().end()};
}

mrcz::header header_in(std::endian order) {
  mrcz::header h;
  h.byte_order = order;
  return h;
}

}  // namespace

TEST_CASE("a slice that is stored as it lies in memory is not copied until it must be") {
  const mrcz::detail::slice_packer packer{mrcz::write_options{}};
  const auto all = test::counts<float>({3, 4, 5});
  const auto plain = std::as_bytes(std::span{all.data() + 20, 20});
  auto packed = packer.pack(mrcz::slices_of(all), 1, mrcz::header{});
  CHECK(packed.bytes().data() == plain.data());
  CHECK(packed.bytes().size() == plain.size());
  packer.detach(packed);
  CHECK(packed.bytes().data() != plain.data());
  CHECK(std::equal(plain.begin(), plain.end(), packed.bytes().begin(), packed.bytes().end()));
  const auto* own = packed.bytes().data();
  packer.detach(packed);  // once is enough
  CHECK(packed.bytes().data() == own);
  mrcz::packed_slice moved = std::move(packed);
  CHECK(std::equal(plain.begin(), plain.end(), moved.bytes().begin(), moved.bytes().end()));
}

TEST_CASE("a slice that must be evaluated, swapped or narrowed has bytes of its own") {
  const auto all = test::counts<std::int16_t>({2, 3, 5});
  std::vector<std::byte> swapped(30);
  test::swap_bytes(std::as_bytes(std::span{all.data() + 15, 15}), swapped.data(), 2);
  const mrcz::detail::slice_packer packer{mrcz::write_options{}};
  const auto other = mrcz::detail::opposite(std::endian::native);
  CHECK(owned(packer.pack(mrcz::slices_of(all), 1, header_in(other))) == swapped);
  CHECK(owned(packer.pack(mrcz::slices_of(all + std::int16_t{0}), 1, mrcz::header{})).size() ==
        60);  // int by C++'s rules
  CHECK(owned(packer.pack(mrcz::slices_of(xt::cast<std::int16_t>(all)), 1, header_in(other))) == swapped);

  const mrcz::detail::slice_packer stated{mrcz::write_options{.byte_order = other}};
  CHECK(owned(stated.pack(mrcz::slices_of(all), 1, mrcz::header{})) == swapped);

  const mrcz::detail::slice_packer nibbles{mrcz::write_options{.mode = mode::uint4}};
  const mrcz::image<std::int16_t> image{{1, 2, 3}, {4, 5, 15}};
  CHECK(owned(nibbles.pack(mrcz::slices_of(image), 0, mrcz::header{})) ==
        std::vector<std::byte>{std::byte{0x21}, std::byte{0x03}, std::byte{0x54}, std::byte{0x0f}});
}

TEST_CASE("a compressed slice is one chunk with the voxel as its typesize") {
  const auto all = test::counts<float>({2, 40, 41});
  for (const codec c : {codec::blosclz, codec::lz4, codec::lz4hc, codec::zlib, codec::zstd}) {
    const mrcz::detail::slice_packer packer{
        mrcz::write_options{.compression = {.codec = c, .level = 4, .shuffle = mrcz::shuffle::byte}}};
    CHECK(packer.codec() == c);
    const auto packed = packer.pack(mrcz::slices_of(all), 1, mrcz::header{});
    const auto h = mrcz::detail::chunk_header::decode(packed.bytes().first<16>());
    CHECK(h.typesize == 4);
    CHECK(h.shuffle() == mrcz::shuffle::byte);
    CHECK(h.packed_bytes == packed.bytes().size());
    std::vector<float> plain(40 * 41);
    mrcz::detail::decompress_with_blosc(packed.bytes(), std::as_writable_bytes(std::span{plain}));
    CHECK(std::equal(plain.begin(), plain.end(), all.data() + plain.size()));
  }
}

TEST_CASE("slices that are compressed by planes are chunks of zstd, and use the memory of zstd again") {
  const auto all = test::counts<std::int16_t>({3, 500, 411});
  const mrcz::detail::slice_packer packer{
      mrcz::write_options{.compression = {.codec = codec::zstd, .block_size = 65'536, .planes = true}}};
  for (const std::size_t z : {0U, 1U, 2U}) {
    auto packed = packer.pack(mrcz::slices_of(all), z, mrcz::header{});
    const auto h = mrcz::detail::chunk_header::decode(packed.bytes().first<16>());
    CHECK(h.codec() == codec::zstd);
    CHECK(h.typesize == 2);
    CHECK(h.shuffle() == mrcz::shuffle::bit);
    std::vector<std::int16_t> plain(500 * 411);
    mrcz::detail::decompress_with_blosc(packed.bytes(), std::as_writable_bytes(std::span{plain}));
    CHECK(std::equal(plain.begin(), plain.end(), all.data() + z * plain.size()));
    const auto once_more = owned(packed);
    packer.recycle(std::move(packed));
    CHECK(owned(packer.pack(mrcz::slices_of(all), z, mrcz::header{})) == once_more);
  }
}

TEST_CASE("what no file can hold is refused before it is evaluated") {
  std::atomic<std::size_t> evaluated = 0;
  const xt::xtensor<float, 2> one = xt::zeros<float>({1, 1});
  const auto huge = test::counting(xt::broadcast(one, std::array<std::size_t, 2>{1U << 16U, 1U << 13U}), evaluated);
  const mrcz::detail::slice_packer packer{mrcz::write_options{.compression = {.codec = codec::lz4}}};
  auto failure = test::failure_of([&] { packer.pack(mrcz::slices_of(huge), 0, mrcz::header{}); });
  REQUIRE(failure);
  CHECK(failure->code == errc::too_large);
  CHECK(failure->mentions("a slice of 2147483648 bytes does not fit a blosc chunk, which holds at most 2147483631"));
  const auto wide = test::counting(xt::broadcast(one, std::array<std::size_t, 2>{1, std::size_t{1} << 31U}), evaluated);
  failure = test::failure_of(
      [&] { mrcz::detail::slice_packer{mrcz::write_options{}}.pack(mrcz::slices_of(wide), 0, mrcz::header{}); });
  REQUIRE(failure);
  CHECK(failure->code == errc::too_large);
  CHECK(failure->mentions("1 x 2147483648 voxels, but a header counts at most 2147483647"));
  const auto empty = test::counting(mrcz::detail::make_image<float>(0, 3), evaluated);
  failure = test::failure_of([&] { packer.pack(mrcz::slices_of(empty), 0, mrcz::header{}); });
  REQUIRE(failure);
  CHECK(failure->code == errc::shape_mismatch);
  CHECK(evaluated == 0);
}

TEST_CASE("memory of slices that have been put is used again") {
  const mrcz::detail::slice_packer packer{mrcz::write_options{.compression = {.codec = codec::zstd}}};
  const auto all = test::counts<float>({2, 30, 30});
  auto first = packer.pack(mrcz::slices_of(all), 0, mrcz::header{});
  const auto* memory = first.bytes().data();
  packer.recycle(std::move(first));
  const auto second = packer.pack(mrcz::slices_of(all), 1, mrcz::header{});
  CHECK(second.bytes().data() == memory);
}

TEST_CASE("one packer serves many threads, also with a lazy expression that they share") {
  const auto all = test::counts<std::int16_t>({16, 20, 21});
  const xt::xtensor<float, 2> gain = xt::ones<float>({20, 21}) * 3.0F;
  for (const codec c : {codec::none, codec::lz4}) {
    const mrcz::detail::slice_packer packer{mrcz::write_options{.compression = {.codec = c}}};
    const auto lazy = (xt::cast<float>(all) + 1.0F) * gain - xt::cast<float>(all);
    const mrcz::volume<float> evaluated = (xt::cast<float>(all) + 1.0F) * gain - xt::cast<float>(all);
    mrcz::fill_caches(lazy);
    std::vector<std::vector<std::byte>> packed(16);
    {
      std::vector<std::jthread> threads;
      for (std::size_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
          for (std::size_t z = t; z < 16; z += 4) {
            auto one = packer.pack(mrcz::slices_of(lazy), z, mrcz::header{});
            packed[z] = owned(one);
            packer.recycle(std::move(one));
          }
        });
    }
    for (std::size_t z = 0; z < 16; ++z)
      CHECK(packed[z] == owned(packer.pack(mrcz::slices_of(evaluated), z, mrcz::header{})));
  }
}

TEST_CASE("memory does not pile up behind slices that are converted or not compressed") {
  const auto image = test::counts<std::int16_t>({1, 64, 64});
  for (const auto c : {codec::none, codec::zstd})
    for (const auto stored : {mode::int16, mode::float32}) {
      const mrcz::detail::slice_packer packer{mrcz::write_options{.compression = {.codec = c}, .mode = stored}};
      for (int i = 0; i < 20; ++i) {
        auto packed = packer.pack(mrcz::slices_of(image), 0, mrcz::header{});
        packer.detach(packed);
        packer.recycle(std::move(packed));
      }
      CHECK(packer.spare_buffers() <= 2);
    }
}
