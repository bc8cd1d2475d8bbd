/// The codecs of MRCZ, the shuffle filters, and the options of compression.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "mrcz/core/linkage.hpp"

namespace mrcz {

/// The values are those of the MODE word of MRCZ (MRCZ specification, deviation 1).
enum class codec : std::int32_t { none = 0, blosclz = 1, lz4 = 2, lz4hc = 3, snappy = 4, zlib = 5, zstd = 6 };

/// How the bytes of a block are rearranged before they are compressed. The values are c-blosc's.
enum class shuffle : std::uint8_t { none = 0, byte = 1, bit = 2 };

/// Every codec, by rising value.
inline constexpr std::array all_codecs{codec::none,   codec::blosclz, codec::lz4, codec::lz4hc,
                                       codec::snappy, codec::zlib,    codec::zstd};

/// The name that c-blosc and python-mrcz use; empty for a value that is no codec. A NUL follows the name.
constexpr std::string_view name_of(codec c) noexcept {
  switch (c) {
    case codec::none: return "none";
    case codec::blosclz: return "blosclz";
    case codec::lz4: return "lz4";
    case codec::lz4hc: return "lz4hc";
    case codec::snappy: return "snappy";
    case codec::zlib: return "zlib";
    case codec::zstd: return "zstd";
  }
  return "";
}

/// "none", "byte" or "bit"; empty for a value that is no filter.
constexpr std::string_view name_of(shuffle s) noexcept {
  switch (s) {
    case shuffle::none: return "none";
    case shuffle::byte: return "byte";
    case shuffle::bit: return "bit";
  }
  return "";
}

/// The codec with this name; nothing if there is none.
constexpr std::optional<codec> codec_named(std::string_view name) noexcept {
  for (const codec c : all_codecs)
    if (name_of(c) == name) return c;
  return std::nullopt;
}

/// How slices are compressed. Recommended: zstd with level 1 for archives, lz4 with level 9 for speed.
struct compression {
  std::optional<mrcz::codec> codec = std::nullopt;  ///< not stated: zstd for a path that ends in .mrcz, else none
  int level = 1;                                    ///< 0 (store) to 9 (smallest); it limits the effort, not the size
  mrcz::shuffle shuffle = mrcz::shuffle::bit;       ///< MRCZ has always used bit, which suits detector data
  std::optional<std::size_t> block_size =
      std::nullopt;  ///< wanted number of bytes to compress at a time; codecs that split their blocks may use
                     ///< larger blocks; 0 leaves the choice to c-blosc
  /// Gives planes of bits that differ codes of their own. Only for zstd and `shuffle::bit`, with a block size that is
  /// not 0; refused where MRCZ_ONLY_BLOSC is defined. The files are ordinary ones, which every blosc reads. At level 1
  /// and with blocks of 512 KiB, compared with c-blosc: counts of int8 are 3 % smaller and compressed twice as fast,
  /// int16 1 to 2 % smaller and 1.6 to 1.9 times as fast, float32 0.4 % smaller and as fast. From level 3 on counts
  /// take longer, up to twice as long. Blocks in whose sample planes have much in common are compressed as a whole.
  bool planes = false;
};
static_assert(std::is_trivially_destructible_v<compression>, "options are used inside co_await (g++ 12)");

namespace detail {

/// Throws `errc::bad_option` unless every value is legal.
MRCZ_INLINE void check(const compression& wanted);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/codec.ipp"
#endif
