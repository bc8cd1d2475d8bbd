/// Converts headers to bytes and back, and repairs what other programs write wrongly.
#pragma once

#include "mrcz/format/header_bytes.hpp"

#include <bit>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/byte_order.hpp"
#include "mrcz/format/machine_stamp.hpp"
#include "mrcz/format/mode_word.hpp"

namespace mrcz::detail {

/// Whether NLABL has the other byte order than the file: python-mrcz always writes it in the byte order of the machine.
MRCZ_INLINE bool has_host_order_fields(const header& h) noexcept {
  const auto swapped = std::bit_cast<std::int32_t>(byteswap(std::bit_cast<std::uint32_t>(h.nlabl)));
  return h.has_mrcz_label() && (h.nlabl < 0 || h.nlabl > 10) && swapped >= 0 && swapped <= 10;
}

/// Reads NLABL in the other byte order. Also reads MODE, the statistics and the fields of MRCZ in that order, unless
/// MODE makes sense in the byte order of the file.
MRCZ_INLINE void read_host_order_fields(const header_bytes& bytes, header& h) noexcept {
  const auto take = [&](std::size_t at, auto& value) {
    value = load<std::remove_reference_t<decltype(value)>>(bytes.data() + at, opposite(h.byte_order));
  };
  take(220, h.nlabl);
  if (decode_mode_word(h.mode) && h.mode != 0) return;
  take(12, h.mode), take(76, h.dmin), take(80, h.dmax), take(84, h.dmean);
  take(132, h.voltage), take(136, h.c3), take(140, h.gain), take(144, h.packed_bytes);
}

MRCZ_INLINE bool is_old_style(const header& h) noexcept {
  if (has_map(h) || h.mode >= 1000) return false;
  return h.from_deltavision() || (byte_order_of(h.machst) != h.byte_order && h.nversion == 0);
}

/// In files of IMOD with this flag the bytes of mode 0 hold two voxels of 4 bits each, and NX counts bytes.
inline constexpr std::int32_t imods_packed_bytes = 16;

MRCZ_INLINE bool has_packed_bytes(const header& h) noexcept {
  return h.mode == 0 && h.from_imod() && (h.imod_flags & imods_packed_bytes) != 0 && h.nx > 0 &&
         h.nx <= std::numeric_limits<std::int32_t>::max() / 2;
}

/// Reads the header as that of mode 101, which has the same bytes. The voxel size stays.
MRCZ_INLINE void read_packed_bytes(header& h) noexcept {
  if (h.mx == h.nx || h.mx == 0) h.mx *= 2, h.cella.x *= 2;  // 0 means as many as NX
  h.nx *= 2;
  h.mode = static_cast<std::int32_t>(mode::uint4);
  h.imod_flags &= ~imods_packed_bytes;
}

MRCZ_INLINE void read_old_style_origin(const header_bytes& bytes, header& h) noexcept {
  const auto f32 = [&](std::size_t at) { return load<float>(bytes.data() + at, h.byte_order); };
  h.origin = {f32(212), f32(216), f32(208)};
  h.rms = -1;
}

MRCZ_INLINE bool has_extents(const header& h) noexcept { return h.nx > 0 && h.ny > 0 && h.nz > 0; }

MRCZ_INLINE bool has_map(const header& h) noexcept { return std::string_view{h.map.data(), 3} == "MAP"; }

MRCZ_INLINE bool makes_sense(const header& h) noexcept {
  return has_extents(h) && decode_mode_word(h.mode).has_value();
}

}  // namespace mrcz::detail

namespace mrcz {

MRCZ_INLINE header decode(const header_bytes& bytes, std::uint64_t file_size, std::optional<std::endian> order) {
  header h;
  h.byte_order = order ? *order : detail::vote_byte_order(bytes, file_size);
  const auto read_number = [&](const detail::field_place& place, auto& value) {
    value = detail::load<std::remove_reference_t<decltype(value)>>(bytes.data() + place.offset, h.byte_order);
  };
  const auto read_text = [&](const detail::field_place& place, auto& value) {
    std::memcpy(value.data(), bytes.data() + place.offset, value.size());
  };
  detail::for_each_number(read_number, h);
  detail::for_each_text(read_text, h);
  h.labels = labels::decode(reinterpret_cast<const char*>(bytes.data()) + detail::labels_offset);
  if (detail::has_host_order_fields(h)) detail::read_host_order_fields(bytes, h);
  if (detail::is_old_style(h)) detail::read_old_style_origin(bytes, h);
  if (detail::has_packed_bytes(h)) detail::read_packed_bytes(h);
  return h;
}

MRCZ_INLINE header_bytes encode(const header& h) noexcept {
  header_bytes bytes{};
  const auto write_number = [&](const detail::field_place& place, const auto& value) {
    detail::store(bytes.data() + place.offset, value, h.byte_order);
  };
  const auto write_text = [&](const detail::field_place& place, const auto& value) {
    std::memcpy(bytes.data() + place.offset, value.data(), value.size());
  };
  detail::for_each_number(write_number, h);
  detail::for_each_text(write_text, h);
  h.labels.encode(reinterpret_cast<char*>(bytes.data()) + detail::labels_offset);
  return bytes;
}

namespace detail {

MRCZ_INLINE void check(const header& h) {
  if (!has_map(h) && !makes_sense(h))
    fail(errc::not_mrc, "is not an MRC file: no 'MAP' at byte 208, extents {} x {} x {} and MODE {}", h.nx, h.ny, h.nz,
         h.mode);
  if (!has_extents(h))
    fail(errc::bad_header,
         {.byte = 0, .found = text("NX, NY, NZ are {}, {}, {}", h.nx, h.ny, h.nz), .expected = "positive numbers"});
  require_mode_word(h.mode);
}

}  // namespace detail

}  // namespace mrcz
