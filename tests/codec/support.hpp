/// What tests of chunks need: data of two kinds, and chunks made of them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/endian.hpp"
#include "tests/guarded.hpp"

namespace test {

inline constexpr std::array compressors{mrcz::codec::blosclz, mrcz::codec::lz4,  mrcz::codec::lz4hc,
                                        mrcz::codec::snappy,  mrcz::codec::zlib, mrcz::codec::zstd};
inline constexpr std::array shuffles{mrcz::shuffle::none, mrcz::shuffle::byte, mrcz::shuffle::bit};

/// Bytes that every compressor shrinks, with and without a shuffle: each 256 bytes are 48 of noise and 208 equal ones.
inline std::vector<std::byte> image_like(std::size_t size) {
  std::mt19937 random{1};
  std::vector<std::byte> content(size);
  for (std::size_t i = 0; i < size; ++i)
    content[i] = static_cast<std::byte>(i % 256 < 48 ? random() % 16 : i / 256 % 5);
  return content;
}

/// Bytes that no compressor can shrink.
inline std::vector<std::byte> noise(std::size_t size) {
  std::mt19937 random{7};
  std::vector<std::byte> content(size);
  for (std::byte& b : content) b = static_cast<std::byte>(random() & 0xffU);
  return content;
}

inline std::vector<std::byte> packed(const std::vector<std::byte>& content, std::size_t typesize,
                                     const mrcz::compression& wanted) {
  mrcz::detail::buffer memory;
  const auto chunk = mrcz::detail::compress(content, typesize, wanted, memory);
  return {chunk.begin(), chunk.end()};
}

inline mrcz::detail::chunk_header header_of(std::span<const std::byte> chunk) {
  REQUIRE(chunk.size() >= 16);
  return mrcz::detail::chunk_header::decode(chunk.first<16>());
}

inline void put(std::vector<std::byte>& chunk, std::size_t at, std::uint32_t value) {
  mrcz::detail::store(chunk.data() + at, value, std::endian::little);
}

}  // namespace test
