/// How the byte order is voted on.
#pragma once

#include "mrcz/format/byte_order.hpp"

#include <algorithm>
#include <array>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/machine_stamp.hpp"
#include "mrcz/format/mode_word.hpp"

namespace mrcz::detail {

/// The numbers of a header that are implausible if they are read in the wrong byte order.
struct telling_fields {
  std::array<std::int32_t, 3> n;
  std::int32_t mode;
  std::array<std::int32_t, 3> axes;
  std::int32_t nsymbt;
  std::int32_t nversion;

  telling_fields(std::span<const std::byte, header_size> bytes, std::endian order) noexcept {
    const auto i32 = [&](std::size_t at) { return load<std::int32_t>(bytes.data() + at, order); };
    n = {i32(0), i32(4), i32(8)};
    mode = i32(12);
    axes = {i32(64), i32(68) == -2 ? 2 : i32(68), i32(72)};  // IMOD also writes -2
    nsymbt = i32(92);
    nversion = i32(108);
  }

  bool has_mode() const noexcept { return decode_mode_word(mode).has_value(); }
  bool has_axes() const noexcept {
    auto sorted = axes;
    std::sort(sorted.begin(), sorted.end());
    return sorted == std::array<std::int32_t, 3>{1, 2, 3};
  }
  bool has_extents() const noexcept {
    return std::all_of(n.begin(), n.end(), [](std::int32_t extent) { return extent > 0 && extent < (1 << 20); });
  }
  bool has_version() const noexcept { return nversion >= 20140 && nversion < 20240; }
  bool has_extended_header(std::uint64_t file_size) const noexcept {
    return nsymbt > 0 && std::uint64_t{header_size} + static_cast<std::uint32_t>(nsymbt) <= file_size;
  }
  bool fills(std::uint64_t file_size) const noexcept {
    const auto word = decode_mode_word(mode);
    if (!word || word->codec != codec::none || !has_extents() || nsymbt < 0) return false;
    const std::uint64_t slice =
        row_bytes(word->mode, static_cast<std::uint32_t>(n[0])) * static_cast<std::uint32_t>(n[1]);
    return slice <= file_size &&
           header_size + static_cast<std::uint32_t>(nsymbt) + slice * static_cast<std::uint32_t>(n[2]) == file_size;
  }
};

MRCZ_INLINE std::endian vote_byte_order(std::span<const std::byte, header_size> bytes,
                                        std::uint64_t file_size) noexcept {
  const telling_fields little{bytes, std::endian::little};
  const telling_fields big{bytes, std::endian::big};
  int for_little = 0;
  int for_big = 0;
  const auto vote = [&](bool makes_sense_little, bool makes_sense_big) {
    for_little += makes_sense_little && !makes_sense_big;
    for_big += makes_sense_big && !makes_sense_little;
  };
  vote(little.has_mode(), big.has_mode());
  vote(little.has_axes(), big.has_axes());
  vote(little.has_extents(), big.has_extents());
  vote(little.has_version(), big.has_version());
  vote(little.has_extended_header(file_size), big.has_extended_header(file_size));
  vote(little.fills(file_size), big.fills(file_size));
  if (for_little > 0 && for_big == 0) return std::endian::little;
  if (for_big > 0 && for_little == 0) return std::endian::big;

  machine_stamp stamp;
  std::copy_n(bytes.begin() + 212, stamp.size(), stamp.begin());
  const auto stamped = byte_order_of(stamp);
  if (stamped) vote(*stamped == std::endian::little, *stamped == std::endian::big);
  if (for_little == for_big) return stamped.value_or(std::endian::little);
  return for_little > for_big ? std::endian::little : std::endian::big;
}

}  // namespace mrcz::detail
